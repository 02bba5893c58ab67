// The room in which loops over the ledger's rows run (src/tally/hot, WebAssembly), and its memory as typed arrays. Each loop
// runs once a report: as JavaScript it would be interpreted for the most part.

import { instanceOf, moduleOf, sharedMemory } from '../util/wasm.js';
import type { Column } from './columns.js';
import { CODE } from './hot/code.js';

/** What it offers: see hot/rows.ts. Arrays are told by where they stand in its memory. */
export interface RoomCalls {
  top(): number;
  take(bytes: number): number;
  release(to: number): void;
  sortRows(rows: number, count: number, times: number): void;
  askers(count: number, origin: number, course: number, rows: number): number;
  areNamed(rows: number, count: number, client: number): number;
  tell(
    from: number,
    to: number,
    rows: number,
    allStartUs: number,
    allUplinks: number,
    allServers: number,
    protocol: number,
    origin: number,
    course: number,
    answerUs: number,
    ipUp: number,
    packetsUp: number,
    demandOf: number,
    bare: number,
    unseen: number,
    patienceUs: number,
    startUs: number,
    uplink: number,
    server: number,
    demand: number,
    draw: number,
    waitUs: number,
  ): void;
  nextTie(startUs: number, from: number, count: number): number;
  numberPairs(count: number, rows: number, client: number, server: number, key: number): number;
  sumHosts(
    count: number,
    column: number,
    hosts: number,
    uplinks: number,
    origin: number,
    course: number,
    uplink: number,
    ipUp: number,
    ipDown: number,
    flows: number,
    up: number,
    down: number,
    counted: number,
    byUplink: number,
  ): number;
  nextHeavy(from: number, hosts: number, flows: number, up: number, down: number, least: number): number;
  sumListed(
    count: number,
    column: number,
    placeOf: number,
    uplinks: number,
    origin: number,
    uplink: number,
    ipUp: number,
    ipDown: number,
    byUplink: number,
  ): void;
  takeSizes(
    all: number,
    origin: number,
    course: number,
    ipUp: number,
    ipDown: number,
    sizes: number,
    flows: number,
    ipBytes: number,
  ): number;
  countHandshakes(
    all: number,
    protocol: number,
    origin: number,
    answerUs: number,
    uplink: number,
    counts: number,
  ): void;
  takeHandshakes(
    all: number,
    protocol: number,
    origin: number,
    answerUs: number,
    uplink: number,
    places: number,
    delays: number,
  ): void;
  takeRanks(values: number, count: number, ranks: number, wanted: number): number;
  balanceRows(
    all: number,
    origin: number,
    uplink: number,
    client: number,
    server: number,
    eligible: number,
    leftOut: number,
    isPinned: number,
    rows: number,
    found: number,
  ): void;
  numberServers(count: number, rows: number, server: number, hosts: number, keyOf: number, first: number): number;
  numberTuples(
    count: number,
    rows: number,
    client: number,
    server: number,
    ports: number,
    protocol: number,
    hashesPorts: number,
    sixOf: number,
    four: number,
    six: number,
    keyOf: number,
    first: number,
  ): number;
  sumKeys(
    count: number,
    rows: number,
    keyOf: number,
    regimeOf: number,
    keys: number,
    startUs: number,
    uplink: number,
    ports: number,
    protocol: number,
    ipUp: number,
    ipDown: number,
    packetsUp: number,
    packetsDown: number,
    first: number,
    keyFlows: number,
    keyBytes: number,
    keyPackets: number,
    summed: number,
  ): void;
  countByUplink(
    count: number,
    rows: number,
    keyOf: number,
    regimeOf: number,
    regime: number,
    uplink: number,
    placeOf: number,
    uplinks: number,
    counts: number,
  ): void;
  countPlaces(
    count: number,
    rows: number,
    regimeOf: number,
    uplink: number,
    placeOf: number,
    uplinks: number,
    counts: number,
  ): void;
  sumSizes(sizes: number, count: number, sums: number): void;
  sumOfSquares(sizes: number, count: number, most: number): number;
  countCells(
    count: number,
    rows: number,
    keyOf: number,
    regimeOf: number,
    stratumOf: number,
    uplink: number,
    placeOf: number,
    uplinks: number,
    cells: number,
    counts: number,
  ): void;
  sumClusters(counts: number, length: number, cells: number, used: number, sums: number, products: number): void;
  takeFirsts(
    keys: number,
    first: number,
    uplink: number,
    startUs: number,
    placeOf: number,
    places: number,
    startsUs: number,
  ): void;
  spanOf(all: number, codes: number, startsUs: number, span: number): void;
  packTimes(
    all: number,
    codes: number,
    startsUs: number,
    first: number,
    step: number,
    cells: number,
    packed: number,
  ): void;
  unpackTimes(
    count: number,
    packed: number,
    first: number,
    step: number,
    cells: number,
    startUs: number,
    codes: number,
  ): void;
}

/** Room for the columns of some thousand rows at first, and all that can be addressed: what nobody writes to costs nothing. */
const FIRST_PAGES = 64;
const MOST_PAGES = 2 ** 16;

let code: object | undefined;

/** By their memory, which is another object each time it has grown. */
const rooms = new WeakMap<ArrayBufferLike, Room>();

/** For arrays that stand in no room. */
let spare: Room | undefined;

/** Lends the room in which an array stands, else another one for that long. */
export function lendRoomOf<T>({ buffer }: Column, use: (room: Room) => T): T {
  const own = rooms.get(buffer);
  if (own !== undefined) return own.lend(use);
  spare ??= new Room();
  return spare.lend(use);
}

export class Room {
  readonly calls: RoomCalls;
  /** How many times over. */
  protected lent = 0;
  private readonly memory = sharedMemory(FIRST_PAGES, MOST_PAGES);

  constructor() {
    code ??= moduleOf(CODE);
    this.calls = instanceOf<RoomCalls>(code, { env: { memory: this.memory } });
  }

  /** What is put here meanwhile is gone afterwards. */
  lend<T>(use: (room: this) => T): T {
    const top = this.calls.top();
    this.lent++;
    try {
      return use(this);
    } finally {
      this.lent--;
      this.calls.release(top);
    }
  }

  /** Arrays in this room hold whatever was there before, and stay as long as it does if they are not put there while it is lent. */
  floats(count: number): Float64Array {
    const at = this.take(count * 8);
    return new Float64Array(this.buffer, at, count);
  }

  words(count: number): Uint32Array {
    const at = this.take(count * 4);
    return new Uint32Array(this.buffer, at, count);
  }

  integers(count: number): Int32Array {
    const at = this.take(count * 4);
    return new Int32Array(this.buffer, at, count);
  }

  bytes(count: number): Uint8Array {
    const at = this.take(count);
    return new Uint8Array(this.buffer, at, count);
  }

  /** Where an array stands in this room: copied into it if it does not stand there already. */
  placeOf(array: Column): number {
    if (this.holds(array)) return array.byteOffset;
    const own = this.bytes(array.byteLength);
    own.set(new Uint8Array(array.buffer, array.byteOffset, array.byteLength));
    return own.byteOffset;
  }

  /** As `placeOf`, 0 for none. */
  placeOfAny(array: Column | null): number {
    return array === null ? 0 : this.placeOf(array);
  }

  holds({ buffer }: Column): boolean {
    return rooms.get(buffer) === this;
  }

  private take(bytes: number): number {
    return this.calls.take(bytes) >>> 0;
  }

  private get buffer(): SharedArrayBuffer {
    const { buffer } = this.memory;
    rooms.set(buffer, this);
    return buffer;
  }
}
