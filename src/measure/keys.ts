// Rows of flows become decision keys: everything that the kernel decided at once is added up in one place.

import { PROTOCOL } from '../flows/rules.js';
import { KEY_OF, SUMMED } from '../tally/key-parts.js';
import type { Ledger } from '../tally/ledger.js';
import type { Room } from '../tally/room.js';
import { roomOf } from '../tally/rows.js';

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

/** What a kind is to the room. */
const PARTS = { server: KEY_OF.server, 'client-server': KEY_OF.pair, 'five-tuple': KEY_OF.tuple } as const;

const HASHES_PORTS = Uint8Array.from({ length: 256 }, (_, number) => (WITH_PORTS.includes(number) ? 1 : 0));

/** Sums come later: what makes a key may have to be found out first. */
export function numberKeys(ledger: Ledger, rows: Int32Array, kinds: KeyKinds): Numbering {
  const room = roomOf(ledger);
  for (const name of ['client', 'server', 'ports', 'protocol'] as const) room.column(name);
  return numberColumns(room, ledger, rows, kinds);
}

/** The same of any columns; what is returned stands in the room, and so do they, or are copied there. */
export function numberColumns(room: Room, columns: KeyColumns, rows: Int32Array, kinds: KeyKinds): Numbering {
  const serversOnly = kinds.ipv4 === 'server' && kinds.ipv6 === 'server';
  return serversOnly ? numberServers(room, columns, rows) : numberTuples(room, columns, rows, kinds);
}

function numberServers(room: Room, { server, addresses }: KeyColumns, rows: Int32Array): Numbering {
  const keyOf = room.integers(rows.length);
  const row = room.integers(Math.min(rows.length, addresses.count));
  const count = room.calls.numberServers(
    rows.length,
    room.placeOf(rows),
    room.placeOf(server),
    addresses.count,
    keyOf.byteOffset,
    row.byteOffset,
  );
  return { count, keyOf, row: row.subarray(0, count) };
}

function numberTuples(room: Room, columns: KeyColumns, rows: Int32Array, { ipv4, ipv6 }: KeyKinds): Numbering {
  const keyOf = room.integers(rows.length);
  const row = room.integers(rows.length);
  const count = room.calls.numberTuples(
    rows.length,
    room.placeOf(rows),
    room.placeOf(columns.client),
    room.placeOf(columns.server),
    room.placeOf(columns.ports),
    room.placeOf(columns.protocol),
    room.placeOf(HASHES_PORTS),
    room.placeOfAny(ipv4 === ipv6 ? null : addressFamilies(columns)),
    PARTS[ipv4],
    PARTS[ipv6],
    keyOf.byteOffset,
    row.byteOffset,
  );
  return { count, keyOf, row: row.subarray(0, count) };
}

/** Flows for which `regimeOf` (by place in `rows`) is negative are left out of the sums. */
export function sumKeys(ledger: Ledger, rows: Int32Array, numbering: Numbering, regimeOf: Int32Array): Keys {
  const room = roomOf(ledger);
  const { count, row, keyOf } = numbering;
  const first = room.integers(count);
  first.set(row);
  const [flows, ipBytes, packets] = [room.floats(count), room.floats(count), room.floats(count)];
  const summed = room.floats(SUMMED.numbers).fill(0);
  room.calls.sumKeys(
    rows.length,
    room.placeOf(rows),
    room.placeOf(keyOf),
    room.placeOf(regimeOf),
    count,
    room.column('startUs'),
    room.column('uplink'),
    room.column('ports'),
    room.column('protocol'),
    room.column('ipUp'),
    room.column('ipDown'),
    room.column('packetsUp'),
    room.column('packetsDown'),
    first.byteOffset,
    flows.byteOffset,
    ipBytes.byteOffset,
    packets.byteOffset,
    summed.byteOffset,
  );
  const byUplink = {
    flows: summed.subarray(SUMMED.flows, SUMMED.ipBytes),
    ipBytes: summed.subarray(SUMMED.ipBytes, SUMMED.packets),
    packets: summed.subarray(SUMMED.packets),
  };
  return { ...numbering, flows, ipBytes, packets, byUplink, first };
}

/**
 * Flows of each key by uplink: key · uplinks + uplink, where `placeOf` gives the place of the ledger's uplinks; of those
 * rows that are of the regime.
 */
export function countByUplink(
  ledger: Ledger,
  rows: Int32Array,
  { count, keyOf }: Numbering,
  placeOf: Int32Array,
  uplinks: number,
  regimeOf: Int32Array,
  regime: number,
): Uint32Array {
  const room = roomOf(ledger);
  const counts = room.words(count * uplinks).fill(0);
  room.calls.countByUplink(
    rows.length,
    room.placeOf(rows),
    room.placeOf(keyOf),
    room.placeOf(regimeOf),
    regime,
    room.column('uplink'),
    room.placeOf(placeOf),
    uplinks,
    counts.byteOffset,
  );
  return counts;
}

/** 1 for IPv6, by address number. */
export function addressFamilies({ addresses }: KeyColumns): Uint8Array {
  const six = new Uint8Array(addresses.count);
  for (let id = 0; id < six.length; id++) six[id] = addresses.family(id) === 6 ? 1 : 0;
  return six;
}
