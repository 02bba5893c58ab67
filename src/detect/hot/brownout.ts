// Answers that fail clearly more often than before: a cumulative sum of the log-likelihood ratio for each uplink
// (E. S. Page, Continuous inspection schemes, Biometrika 41, 1954).

import { CATEGORIES, type LateShare } from './answers.js';
import type { Line, Silence } from './line.js';
import { log } from './math.js';
import type { Needed } from './needed.js';
import { Change, changeIn, REMEMBERED, Sum } from './sum.js';

/** See detect/found.ts. */
export class Brownout {
  end: Change | null = null;

  constructor(
    readonly uplink: i32,
    readonly start: Change,
    public all: f64,
    public late: f64,
    public slow: f64,
    readonly servers: f64,
    readonly before: f64,
    public score: f64,
    readonly needed: f64,
    readonly delayUs: f64,
    readonly lateAfterUs: f64,
  ) {}
}

/** Other uplinks' demands that are compared with, at most. */
const COMPARED: i32 = 64;
/** What a brownout is: so great a share of late demands, at least, and so many times the usual. */
const LEAST_SHARE: f64 = 0.3;
const TIMES: f64 = 4;
/** Nats for the end: one in 10,000 demands ends it too early. */
const END_NATS: f64 = 9.2;
/** Doubt from which on delays are not learned. */
const DOUBT: f64 = 3;

/** No category: what a demand tells of others like it is left open. */
export const NO_CATEGORY: i32 = -1;

export class Brownouts {
  readonly found: Array<Brownout> = [];
  /** What `countOthers` found: demands, and those of them that were late. */
  othersAll: f64 = 0;
  othersLate: f64 = 0;
  private readonly sums: StaticArray<Sum>;
  /** By server: when it was counted last, and for which uplink. */
  private readonly countedUs: StaticArray<f64>;
  private readonly countedAt: StaticArray<u8>;

  constructor(
    private readonly lines: StaticArray<Line>,
    servers: i32,
    private readonly lateShare: LateShare,
    /** Nats that an alarm takes. */
    private readonly needed: Needed,
  ) {
    const sums = new StaticArray<Sum>(lines.length);
    for (let n = 0; n < sums.length; n++) sums[n] = new Sum();
    this.sums = sums;
    this.countedUs = new StaticArray<f64>(servers).fill(Number.NEGATIVE_INFINITY);
    this.countedAt = new StaticArray<u8>(servers);
  }

  /** What is learned now might be learned from a line that fails. */
  isDoubtful(line: Line): bool {
    const sum = this.of(line);
    return sum.open !== null || sum.value > DOUBT;
  }

  /** A demand was answered in time. */
  good(line: Line, startUs: f64, category: i32, nowUs: f64): void {
    const sum = this.of(line);
    sum.remember(startUs, false);
    if (sum.value === 0 && sum.open === null) this.lateShare.add(category, 0, 1);
    else this.goodInDoubt(line, sum, category, nowUs);
  }

  private goodInDoubt(line: Line, sum: Sum, category: i32, nowUs: f64): void {
    const open = sum.open;
    if (open !== null) {
      open.all++;
      open.score += log(0.5 / (1 - open.before));
      this.ending(line, sum, open, false);
      return;
    }
    sum.waitingAll[category]++;
    sum.all++;
    const usual = this.lateShare.of(category);
    sum.value += log((1 - alternative(usual)) / (1 - usual));
    if (sum.value <= 0) {
      this.settle(sum);
      return;
    }
    if (sum.value < this.needed.least) return;
    // While nothing came in it was not known whether the line answers at all.
    const needed = this.needed.of(line, nowUs);
    if (sum.value >= needed) this.alarm(line, sum, needed);
  }

  /** It was not. `usual` is how often that happens by itself; `dead`: nothing came in since. `answered`: it was, late. */
  late(line: Line, startUs: f64, server: i32, category: i32, usual: f64, dead: bool, answered: bool, nowUs: f64): void {
    const sum = this.of(line);
    const open = sum.open;
    if (open !== null) {
      sum.remember(startUs, true);
      open.all++;
      open.late++;
      if (answered) open.slow++;
      open.score += log(0.5 / open.before);
      this.ending(line, sum, open, true);
      return;
    }
    const counted = this.countedAt[server] === line.uplink && this.countedUs[server] >= sum.startUs;
    if (sum.value > 0 && counted) return;
    this.countedAt[server] = <u8>line.uplink;
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
    sum.value += log(alternative(usual) / usual);
    if (dead || sum.value < this.needed.least) return;
    const needed = this.needed.of(line, nowUs);
    if (sum.value >= needed) this.alarm(line, sum, needed);
  }

  /** A demand without answer that says nothing of this line, but what to expect of others like it (`category`). */
  pass(line: Line, startUs: f64, category: i32): void {
    const sum = this.of(line);
    sum.remember(startUs, true);
    if (sum.open === null && category !== NO_CATEGORY) this.lateShare.add(category, 1, 1);
  }

  /** Demands of the other uplinks since then, and how many of them were late. */
  countOthers(uplink: i32, sinceUs: f64): void {
    const lines = this.lines;
    let late = 0;
    let all = 0;
    for (let i = 0; i < lines.length; i++) {
      const line = lines[i];
      const sum = this.of(line);
      if (line.uplink === uplink || line.isOut || sum.open !== null) continue;
      const from = max(0, sum.count - COMPARED);
      for (let n = sum.count - 1; n >= from; n--) {
        const at = n % REMEMBERED;
        const startUs = sum.starts[at];
        if (startUs < sinceUs) break;
        // Whether this one is silent itself is not known yet: then it can't vouch for anything.
        if (sum.lates[at] === 1 && line.silence.sinceUs < startUs) continue;
        late += sum.lates[at];
        all++;
      }
    }
    this.othersLate = late;
    this.othersAll = all;
  }

  /** The line is out since then: what failed is told by that. */
  abandon(line: Line, sinceUs: f64): void {
    const sum = this.of(line);
    const open = sum.open;
    if (open !== null) {
      if (open.start.bestUs < sinceUs) {
        open.end = new Change(sinceUs, sinceUs, sinceUs);
        this.found.push(open);
      }
      sum.open = null;
    }
    sum.clear();
  }

  /** A demand without answer while the line is out. */
  note(line: Line, startUs: f64): void {
    this.of(line).remember(startUs, true);
  }

  /** What looked like an outage was the beginning of a brownout: so great a share is late after it as well. */
  convert(line: Line, silence: Silence, share: f64, usual: f64): void {
    const sum = this.of(line);
    const needed = this.needed.of(line, line.silence.sinceUs);
    const open = sum.open;
    sum.open = new Brownout(
      line.uplink,
      changeIn(sum, usual, Math.max(LEAST_SHARE, share), line.delays.p99Us, Number.NEGATIVE_INFINITY),
      Math.round(silence.late / Math.max(share, 0.1)) + (open !== null ? open.all : 0),
      silence.late + (open !== null ? open.late : 0),
      open !== null ? open.slow : 0,
      silence.servers + (open !== null ? open.servers : 0),
      usual,
      Math.max(needed + 3, open !== null ? open.score : 0),
      needed,
      line.delays.p99Us,
      line.delays.lateUs,
    );
    sum.back = 0;
    sum.clear();
  }

  /** It was one: what is remembered of it must not blur the next change. */
  forget(line: Line): void {
    const sum = this.of(line);
    if (sum.open === null) sum.count = 0;
  }

  /** Share of late demands of a brownout that lasts, else 0. */
  shareOf(uplink: i32): f64 {
    const open = this.sums[uplink].open;
    return open === null ? 0 : open.late / open.all;
  }

  finish(): void {
    for (let n = 0; n < this.sums.length; n++) {
      const open = this.sums[n].open;
      if (open !== null) this.found.push(open);
    }
  }

  private of(line: Line): Sum {
    return this.sums[line.uplink];
  }

  private alarm(line: Line, sum: Sum, needed: f64): void {
    sum.open = new Brownout(
      line.uplink,
      changeIn(sum, sum.before, Math.max(LEAST_SHARE, sum.late / sum.all), line.delays.p99Us, Number.NEGATIVE_INFINITY),
      sum.all,
      sum.late,
      sum.slow,
      sum.servers,
      sum.before,
      sum.value,
      needed,
      line.delays.p99Us,
      line.delays.lateUs,
    );
    sum.back = 0;
    sum.clear();
  }

  private ending(line: Line, sum: Sum, open: Brownout, late: bool): void {
    const share = Math.min(0.98, Math.max(0.15, open.late / open.all));
    const usual = Math.min(open.before, share / 3);
    sum.back += late ? log(usual / share) : log((1 - usual) / (1 - share));
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
      const all = sum.waitingAll[category];
      if (all > 0) this.lateShare.add(category, sum.waitingLate[category], all);
    }
    sum.clear();
  }
}

/** The share of late demands that a brownout would make of a usual one, never a smaller one (a scan's is nearly 1). */
function alternative(usual: f64): f64 {
  return Math.max(usual, Math.min(0.95, Math.max(LEAST_SHARE, TIMES * usual)));
}
