// The connections alive at one moment, in columns, and what each says next: one packet at a time, as real ones do
// (handshake, request, data down with acknowledgements up, FIN both ways), with the failures that real ones have.

import { type Packet, PROTO, TCP } from './frames.js';
import { boundedParetoMean, type Random } from './random.js';

/** What a connection is, and how it ends; `arp` is the router's own. */
export const SORT = {
  download: 0,
  upload: 1,
  reset: 2,
  unanswered: 3,
  refused: 4,
  dns: 5,
  deadDns: 6,
  quic: 7,
  echo: 8,
} as const;

/** By sort: parts of a hundred, packets at least, and whether heavy-tailed data comes on top. */
const MIX = [46, 5, 3, 2, 1, 23, 1, 15, 4] as const;
const LEAST = [8, 8, 6, 3, 2, 2, 2, 4, 2] as const;
const BULK = [true, true, true, false, false, false, false, true, false] as const;
const ECHO_ROUNDS = 5;
const LEAST_MEAN =
  MIX.reduce((sum, part, sort) => sum + part * (LEAST[sort] as number), 0) / 100 +
  ((MIX[SORT.echo] as number) * (ECHO_ROUNDS - 1)) / 100;
const BULK_PART = MIX.reduce<number>((sum, part, sort) => sum + (BULK[sort] ? part : 0), 0) / 100;

const TAIL = { low: 1, high: 50_000, shape: 1.2 } as const;
const TAIL_MEAN = boundedParetoMean(TAIL.low, TAIL.high, TAIL.shape);
/** How long the data of a connection takes, microseconds: seconds to minutes. */
const LASTS = { low: 4e6, high: 600e6, shape: 1.05 } as const;
const LONGEST_GAP_US = 10e6;
/** Below every idle time after which a router forgets a connection that was answered. */
const LONGEST_WAIT_US = 60e6;
/** Data comes in trains: most packets follow the one before closely. */
const IN_TRAIN = 0.7;
const TRAIN_GAP_US = 200;
/** Receivers that take in a train at once acknowledge it at once. */
const ACK_EVERY = 12;

/** After a longer pause a server says no more until it is asked; who asks is answered at once. */
const PAUSE_US = 1e6;
const QUIC_ASKS = 4;

const SEGMENT_BYTES = 1448;
const QUIC_BYTES = 1252;
const TIMESTAMPS = 12;
const SYN_OPTIONS = 20;

/** Slots of live connections. Columns are read and written by the owner of the slot; `take` gives one, grown as needed. */
export class Connections {
  alive = 0;
  sort = new Uint8Array(4096);
  phase = new Uint8Array(4096);
  uplink = new Uint8Array(4096);
  v6 = new Uint8Array(4096);
  client = new Uint16Array(4096);
  server = new Int32Array(4096);
  clientPort = new Uint16Array(4096);
  snatPort = new Uint16Array(4096);
  left = new Int32Array(4096);
  seqUp = new Int32Array(4096);
  seqDown = new Int32Array(4096);
  rttUs = new Float64Array(4096);
  gapUs = new Float64Array(4096);
  private free = new Int32Array(4096).map((_, i) => i);

  take(): number {
    if (this.alive === this.free.length) this.grow();
    return this.free[this.alive++] as number;
  }

  release(slot: number): void {
    this.free[--this.alive] = slot;
  }

  private grow(): void {
    const double = <T extends Uint8Array | Uint16Array | Int32Array | Float64Array>(column: T): T => {
      const larger = new (column.constructor as new (length: number) => T)(column.length * 2);
      larger.set(column);
      return larger;
    };
    this.sort = double(this.sort);
    this.phase = double(this.phase);
    this.uplink = double(this.uplink);
    this.v6 = double(this.v6);
    this.client = double(this.client);
    this.server = double(this.server);
    this.clientPort = double(this.clientPort);
    this.snatPort = double(this.snatPort);
    this.left = double(this.left);
    this.seqUp = double(this.seqUp);
    this.seqDown = double(this.seqDown);
    this.rttUs = double(this.rttUs);
    this.gapUs = double(this.gapUs);
    const from = this.free.length;
    this.free = double(this.free);
    for (let i = from; i < this.free.length; i++) this.free[i] = i;
  }
}

/**
 * Fills the slot with a new connection whose mean number of packets, over many, is `meanPackets`, and which adds no more
 * than `mostExtra` to the least; returns how many this one will have. Ends (client, server, ports, uplink) are the caller's.
 */
export function beginConnection(
  live: Connections,
  slot: number,
  random: Random,
  meanPackets: number,
  mostExtra: number,
): number {
  let draw = random.below(100);
  let sort = 0;
  while (draw >= (MIX[sort] as number)) draw -= MIX[sort++] as number;
  let extra = 0;
  if (sort === SORT.echo) extra = 2 * random.below(ECHO_ROUNDS);
  if (BULK[sort]) {
    const mean = Math.max(0.1, (meanPackets - LEAST_MEAN) / BULK_PART);
    // The added fraction rounds at random, which keeps the mean.
    const draw = random.boundedPareto(TAIL.low, TAIL.high, TAIL.shape) / TAIL_MEAN;
    extra = Math.min(Math.floor(draw * mean + random.unit()), mostExtra);
  }
  live.sort[slot] = sort;
  live.phase[slot] = 0;
  live.left[slot] = extra;
  live.seqUp[slot] = random.int32();
  live.seqDown[slot] = random.int32();
  live.rttUs[slot] = 8_000 + random.exponential(25_000);
  const lastsUs = random.boundedPareto(LASTS.low, LASTS.high, LASTS.shape);
  live.gapUs[slot] = Math.min(lastsUs / (extra + 1) / (1 - IN_TRAIN), LONGEST_GAP_US);
  return (LEAST[sort] as number) + extra;
}

/** Writes the connection's next packet into `packet` (all but its ends); returns the wait until the one after, -1 at the end. */
export function nextPacket(live: Connections, slot: number, random: Random, packet: Packet): number {
  const phase = live.phase[slot] as number;
  const rttUs = live.rttUs[slot] as number;
  const first = phase === 0;
  live.phase[slot] = phase + 1;
  switch (live.sort[slot]) {
    case SORT.unanswered:
      tcp(packet, true, TCP.syn, SYN_OPTIONS, 0);
      packet.seq = live.seqUp[slot] as number;
      packet.ack = 0;
      return first ? 1e6 : phase === 1 ? 2e6 : -1;
    case SORT.refused:
      tcp(packet, first, first ? TCP.syn : TCP.rst | TCP.ack, first ? SYN_OPTIONS : 0, 0);
      count(live, slot, packet);
      return first ? rttUs : -1;
    case SORT.dns:
      udp(packet, first, 53, first ? 30 + random.below(30) : 60 + random.below(200));
      return first ? rttUs : -1;
    case SORT.deadDns:
      udp(packet, true, 53, 40);
      return first ? 5e6 : -1;
    case SORT.echo:
      return echo(live, slot, packet, phase, rttUs);
    case SORT.quic:
      return quic(live, slot, random, packet, phase, rttUs);
    default: {
      const waitUs = conversation(live, slot, random, packet, phase, rttUs);
      count(live, slot, packet);
      return waitUs;
    }
  }
}

function conversation(
  live: Connections,
  slot: number,
  random: Random,
  packet: Packet,
  phase: number,
  rttUs: number,
): number {
  switch (phase) {
    case 0:
      tcp(packet, true, TCP.syn, SYN_OPTIONS, 0);
      return rttUs;
    case 1:
      tcp(packet, false, TCP.syn | TCP.ack, SYN_OPTIONS, 0);
      return 300;
    case 2:
      tcp(packet, true, TCP.ack, TIMESTAMPS, 0);
      return 500;
    case 3:
      tcp(packet, true, TCP.psh | TCP.ack, TIMESTAMPS, 120 + random.below(500));
      return rttUs;
    case 4: {
      const left = live.left[slot] as number;
      const dataUp = live.sort[slot] === SORT.upload;
      if (left === 0) {
        tcp(packet, dataUp, TCP.psh | TCP.ack, TIMESTAMPS, 700 + random.below(SEGMENT_BYTES - 700));
        return 10_000 + random.exponential(live.gapUs[slot] as number);
      }
      const acknowledges = left % ACK_EVERY === 1;
      tcp(packet, dataUp !== acknowledges, TCP.ack, TIMESTAMPS, acknowledges ? 0 : SEGMENT_BYTES);
      live.left[slot] = left - 1;
      live.phase[slot] = 4;
      return trainGapUs(live, slot, random);
    }
    case 5:
      if (live.sort[slot] === SORT.reset) {
        tcp(packet, true, TCP.rst, 0, 0);
        return -1;
      }
      tcp(packet, true, TCP.fin | TCP.ack, TIMESTAMPS, 0);
      return rttUs;
    case 6:
      tcp(packet, false, TCP.fin | TCP.ack, TIMESTAMPS, 0);
      return 300;
    default:
      tcp(packet, true, TCP.ack, TIMESTAMPS, 0);
      return -1;
  }
}

function quic(live: Connections, slot: number, random: Random, packet: Packet, phase: number, rttUs: number): number {
  if (phase < 3) {
    udp(packet, phase !== 1, 443, phase === 2 ? 60 : QUIC_BYTES);
    return phase === 0 ? rttUs : 2_000;
  }
  const left = live.left[slot] as number;
  const asks = phase === QUIC_ASKS;
  const up = asks || left % ACK_EVERY === 1;
  udp(packet, up, 443, up ? 35 : left > 0 ? QUIC_BYTES : 900);
  live.left[slot] = left - 1;
  live.phase[slot] = 3;
  if (left === 0) return -1;
  if (asks) return rttUs;
  const waitUs = trainGapUs(live, slot, random);
  if (waitUs <= PAUSE_US) return waitUs;
  if (left === 1) return PAUSE_US;
  live.phase[slot] = QUIC_ASKS;
  return waitUs;
}

/** Request and reply a second apart, in as many rounds as were drawn. */
function echo(live: Connections, slot: number, packet: Packet, phase: number, rttUs: number): number {
  const request = phase % 2 === 0;
  packet.protocol = PROTO.icmp;
  packet.up = request;
  packet.flags = phase >> 1;
  packet.options = 0;
  packet.payload = 56;
  if (request) return rttUs;
  live.left[slot] = (live.left[slot] as number) - 2;
  return (live.left[slot] as number) >= 0 ? 1e6 : -1;
}

function trainGapUs(live: Connections, slot: number, random: Random): number {
  const meanUs = random.chance(IN_TRAIN) ? TRAIN_GAP_US : (live.gapUs[slot] as number);
  return Math.min(random.exponential(meanUs), LONGEST_WAIT_US);
}

function tcp(packet: Packet, up: boolean, flags: number, options: number, payload: number): void {
  packet.protocol = PROTO.tcp;
  packet.up = up;
  packet.serverPort = 443;
  packet.flags = flags;
  packet.options = options;
  packet.payload = payload;
}

function udp(packet: Packet, up: boolean, serverPort: number, payload: number): void {
  packet.protocol = PROTO.udp;
  packet.up = up;
  packet.serverPort = serverPort;
  packet.flags = 0;
  packet.options = 0;
  packet.payload = payload;
}

/** Sequence numbers: SYN and FIN count one, as each byte does. */
function count(live: Connections, slot: number, packet: Packet): void {
  const up = live.seqUp[slot] as number;
  const down = live.seqDown[slot] as number;
  const used = packet.payload + (packet.flags & (TCP.syn | TCP.fin) ? 1 : 0);
  packet.seq = packet.up ? up : down;
  packet.ack = packet.flags & TCP.ack ? (packet.up ? down : up) : 0;
  if (packet.up) live.seqUp[slot] = up + used;
  else live.seqDown[slot] = down + used;
}
