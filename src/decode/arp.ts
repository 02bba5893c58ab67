// An ARP packet for IPv4 becomes a row that names who asks for whom (RFC 826).

import { type Batch, ROW, ROW_SHIFT } from './batch.js';

const ETHERTYPE_IPV4 = 0x0800;
/** Hardware and protocol type, their lengths, the operation. */
const FIXED = 8;

export const ARP = { request: 1, reply: 2 } as const;

/** Fills `ident` (operation, 0 where it is not ARP for IPv4), `k0` (sender's protocol address) and `k1` (target's). */
export function decodeArp(batch: Batch, row: number, view: DataView, at: number, end: number): void {
  const { words } = batch;
  const rowAt = row << ROW_SHIFT;
  words[rowAt + ROW.ident] = 0;
  if (end - at < FIXED || view.getUint16(at + 2) !== ETHERTYPE_IPV4 || view.getUint8(at + 5) !== 4) return;
  const hardware = view.getUint8(at + 4);
  const sender = at + FIXED + hardware;
  const target = sender + 4 + hardware;
  if (target + 4 > end) return;
  words[rowAt + ROW.k0] = view.getInt32(sender);
  words[rowAt + ROW.k1] = view.getInt32(target);
  words[rowAt + ROW.ident] = view.getUint16(at + 6);
}
