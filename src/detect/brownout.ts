// Answers that fail clearly more often than before: a cumulative sum of the log-likelihood ratio for each uplink
// (E. S. Page, Continuous inspection schemes, Biometrika 41, 1954). When it alarms, the change lies where the likelihood is
// greatest, within the places where it is no less than a thousandth of that.

import { CATEGORIES, type LateShare } from './answers.js';
import type { Line } from './line.js';

export interface Brownout {
  uplink: number;
  /** Where the change may lie, and most likely does: starts of demands, microseconds. */
  start: Change;
  /** Null: not over when the input ends. */
  end: Change | null;
  /** Demands judged while it lasted, those of them that were late. */
  all: number;
  late: number;
  /** Late ones that were answered all the same. */
  slow: number;
  /** Of those before the alarm: servers that were late. */
  servers: number;
  /** Share of late demands before it. */
  before: number;
  score: number;
  needed: number;
  delayUs: number;
  lateAfterUs: number;
}

export interface Change {
  earliestUs: number;
  bestUs: number;
  latestUs: number;
}

/** Demands of an uplink that are remembered, to find the moment of a change. */
const REMEMBERED = 256;
/** Other uplinks' demands that are compared with, at most. */
const COMPARED = 64;
/** What a brownout is: so great a share of late demands, at least, and so many times the usual. */
const LEAST_SHARE = 0.3;
const TIMES = 4;
/** Nats for the end: one in 10,000 demands ends it too early. */
const END_NATS = 9.2;
/** Bounds leave out what is a thousand times less likely than the best. */
const UNLIKELY = Math.log(1000);
/** Doubt from which on delays are not learned. */
const DOUBT = 3;

/** One uplink's sum. */
class Sum {
  value = Number.NaN;
  startUs = Number.NaN;
  servers = 0;
  late = 0;
  slow = 0;
  all = 0;
  before = Number.NaN;
  readonly waitingLate = new Float64Array(CATEGORIES);
  readonly waitingAll = new Float64Array(CATEGORIES);
  open: Brownout | null = null;
  /** Evidence for its end. */
  back = Number.NaN;
  /** The last demands: start, late or not. */
  readonly starts = new Float64Array(REMEMBERED);
  readonly lates = new Uint8Array(REMEMBERED);
  count = 0;

  constructor() {
    // Begun with no whole number: see `Delays`.
    this.value = this.startUs = this.before = this.back = 0;
  }

  remember(startUs: number, late: boolean): void {
    const at = this.count++ % REMEMBERED;
    this.starts[at] = startUs;
    this.lates[at] = late ? 1 : 0;
  }
}

export class Brownouts {
  readonly found: Brownout[] = [];
  private readonly sums: Sum[];
  /** By server: when it was counted last, and for which uplink. */
  private readonly countedUs: Float64Array;
  private readonly countedAt: Uint8Array;

  constructor(
    private readonly lines: readonly Line[],
    servers: number,
    private readonly lateShare: LateShare,
    /** Nats that an alarm takes, and what that is never below. */
    private readonly needed: (line: Line, nowUs: number) => number,
    private readonly leastNeeded: number,
  ) {
    this.sums = lines.map(() => new Sum());
    this.countedUs = new Float64Array(servers).fill(Number.NEGATIVE_INFINITY);
    this.countedAt = new Uint8Array(servers);
  }

  /** What is learned now might be learned from a line that fails. */
  isDoubtful({ uplink }: Line): boolean {
    const { value, open } = this.sums[uplink];
    return open !== null || value > DOUBT;
  }

  /** A demand was answered in time. */
  good(line: Line, startUs: number, category: number, nowUs: number): void {
    const sum = this.sums[line.uplink];
    sum.remember(startUs, false);
    if (sum.value === 0 && sum.open === null) this.lateShare.add(category, 0, 1);
    else this.goodInDoubt(line, sum, category, nowUs);
  }

  private goodInDoubt(line: Line, sum: Sum, category: number, nowUs: number): void {
    if (sum.open !== null) {
      sum.open.all++;
      sum.open.score += Math.log(0.5 / (1 - sum.open.before));
      this.ending(line, sum, false);
      return;
    }
    sum.waitingAll[category]++;
    sum.all++;
    const usual = this.lateShare.of(category);
    sum.value += Math.log((1 - alternative(usual)) / (1 - usual));
    if (sum.value <= 0) {
      this.settle(sum);
      return;
    }
    if (sum.value < this.leastNeeded) return;
    // While nothing came in it was not known whether the line answers at all.
    const needed = this.needed(line, nowUs);
    if (sum.value >= needed) this.alarm(line, sum, needed);
  }

  /** It was not. `usual` is how often that happens by itself; `dead`: nothing came in since. `answered`: it was, late. */
  late(
    line: Line,
    startUs: number,
    server: number,
    category: number,
    usual: number,
    dead: boolean,
    answered: boolean,
    nowUs: number,
  ): void {
    const sum = this.sums[line.uplink];
    if (sum.open !== null) {
      sum.remember(startUs, true);
      sum.open.all++;
      sum.open.late++;
      if (answered) sum.open.slow++;
      sum.open.score += Math.log(0.5 / sum.open.before);
      this.ending(line, sum, true);
      return;
    }
    const counted = this.countedAt[server] === line.uplink && this.countedUs[server] >= sum.startUs;
    if (sum.value > 0 && counted) return;
    this.countedAt[server] = line.uplink;
    this.countedUs[server] = startUs;
    sum.remember(startUs, true);
    if (sum.value === 0) {
      sum.startUs = startUs;
      sum.before = usual;
    }
    sum.waitingLate[category]++;
    sum.waitingAll[category]++;
    sum.servers++;
    sum.late++;
    if (answered) sum.slow++;
    sum.all++;
    sum.value += Math.log(alternative(usual) / usual);
    if (dead || sum.value < this.leastNeeded) return;
    const needed = this.needed(line, nowUs);
    if (sum.value >= needed) this.alarm(line, sum, needed);
  }

  /** A demand without answer that says nothing of this line, but what to expect of others like it (`category`). */
  pass({ uplink }: Line, startUs: number, category: number | null): void {
    const sum = this.sums[uplink];
    sum.remember(startUs, true);
    if (sum.open === null && category !== null) this.lateShare.add(category, 1, 1);
  }

  /** Demands of the other uplinks since then, and how many of them were late. */
  others(uplink: number, sinceUs: number): { late: number; all: number } {
    let late = 0;
    let all = 0;
    for (const line of this.lines) {
      const sum = this.sums[line.uplink];
      if (line.uplink === uplink || line.isOut || sum.open !== null) continue;
      const from = Math.max(0, sum.count - COMPARED);
      for (let n = sum.count - 1; n >= from; n--) {
        const at = n % REMEMBERED;
        if (sum.starts[at] < sinceUs) break;
        // Whether this one is silent itself is not known yet: then it can't vouch for anything.
        if (sum.lates[at] === 1 && line.silence.sinceUs < sum.starts[at]) continue;
        late += sum.lates[at];
        all++;
      }
    }
    return { late, all };
  }

  /** The line is out since then: what failed is told by that. */
  abandon(line: Line, sinceUs: number): void {
    const sum = this.sums[line.uplink];
    if (sum.open !== null) {
      if (sum.open.start.bestUs < sinceUs) {
        sum.open.end = { earliestUs: sinceUs, bestUs: sinceUs, latestUs: sinceUs };
        this.found.push(sum.open);
      }
      sum.open = null;
    }
    clear(sum);
  }

  /** A demand without answer while the line is out. */
  note({ uplink }: Line, startUs: number): void {
    this.sums[uplink].remember(startUs, true);
  }

  /** What looked like an outage was the beginning of a brownout: so great a share is late after it as well. */
  convert(line: Line, { late, servers }: { late: number; servers: number }, share: number, usual: number): void {
    const sum = this.sums[line.uplink];
    const needed = this.needed(line, line.silence.sinceUs);
    const open = sum.open;
    sum.open = {
      uplink: line.uplink,
      start: changeIn(sum, usual, Math.max(LEAST_SHARE, share), line.delays.p99Us),
      end: null,
      all: Math.round(late / Math.max(share, 0.1)) + (open?.all ?? 0),
      late: late + (open?.late ?? 0),
      slow: open?.slow ?? 0,
      servers: servers + (open?.servers ?? 0),
      before: usual,
      score: Math.max(needed + 3, open?.score ?? 0),
      needed,
      delayUs: line.delays.p99Us,
      lateAfterUs: line.delays.lateUs,
    };
    sum.back = 0;
    clear(sum);
  }

  /** It was one: what is remembered of it must not blur the next change. */
  forget({ uplink }: Line): void {
    if (this.sums[uplink].open === null) this.sums[uplink].count = 0;
  }

  /** Share of late demands of a brownout that lasts, else 0. */
  shareOf(uplink: number): number {
    const { open } = this.sums[uplink];
    return open === null ? 0 : open.late / open.all;
  }

  finish(): void {
    for (const { open } of this.sums) if (open !== null) this.found.push(open);
  }

  private alarm(line: Line, sum: Sum, needed: number): void {
    sum.open = {
      uplink: line.uplink,
      start: changeIn(sum, sum.before, Math.max(LEAST_SHARE, sum.late / sum.all), line.delays.p99Us),
      end: null,
      all: sum.all,
      late: sum.late,
      slow: sum.slow,
      servers: sum.servers,
      before: sum.before,
      score: sum.value,
      needed,
      delayUs: line.delays.p99Us,
      lateAfterUs: line.delays.lateUs,
    };
    sum.back = 0;
    clear(sum);
  }

  private ending(line: Line, sum: Sum, late: boolean): void {
    const open = sum.open as Brownout;
    const share = Math.min(0.98, Math.max(0.15, open.late / open.all));
    const usual = Math.min(open.before, share / 3);
    sum.back += late ? Math.log(usual / share) : Math.log((1 - usual) / (1 - share));
    if (sum.back < 0) sum.back = 0;
    if (sum.back < END_NATS) return;
    open.end = changeIn(sum, share, usual, line.delays.p99Us, open.start.bestUs);
    this.found.push(open);
    sum.open = null;
    sum.count = 0;
  }

  /** Nothing was wrong: what was held back counts for what is usual. */
  private settle(sum: Sum): void {
    for (let category = 0; category < CATEGORIES; category++) {
      if (sum.waitingAll[category] > 0) {
        this.lateShare.add(category, sum.waitingLate[category], sum.waitingAll[category]);
      }
    }
    clear(sum);
  }
}

/** The share of late demands that a brownout would make of a usual one, never a smaller one (a scan's is nearly 1). */
function alternative(usual: number): number {
  return Math.max(usual, Math.min(0.95, Math.max(LEAST_SHARE, TIMES * usual)));
}

function clear(sum: Sum): void {
  sum.value = sum.servers = sum.late = sum.slow = sum.all = 0;
  for (let category = 0; category < CATEGORIES; category++) {
    sum.waitingLate[category] = sum.waitingAll[category] = 0;
  }
}

/** Where among the remembered demands, from `fromUs` on, the share of late ones changed from `before` to `after`. */
function changeIn(
  { starts, lates, count }: Sum,
  before: number,
  after: number,
  delayUs: number,
  fromUs = Number.NEGATIVE_INFINITY,
): Change {
  let first = count - Math.min(count, REMEMBERED);
  while (first < count - 1 && starts[first % REMEMBERED] < fromUs) first++;
  const known = count - first;
  const lateNats = Math.log(after / before);
  const goodNats = Math.log((1 - after) / (1 - before));
  // From the last backwards: what is gained when the change lies before this demand.
  const gains = new Float64Array(known + 1);
  let best = known;
  for (let n = known - 1; n >= 0; n--) {
    gains[n] = gains[n + 1] + (lates[(first + n) % REMEMBERED] === 1 ? lateNats : goodNats);
    if (gains[n] > gains[best]) best = n;
  }
  let low = best;
  let high = best;
  for (let n = 0; n <= known; n++) {
    if (gains[n] < gains[best] - UNLIKELY) continue;
    low = Math.min(low, n);
    high = Math.max(high, n);
  }
  const at = (n: number) => starts[(first + Math.min(Math.max(n, 0), known - 1)) % REMEMBERED];
  const earliestUs = at(low - 1) - delayUs;
  const latestUs = at(high) + delayUs;
  return { earliestUs, bestUs: Math.round((at(best - 1) + at(best)) / 2), latestUs };
}
