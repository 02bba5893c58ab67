// What follows the IP header: ports, TCP flags and sequence number, ICMP's echo identifier, the length of the payload.
// RFC 9293 (TCP), 768 (UDP), 3828 (UDP-Lite), 9260 (SCTP), 4340 (DCCP), 792 (ICMP), 4443 (ICMPv6).

import { type Batch, FLAG, KIND, META, ROW, ROW_MASK, ROW_SHIFT } from './batch.js';

/** Protocol numbers (IANA) that have ports or an identifier. */
export const PROTOCOL = {
  icmp: 1,
  tcp: 6,
  udp: 17,
  dccp: 33,
  icmpv6: 58,
  sctp: 132,
  udpLite: 136,
} as const;

const TCP_HEADER = 20;
const ICMP_HEADER = 8;

/**
 * TCP or UDP of which 20 bytes are there: writes kind, meta, seq and payload of a row and returns its flags; the ports
 * are left to the caller.
 *
 * @param length bytes from `at` to the end of the IP packet
 * @param meta point and family; protocol and META.hasPorts are added here
 */
export function decodePorts(
  batch: Batch,
  row: number,
  view: DataView,
  at: number,
  length: number,
  protocol: number,
  meta: number,
): number {
  const { words } = batch;
  const rowAt = (row & ROW_MASK) << ROW_SHIFT;
  words[rowAt + ROW.kind] = KIND.flow;
  words[rowAt + ROW.meta] = meta | META.hasPorts | protocol;
  if (protocol === PROTOCOL.udp) {
    words[rowAt + ROW.payload] = length - 8;
    return 0;
  }
  words[rowAt + ROW.seq] = view.getInt32(at + 4);
  const bits = view.getUint16(at + 12);
  const payload = length - Math.max((bits >>> 12) << 2, TCP_HEADER);
  words[rowAt + ROW.payload] = payload & ~(payload >> 31);
  return (bits & 0xff) | FLAG.seqValid;
}

/**
 * Writes kind, ports (sender's in the high half: the caller brings them into canonical order), meta, flags, seq and
 * payload of a row.
 *
 * @param at first byte of the transport header
 * @param end first byte that is not there: not captured, or beyond the IP packet
 * @param length bytes from `at` to the end of the IP packet, captured or not
 * @param meta point and family; protocol and META.hasPorts are added here
 * @param flags what the headers before said
 */
export function decodeTransport(
  batch: Batch,
  row: number,
  view: DataView,
  at: number,
  end: number,
  length: number,
  protocol: number,
  meta: number,
  flags: number,
): void {
  const { words } = batch;
  const rowAt = (row & ROW_MASK) << ROW_SHIFT;
  const have = end - at;
  let kind: number = KIND.flow;
  let ports = 0;
  let header = 0;
  meta |= protocol;
  switch (protocol) {
    case PROTOCOL.tcp:
      header = TCP_HEADER;
      if (have >= 4) {
        ports = view.getInt32(at);
        meta |= META.hasPorts;
        if (have >= 8) {
          words[rowAt + ROW.seq] = view.getInt32(at + 4);
          flags |= FLAG.seqValid;
          if (have >= 14) {
            const bits = view.getUint16(at + 12);
            flags |= bits & 0xff;
            // A data offset below five words contradicts the header itself; the least possible one is taken.
            if (bits >= 0x6000) header = (bits >>> 12) << 2;
          }
        }
      }
      break;
    case PROTOCOL.udp:
    case PROTOCOL.udpLite:
      header = 8;
      if (have >= 4) {
        ports = view.getInt32(at);
        meta |= META.hasPorts;
      }
      break;
    case PROTOCOL.sctp:
    case PROTOCOL.dccp:
      header = 12;
      if (have >= 4) {
        ports = view.getInt32(at);
        meta |= META.hasPorts;
        // DCCP tells its header's length in words in the byte after the ports.
        if (protocol === PROTOCOL.dccp && have >= 5) header = view.getUint8(at + 4) << 2;
      }
      break;
    case PROTOCOL.icmp:
      header = ICMP_HEADER;
      if (have >= 1) {
        const type = view.getUint8(at);
        if (type === 8 || type === 0) {
          flags |= type === 8 ? FLAG.echoRequest : FLAG.echoReply;
          if (have >= 6) {
            ports = view.getUint16(at + 4) * 0x10001;
            meta |= META.hasPorts;
          }
        } else if (type === 3 || type === 4 || type === 5 || type === 11 || type === 12) {
          // Unreachable, quench, redirect, time exceeded, parameter problem: the types that quote a packet (RFC 792).
          kind = KIND.icmpError;
          words[rowAt + ROW.ident] = (type << 8) | (have >= 2 ? view.getUint8(at + 1) : 0);
        }
      }
      break;
    case PROTOCOL.icmpv6:
      header = ICMP_HEADER;
      if (have >= 1) {
        const type = view.getUint8(at);
        if (type === 128 || type === 129) {
          flags |= type === 128 ? FLAG.echoRequest : FLAG.echoReply;
          if (have >= 6) {
            ports = view.getUint16(at + 4) * 0x10001;
            meta |= META.hasPorts;
          }
        } else if (type < 128) {
          // Errors have the high bit clear (RFC 4443, 2.1).
          kind = KIND.icmpError;
          words[rowAt + ROW.ident] = (type << 8) | (have >= 2 ? view.getUint8(at + 1) : 0);
        }
      }
      break;
    default:
      break;
  }
  words[rowAt + ROW.kind] = kind;
  words[rowAt + ROW.ports] = ports;
  words[rowAt + ROW.meta] = meta;
  words[rowAt + ROW.flags] = flags;
  words[rowAt + ROW.payload] = length > header ? length - header : 0;
}
