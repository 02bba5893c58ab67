// Runs a capture through a framer and the decoder, in windows as asked, and gives the rows back as plain objects.

import { Batch, FLAG, KIND, META } from '#src/decode/batch.js';
import type { DecodeCounts, Framer, PointInfo } from '#src/decode/decoder.js';
import { type CaptureFormat, createFramer } from '#src/decode/frame.js';
import { PacketDecoder } from '#src/decode/packet.js';

export interface Row {
  kind: keyof typeof KIND;
  timeUs: number;
  wireBytes: number;
  point: number;
  flags: number;
  /** Null for kinds that hold no addresses. */
  packet: {
    protocol: number;
    from: string;
    to: string;
    fromPort: number | null;
    toPort: number | null;
    ipBytes: number;
    payload: number;
    ident: number | null;
    seq: number | null;
  } | null;
  macs: { from: string; to: string };
}

export interface Reading {
  rows: Row[];
  counts: DecodeCounts;
  points: PointInfo[];
  framer: Framer;
  /** Offset of the first byte that was left. */
  consumed: number;
}

const KINDS = Object.keys(KIND) as (keyof typeof KIND)[];
/** As a caller's window: it grows to what the framer wants, never beyond this. */
const LARGEST_WINDOW = 2 * 1024 * 1024;

/** @param sizes bytes to hand over at a time, taken in turn; all at once without them */
export function read(bytes: Uint8Array, format: CaptureFormat = 'pcap', sizes: readonly number[] = []): Reading {
  const rows: Row[] = [];
  const batch = new Batch();
  const decoder = new PacketDecoder(batch, { flush: (full) => rows.push(...rowsOf(full)) }, { macs: true });
  const framer = createFramer(format, decoder);
  const consumed = sizes.length === 0 ? feedWhole(framer, bytes) : feedInWindows(framer, bytes, sizes);
  framer.end(bytes.length - consumed);
  decoder.finish();
  return { rows, counts: decoder.counts, points: decoder.points, framer, consumed };
}

/** What must not depend on how the bytes were handed over. */
export function outcome({ rows, counts, points, framer }: Reading): unknown {
  const { damage, unknownLink, ...sums } = counts;
  const told = damage.list();
  return { rows, sums, unknownLink: [...unknownLink], told, points, packets: framer.packets, fatal: framer.fatal };
}

/** Reasons and counts, sorted. */
export function damageOf({ counts }: Reading): string[] {
  return counts.damage.list().map(({ reason, count }) => `${reason} ${count}`);
}

export function timesOf({ rows }: Reading): number[] {
  return rows.map(({ timeUs }) => timeUs);
}

function feedWhole(framer: Framer, bytes: Uint8Array): number {
  return framer.feed(bytes, new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), 0, bytes.length);
}

function feedInWindows(framer: Framer, bytes: Uint8Array, sizes: readonly number[]): number {
  const window = new Uint8Array(LARGEST_WINDOW);
  const view = new DataView(window.buffer);
  let taken = 0;
  let held = 0;
  for (let turn = 0; taken < bytes.length && !framer.done; turn++) {
    const size = Math.min(
      Math.max(1, sizes[turn % sizes.length] as number),
      bytes.length - taken,
      window.length - held,
    );
    if (size <= 0) throw new Error(`a full window and nothing consumed: framer wants ${framer.wants}`);
    window.set(bytes.subarray(taken, taken + size), held);
    taken += size;
    held += size;
    const at = framer.feed(window, view, 0, held);
    if (at < 0 || at > held) throw new Error(`consumed ${at} of ${held}`);
    if (at === 0 && !framer.done && held >= framer.wants)
      throw new Error(`has ${held}, wants ${framer.wants}, takes none`);
    window.copyWithin(0, at, held);
    held -= at;
  }
  return taken - held;
}

export function rowsOf(batch: Batch): Row[] {
  return Array.from({ length: batch.count }, (_, row) => rowOf(batch, row));
}

function rowOf(batch: Batch, row: number): Row {
  const kind = KINDS[batch.kind(row)] as keyof typeof KIND;
  const flags = batch.flags(row);
  const meta = batch.meta(row);
  const holds = kind === 'flow' || kind === 'fragment' || kind === 'icmpError';
  const fromHigh = (flags & FLAG.fromHigh) !== 0;
  const low = endpointOf(batch, row, false);
  const high = endpointOf(batch, row, true);
  const [from, to] = fromHigh ? [high, low] : [low, high];
  const hasPorts = (meta & META.hasPorts) !== 0;
  const identified = kind === 'fragment' || (flags & FLAG.firstFragment) !== 0;
  return {
    kind,
    timeUs: batch.time(row),
    wireBytes: batch.wireBytes(row),
    point: meta >>> META.pointShift,
    flags,
    packet: !holds
      ? null
      : {
          protocol: meta & META.protocolMask,
          from: from.address,
          to: to.address,
          fromPort: hasPorts ? from.port : null,
          toPort: hasPorts ? to.port : null,
          ipBytes: batch.ipBytes(row),
          payload: batch.payload(row),
          ident: identified ? batch.ident(row) >>> 0 : null,
          seq: (flags & FLAG.seqValid) !== 0 ? batch.seq(row) >>> 0 : null,
        },
    macs: {
      from: macText(batch.macFromHigh[row], batch.macFromLow[row]),
      to: macText(batch.macToHigh[row], batch.macToLow[row]),
    },
  };
}

/** Addresses as `10.0.0.1`, or eight groups of hexadecimal digits without abbreviation. */
function endpointOf(batch: Batch, row: number, high: boolean): { address: string; port: number } {
  const ports = batch.ports(row);
  const port = high ? ports & 0xffff : ports >>> 16;
  if ((batch.meta(row) & META.ipv6) === 0) {
    const word = high ? batch.k1(row) : batch.k0(row);
    return { address: [24, 16, 8, 0].map((shift) => (word >>> shift) & 0xff).join('.'), port };
  }
  const start = row * 8 + (high ? 4 : 0);
  const groups = [0, 1, 2, 3].flatMap((i) => [batch.wide[start + i] >>> 16, batch.wide[start + i] & 0xffff]);
  return { address: groups.map((group) => group.toString(16)).join(':'), port };
}

function macText(high: number, low: number): string {
  const digits = (high & 0xffff).toString(16).padStart(4, '0') + (low >>> 0).toString(16).padStart(8, '0');
  return (digits.match(/../g) as string[]).join(':');
}
