// What the detector keeps of one uplink: its last sign of life, and what speaks against it since.

import { Delays } from './answers.js';
import { Queue } from './queue.js';

/** An open silence, or one that became an outage. Times in microseconds, NaN where there is none. */
export class Silence {
  /** The last packet in before it; of an uplink without one the start of what is looked at. */
  sinceUs: f64 = Number.NaN;
  /** Nothing came in ever before. */
  fromStart: bool = false;
  /** Evidence in nats: demands without answer, decisions that went elsewhere, the gateway's silence. */
  lateScore: f64 = Number.NaN;
  /** Of it what servers that never answered anybody make. */
  unknownScore: f64 = Number.NaN;
  elsewhereScore: f64 = Number.NaN;
  gatewayScore: f64 = Number.NaN;
  /** Demands without answer, and those of them that count (a server once). */
  late: i32 = 0;
  servers: i32 = 0;
  firstLateUs: f64 = Number.NaN;
  lastLateUs: f64 = Number.NaN;
  /** Decisions elsewhere since the last flow here. */
  elsewhere: i32 = 0;
  lastStartUs: f64 = Number.NaN;
  pingsIn: i32 = 0;
  answered: i32 = 0;
  /** Keep-alives that did not even go out, while the other uplinks' did. */
  beatsMissed: f64 = 0;
  /** Pings and ARP requests that the gateway left unanswered; how many it had answered by the last of them. */
  asksLost: i32 = 0;
  heardByLost: i32 = 0;
  /** The first and the last of those. */
  firstAskedUs: f64 = Number.NaN;
  lastAskedUs: f64 = Number.NaN;
  /** The longest time without any packet on the link. */
  gapFromUs: f64 = Number.NaN;
  gapToUs: f64 = Number.NaN;
  /** The last packet on the link while it lasted. */
  lastAnyUs: f64 = Number.NaN;
  /** First sign of the gateway after a time without. */
  gatewayBackUs: f64 = Number.NaN;
  /** The share that was expected when it was decided, the evidence that it took. */
  share: f64 = Number.NaN;
  needed: f64 = Number.NaN;
  delayUs: f64 = Number.NaN;
  /** How long after any moment a packet is seen on the link, in the mean. */
  waitUs: f64 = Number.NaN;
  /** How often the gateway is pinged, 0 where that is not known. */
  beatUs: f64 = Number.NaN;
  lateAfterUs: f64 = Number.NaN;
  /** First packet in after it; NaN until then. */
  endUs: f64 = Number.NaN;

  constructor(readonly uplink: i32) {}
}

/** An outage that is over, and how the demands since then fare: it may turn out to be a brownout's beginning. */
export class Trial {
  all: i32 = 0;
  late: i32 = 0;

  constructor(
    readonly silence: Silence,
    /** Share of late demands that is usual. */
    readonly usual: f64,
  ) {}
}

export class Line {
  silence: Silence;
  isOut: bool = false;
  /** Its share of the decisions as of its last flow; NaN before the first. */
  share: f64 = Number.NaN;
  /** What a decision elsewhere says against it, and the share that this was made from. */
  nats: f64 = Number.NaN;
  expected: f64 = Number.NaN;
  /** What decisions elsewhere say together since the last of its flows must have been answered, whatever came in meanwhile. */
  unusedNats: f64 = 0;
  /** When the router chose it last; NaN before the first time. */
  usedUs: f64 = Number.NaN;
  trial: Trial | null = null;
  everIn: bool = false;
  /** The router chose it for a flow before: only then decisions that go elsewhere say anything. */
  isUsed: bool = false;
  /** Its flows go on as if they were answered, though no answer is seen: one direction is not recorded. */
  isOneWay: bool = false;
  lastAnyUs: f64 = Number.NaN;
  lastPingOutUs: f64 = Number.NaN;
  lastPingInUs: f64 = Number.NaN;
  lastAskedUs: f64 = Number.NaN;
  /** Pings at the gateway that were answered so far: only a gateway that answers can fail to. */
  pingsAnswered: i32 = 0;
  asksAnswered: i32 = 0;
  /** Pings at the gateway: how many followed another, and after how long usually. */
  beats: i32 = 0;
  beatUs: f64 = 0;
  /** Flows that began before this are not judged: the line was out, or nothing was recorded. */
  judgedFromUs: f64 = Number.NEGATIVE_INFINITY;
  private gaps: f64 = 0;
  private squares: f64 = 0;
  readonly delays: Delays = new Delays();
  /** Flows whose time for an answer is not over. */
  readonly queue: Queue = new Queue();

  constructor(
    readonly uplink: i32,
    fromUs: f64,
  ) {
    this.silence = silenceAt(uplink, fromUs, true);
  }

  /** Anything at all was seen on the link. */
  seen(timeUs: f64): void {
    const silence = this.silence;
    const from = this.lastAnyUs >= silence.sinceUs ? this.lastAnyUs : silence.sinceUs;
    if (!(silence.gapToUs - silence.gapFromUs >= timeUs - from)) {
      silence.gapFromUs = from;
      silence.gapToUs = timeUs;
    }
    if (this.lastAnyUs > timeUs) return;
    const gapUs = timeUs - this.lastAnyUs;
    if (gapUs > 0) {
      this.gaps += gapUs;
      this.squares += gapUs * gapUs;
    }
    this.lastAnyUs = timeUs;
  }

  /** From a moment without choice to the next packet on the link, in the mean. */
  get waitUs(): f64 {
    return this.gaps === 0 ? 0 : this.squares / (2 * this.gaps);
  }
}

export function silenceAt(uplink: i32, sinceUs: f64, fromStart: bool): Silence {
  return beginSilence(new Silence(uplink), sinceUs, fromStart);
}

/** Begins anew in place: there are as many silences as packets, and memory is never given back. */
export function beginSilence(silence: Silence, sinceUs: f64, fromStart: bool): Silence {
  silence.sinceUs = sinceUs;
  silence.fromStart = fromStart;
  silence.lateScore = silence.unknownScore = silence.elsewhereScore = silence.gatewayScore = 0;
  silence.late = silence.servers = silence.elsewhere = 0;
  silence.firstLateUs = silence.lastLateUs = silence.lastStartUs = Number.NaN;
  silence.pingsIn = silence.answered = 0;
  silence.beatsMissed = 0;
  silence.asksLost = silence.heardByLost = 0;
  silence.firstAskedUs = silence.lastAskedUs = Number.NaN;
  silence.gapFromUs = silence.gapToUs = silence.gatewayBackUs = Number.NaN;
  silence.lastAnyUs = silence.endUs = Number.NaN;
  silence.share = silence.needed = silence.delayUs = silence.lateAfterUs = silence.beatUs = silence.waitUs = 0;
  return silence;
}

export function linesOf(uplinks: i32, fromUs: f64): StaticArray<Line> {
  const lines = new StaticArray<Line>(uplinks);
  for (let n = 0; n < lines.length; n++) lines[n] = new Line(n, fromUs);
  return lines;
}

/** Those whose packets would be seen (1 in `inView`). */
export function lookedAt(lines: StaticArray<Line>, inView: StaticArray<u8>): StaticArray<Line> {
  let count = 0;
  for (let n = 0; n < lines.length; n++) if (inView[n] === 1) count++;
  const looked = new StaticArray<Line>(count);
  for (let n = 0, to = 0; n < lines.length; n++) if (inView[n] === 1) looked[to++] = lines[n];
  return looked;
}
