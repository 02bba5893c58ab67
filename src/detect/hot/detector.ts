// Flows and marks, pushed in the order of time, become silences that are outages: one scan, decided by what lies earlier.

import { DEMAND, MARK, UNSEEN } from '../evidence.js';
import { THIN_US } from '../settings.js';
import { categoryOf, LateShare } from './answers.js';
import { Brownouts, NO_CATEGORY } from './brownout.js';
import type { Flows, Options } from './flows.js';
import { GapWatch, type SpanUs } from './gaps.js';
import { askGateway, hearGateway, LEAST_BEATS, missBeat } from './gateway.js';
import { Keys } from './keys.js';
import { beginSilence, type Line, linesOf, lookedAt, type Silence, silenceAt, Trial } from './line.js';
import { log, log1p } from './math.js';
import { Needed } from './needed.js';
import { overdue } from './overdue.js';
import { Shares } from './shares.js';
import { type Thin, thinOf } from './thin.js';
import { browned, refineEnd, tryOn } from './trial.js';
import { isProven } from './verdict.js';

/** The other uplinks' answers in the same span count against this many of the past. */
const PAST: f64 = 10;
/** A brownout is judged beside the other uplinks' answers of the last minute. */
const COMPARED_US: f64 = 60e6;
/** An answer that comes sooner was not lost at the first try, only slow: nobody asks again before a second is over (RFC 6298). */
const RETRY_US: f64 = 900_000;
/** Unknown servers that go unanswered more often than this tell nothing. */
const MOSTLY: f64 = 0.5;
/** An unknown server's silence, where no other uplink can be compared with. */
const ALONE: f64 = 0.3;

export class Detector {
  readonly outages: Array<Silence> = [];
  readonly thin: Array<Thin> = [];
  readonly brownouts: Brownouts;
  readonly watch: GapWatch;
  private readonly lines: StaticArray<Line>;
  private readonly looked: StaticArray<Line>;
  private readonly shares: Shares;
  private readonly keys: Keys;
  private readonly needed: Needed;
  private readonly lateShare: LateShare;
  /** By server: it answered before; when it first did not and never had; when a late demand was counted last, and where. */
  private readonly known: StaticArray<u8>;
  private readonly doubtedUs: StaticArray<f64>;
  private readonly countedUs: StaticArray<f64>;
  private readonly countedAt: StaticArray<u8>;
  private out: i32 = 0;
  /** Something came in by some uplink: both directions are recorded. */
  private isHeard: bool = false;
  private nowUs: f64;
  private dueUs: f64 = Number.POSITIVE_INFINITY;
  private readonly isLog: bool;

  /** `flows.waitUs` of a flow is read when its time for an answer is over, not before. */
  constructor(
    private readonly flows: Flows,
    options: Options,
  ) {
    const lines = linesOf(options.uplinks, options.startUs);
    const shares = new Shares(options.uplinks, options.shares);
    const needed = new Needed(shares, options.startUs, options.alarmsPerYear);
    const lateShare = new LateShare();
    this.nowUs = options.startUs;
    this.isLog = options.isLog;
    this.lines = lines;
    this.looked = lookedAt(lines, options.inView);
    this.shares = shares;
    this.needed = needed;
    this.lateShare = lateShare;
    this.keys = new Keys(flows.keys, options.perFlow, options.clientsVisible);
    this.watch = new GapWatch(options.leastGapUs);
    this.known = new StaticArray<u8>(flows.servers);
    this.doubtedUs = new StaticArray<f64>(flows.servers).fill(Number.POSITIVE_INFINITY);
    this.countedUs = new StaticArray<f64>(flows.servers).fill(Number.NEGATIVE_INFINITY);
    this.countedAt = new StaticArray<u8>(flows.servers);
    this.brownouts = new Brownouts(lines, flows.servers, lateShare, needed);
  }

  /** The flow at this place begins. */
  started(i: i32): void {
    const flows = this.flows;
    const looked = this.looked;
    const keys = this.keys;
    const shares = this.shares;
    const timeUs = flows.startUs[i];
    const uplink: i32 = flows.uplink[i];
    const own = this.lines[uplink];
    this.advance(timeUs, true);
    if (flows.draw[i] === 1) {
      const key = flows.key[i];
      this.needed.decisions++;
      keys.look(key);
      for (let n = 0; n < looked.length; n++) {
        const line = looked[n];
        if (line === own) continue;
        const silence = line.silence;
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
    const silence = own.silence;
    if (!own.isOut) {
      silence.elsewhere = 0;
      silence.elsewhereScore = 0;
    }
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
      line.nats = -log1p(-Math.min(share, 0.95));
    }
    line.silence.share = share;
  }

  /** A mark of `marksOf`. */
  mark(timeUs: f64, code: i32): void {
    this.advance(timeUs, true);
    const uplink = code / MARK.kinds - 1;
    const kind = code % MARK.kinds;
    if (kind === MARK.elsewhere || uplink < 0) return;
    const line = this.lines[uplink];
    // Connection tracking notes a ping before the link is asked for it.
    if (kind !== MARK.pingOut || !this.isLog) line.seen(timeUs);
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
  finish(endUs: f64): void {
    this.advance(endUs, false);
    const looked = this.looked;
    for (let n = 0; n < looked.length; n++) {
      const line = looked[n];
      this.settleTrial(line);
      const silence = line.silence;
      if (line.isOut) {
        overdue(line, this.flows, endUs);
        this.outages.push(silence);
      } else this.leaveUndecided(line, endUs);
    }
    this.brownouts.finish();
  }

  private advance(timeUs: f64, event: bool): void {
    if (event) {
      const gap = this.watch.event(timeUs);
      if (gap !== null) this.skip(gap);
    }
    if (timeUs >= this.dueUs) this.resolveDue(timeUs);
    this.nowUs = timeUs;
  }

  /** Nothing was recorded: what began before can't be judged. */
  private skip(gap: SpanUs): void {
    const startUs = gap.startUs;
    const endUs = gap.endUs;
    this.resolveDue(startUs);
    const looked = this.looked;
    for (let n = 0; n < looked.length; n++) {
      const line = looked[n];
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
  private resolveDue(timeUs: f64): void {
    const looked = this.looked;
    const known = this.known;
    const brownouts = this.brownouts;
    const flows = this.flows;
    let nextUs = Number.POSITIVE_INFINITY;
    for (let n = 0; n < looked.length; n++) {
      const line = looked[n];
      const queue = line.queue;
      const delays = line.delays;
      while (queue.length > 0) {
        const i = queue.at(0);
        const startUs = flows.startUs[i];
        const dueUs = startUs + delays.lateUs;
        if (dueUs > timeUs) {
          if (dueUs < nextUs) nextUs = dueUs;
          break;
        }
        queue.take();
        const waitUs: f64 = flows.waitUs[i];
        if (
          (waitUs < 0 || startUs < line.judgedFromUs || line.trial !== null) &&
          this.isSettled(line, startUs, waitUs, dueUs)
        ) {
          continue;
        }
        if (waitUs < 0 || waitUs > Math.max(delays.lateUs, RETRY_US)) {
          this.late(line, i, dueUs);
          continue;
        }
        const server = flows.server[i];
        const category = categoryOf(flows.demand[i], known[server]);
        known[server] = 1;
        if (!brownouts.isDoubtful(line)) delays.add(waitUs);
        const heardUs = startUs + waitUs;
        if (heardUs > line.silence.sinceUs) this.alive(line, heardUs);
        if (!line.isOut) brownouts.good(line, startUs, category, dueUs);
      }
    }
    this.dueUs = nextUs;
  }

  /** Whether nothing more is to be said of the flow: it can't be judged, or all that it tells is when an outage ended. */
  private isSettled(line: Line, startUs: f64, waitUs: f64, nowUs: f64): bool {
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
  private late(line: Line, i: i32, nowUs: f64): void {
    const flows = this.flows;
    const silence = line.silence;
    const startUs = flows.startUs[i];
    const waitUs: f64 = flows.waitUs[i];
    const server = flows.server[i];
    const known: i32 = this.known[server];
    const category = categoryOf(flows.demand[i], known);
    const dead = silence.sinceUs <= startUs + line.delays.p95Us;
    // Who never answered before tells nothing by not answering again.
    const isNew = known === 0;
    if (isNew) {
      const doubtedUs = this.doubtedUs[server];
      const fromUs = dead ? silence.sinceUs : startUs;
      if (doubtedUs < fromUs) return;
      this.doubtedUs[server] = Math.min(doubtedUs, startUs);
    }
    if (waitUs >= 0 && !dead && !line.isOut && !this.brownouts.isDoubtful(line)) line.delays.add(waitUs);
    if (dead) this.countLate(line, startUs, server, category, waitUs >= 0);
    if (line.isOut) {
      this.brownouts.note(line, startUs);
      return;
    }
    // A scan finds nobody, and a line that never answered answers no worse than before.
    if ((isNew && waitUs < 0) || !line.everIn) this.brownouts.pass(line, startUs, dead ? NO_CATEGORY : category);
    else {
      const usual = this.chanceOfLate(line.uplink, category, startUs - COMPARED_US);
      this.brownouts.late(line, startUs, server, category, usual, dead, waitUs >= 0, nowUs);
    }
    if (dead) this.decide(line, nowUs);
  }

  private countLate(line: Line, startUs: f64, server: i32, category: i32, answered: bool): void {
    const silence = line.silence;
    const uplink = line.uplink;
    silence.late++;
    if (!(silence.firstLateUs <= startUs)) silence.firstLateUs = startUs;
    if (!(silence.lastLateUs >= startUs)) silence.lastLateUs = startUs;
    if (this.countedAt[server] === uplink && this.countedUs[server] > silence.sinceUs) return;
    this.countedAt[server] = <u8>uplink;
    this.countedUs[server] = startUs;
    silence.servers++;
    const known = this.known[server] === 1;
    const chance = this.chanceOfLate(uplink, category, silence.sinceUs);
    if (!known && !answered && (chance > MOSTLY || this.isScan(uplink, category, silence.sinceUs, startUs))) return;
    const nats = -log(chance);
    silence.lateScore += nats;
    if (!known && !answered) silence.unknownScore += nats;
  }

  /** However many targets a scan has: what mostly finds nobody on the other uplinks either tells nothing. */
  private isScan(uplink: i32, category: i32, sinceUs: f64, startUs: f64): bool {
    return this.chanceOfLate(uplink, category, Math.min(sinceUs, startUs - COMPARED_US)) > MOSTLY;
  }

  /** How often such a demand goes unanswered: so far, and on the other uplinks since then. */
  private chanceOfLate(uplink: i32, category: i32, sinceUs: f64): f64 {
    const brownouts = this.brownouts;
    const past = this.lateShare.of(category);
    brownouts.countOthers(uplink, sinceUs);
    const known = category % 2 === 1;
    const browned = brownouts.shareOf(uplink);
    const now = (past * PAST + brownouts.othersLate) / (PAST + brownouts.othersAll);
    return Math.min(0.95, Math.max(Math.max(past, browned), brownouts.othersAll === 0 && !known ? ALONE : now));
  }

  private askedGateway(line: Line, timeUs: f64, ping: bool): void {
    if (askGateway(line, timeUs, ping)) this.decide(line, timeUs);
    if (!ping) return;
    const looked = this.looked;
    for (let n = 0; n < looked.length; n++) {
      const other = looked[n];
      if (other !== line && missBeat(other, timeUs)) this.decide(other, timeUs);
    }
  }

  /** A packet came in. */
  private alive(line: Line, timeUs: f64): void {
    const silence = line.silence;
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

  private ended(line: Line, timeUs: f64): void {
    const silence = line.silence;
    silence.endUs = timeUs;
    overdue(line, this.flows, timeUs);
    if (line.trial !== null) this.settleTrial(line);
    line.trial = new Trial(silence, this.lateShare.of(categoryOf(DEMAND.tcp, 1)));
    line.silence = silenceAt(line.uplink, timeUs, false);
    line.isOut = false;
    line.judgedFromUs = timeUs;
    this.out--;
  }

  /** An outage that is over is one, or turns out to be the beginning of a brownout. */
  private settleTrial(line: Line): void {
    const trial = line.trial;
    if (trial === null) return;
    line.trial = null;
    const share = browned(trial);
    if (Number.isNaN(share)) {
      this.outages.push(trial.silence);
      this.brownouts.forget(line);
      return;
    }
    this.brownouts.convert(line, trial.silence, share, trial.usual);
    if (!line.isOut) return;
    line.isOut = false;
    this.out--;
  }

  private decide(line: Line, nowUs: f64): void {
    const silence = line.silence;
    if (line.isOut || !this.isHeard || (!line.everIn && line.isOneWay)) return;
    const share = silence.elsewhere > 0 ? silence.share : this.shareOf(line);
    const needed = this.needed.at(share, nowUs);
    if (!isProven(line, this.looked, needed, nowUs)) return;
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

  /** Its share as of its last flow; of one without, what it should have. */
  private shareOf(line: Line): f64 {
    const share = line.share;
    return Number.isNaN(share) || share === 0 ? this.shares.of(line.uplink) : share;
  }

  private leaveUndecided(line: Line, untilUs: f64): void {
    if (untilUs - line.silence.sinceUs < THIN_US) return;
    const share = Math.max(this.shares.of(line.uplink), 0.02);
    const needed = this.needed.at(share, this.nowUs);
    const thin = thinOf(line.silence, untilUs, this.needed.rate(this.nowUs), share, needed);
    if (thin !== null) this.thin.push(thin);
  }
}
