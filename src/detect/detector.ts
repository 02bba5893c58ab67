// Flows and marks, pushed in the order of time, become silences that are outages: one scan, decided by what lies earlier.

import { categoryOf, LateShare } from './answers.js';
import { Brownouts } from './brownout.js';
import { DEMAND, type Flows, MARK, UNSEEN } from './evidence.js';
import { GapWatch, type SpanUs } from './gaps.js';
import { askGateway, gatewayLives, hearGateway, LEAST_BEATS, missBeat } from './gateway.js';
import { Keys } from './keys.js';
import { beginSilence, Line, type Silence, silenceAt } from './line.js';
import { overdue } from './overdue.js';
import { type DetectorOptions, THIN_US, YEAR_SEC } from './settings.js';
import { Shares } from './shares.js';
import { type Thin, thinOf } from './thin.js';
import { browned, refineEnd, tryOn } from './trial.js';

/** However few decisions there are, an alarm takes what it would with so many a year. */
const LEAST_YEARLY = 1000;
/** So many servers at least, or so many nats of other evidence. */
const LEAST_SERVERS = 4;
const OTHER_NATS = 6;
/** The other uplinks' answers in the same span count against this many of the past. */
const PAST = 10;
/** A brownout is judged beside the other uplinks' answers of the last minute. */
const COMPARED_US = 60e6;
/** An answer that comes sooner was not lost at the first try, only slow: nobody asks again before a second is over (RFC 6298). */
const RETRY_US = 900_000;
/** Unknown servers that go unanswered more often than this tell nothing. */
const MOSTLY = 0.5;
/** An unknown server's silence, where no other uplink can be compared with. */
const ALONE = 0.3;

export class Detector {
  readonly outages: Silence[] = [];
  readonly thin: Thin[] = [];
  readonly brownouts: Brownouts;
  private readonly lines: Line[];
  private readonly looked: Line[];
  private readonly shares: Shares;
  private readonly keys: Keys;
  private readonly lateShare = new LateShare();
  private readonly watch: GapWatch;
  /** By server: it answered before; when it first did not and never had; when a late demand was counted last, and where. */
  private readonly known: Uint8Array;
  private readonly doubtedUs: Float64Array;
  private readonly countedUs: Float64Array;
  private readonly countedAt: Uint8Array;
  private decisions = 0;
  private out = 0;
  /** Something came in by some uplink: both directions are recorded. */
  private isHeard = false;
  private nowUs: number;
  private dueUs = Number.POSITIVE_INFINITY;

  /** `flows.waitUs` of a flow is read when its time for an answer is over, not before. */
  constructor(
    private readonly flows: Flows,
    private readonly options: DetectorOptions,
  ) {
    this.nowUs = options.startUs;
    this.lines = options.inView.map((_, n) => new Line(n, options.startUs));
    this.looked = this.lines.filter((_, n) => options.inView[n]);
    this.shares = new Shares(options.uplinks, options.shares);
    this.keys = new Keys(flows.keys, options.perFlow, options.clientsVisible);
    this.watch = new GapWatch(options.leastGapUs);
    this.known = new Uint8Array(flows.servers);
    this.doubtedUs = new Float64Array(flows.servers).fill(Number.POSITIVE_INFINITY);
    this.countedUs = new Float64Array(flows.servers).fill(Number.NEGATIVE_INFINITY);
    this.countedAt = new Uint8Array(flows.servers);
    const needed = (line: Line, nowUs: number) => this.needed(this.shares.of(line.uplink), nowUs);
    const leastNeeded = Math.log(LEAST_YEARLY / options.settings.alarmsPerYear) - 1e-9;
    this.brownouts = new Brownouts(this.lines, flows.servers, this.lateShare, needed, leastNeeded);
  }

  get gaps(): readonly SpanUs[] {
    return this.watch.gaps;
  }

  /** The flow at this place begins. */
  started(i: number): void {
    const { flows, looked, keys, shares } = this;
    const timeUs = flows.startUs[i];
    const uplink = flows.uplink[i];
    const own = this.lines[uplink];
    this.advance(timeUs, true);
    if (flows.draw[i] === 1) {
      const key = flows.key[i];
      this.decisions++;
      keys.look(key);
      for (let n = 0; n < looked.length; n++) {
        const line = looked[n];
        if (line === own) continue;
        const { silence } = line;
        const since = silence.lastStartUs > silence.sinceUs ? silence.lastStartUs : silence.sinceUs;
        if (!keys.speaksAgainst(line.uplink, since)) continue;
        if (silence.elsewhere++ === 0 && !line.isOut) this.expect(line);
        if (silence.share <= 0) continue;
        silence.elsewhereScore += line.nats;
        // Answers to its last flows still come in for so long.
        if (timeUs > line.usedUs + line.delays.lateUs) line.unusedNats += line.nats;
        if (silence.elsewhereScore > 4 && !line.isOut) this.decide(line, timeUs);
      }
      if (this.out === 0) shares.add(uplink);
      own.share = shares.of(uplink);
      keys.started(key, uplink, timeUs, own.share);
      if (!own.isUsed) {
        own.isUsed = true;
        this.decide(own, timeUs);
      }
      own.unusedNats = 0;
      own.usedUs = timeUs;
    }
    const { silence } = own;
    if (!own.isOut) silence.elsewhere = silence.elsewhereScore = 0;
    silence.lastStartUs = timeUs;
    own.seen(timeUs);
    own.queue.add(i);
    this.dueUs = Math.min(this.dueUs, timeUs + own.delays.lateUs);
  }

  /** What a line should have is what it had at its last flow: no silence counts against that. */
  private expect(line: Line): void {
    const share = Number.isNaN(line.share) ? this.shares.of(line.uplink) : line.share;
    if (share !== line.expected) {
      line.expected = share;
      line.nats = -Math.log1p(-Math.min(share, 0.95));
    }
    line.silence.share = share;
  }

  /** A mark of `marksOf`. */
  mark(timeUs: number, code: number): void {
    this.advance(timeUs, true);
    const uplink = Math.floor(code / MARK.kinds) - 1;
    const kind = code % MARK.kinds;
    if (kind === MARK.elsewhere || uplink < 0) return;
    const line = this.lines[uplink];
    // Connection tracking notes a ping before the link is asked for it.
    if (kind !== MARK.pingOut || !this.options.isLog) line.seen(timeUs);
    if (kind === MARK.in) this.alive(line, timeUs);
    else if (kind === MARK.pingOut) this.askedGateway(line, timeUs, true);
    else if (kind === MARK.asked) this.askedGateway(line, timeUs, false);
    else if (kind === MARK.pingIn) hearGateway(line, timeUs, true);
    else if (kind === MARK.answered) hearGateway(line, timeUs, false);
  }

  /** No input covers this span. */
  uncovered(gap: SpanUs): void {
    this.watch.uncovered(gap);
    this.skip(gap);
  }

  /** The input ends: what is open stays so, and demands that could still be answered are not judged. */
  finish(endUs: number): void {
    this.advance(endUs, false);
    for (const line of this.looked) {
      this.settleTrial(line);
      const { silence } = line;
      if (line.isOut) {
        overdue(line, this.flows, endUs);
        this.outages.push(silence);
      } else this.leaveUndecided(line, endUs);
    }
    this.brownouts.finish();
  }

  private advance(timeUs: number, event: boolean): void {
    if (event) {
      const gap = this.watch.event(timeUs);
      if (gap !== null) this.skip(gap);
    }
    if (timeUs >= this.dueUs) this.resolveDue(timeUs);
    this.nowUs = timeUs;
  }

  /** Nothing was recorded: what began before can't be judged. */
  private skip({ startUs, endUs }: SpanUs): void {
    this.resolveDue(startUs);
    for (const line of this.looked) {
      line.queue.clear();
      line.judgedFromUs = endUs;
      if (line.isOut) continue;
      this.leaveUndecided(line, startUs);
      beginSilence(line.silence, endUs, line.silence.fromStart);
      line.lastAnyUs = endUs;
      line.lastPingOutUs = line.lastAskedUs = Number.NaN;
    }
  }

  /** The time for an answer is over, for the first flows of each line. */
  private resolveDue(timeUs: number): void {
    const { looked, known, brownouts } = this;
    const { startUs, waitUs, server, demand } = this.flows;
    let nextUs = Number.POSITIVE_INFINITY;
    for (let n = 0; n < looked.length; n++) {
      const line = looked[n];
      const { queue, delays } = line;
      while (queue.length > 0) {
        const i = queue.at(0);
        const dueUs = startUs[i] + delays.lateUs;
        if (dueUs > timeUs) {
          if (dueUs < nextUs) nextUs = dueUs;
          break;
        }
        queue.take();
        if (
          (waitUs[i] < 0 || startUs[i] < line.judgedFromUs || line.trial !== null) &&
          this.isSettled(line, i, dueUs)
        ) {
          continue;
        }
        if (waitUs[i] < 0 || waitUs[i] > Math.max(delays.lateUs, RETRY_US)) {
          this.late(line, i, dueUs);
          continue;
        }
        const category = categoryOf(demand[i], known[server[i]]);
        known[server[i]] = 1;
        if (!brownouts.isDoubtful(line)) delays.add(waitUs[i]);
        const heardUs = startUs[i] + waitUs[i];
        if (heardUs > line.silence.sinceUs) this.alive(line, heardUs);
        if (!line.isOut) brownouts.good(line, startUs[i], category, dueUs);
      }
    }
    this.dueUs = nextUs;
  }

  /** Whether nothing more is to be said of the flow: it can't be judged, or all that it tells is when an outage ended. */
  private isSettled(line: Line, i: number, nowUs: number): boolean {
    const startUs = this.flows.startUs[i];
    const waitUs = this.flows.waitUs[i];
    if (waitUs === UNSEEN && !line.everIn) {
      line.isOneWay = true;
      return true;
    }
    if (startUs < line.judgedFromUs) {
      refineEnd(line, startUs, waitUs);
      return true;
    }
    if (line.trial !== null && tryOn(line, startUs, waitUs, nowUs)) this.settleTrial(line);
    return false;
  }

  /** No answer, or not in time. */
  private late(line: Line, i: number, nowUs: number): void {
    const { flows, known } = this;
    const { silence } = line;
    const startUs = flows.startUs[i];
    const waitUs = flows.waitUs[i];
    const server = flows.server[i];
    const category = categoryOf(flows.demand[i], known[server]);
    const dead = silence.sinceUs <= startUs + line.delays.p95Us;
    // Who never answered before tells nothing by not answering again.
    const isNew = known[server] === 0;
    if (isNew) {
      if (this.doubtedUs[server] < (dead ? silence.sinceUs : startUs)) return;
      this.doubtedUs[server] = Math.min(this.doubtedUs[server], startUs);
    }
    if (waitUs >= 0 && !dead && !line.isOut && !this.brownouts.isDoubtful(line)) line.delays.add(waitUs);
    if (dead) this.countLate(line, startUs, server, category, waitUs >= 0);
    if (line.isOut) {
      this.brownouts.note(line, startUs);
      return;
    }
    // A scan finds nobody, and a line that never answered answers no worse than before.
    if ((isNew && waitUs < 0) || !line.everIn) this.brownouts.pass(line, startUs, dead ? null : category);
    else {
      const usual = this.chanceOfLate(line.uplink, category, startUs - COMPARED_US);
      this.brownouts.late(line, startUs, server, category, usual, dead, waitUs >= 0, nowUs);
    }
    if (dead) this.decide(line, nowUs);
  }

  private countLate(line: Line, startUs: number, server: number, category: number, answered: boolean): void {
    const { silence, uplink } = line;
    silence.late++;
    if (!(silence.firstLateUs <= startUs)) silence.firstLateUs = startUs;
    if (!(silence.lastLateUs >= startUs)) silence.lastLateUs = startUs;
    if (this.countedAt[server] === uplink && this.countedUs[server] > silence.sinceUs) return;
    this.countedAt[server] = uplink;
    this.countedUs[server] = startUs;
    silence.servers++;
    const known = this.known[server] === 1;
    if (known) silence.knownServers++;
    const chance = this.chanceOfLate(uplink, category, silence.sinceUs);
    // However many targets a scan has: what mostly finds nobody on the other uplinks either tells nothing.
    const isScan = () => this.chanceOfLate(uplink, category, Math.min(silence.sinceUs, startUs - COMPARED_US)) > MOSTLY;
    if (!known && !answered && (chance > MOSTLY || isScan())) return;
    const nats = -Math.log(chance);
    silence.lateScore += nats;
    if (!known && !answered) silence.unknownScore += nats;
  }

  /** How often such a demand goes unanswered: so far, and on the other uplinks since then. */
  private chanceOfLate(uplink: number, category: number, sinceUs: number): number {
    const past = this.lateShare.of(category);
    const others = this.brownouts.others(uplink, sinceUs);
    const known = category % 2 === 1;
    const browned = this.brownouts.shareOf(uplink);
    const now = (past * PAST + others.late) / (PAST + others.all);
    return Math.min(0.95, Math.max(past, browned, others.all === 0 && !known ? ALONE : now));
  }

  private askedGateway(line: Line, timeUs: number, ping: boolean): void {
    if (askGateway(line, timeUs, ping)) this.decide(line, timeUs);
    if (!ping) return;
    for (const other of this.looked) if (other !== line && missBeat(other, timeUs)) this.decide(other, timeUs);
  }

  /** A packet came in. */
  private alive(line: Line, timeUs: number): void {
    const { silence } = line;
    if (timeUs < silence.sinceUs) return;
    if (!line.everIn) {
      line.everIn = this.isHeard = true;
      this.decide(line, timeUs);
    }
    if (line.isOut) this.ended(line, timeUs);
    else {
      if (timeUs - silence.sinceUs >= THIN_US) this.leaveUndecided(line, timeUs);
      beginSilence(silence, timeUs, false);
    }
  }

  private ended(line: Line, timeUs: number): void {
    const { silence } = line;
    silence.endUs = timeUs;
    overdue(line, this.flows, timeUs);
    if (line.trial !== null) this.settleTrial(line);
    line.trial = { silence, all: 0, late: 0, usual: this.lateShare.of(categoryOf(DEMAND.tcp, 1)) };
    line.silence = silenceAt(line.uplink, timeUs, false);
    line.isOut = false;
    line.judgedFromUs = timeUs;
    this.out--;
  }

  /** An outage that is over is one, or turns out to be the beginning of a brownout. */
  private settleTrial(line: Line): void {
    const { trial } = line;
    if (trial === null) return;
    line.trial = null;
    const share = browned(trial);
    if (share === null) {
      this.outages.push(trial.silence);
      this.brownouts.forget(line);
      return;
    }
    this.brownouts.convert(line, trial.silence, share, trial.usual);
    if (!line.isOut) return;
    line.isOut = false;
    this.out--;
  }

  private decide(line: Line, nowUs: number): void {
    const { silence } = line;
    if (line.isOut || !this.isHeard || (!line.everIn && line.isOneWay)) return;
    const share = silence.elsewhere > 0 ? silence.share : line.share || this.shares.of(line.uplink);
    const needed = this.needed(share, nowUs);
    // A scan's targets answer nobody: without servers that are known to answer theirs is half of the evidence at most.
    const { unknownScore } = silence;
    const provenScore = silence.lateScore - unknownScore;
    const lateScore = provenScore + (line.everIn ? Math.min(unknownScore, provenScore + needed / 2) : unknownScore);
    // An uplink that was never used is unused as long as it stays so: nothing shows that it went down. Nor does anything where
    // the router had given it up before the silence, while packets came in.
    const isUsed = line.isUsed && line.unusedNats - silence.elsewhereScore < needed;
    const score = lateScore + silence.gatewayScore + (isUsed ? silence.elsewhereScore : 0);
    if (score < needed) return;
    // A few dead servers in a row are no dead line.
    if (silence.servers < LEAST_SERVERS && score - lateScore < OTHER_NATS) return;
    // The gateway answers and nothing is sent: the router does not use the uplink, which says nothing of the line.
    if (lateScore + silence.gatewayScore < needed / 2 && gatewayLives(line, nowUs) && !this.cameUp(line, needed, nowUs))
      return;
    silence.decidedUs = nowUs;
    silence.share = share;
    silence.needed = needed;
    silence.delayUs = line.delays.p99Us;
    silence.waitUs = line.waitUs;
    silence.beatUs = line.beats >= LEAST_BEATS ? line.beatUs : 0;
    silence.lateAfterUs = line.delays.lateUs;
    line.isOut = true;
    this.out++;
    this.brownouts.abandon(line, silence.sinceUs);
  }

  /**
   * The gateway answers only since the link came up: before, nothing was seen on it for too long, while the others are pinged
   * oftener or for most of the time since the input began.
   */
  private cameUp({ silence }: Line, needed: number, nowUs: number): boolean {
    const { fromStart, sinceUs, gapFromUs, gapToUs, elsewhereScore } = silence;
    const part = (gapToUs - gapFromUs) / (nowUs - sinceUs);
    if (!fromStart || !(elsewhereScore * part >= needed)) return false;
    const beatUs = this.looked.reduce((most, line) => Math.max(most, line.beats > 0 ? line.beatUs : 0), 0);
    return beatUs > 0 ? gapToUs - gapFromUs > 2 * beatUs : part > 0.5;
  }

  /** Nats at which healthy traffic alarms less often than it may: N·s·chance < 1, N the decisions a year so far. */
  private needed(share: number, nowUs: number): number {
    const seconds = Math.max(10, (nowUs - this.options.startUs) / 1e6);
    const yearly = (Math.max(this.decisions, 1) / seconds) * YEAR_SEC * Math.max(share, 0.01);
    return Math.log(Math.max(yearly, LEAST_YEARLY) / this.options.settings.alarmsPerYear);
  }

  private leaveUndecided(line: Line, untilUs: number): void {
    if (untilUs - line.silence.sinceUs < THIN_US) return;
    const rate = this.decisions / Math.max(10, (this.nowUs - this.options.startUs) / 1e6);
    const share = Math.max(this.shares.of(line.uplink), 0.02);
    const thin = thinOf(line.silence, untilUs, rate, share, this.needed(share, this.nowUs));
    if (thin !== null) this.thin.push(thin);
  }
}
