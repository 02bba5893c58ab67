// How well demands are answered so far: the usual delay of an answer, and how often none comes in time. Learned from what
// lies earlier alone, so the figures begin with a prior.

import { DEMAND } from './evidence.js';

/** Of so many flows the memory is made: older ones fade. */
const MEMORY = 2000;
/** The prior: demands of each kind late and in all, of servers that answered before and of others. */
const PRIOR = { knownLate: 0.4, known: 25, unknownLate: 0.4, unknown: 16 };
/** However well servers answer, one of a few hundred demands is lost by itself; servers share faults, too. */
const LEAST_LATE = 0.012;

/** Delays are counted in steps of a quarter of an octave, from a millisecond on. */
const STEPS_AN_OCTAVE = 4;
const STEPS = 13 * STEPS_AN_OCTAVE;
const LONGEST_US = 3e6;
/** What is usual before anything is known: 100 ms, as firmly as of so many answers. */
const PRIOR_US = 100_000;
const PRIOR_DELAYS = 4;
/** Before so many answers were seen the line may be a slow one (a satellite's): a demand has this time at least. */
const FEW = 8;
const SLOW_US = 900_000;
/** From so many answers on the prior is forgotten. */
const ENOUGH = 40;

export class Delays {
  private readonly steps = new Float64Array(STEPS + 1);
  /** Begun with no whole number: code that was compiled for these alone would have to be compiled again. */
  private total = Number.NaN;
  private untold = 0;
  private forgets = true;
  /** Microseconds within which 95 and 99 of a hundred answers come. */
  p95Us = 150_000;
  p99Us = 200_000;
  /** A demand without an answer within this time is late. */
  lateUs = SLOW_US;

  constructor() {
    this.total = PRIOR_DELAYS;
    this.steps[stepOf(PRIOR_US)] = PRIOR_DELAYS;
  }

  add(waitUs: number): void {
    if (waitUs > LONGEST_US) return;
    this.steps[stepOf(waitUs)]++;
    this.total++;
    if (this.forgets && this.total >= ENOUGH) {
      this.forgets = false;
      this.steps[stepOf(PRIOR_US)] -= PRIOR_DELAYS;
      this.total -= PRIOR_DELAYS;
    }
    if (++this.untold >= 64 || this.total < 64) this.settle();
  }

  private settle(): void {
    this.untold = 0;
    if (this.total > MEMORY) this.fade();
    this.tellQuantiles();
    const isNew = this.forgets && this.total < PRIOR_DELAYS + FEW;
    this.lateUs = isNew ? SLOW_US : Math.min(LONGEST_US, Math.max(100_000, 4 * this.p95Us));
    // What comes later than that is an answer to a demand that was sent again.
    this.p99Us = Math.min(this.p99Us, this.lateUs);
  }

  private fade(): void {
    for (let step = 0; step <= STEPS; step++) this.steps[step] /= 2;
    this.total /= 2;
  }

  /** Both by one walk from the longest delays on. */
  private tellQuantiles(): void {
    const { steps, total } = this;
    let beyond95 = total * (1 - 0.95);
    let beyond99 = total * (1 - 0.99);
    let step99 = -1;
    let step = STEPS;
    for (; step > 0; step--) {
      beyond95 -= steps[step];
      beyond99 -= steps[step];
      if (beyond99 < 0 && step99 < 0) step99 = step;
      if (beyond95 < 0) break;
    }
    this.p95Us = step > 0 ? STEP_END[step] : 1000;
    this.p99Us = Math.max(this.p95Us, step99 > 0 ? STEP_END[step99] : 1000);
  }
}

/** Microseconds at which a step is over. */
const STEP_END = Float64Array.from({ length: STEPS + 1 }, (_, step) => 1000 * 2 ** ((step + 1) / STEPS_AN_OCTAVE));

/** By whole milliseconds. */
const STEP_OF = Uint8Array.from({ length: LONGEST_US / 1000 + 1 }, (_, ms) =>
  ms <= 1 ? 0 : Math.min(STEPS, Math.floor(Math.log2(ms) * STEPS_AN_OCTAVE)),
);

function stepOf(waitUs: number): number {
  return STEP_OF[(waitUs / 1000) | 0];
}

/** Categories of demands: kind, and whether (1, else 0) the server answered before. */
export const CATEGORIES = DEMAND.kinds * 2;

export function categoryOf(demand: number, known: number): number {
  return demand * 2 + known;
}

/** Late and all demands by category. */
export class LateShare {
  private readonly late = new Float64Array(CATEGORIES);
  private readonly all = new Float64Array(CATEGORIES);

  constructor() {
    for (let category = 0; category < CATEGORIES; category++) {
      const known = category % 2 === 1;
      this.late[category] = known ? PRIOR.knownLate : PRIOR.unknownLate;
      this.all[category] = known ? PRIOR.known : PRIOR.unknown;
    }
  }

  add(category: number, lateMore: number, allMore: number): void {
    const { late, all } = this;
    // Without a branch that is met so late that compiled code would not know it.
    const kept = all[category] + allMore > MEMORY ? 0.5 : 1;
    late[category] = (late[category] + lateMore) * kept;
    all[category] = (all[category] + allMore) * kept;
  }

  of(category: number): number {
    return Math.max(LEAST_LATE, this.late[category] / this.all[category]);
  }
}
