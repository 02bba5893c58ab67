// `--target` and `--max-sum` become what `mlstat tune` looks for.

import { MAX_SUM, type TuningTargetWish } from '../advise/tune.js';
import { UserError } from '../util/error.js';
import { quote } from '../util/quote.js';

/** The kernel takes 256 a nexthop, and every unit costs an old one a route of its own. */
const LARGEST_SUM = 256;

/** `equal`, `split=dsl1:60,dsl2:40`, `metered=lte,sat`. Throws `UserError`; names are checked once the uplinks are known. */
export function readTarget(text: string | undefined): TuningTargetWish {
  if (text === undefined || text === 'equal') return { kind: 'equal' };
  const [, kind, list = ''] = /^(split|metered)=(.*)$/su.exec(text) ?? [];
  if (kind === 'metered') {
    const uplinks = list.split(',').map((name) => name.trim());
    if (uplinks.every((name) => name !== '')) return { kind, uplinks };
  }
  if (kind === 'split') return { kind, parts: readSplit(list, text) };
  throw new UserError(
    `--target must be equal, split=dsl1:60,dsl2:40 (parts of the bytes) or metered=lte (used last): ${quote(text)}`,
  );
}

function readSplit(list: string, text: string): Map<string, number> {
  const parts = new Map<string, number>();
  for (const part of list.split(',')) {
    const [, name = '', value = ''] = /^\s*(.*?)\s*:\s*(\d{1,9}(?:\.\d{1,6})?)\s*%?\s*$/su.exec(part) ?? [];
    if (name === '') {
      throw new UserError(
        `--target split must be name:part with commas, such as split=dsl1:60,dsl2:40: ${quote(part)} in ${quote(text)}`,
      );
    }
    if (parts.has(name)) throw new UserError(`--target split names ${quote(name)} twice: leave one out`);
    parts.set(name, Number(value));
  }
  return parts;
}

export function readMaxSum(text: string | undefined): number {
  if (text === undefined) return MAX_SUM;
  const sum = /^[1-9]\d{0,3}$/.test(text) ? Number(text) : Number.NaN;
  if (sum >= 2 && sum <= LARGEST_SUM) return sum;
  throw new UserError(`--max-sum must be a whole number from 2 to ${LARGEST_SUM}: ${quote(text)}`);
}
