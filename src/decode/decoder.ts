// The contract between the readers of capture formats (pcap, pcapng, erf, snoop), the header walk and the flow table.

import type { DamageLog } from '../util/error.js';
import type { Batch } from './batch.js';
import type { UsualRecords } from './usual.js';

/**
 * Reads one capture format out of a stream of byte windows.
 *
 * `feed` consumes whole records of bytes[from, to) and returns the offset of the first byte that it has not consumed;
 * the caller moves the rest to the front, appends more and calls again. A record longer than the caller's window is
 * asked for by `wants` (a total length in bytes, counted from the first unconsumed byte); a body that is only to be
 * passed over is skipped without being held. After `done` is true nothing more is consumed (the rest is unusable).
 * `end` says that the input is over, with the bytes that were left.
 */
export interface Framer {
  readonly packets: number;
  readonly done: boolean;
  /** Why the input is no capture at all (bad magic number of a section, unsupported version), else null. */
  readonly fatal: string | null;
  wants: number;
  feed(bytes: Uint8Array, view: DataView, from: number, to: number): number;
  end(left: number): void;
}

/** Where packets were seen: an interface of the input, an interface index of a cooked v2 record, a VLAN. */
export interface PointInfo {
  /** Number of the interface within the input (pcapng section-relative ones are made unique; 0 elsewhere). */
  iface: number;
  /** Interface name as the input tells it (pcapng if_name), else null. */
  name: string | null;
  /** Interface index of Linux cooked v2, else 0. */
  ifindex: number;
  /** Outermost VLAN identifier, 0 for none. */
  vlan: number;
  /** LINKTYPE value. */
  linkType: number;
  /** Number of the uplink whose gateway the packets come from or go to, where link addresses tell that; else absent or -1. */
  link?: number;
}

/** What a decoder counts beside its rows. Sums, minima and maxima only, so that segments merge. */
export interface DecodeCounts {
  packets: number;
  wireBytes: number;
  /** Microseconds; Infinity and -Infinity without packets. */
  firstUs: number;
  lastUs: number;
  /** Packets by link type that could not be decoded because the link type is not known. */
  unknownLink: Map<number, number>;
  /** What the recorder says it dropped, or null where it says nothing. */
  dropped: number | null;
  damage: DamageLog;
}

export interface DecodeOptions {
  /** Fill the mac columns. */
  macs: boolean;
  /** Reads usual records of classic pcap by itself, into the decoder's batch; without link addresses only. */
  usual?: UsualRecords | null;
}

export type { Batch };
