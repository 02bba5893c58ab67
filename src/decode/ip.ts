// The outermost IP header: addresses, lengths, fragments, IPv6 extension headers; tunnels are not entered.
// RFC 791, RFC 8200, RFC 2675 (jumbograms), RFC 4302 (AH), RFC 5533 (shim6).

import { type Batch, FLAG, foldAddress, KIND, META, ROW, ROW_MASK, ROW_SHIFT } from './batch.js';
import { decodePorts, decodeTransport, PROTOCOL } from './transport.js';

const MAX_BYTES = 0x7fffffff;
const IPV6_HEADER = 40;
const EXTENSION = {
  hopByHop: 0,
  routing: 43,
  fragment: 44,
  authentication: 51,
  noNext: 59,
  destination: 60,
  shim6: 140,
} as const;

/**
 * Decodes into the row an IPv4 packet that begins at `at`.
 *
 * @param end first byte not captured
 * @param wireLeft bytes of the frame from `at` on, captured or not; stands in for a total length of zero
 * @param meta the point, shifted
 * @param flags what the link header said
 */
export function decodeIpv4(
  batch: Batch,
  row: number,
  view: DataView,
  at: number,
  end: number,
  wireLeft: number,
  meta: number,
  flags: number,
): void {
  const { words } = batch;
  const rowAt = (row & ROW_MASK) << ROW_SHIFT;
  // The usual packet: TCP or UDP, no options, no fragment, the largest fixed header there. All else goes the long way.
  if (((end - at) | 0) >= 40) {
    const first = view.getInt32(at);
    const total = first & 0xffff;
    const protocol = view.getUint8((at + 9) | 0);
    if (
      first >> 24 === 0x45 &&
      total >= 40 &&
      (view.getInt32((at + 4) | 0) & 0x3fff) === 0 &&
      (protocol === PROTOCOL.tcp || protocol === PROTOCOL.udp)
    ) {
      words[rowAt + ROW.ipBytes] = total;
      const transport = (at + 20) | 0;
      const bits = decodePorts(batch, row, view, transport, total - 20, protocol, meta);
      const from = view.getInt32((at + 12) | 0);
      const to = view.getInt32((at + 16) | 0);
      orderIpv4(batch, row, from, to, view.getInt32(transport), flags | bits);
      return;
    }
  }
  decodeAnyIpv4(batch, row, view, at, end, wireLeft, meta, flags);
}

function decodeAnyIpv4(
  batch: Batch,
  row: number,
  view: DataView,
  at: number,
  end: number,
  wireLeft: number,
  meta: number,
  flags: number,
): void {
  if (end - at < 20) {
    reject(batch, row, KIND.other, meta, flags);
    return;
  }
  const first = view.getInt32(at);
  const header = (first >>> 22) & 0x3c;
  let total = first & 0xffff;
  // Segmentation offload: the length was not filled in yet when the packet was captured.
  if (total === 0) total = Math.max(wireLeft, end - at);
  if (first >>> 28 !== 4 || header < 20 || total < header) {
    if (first >>> 28 === 6) {
      // Some recorders and tunnels announce IPv6 as IPv4; the packet's own word counts.
      decodeIpv6(batch, row, view, at, end, wireLeft, meta, flags);
      return;
    }
    reject(batch, row, KIND.damaged, meta, flags);
    return;
  }
  const { words } = batch;
  const rowAt = (row & ROW_MASK) << ROW_SHIFT;
  words[rowAt + ROW.ipBytes] = total;
  const fragment = view.getInt32(at + 4);
  const protocol = view.getUint8(at + 9);
  const stop = Math.min(at + total, end);
  if ((fragment & 0x3fff) !== 0) {
    words[rowAt + ROW.ident] = fragment >>> 16;
    if ((fragment & 0x1fff) === 0) flags |= FLAG.firstFragment;
  }
  if ((fragment & 0x1fff) === 0) {
    decodeTransport(batch, row, view, at + header, stop, total - header, protocol, meta, flags);
  } else {
    laterFragment(batch, row, protocol, meta, flags, total - header);
  }
  orderIpv4(
    batch,
    row,
    view.getInt32(at + 12),
    view.getInt32(at + 16),
    words[rowAt + ROW.ports],
    words[rowAt + ROW.flags],
  );
}

/** Writes addresses, ports and flags, the lower endpoint first. Without branches: either order is as likely. */
function orderIpv4(batch: Batch, row: number, from: number, to: number, ports: number, flags: number): void {
  const { words } = batch;
  const rowAt = (row & ROW_MASK) << ROW_SHIFT;
  // All ones where the sender is the higher endpoint: the borrow of an unsigned subtraction, else of the ports'.
  let high = ((~to & from) | (~(to ^ from) & (to - from))) >> 31;
  if (from === to) high = ((ports & 0xffff) - (ports >>> 16)) >> 31;
  const swap = (from ^ to) & high;
  words[rowAt + ROW.k0] = from ^ swap;
  words[rowAt + ROW.k1] = to ^ swap;
  words[rowAt + ROW.ports] = ports ^ ((ports ^ ((ports << 16) | (ports >>> 16))) & high);
  words[rowAt + ROW.flags] = flags | (high & FLAG.fromHigh);
}

/** The same for IPv6. */
export function decodeIpv6(
  batch: Batch,
  row: number,
  view: DataView,
  at: number,
  end: number,
  wireLeft: number,
  meta: number,
  flags: number,
): void {
  const { words } = batch;
  const rowAt = (row & ROW_MASK) << ROW_SHIFT;
  if (end - at < IPV6_HEADER) {
    reject(batch, row, KIND.other, meta, flags);
    return;
  }
  if (view.getUint8(at) >>> 4 !== 6) {
    reject(batch, row, KIND.damaged, meta, flags);
    return;
  }
  const payloadLength = view.getUint16(at + 4);
  const next = view.getUint8(at + 6);
  meta |= META.ipv6;
  if ((next === PROTOCOL.tcp || next === PROTOCOL.udp) && payloadLength >= 20 && end - at >= IPV6_HEADER + 20) {
    // The usual packet, as above.
    words[rowAt + ROW.ipBytes] = IPV6_HEADER + payloadLength;
    const bits = decodePorts(batch, row, view, at + IPV6_HEADER, payloadLength, next, meta);
    orderIpv6(batch, row, view, at, view.getInt32(at + IPV6_HEADER), flags | bits);
    return;
  }
  const total = IPV6_HEADER + (payloadLength !== 0 ? payloadLength : zeroPayloadLength(view, at, end, wireLeft));
  words[rowAt + ROW.ipBytes] = Math.min(total, MAX_BYTES);
  // What a header of length zero is followed by is looked at all the same.
  const stop = payloadLength !== 0 ? Math.min(at + total, end) : end;
  decodeExtensions(batch, row, view, at + IPV6_HEADER, stop, total - IPV6_HEADER, next, meta, flags);
  orderIpv6(batch, row, view, at, words[rowAt + ROW.ports], words[rowAt + ROW.flags]);
}

/**
 * Walks the extension headers to the transport header; the parameters are those of `decodeTransport`. Mobility and HIP
 * have the form of extension headers but are the last of their packet (RFC 6275, 6.1.1; RFC 7401, 5.1).
 */
function decodeExtensions(
  batch: Batch,
  row: number,
  view: DataView,
  at: number,
  end: number,
  length: number,
  next: number,
  meta: number,
  flags: number,
): void {
  const { words } = batch;
  const rowAt = (row & ROW_MASK) << ROW_SHIFT;
  // Every turn passes over eight bytes at least.
  for (;;) {
    let size = 0;
    switch (next) {
      case EXTENSION.hopByHop:
      case EXTENSION.routing:
      case EXTENSION.destination:
      case EXTENSION.shim6:
        if (end - at >= 2) size = (view.getUint8(at + 1) + 1) << 3;
        break;
      case EXTENSION.authentication:
        if (end - at >= 2) size = (view.getUint8(at + 1) + 2) << 2;
        break;
      case EXTENSION.fragment:
        if (end - at >= 8) {
          size = 8;
          const offset = view.getUint16(at + 2);
          // An atomic fragment (offset 0, no more to come; RFC 6946) is a whole packet.
          if ((offset & 0xfff9) !== 0) words[rowAt + ROW.ident] = view.getInt32(at + 4);
          if ((offset & 0xfff8) !== 0) {
            laterFragment(batch, row, view.getUint8(at), meta, flags, length > 8 ? length - 8 : 0);
            return;
          }
          if ((offset & 1) !== 0) flags |= FLAG.firstFragment;
        }
        break;
      default:
        break;
    }
    // Cut off, or no extension header: this is as far as it goes.
    if (size === 0 || end - at < size) break;
    // A header with nothing behind it is itself what the packet carries.
    const after = view.getUint8(at);
    if (after === EXTENSION.noNext) break;
    next = after;
    at += size;
    length -= size;
  }
  decodeTransport(batch, row, view, at, end, length, next, meta, flags);
}

/**
 * Payload bytes of an IPv6 header that says 0: a jumbogram's option (RFC 2675); for segmentation offload (TCP, or any
 * payload that is too long for the field, as TCP in a UDP tunnel) all there is; else none.
 */
function zeroPayloadLength(view: DataView, at: number, end: number, wireLeft: number): number {
  const next = view.getUint8(at + 6);
  if (next === EXTENSION.hopByHop && end - at >= IPV6_HEADER + 8) {
    // The jumbo option is aligned at 4n + 2, so in practice it is the first one.
    if (view.getUint16(at + IPV6_HEADER + 2) === 0xc204) return view.getUint32(at + IPV6_HEADER + 4);
  }
  const left = Math.max(wireLeft, end - at) - IPV6_HEADER;
  return next === PROTOCOL.tcp || left > 0xffff ? left : 0;
}

function orderIpv6(batch: Batch, row: number, view: DataView, at: number, ports: number, flags: number): void {
  const { words } = batch;
  const rowAt = (row & ROW_MASK) << ROW_SHIFT;
  const a0 = view.getInt32(at + 8);
  const a1 = view.getInt32(at + 12);
  const a2 = view.getInt32(at + 16);
  const a3 = view.getInt32(at + 20);
  const b0 = view.getInt32(at + 24);
  const b1 = view.getInt32(at + 28);
  const b2 = view.getInt32(at + 32);
  const b3 = view.getInt32(at + 36);
  let fromHigh = ports >>> 16 > (ports & 0xffff);
  if (a0 !== b0) fromHigh = a0 >>> 0 > b0 >>> 0;
  else if (a1 !== b1) fromHigh = a1 >>> 0 > b1 >>> 0;
  else if (a2 !== b2) fromHigh = a2 >>> 0 > b2 >>> 0;
  else if (a3 !== b3) fromHigh = a3 >>> 0 > b3 >>> 0;
  const wide = batch.wide;
  const w = row << 3;
  const from = fromHigh ? w + 4 : w;
  const to = from ^ 4;
  wide[from] = a0;
  wide[from + 1] = a1;
  wide[from + 2] = a2;
  wide[from + 3] = a3;
  wide[to] = b0;
  wide[to + 1] = b1;
  wide[to + 2] = b2;
  wide[to + 3] = b3;
  const a = foldAddress(a0, a1, a2, a3);
  const b = foldAddress(b0, b1, b2, b3);
  words[rowAt + ROW.k0] = fromHigh ? b : a;
  words[rowAt + ROW.k1] = fromHigh ? a : b;
  words[rowAt + ROW.ports] = fromHigh ? (ports << 16) | (ports >>> 16) : ports;
  words[rowAt + ROW.flags] = fromHigh ? flags | FLAG.fromHigh : flags;
}

function laterFragment(
  batch: Batch,
  row: number,
  protocol: number,
  meta: number,
  flags: number,
  payload: number,
): void {
  const { words } = batch;
  const rowAt = (row & ROW_MASK) << ROW_SHIFT;
  words[rowAt + ROW.kind] = KIND.fragment;
  words[rowAt + ROW.ports] = 0;
  words[rowAt + ROW.meta] = meta | protocol;
  words[rowAt + ROW.flags] = flags;
  words[rowAt + ROW.payload] = payload;
}

/** A row of which no address is known. */
export function reject(batch: Batch, row: number, kind: number, meta: number, flags: number): void {
  const { words } = batch;
  const rowAt = (row & ROW_MASK) << ROW_SHIFT;
  words[rowAt + ROW.kind] = kind;
  words[rowAt + ROW.meta] = meta;
  words[rowAt + ROW.flags] = flags;
}
