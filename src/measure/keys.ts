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

/** Columns by key; which number a key has means nothing. */
export interface Keys {
  count: number;
  /** By place in `rows`: the number of its key. */
  keyOf: Int32Array;
  flows: Uint32Array;
  ipBytes: Float64Array;
  packets: Float64Array;
  /** The row of the key's first flow; of several at one moment that which sorts first by ports, protocol and uplink. */
  first: Int32Array;
}

/** Protocols whose ports the kernel hashes. */
const WITH_PORTS: readonly number[] = [PROTOCOL.tcp, PROTOCOL.udp, PROTOCOL.udpLite, PROTOCOL.sctp, PROTOCOL.dccp];

export function groupByKey(ledger: Ledger, rows: Int32Array, kinds: KeyKinds): Keys {
  const { keyOf, first } = numberKeys(ledger, rows, kinds);
  const count = first.length;
  const { ipUp, ipDown, packetsUp, packetsDown } = ledger;
  const flows = new Uint32Array(count);
  const ipBytes = new Float64Array(count);
  const packets = new Float64Array(count);
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i];
    const key = keyOf[i];
    flows[key]++;
    ipBytes[key] += ipUp[row] + ipDown[row];
    packets[key] += packetsUp[row] + packetsDown[row];
    if (isBefore(ledger, row, first[key])) first[key] = row;
  }
  return { count, keyOf, flows, ipBytes, packets, first };
}

/** Flows of each key by uplink: key · uplinks + uplink, where `placeOf` gives the place of the ledger's uplinks. */
export function countByUplink(
  ledger: Ledger,
  rows: Int32Array,
  keys: Keys,
  placeOf: ArrayLike<number>,
  uplinks: number,
): Uint32Array {
  const counts = new Uint32Array(keys.count * uplinks);
  for (let i = 0; i < rows.length; i++) counts[keys.keyOf[i] * uplinks + placeOf[ledger.uplink[rows[i]]]]++;
  return counts;
}

/** 1 for IPv6, by address number. */
export function addressFamilies({ addresses }: Ledger): Uint8Array {
  const six = new Uint8Array(addresses.count);
  for (let id = 0; id < six.length; id++) six[id] = addresses.family(id) === 6 ? 1 : 0;
  return six;
}

/** An open-addressing table of rows: a key is the first row that has it. */
function numberKeys(ledger: Ledger, rows: Int32Array, kinds: KeyKinds): { keyOf: Int32Array; first: Int32Array } {
  const { client, server, ports, protocol } = ledger;
  const six = kinds.ipv4 === kinds.ipv6 ? null : addressFamilies(ledger);
  const hashesPorts = Uint8Array.from({ length: 256 }, (_, number) => (WITH_PORTS.includes(number) ? 1 : 0));
  let size = 1024;
  while (size < rows.length * 2) size *= 2;
  const slots = new Int32Array(size);
  const keyOf = new Int32Array(rows.length);
  const first = new Int32Array(rows.length);
  let count = 0;
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i];
    const host = server[row];
    const kind = six !== null && six[host] === 1 ? kinds.ipv6 : kinds.ipv4;
    const paired = kind !== 'server';
    const fine = kind === 'five-tuple';
    let hash = Math.imul(host, 0x9e3779b1);
    if (paired) hash ^= Math.imul(client[row], 0x85ebca6b);
    if (fine) hash ^= Math.imul(hashesPorts[protocol[row]] * ports[row], 0xc2b2ae35) ^ protocol[row];
    hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
    let slot = (hash ^ (hash >>> 13)) & (size - 1);
    for (;;) {
      const key = slots[slot] - 1;
      if (key < 0) {
        first[count] = row;
        keyOf[i] = count++;
        slots[slot] = count;
        break;
      }
      const other = first[key];
      const same =
        server[other] === host &&
        (!paired || client[other] === client[row]) &&
        (!fine ||
          (protocol[other] === protocol[row] && (ports[other] === ports[row] || hashesPorts[protocol[row]] === 0)));
      if (same) {
        keyOf[i] = key;
        break;
      }
      slot = (slot + 1) & (size - 1);
    }
  }
  return { keyOf, first: first.slice(0, count) };
}

function isBefore({ startUs, ports, protocol, uplink }: Ledger, a: number, b: number): boolean {
  if (startUs[a] !== startUs[b]) return startUs[a] < startUs[b];
  if (ports[a] !== ports[b]) return ports[a] >>> 0 < ports[b] >>> 0;
  if (protocol[a] !== protocol[b]) return protocol[a] < protocol[b];
  return uplink[a] < uplink[b];
}
