// What the detector keeps of one uplink: its last sign of life, and what speaks against it since.

import { Delays } from './answers.js';
import { Queue } from './queue.js';

/** An open silence, or one that became an outage. Times in microseconds, NaN where there is none. */
export class Silence {
  /** The last packet in before it; of an uplink without one the start of what is looked at. */
  sinceUs = Number.NaN;
  /** Nothing came in ever before. */
  fromStart = false;
  /** Evidence in nats: demands without answer, decisions that went elsewhere, the gateway's silence. */
  lateScore = Number.NaN;
  /** Of it what servers that never answered anybody make. */
  unknownScore = Number.NaN;
  elsewhereScore = Number.NaN;
  gatewayScore = Number.NaN;
  /** Demands without answer, those of them that count (a server once), and their servers that answered before. */
  late = 0;
  servers = 0;
  knownServers = 0;
  firstLateUs = Number.NaN;
  lastLateUs = Number.NaN;
  /** Decisions elsewhere since the last flow here. */
  elsewhere = 0;
  lastStartUs = Number.NaN;
  pingsOut = 0;
  pingsIn = 0;
  asked = 0;
  answered = 0;
  /** Keep-alives that did not even go out, while the other uplinks' did. */
  beatsMissed = 0;
  /** Pings and ARP requests that the gateway left unanswered; how many it had answered by the last of them. */
  asksLost = 0;
  heardByLost = 0;
  /** The first and the last of those. */
  firstAskedUs = Number.NaN;
  lastAskedUs = Number.NaN;
  /** The longest time without any packet on the link. */
  gapFromUs = Number.NaN;
  gapToUs = Number.NaN;
  /** The last packet on the link while it lasted. */
  lastAnyUs = Number.NaN;
  /** First sign of the gateway after a time without. */
  gatewayBackUs = Number.NaN;
  /** When it was decided; the share that was expected then, the evidence that it took. */
  decidedUs = Number.NaN;
  share = Number.NaN;
  needed = Number.NaN;
  delayUs = Number.NaN;
  /** How long after any moment a packet is seen on the link, in the mean. */
  waitUs = Number.NaN;
  /** How often the gateway is pinged, 0 where that is not known. */
  beatUs = Number.NaN;
  lateAfterUs = Number.NaN;
  /** First packet in after it; NaN until then. */
  endUs = Number.NaN;

  constructor(readonly uplink: number) {}
}

/** An outage that is over, and how the demands since then fare: it may turn out to be a brownout's beginning. */
export interface Trial {
  silence: Silence;
  all: number;
  late: number;
  /** Share of late demands that is usual. */
  usual: number;
}

export class Line {
  silence: Silence;
  isOut = false;
  /** Its share of the decisions as of its last flow; NaN before the first. */
  share = Number.NaN;
  /** What a decision elsewhere says against it, and the share that this was made from. */
  nats = Number.NaN;
  expected = Number.NaN;
  /** What decisions elsewhere say together since the last of its flows must have been answered, whatever came in meanwhile. */
  unusedNats = Number.NaN;
  /** When the router chose it last; NaN before the first time. */
  usedUs = Number.NaN;
  trial: Trial | null = null;
  everIn = false;
  /** The router chose it for a flow before: only then decisions that go elsewhere say anything. */
  isUsed = false;
  /** Its flows go on as if they were answered, though no answer is seen: one direction is not recorded. */
  isOneWay = false;
  lastAnyUs = Number.NaN;
  lastPingOutUs = Number.NaN;
  lastPingInUs = Number.NaN;
  lastAskedUs = Number.NaN;
  /** Pings at the gateway that were answered so far: only a gateway that answers can fail to. */
  pingsAnswered = 0;
  asksAnswered = 0;
  /** Pings at the gateway: how many followed another, and after how long usually. */
  beats = 0;
  beatUs = Number.NaN;
  /** Flows that began before this are not judged: the line was out, or nothing was recorded. */
  judgedFromUs = Number.NEGATIVE_INFINITY;
  private gaps = Number.NaN;
  private squares = Number.NaN;
  readonly delays = new Delays();
  /** Flows whose time for an answer is not over. */
  readonly queue = new Queue();

  constructor(
    readonly uplink: number,
    fromUs: number,
  ) {
    this.silence = silenceAt(uplink, fromUs, true);
    // Begun with no whole number: see `Delays`.
    this.unusedNats = this.beatUs = this.gaps = this.squares = 0;
  }

  /** Anything at all was seen on the link. */
  seen(timeUs: number): void {
    const { silence } = this;
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
  get waitUs(): number {
    return this.gaps === 0 ? 0 : this.squares / (2 * this.gaps);
  }
}

export function silenceAt(uplink: number, sinceUs: number, fromStart: boolean): Silence {
  return beginSilence(new Silence(uplink), sinceUs, fromStart);
}

/** Begins anew in place: there are as many silences as packets. */
export function beginSilence(silence: Silence, sinceUs: number, fromStart: boolean): Silence {
  silence.sinceUs = sinceUs;
  silence.fromStart = fromStart;
  silence.lateScore = silence.unknownScore = silence.elsewhereScore = silence.gatewayScore = 0;
  silence.late = silence.servers = silence.knownServers = silence.elsewhere = 0;
  silence.firstLateUs = silence.lastLateUs = silence.lastStartUs = Number.NaN;
  silence.pingsOut = silence.pingsIn = silence.asked = silence.answered = silence.beatsMissed = 0;
  silence.asksLost = silence.heardByLost = 0;
  silence.firstAskedUs = silence.lastAskedUs = Number.NaN;
  silence.gapFromUs = silence.gapToUs = silence.gatewayBackUs = Number.NaN;
  silence.lastAnyUs = silence.decidedUs = silence.endUs = Number.NaN;
  silence.share = silence.needed = silence.delayUs = silence.lateAfterUs = silence.beatUs = silence.waitUs = 0;
  return silence;
}
