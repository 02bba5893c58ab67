// Rows of flows become decision keys: everything that the kernel decided at once is added up in one place.

import { PROTOCOL } from '../flows/rules.js';
import type { Ledger } from '../tally/ledger.js';

/** What makes rows one: the server, the client and server, or the five-tuple. */
export type KeyKind = 'server' | 'client-server' | 'five-tuple';

/** By family. */
export interface KeyKinds {
  ipv4: KeyKind;
  ipv6: KeyKind;
}

/** Which rows are one key; the numbers mean nothing. */
export interface Numbering {
  count: number;
  /** By place in `rows`: the number of its key. */
  keyOf: Int32Array;
  /** By key: one of its rows. */
  row: Int32Array;
}

/** Columns by key. */
export interface Keys extends Numbering {
  flows: Float64Array;
  ipBytes: Float64Array;
  packets: Float64Array;
  /** The same by uplink: of all rows that were added up. */
  byUplink: { flows: Float64Array; ipBytes: Float64Array; packets: Float64Array };
  /**
   * The row of the key's first flow, also where that is left out; of several at one moment that which sorts first by ports,
   * protocol and uplink.
   */
  first: Int32Array;
}

/** What keys are made of. */
export type KeyColumns = Pick<Ledger, 'client' | 'server' | 'ports' | 'protocol' | 'addresses'>;

/** Protocols whose ports the kernel hashes. */
const WITH_PORTS: readonly number[] = [PROTOCOL.tcp, PROTOCOL.udp, PROTOCOL.udpLite, PROTOCOL.sctp, PROTOCOL.dccp];

/** Numbers of a sum: flows, bytes, packets, start of the first flow. */
const SUM = 4;

/** Sums come later: what makes a key may have to be found out first. */
export function numberKeys(ledger: KeyColumns, rows: Int32Array, kinds: KeyKinds): Numbering {
  const serversOnly = kinds.ipv4 === 'server' && kinds.ipv6 === 'server';
  return serversOnly ? numberServers(ledger, rows) : numberTuples(ledger, rows, kinds);
}

/** Addresses have numbers already. */
function numberServers({ server, addresses }: KeyColumns, rows: Int32Array): Numbering {
  const numbers = new Int32Array(addresses.count);
  const keyOf = new Int32Array(rows.length);
  const row = new Int32Array(Math.min(rows.length, addresses.count));
  let count = 0;
  for (let i = 0; i < rows.length; i++) {
    const host = server[rows[i]];
    let number = numbers[host];
    if (number === 0) {
      row[count] = rows[i];
      number = ++count;
      numbers[host] = number;
    }
    keyOf[i] = number - 1;
  }
  return { count, keyOf, row: row.slice(0, count) };
}

/** An open-addressing table of key numbers beside three words a key: server, client, ports with protocol. */
function numberTuples(ledger: KeyColumns, rows: Int32Array, kinds: KeyKinds): Numbering {
  const { client, server, ports, protocol } = ledger;
  const six = kinds.ipv4 === kinds.ipv6 ? null : addressFamilies(ledger);
  const hashesPorts = Uint8Array.from({ length: 256 }, (_, number) => (WITH_PORTS.includes(number) ? 1 : 0));
  let size = 1024;
  while (size < rows.length * 2) size *= 2;
  const slots = new Int32Array(size);
  const words = new Int32Array(rows.length * 3);
  const keyOf = new Int32Array(rows.length);
  const first = new Int32Array(rows.length);
  let count = 0;
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i];
    const host = server[row];
    const kind = six !== null && six[host] === 1 ? kinds.ipv6 : kinds.ipv4;
    const peer = kind === 'server' ? 0 : client[row];
    // Two flows of a pair with different protocols meet here once in 2^32, which no figure would show.
    const fine =
      kind === 'five-tuple'
        ? Math.imul(hashesPorts[protocol[row]], ports[row]) ^ Math.imul(protocol[row], 0x9e3779b1)
        : 0;
    let hash = Math.imul(host, 0x9e3779b1) ^ Math.imul(peer, 0x85ebca6b) ^ Math.imul(fine, 0xc2b2ae35);
    hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
    let slot = (hash ^ (hash >>> 13)) & (size - 1);
    for (;;) {
      const number = slots[slot];
      if (number === 0) {
        words[count * 3] = host;
        words[count * 3 + 1] = peer;
        words[count * 3 + 2] = fine;
        first[count] = row;
        keyOf[i] = count++;
        slots[slot] = count;
        break;
      }
      const at = number * 3;
      if (words[at - 3] === host && words[at - 2] === peer && words[at - 1] === fine) {
        keyOf[i] = number - 1;
        break;
      }
      slot = (slot + 1) & (size - 1);
    }
  }
  return { count, keyOf, row: first.slice(0, count) };
}

/** Flows for which `regimeOf` (by place in `rows`) is negative are left out of the sums. */
export function sumKeys(ledger: Ledger, rows: Int32Array, numbering: Numbering, regimeOf: Int32Array): Keys {
  const { count, row } = numbering;
  const sums = new Float64Array(count * SUM);
  const first = row.slice();
  const byUplink = { flows: new Float64Array(256), ipBytes: new Float64Array(256), packets: new Float64Array(256) };
  for (let key = 0; key < count; key++) sums[key * SUM + 3] = ledger.startUs[first[key]];
  sumRows(ledger, rows, numbering.keyOf, regimeOf, sums, first, byUplink);
  const pick = (field: number) => Float64Array.from({ length: count }, (_, key) => sums[key * SUM + field]);
  return { ...numbering, flows: pick(0), ipBytes: pick(1), packets: pick(2), byUplink, first };
}

function sumRows(
  ledger: Ledger,
  rows: Int32Array,
  keyOf: Int32Array,
  regimeOf: Int32Array,
  sums: Float64Array,
  first: Int32Array,
  byUplink: Keys['byUplink'],
): void {
  const { ipUp, ipDown, packetsUp, packetsDown, startUs, uplink } = ledger;
  const { flows: uplinkFlows, ipBytes: uplinkBytes, packets: uplinkPackets } = byUplink;
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i];
    const at = keyOf[i] * SUM;
    if (regimeOf[i] >= 0) {
      const ipBytes = ipUp[row] + ipDown[row];
      const packets = packetsUp[row] + packetsDown[row];
      const n = uplink[row];
      sums[at]++;
      sums[at + 1] += ipBytes;
      sums[at + 2] += packets;
      uplinkFlows[n]++;
      uplinkBytes[n] += ipBytes;
      uplinkPackets[n] += packets;
    }
    const start = startUs[row];
    if (start > sums[at + 3] || (start === sums[at + 3] && !sortsBefore(ledger, row, first[keyOf[i]]))) continue;
    sums[at + 3] = start;
    first[keyOf[i]] = row;
  }
}

/**
 * Flows of each key by uplink: key · uplinks + uplink, where `placeOf` gives the place of the ledger's uplinks; of those
 * rows that are of the regime.
 */
export function countByUplink(
  ledger: Ledger,
  rows: Int32Array,
  keys: Numbering,
  placeOf: ArrayLike<number>,
  uplinks: number,
  regimeOf: Int32Array,
  regime: number,
): Uint32Array {
  const { uplink } = ledger;
  const { keyOf } = keys;
  const counts = new Uint32Array(keys.count * uplinks);
  for (let i = 0; i < rows.length; i++) {
    if (regimeOf[i] === regime) counts[keyOf[i] * uplinks + placeOf[uplink[rows[i]]]]++;
  }
  return counts;
}

/** 1 for IPv6, by address number. */
export function addressFamilies({ addresses }: KeyColumns): Uint8Array {
  const six = new Uint8Array(addresses.count);
  for (let id = 0; id < six.length; id++) six[id] = addresses.family(id) === 6 ? 1 : 0;
  return six;
}

/** Order of flows that start at one moment. */
function sortsBefore({ ports, protocol, uplink }: Ledger, a: number, b: number): boolean {
  if (ports[a] !== ports[b]) return ports[a] >>> 0 < ports[b] >>> 0;
  if (protocol[a] !== protocol[b]) return protocol[a] < protocol[b];
  return uplink[a] < uplink[b];
}
