// How well demands are answered so far: the usual delay of an answer, and how often none comes in time. Learned from what
// lies earlier alone, so the figures begin with a prior.

import { DEMAND } from '../evidence.js';
import { pow } from './math.js';

/** Of so many flows the memory is made: older ones fade. */
const MEMORY: f64 = 2000;
/** The prior: demands of each kind late and in all, of servers that answered before and of others. */
const PRIOR_KNOWN_LATE: f64 = 0.4;
const PRIOR_KNOWN: f64 = 25;
const PRIOR_UNKNOWN_LATE: f64 = 0.4;
const PRIOR_UNKNOWN: f64 = 16;
/** However well servers answer, one of a few hundred demands is lost by itself; servers share faults, too. */
const LEAST_LATE: f64 = 0.012;

/** Delays are counted in steps of a quarter of an octave, from a millisecond on. */
const STEPS_AN_OCTAVE: f64 = 4;
const STEPS: i32 = 13 * 4;
const LONGEST_US: f64 = 3e6;
/** What is usual before anything is known: 100 ms, as firmly as of so many answers. */
const PRIOR_US: f64 = 100_000;
const PRIOR_DELAYS: f64 = 4;
/** Before so many answers were seen the line may be a slow one (a satellite's): a demand has this time at least. */
const FEW: f64 = 8;
const SLOW_US: f64 = 900_000;
/** From so many answers on the prior is forgotten. */
const ENOUGH: f64 = 40;

export class Delays {
  private readonly steps: StaticArray<f64> = new StaticArray<f64>(STEPS + 1);
  private total: f64 = PRIOR_DELAYS;
  private untold: i32 = 0;
  private forgets: bool = true;
  /** Microseconds within which 95 and 99 of a hundred answers come. */
  p95Us: f64 = 150_000;
  p99Us: f64 = 200_000;
  /** A demand without an answer within this time is late. */
  lateUs: f64 = SLOW_US;

  constructor() {
    this.steps[stepOf(PRIOR_US)] = PRIOR_DELAYS;
  }

  add(waitUs: f64): void {
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
    const steps = this.steps;
    let beyond95: f64 = this.total * (1 - 0.95);
    let beyond99: f64 = this.total * (1 - 0.99);
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
const STEP_END: StaticArray<f64> = stepEnds();

function stepEnds(): StaticArray<f64> {
  const ends = new StaticArray<f64>(STEPS + 1);
  for (let step = 0; step <= STEPS; step++) ends[step] = 1000 * pow(2, (step + 1) / STEPS_AN_OCTAVE);
  return ends;
}

/** By whole milliseconds. */
const STEP_OF: StaticArray<u8> = stepsByMs();

function stepsByMs(): StaticArray<u8> {
  const steps = new StaticArray<u8>(<i32>LONGEST_US / 1000 + 1);
  let step = 0;
  for (let ms = 0; ms < steps.length; ms++) {
    while (step < STEPS && 1000 * ms >= STEP_END[step]) step++;
    steps[ms] = <u8>step;
  }
  return steps;
}

function stepOf(waitUs: f64): i32 {
  return STEP_OF[<i32>(waitUs / 1000)];
}

/** Categories of demands: kind, and whether (1, else 0) the server answered before. */
export const CATEGORIES: i32 = DEMAND.kinds * 2;

export function categoryOf(demand: i32, known: i32): i32 {
  return demand * 2 + known;
}

/** Late and all demands by category. */
export class LateShare {
  private readonly late: StaticArray<f64> = new StaticArray<f64>(CATEGORIES);
  private readonly all: StaticArray<f64> = new StaticArray<f64>(CATEGORIES);

  constructor() {
    for (let category = 0; category < CATEGORIES; category++) {
      const known = category % 2 === 1;
      this.late[category] = known ? PRIOR_KNOWN_LATE : PRIOR_UNKNOWN_LATE;
      this.all[category] = known ? PRIOR_KNOWN : PRIOR_UNKNOWN;
    }
  }

  add(category: i32, lateMore: f64, allMore: f64): void {
    const late = this.late;
    const all = this.all;
    const kept: f64 = all[category] + allMore > MEMORY ? 0.5 : 1;
    late[category] = (late[category] + lateMore) * kept;
    all[category] = (all[category] + allMore) * kept;
  }

  of(category: i32): f64 {
    return Math.max(LEAST_LATE, this.late[category] / this.all[category]);
  }
}
