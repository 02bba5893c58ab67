// Weights as written become the smallest that mean the same shares, within what the kernel takes.

import { UserError } from '../../util/error.js';
import { quote } from '../../util/quote.js';
import { didYouMean, listChoices } from '../../util/suggest.js';

/** A nexthop of a multipath route: one byte, weight − 1 (`rtnh_hops` in linux/rtnetlink.h). */
export const LARGEST_NEXTHOP_WEIGHT = 256;

/** Divides by the greatest common divisor: 400 and 100 are 4 and 1. */
export function reduceWeights(weights: readonly number[]): number[] {
  const divisor = Math.max(1, weights.reduce(commonDivisor, 0));
  return weights.map((weight) => weight / divisor);
}

/** The weights nearest to these shares of which none is above the bound; each at least 1. */
export function nearestWeights(weights: readonly number[], largest = LARGEST_NEXTHOP_WEIGHT): number[] {
  const most = Math.max(...weights);
  return reduceWeights(weights.map((weight) => Math.max(1, Math.round((weight / most) * largest))));
}

/** `dsl1=4,dsl2=1`. Throws `UserError` for what is no weight or of no uplink. */
export function parseWeights(text: string, names: readonly string[]): Map<string, number> {
  const weights = new Map<string, number>();
  for (const part of text.split(',')) {
    const [, name = '', value = ''] = /^\s*([^=]*?)\s*=\s*(.*?)\s*$/.exec(part) ?? [];
    if (name === '' || !/^[1-9]\d{0,5}$/.test(value)) {
      throw new UserError(`--weights must be name=weight with commas, such as dsl1=4,dsl2=1: ${quote(part)}`);
    }
    if (!names.includes(name)) {
      const cure = didYouMean(name, names) || `; there is ${listChoices(names.slice(0, 16))}`;
      throw new UserError(`--weights of an uplink that is not there: ${quote(name)}${cure}`);
    }
    if (weights.has(name)) throw new UserError(`--weights names ${quote(name)} twice: leave one out`);
    weights.set(name, Number(value));
  }
  return weights;
}

export function commonDivisor(a: number, b: number): number {
  return b === 0 ? a : commonDivisor(b, a % b);
}
