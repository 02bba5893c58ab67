// What the hot loop reads by itself: runs of usual records. See hot/frame.ts.

import type { Batch } from './batch.js';
import { LINKTYPE } from './linktypes.js';
import type { PcapHeader } from './pcap-header.js';

/** Kinds of link headers that it knows. */
export const USUAL = { ethernet: 0, cooked1: 1, cooked2: 2, raw: 3 } as const;

/** Where a flow table's clock stands, microseconds. */
export interface TakingClock {
  now: number;
}

/** Grows by what batches hold. Microseconds. */
export interface Taken {
  packets: number;
  wireBytes: number;
  firstUs: number;
  lastUs: number;
}

/** Reads usual records of classic pcap out of one window of bytes into one batch, and stops where one is not. */
export interface UsualRecords {
  /** Where the bytes have to be, and the rows are put. */
  readonly window: Uint8Array;
  readonly batch: Batch;
  /** After `frame`: bytes that the next record takes, where it is usual so far and has yet to come; else 0. */
  readonly wants: number;
  /** Begins a file, of which it knows no point yet; `link` is of USUAL, `captured` what a record may have at most. */
  beginFrames(header: PcapHeader, captured: number, link: number): void;
  /** What `meta` says of the point where packets of this interface index and VLAN are seen. */
  notePoint(ifindex: number, vlan: number, meta: number): void;
  /**
   * Reads records that begin before `limit` and end by `to`, as long as there is room in the batch, and adds to its count.
   * Offsets are of the window. Returns the offset of the first one not read.
   */
  frame(at: number, to: number, limit: number): number;
  /**
   * As `frame`, but the flow table that it is part of takes each full batch at once, by its clock, and adds what it held to
   * `sums`. A batch that is full afterwards is one for whose runs there is no room.
   */
  frameThrough(at: number, to: number, limit: number, clock: TakingClock, sums: Taken): number;
}

/** The kind of link header, -1 for those it does not know. */
export function usualLink(linkType: number): number {
  switch (linkType) {
    case LINKTYPE.ethernet:
      return USUAL.ethernet;
    case LINKTYPE.linuxSll:
      return USUAL.cooked1;
    case LINKTYPE.linuxSll2:
      return USUAL.cooked2;
    case LINKTYPE.raw:
    case LINKTYPE.rawDlt12:
    case LINKTYPE.rawDlt14:
      return USUAL.raw;
    default:
      return -1;
  }
}
