// Which inputs follow one another (rotated files) and so are one point of observation, and the open runs of each chain.

import { DISORDER_US } from '../flows/clock.js';
import { type Hot, lendHot, returnHot } from '../flows/instance.js';
import { Joiner, type ListSink } from '../flows/join.js';
import type { Timeouts } from '../flows/rules.js';
import type { RunTaker } from '../flows/runs.js';
import type { Source } from './sources.js';

export interface Chain {
  number: number;
  /** Where its recorder's clock stands, microseconds; -Infinity before its first packet. */
  clock: number;
  firstUs: number;
  last: Source;
  joiner: Joiner;
}

/** Files overlap by disorder at most; a larger part of either than this is a second recording. */
const MOST_OVERLAP = 0.05;

export class Chains {
  private readonly chains: Chain[] = [];
  private readonly ofInput = new Map<number, Chain>();
  private hot: Hot | null = null;
  /** Where all of them are joined; lent until `finish`. */
  readonly room = () => {
    this.hot ??= lendHot();
    return this.hot;
  };

  constructor(
    private readonly timeouts: Timeouts,
    /** As for `Joiner`. */
    private readonly emit: RunTaker,
    private readonly emitAll: ListSink,
  ) {}

  /**
   * The chain that an input continues, or a new one. To be asked in the order of first packets. `firstUs` is the time of
   * its earliest packet; `again` tells whether it could be read once more, should it begin within the last second.
   */
  start(input: number, source: Source, firstUs: number, again: boolean): Chain {
    const known = this.ofInput.get(input);
    if (known !== undefined) return known;
    const fits = this.chains.filter((chain) => follows(chain, source, firstUs, again));
    fits.sort((a, b) => alike(b.last, source) - alike(a.last, source) || b.clock - a.clock);
    let chain = fits[0];
    if (chain === undefined) {
      chain = {
        number: this.chains.length,
        clock: Number.NEGATIVE_INFINITY,
        firstUs,
        last: source,
        joiner: new Joiner(this.timeouts, this.room, this.emit, this.emitAll),
      };
      this.chains.push(chain);
    }
    chain.last = source;
    this.ofInput.set(input, chain);
    return chain;
  }

  /** Appends a part to a chain; arguments as for `Joiner.join`. */
  join(number: number, ...part: Parameters<Joiner['join']>): void {
    const chain = this.chains[number];
    chain.joiner.join(...part);
    chain.clock = part[2];
  }

  finish(): void {
    for (const chain of this.chains) chain.joiner.finish();
    if (this.hot !== null) returnHot(this.hot);
    this.hot = null;
  }
}

function follows(chain: Chain, source: Source, firstUs: number, again: boolean): boolean {
  const { last } = chain;
  if (last.format !== source.format || last.spec.label !== source.spec.label) return false;
  const overlap = chain.clock - firstUs;
  if (!Number.isFinite(overlap) || overlap > (again ? DISORDER_US : 0)) return false;
  return overlap <= 0 || overlap <= (chain.clock - chain.firstUs) * MOST_OVERLAP;
}

/** Length of the common beginning of two names. */
function alike(a: Source, b: Source): number {
  const x = a.spec.path;
  const y = b.spec.path;
  let n = 0;
  while (n < x.length && n < y.length && x[n] === y[n]) n++;
  return n;
}
