// Usual records of classic pcap into rows: TCP, UDP and pings over IPv4 without options and fragments or IPv6 without extension
// headers, over Ethernet (one VLAN tag at most), Linux cooked headers or none. Whatever is not usual is left to
// decode/pcap.ts and decode/packet.ts, record by record; what is read here reads the same there.

import { BATCH_ROWS, FLAG, KIND, META, ROW } from '../../decode/batch.js';
import { HOLD_BYTES, MAX_MISSING } from '../../decode/record.js';
import { USUAL } from '../../decode/usual.js';
import { MEMORY } from '../layout.js';
import { PROTOCOL } from '../rules.js';

const RECORD_HEADER: usize = 16;
/** Points that are known at a time: interface index, VLAN, and the point as `meta` has it. */
const POINTS: i32 = 64;
const POINT_BYTES: usize = 12;
const UNKNOWN: i32 = -1;

/** EtherTypes as they are read, the other way round. */
const IPV4: i32 = 0x0008;
const IPV6: i32 = 0xdd86;
const VLAN: i32 = 0x0081;
const OUTGOING: i32 = 4;
const ECHO_REQUEST: i32 = 8;
const ECHO_REPLY: i32 = 0;
const ECHO_REQUEST6: i32 = 128;
const ECHO_REPLY6: i32 = 129;

let littleEndian: boolean = true;
let nanoseconds: boolean = false;
let most: i32 = 0;
let link: i32 = 0;
let recordHeader: usize = RECORD_HEADER;

/** Nanoseconds, or else microseconds; bytes of a record's header, and captured ones at most; `kind` of link header, of USUAL. */
export function beginFrames(little: boolean, nano: boolean, headerBytes: i32, captured: i32, kind: i32): void {
  littleEndian = little;
  nanoseconds = nano;
  recordHeader = headerBytes;
  most = min<i32>(captured, HOLD_BYTES);
  link = kind;
  for (let n = 0; n < POINTS; n++) store<i32>(MEMORY.points + <usize>n * POINT_BYTES, UNKNOWN, 4);
}

/** What `meta` says of the point where packets of this interface index and VLAN are seen. */
export function notePoint(ifindex: i32, vlan: i32, meta: i32): void {
  const point = pointAt(ifindex, vlan);
  store<i32>(point, ifindex);
  store<i32>(point, vlan, 4);
  store<i32>(point, meta, 8);
}

/**
 * Reads records of the window that begin at `at` and before `limit` and end by `to`, until one is not usual or the batch,
 * which holds `rows`, is full. Returns where it stopped; how many rows there are by then stands in `MEMORY.rowCount`, and in
 * `MEMORY.wants` how many bytes the next record takes, if all of it that is there is usual.
 */
export function frame(at: i32, to: i32, limit: i32, rows: i32): i32 {
  let record: usize = MEMORY.window + at;
  const stop: usize = MEMORY.window + to;
  const before: usize = min<usize>(stop, MEMORY.window + limit);
  let row: usize = MEMORY.rows + ((<usize>rows) << 6);
  const end: usize = MEMORY.rows + (BATCH_ROWS << 6);
  let wants: i32 = 0;
  while (row < end && record < before) {
    if (record + recordHeader > stop) {
      wants = <i32>recordHeader;
      break;
    }
    let seconds = load<i32>(record);
    let fraction = load<i32>(record, 4);
    let captured = load<i32>(record, 8);
    let original = load<i32>(record, 12);
    if (!littleEndian) {
      seconds = bswap(seconds);
      fraction = bswap(fraction);
      captured = bswap(captured);
      original = bswap(original);
    }
    const body = record + recordHeader;
    if (captured <= 0 || captured > most) break;
    if (<u32>(original - captured) > MAX_MISSING || <u32>fraction >= <u32>(nanoseconds ? 1000000000 : 1000000)) break;
    if (body + captured > stop) {
      wants = <i32>recordHeader + captured;
      break;
    }
    if (nanoseconds) fraction /= 1000;
    if (!decode(row, body, body + captured)) break;
    store<f64>(row, <f64>(<u32>seconds) * 1e6 + <f64>fraction);
    store<i32>(row, original, ROW.wireBytes << 2);
    row += 64;
    record = body + captured;
  }
  store<i32>(MEMORY.wants, wants);
  store<i32>(MEMORY.rowCount, <i32>((row - MEMORY.rows) >> 6));
  return <i32>(record - MEMORY.window);
}

/** Whether the frame was a usual one, and the row filled. */
function decode(row: usize, body: usize, end: usize): boolean {
  let ip = body;
  let type: i32 = 0;
  let flags: i32 = 0;
  let ifindex: i32 = 0;
  let vlan: i32 = 0;
  // What is not captured may be read, as there is memory behind it, but counts for nothing: see `end` below.
  if (link === USUAL.ethernet) {
    type = load<u16>(body, 12);
    ip = body + 14;
    if (type === VLAN) {
      vlan = (((<i32>load<u8>(body, 14)) << 8) | load<u8>(body, 15)) & 0xfff;
      type = load<u16>(body, 16);
      ip = body + 18;
    }
  } else if (link === USUAL.cooked1) {
    if (isForeign(load<u16>(body, 2))) return false;
    type = load<u16>(body, 14);
    flags = direction(big16(body));
    ip = body + 16;
  } else if (link === USUAL.cooked2) {
    if (isForeign(load<u16>(body, 8))) return false;
    type = load<u16>(body);
    ifindex = bswap(load<i32>(body, 4));
    flags = direction(load<u8>(body, 10));
    ip = body + 20;
  } else {
    type = load<u8>(body) >>> 4 === 6 ? IPV6 : IPV4;
  }
  if (type !== IPV4 && type !== IPV6) return false;
  const point = pointAt(ifindex, vlan);
  if (load<i32>(point) !== ifindex || load<i32>(point, 4) !== vlan) return false;
  const meta = load<i32>(point, 8);
  return type === IPV4 ? decodeIpv4(row, ip, end, meta, flags) : decodeIpv6(row, ip, end, meta, flags);
}

function decodeIpv4(row: usize, ip: usize, end: usize, meta: i32, flags: i32): boolean {
  if (ip + 40 > end || load<u8>(ip) !== 0x45) return false;
  // More fragments to come, or an offset.
  if ((load<u16>(ip, 6) & 0xff3f) !== 0) return false;
  const total = big16(ip + 2);
  const protocol: i32 = load<u8>(ip, 9);
  if (total < 40) return false;
  let ports = bswap(load<i32>(ip, 20));
  if (protocol === PROTOCOL.tcp || protocol === PROTOCOL.udp) {
    flags |= decodePorts(row, ip + 20, total - 20, protocol, meta);
  } else if (protocol === PROTOCOL.icmp && (load<u8>(ip, 20) === ECHO_REQUEST || load<u8>(ip, 20) === ECHO_REPLY)) {
    flags |= load<u8>(ip, 20) === ECHO_REQUEST ? FLAG.echoRequest : FLAG.echoReply;
    ports = decodeEcho(row, ip + 20, total - 20, protocol, meta);
  } else return false;
  store<i32>(row, total, ROW.ipBytes << 2);
  const from = bswap(load<i32>(ip, 12));
  const to = bswap(load<i32>(ip, 16));
  // All ones where the sender is the higher endpoint. Without branches: either order is as likely.
  const higher = i32(<u32>from > <u32>to) | (i32(from === to) & i32(ports >>> 16 > (ports & 0xffff)));
  const swap = (from ^ to) & -higher;
  store<i32>(row, from ^ swap, ROW.k0 << 2);
  store<i32>(row, to ^ swap, ROW.k1 << 2);
  store<i32>(row, rotl(ports, higher << 4), ROW.ports << 2);
  store<i32>(row, flags | (FLAG.fromHigh & -higher), ROW.flags << 2);
  return true;
}

function decodeIpv6(row: usize, ip: usize, end: usize, meta: i32, flags: i32): boolean {
  if (ip + 60 > end || load<u8>(ip) >>> 4 !== 6) return false;
  const payload = big16(ip + 4);
  const protocol: i32 = load<u8>(ip, 6);
  if (payload < 20) return false;
  let ports = bswap(load<i32>(ip, 40));
  const type: i32 = load<u8>(ip, 40);
  if (protocol === PROTOCOL.tcp || protocol === PROTOCOL.udp) {
    flags |= decodePorts(row, ip + 40, payload, protocol, meta | META.ipv6);
  } else if (protocol === PROTOCOL.icmp6 && (type === ECHO_REQUEST6 || type === ECHO_REPLY6)) {
    flags |= type === ECHO_REQUEST6 ? FLAG.echoRequest : FLAG.echoReply;
    ports = decodeEcho(row, ip + 40, payload, protocol, meta | META.ipv6);
  } else return false;
  store<i32>(row, 40 + payload, ROW.ipBytes << 2);
  const a0 = bswap(load<i32>(ip, 8));
  const a1 = bswap(load<i32>(ip, 12));
  const a2 = bswap(load<i32>(ip, 16));
  const a3 = bswap(load<i32>(ip, 20));
  const b0 = bswap(load<i32>(ip, 24));
  const b1 = bswap(load<i32>(ip, 28));
  const b2 = bswap(load<i32>(ip, 32));
  const b3 = bswap(load<i32>(ip, 36));
  let higher = ports >>> 16 > (ports & 0xffff);
  if (a0 !== b0) higher = <u32>a0 > <u32>b0;
  else if (a1 !== b1) higher = <u32>a1 > <u32>b1;
  else if (a2 !== b2) higher = <u32>a2 > <u32>b2;
  else if (a3 !== b3) higher = <u32>a3 > <u32>b3;
  const wide: usize = MEMORY.wide + ((row - MEMORY.rows) >> 1);
  const from = wide + (usize(higher) << 4);
  const to = wide + (usize(!higher) << 4);
  store<i32>(from, a0);
  store<i32>(from, a1, 4);
  store<i32>(from, a2, 8);
  store<i32>(from, a3, 12);
  store<i32>(to, b0);
  store<i32>(to, b1, 4);
  store<i32>(to, b2, 8);
  store<i32>(to, b3, 12);
  const a = foldAddress(a0, a1, a2, a3);
  const b = foldAddress(b0, b1, b2, b3);
  store<i32>(row, higher ? b : a, ROW.k0 << 2);
  store<i32>(row, higher ? a : b, ROW.k1 << 2);
  store<i32>(row, rotl(ports, i32(higher) << 4), ROW.ports << 2);
  store<i32>(row, higher ? flags | FLAG.fromHigh : flags, ROW.flags << 2);
  return true;
}

/** Kind, meta, sequence number and payload; returns the flags. `length` is of header and payload. */
function decodePorts(row: usize, at: usize, length: i32, protocol: i32, meta: i32): i32 {
  store<i32>(row, KIND.flow, ROW.kind << 2);
  store<i32>(row, meta | META.hasPorts | protocol, ROW.meta << 2);
  if (protocol === PROTOCOL.udp) {
    store<i32>(row, length - 8, ROW.payload << 2);
    return 0;
  }
  store<i32>(row, bswap(load<i32>(at, 4)), ROW.seq << 2);
  const header = max<i32>((load<u8>(at, 12) >> 4) << 2, 20);
  store<i32>(row, max<i32>(length - header, 0), ROW.payload << 2);
  return <i32>load<u8>(at, 13) | FLAG.seqValid;
}

/** The same for an echo; returns the identifier in the place of both ports. */
function decodeEcho(row: usize, at: usize, length: i32, protocol: i32, meta: i32): i32 {
  store<i32>(row, KIND.flow, ROW.kind << 2);
  store<i32>(row, meta | META.hasPorts | protocol, ROW.meta << 2);
  store<i32>(row, length - 8, ROW.payload << 2);
  return big16(at + 4) * 0x10001;
}

/** `foldAddress` of decode/batch.ts. */
function foldAddress(w0: i32, w1: i32, w2: i32, w3: i32): i32 {
  let h = (w0 * 0x9e3779b1) ^ (w1 * 0x85ebca6b);
  h = ((h ^ (h >>> 15)) * 0x2c1b3c6d) ^ (w2 * 0xc2b2ae35);
  return ((h ^ (h >>> 13)) * 0x297a2d39) ^ w3;
}

/** Hardware types (if_arp.h) whose protocol field is no EtherType: see decode/cooked.ts. */
function isForeign(hardware: i32): boolean {
  return hardware === 0x0203 || hardware === 0x2303 || hardware === 0x3803;
}

function direction(packetType: i32): i32 {
  return packetType < OUTGOING ? FLAG.incoming : packetType === OUTGOING ? FLAG.outgoing : 0;
}

function big16(at: usize): i32 {
  return ((<i32>load<u8>(at)) << 8) | <i32>load<u8>(at, 1);
}

function pointAt(ifindex: i32, vlan: i32): usize {
  return MEMORY.points + <usize>((ifindex ^ vlan ^ (vlan >> 6)) & (POINTS - 1)) * POINT_BYTES;
}
