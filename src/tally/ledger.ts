// One row a flow on an uplink, in columns: what the measures are taken from once everything is read.

import { type Connection, ORIGIN } from '../flows/connection.js';
import { NEVER, NONE } from '../flows/layout.js';
import { AddressBook, hashAddress } from './addresses.js';
import type { Column } from './columns.js';
import { type SharedRows, shareColumns } from './shared-rows.js';

/** Rows beyond which only a seeded part of the decision keys stays. */
export const LEDGER_ROWS = 2 ** 20;

/** Rows there is room for at first. */
const LEAST_ROWS = 64;

/** A key with this many flows of its own is kept whole, whatever it takes. */
const LEAST_THRESHOLD = 2 ** 16;

/** Stands for an uplink that can't be told. */
export const NO_LINK = 255;

const MOST_LAG = 0x7fffffff;
const LEAST_LAG = -0x7fffffff;

/**
 * A ledger as it travels and is saved: columns of at least `count` rows, by name, and the addresses that they number, as
 * `AddressBook.toWords` gives them.
 */
export interface LedgerData {
  count: number;
  threshold: number;
  addresses: Int32Array;
  columns: LedgerColumns;
  /** Where the columns stand in a memory that is handed over with them. */
  shared?: SharedRows;
}

export type LedgerColumns = ReturnType<Ledger['columns']>;

export class Ledger {
  count = 0;
  /** Rows of keys whose hash is at or above this (of 2^32) are left out; below 2^32 the ledger is a sample. */
  threshold = 2 ** 32;
  addresses = new AddressBook();
  /** Where the columns stand in a memory of their own, which is the ledger's alone once it is filled. */
  shared: SharedRows | null = null;
  /** Little: who grows only after it was compiled has to be compiled again. */
  private capacity = LEAST_ROWS;
  /** Microseconds. */
  startUs: Float64Array = new Float64Array(this.capacity);
  endUs: Float64Array = new Float64Array(this.capacity);
  /** Up is from the local end. */
  ipUp: Float64Array = new Float64Array(this.capacity);
  ipDown: Float64Array = new Float64Array(this.capacity);
  packetsUp: Uint32Array = new Uint32Array(this.capacity);
  packetsDown: Uint32Array = new Uint32Array(this.capacity);
  /** Microseconds from the first packet to the answer, at most 2^31 − 1; NONE without, or without the SYN of a TCP flow. */
  answerUs: Int32Array = new Int32Array(this.capacity);
  /**
   * Microseconds by which the local end spoke last, negative where the remote one did: at most 2^31 − 1 (also where the
   * remote end never spoke). So the remote end's last word is at `endUs − max(lagUs, 0)`.
   */
  lagUs: Int32Array = new Int32Array(this.capacity);
  /** Bits of `FLOW`. */
  course: Uint8Array = new Uint8Array(this.capacity);
  /** Numbers in `addresses`; NONE where the client is not known. */
  client: Int32Array = new Int32Array(this.capacity);
  server: Int32Array = new Int32Array(this.capacity);
  /** Client's port (after NAT where the client is not known) in the high half, the server's in the low one. */
  ports: Int32Array = new Int32Array(this.capacity);
  uplink: Uint8Array = new Uint8Array(this.capacity);
  /** NO_LINK where it can't be told. */
  egress: Uint8Array = new Uint8Array(this.capacity);
  origin: Uint8Array = new Uint8Array(this.capacity);
  protocol: Uint8Array = new Uint8Array(this.capacity);

  constructor(private readonly limit = LEDGER_ROWS) {}

  /** With all its room from the beginning, in a memory that can be handed to another thread. */
  static shared(limit: number): Ledger {
    const ledger = new Ledger(limit);
    const { columns, shared } = shareColumns(ledger.columns(), limit);
    Object.assign(ledger, columns);
    ledger.capacity = limit;
    ledger.shared = shared;
    return ledger;
  }

  get sampled(): boolean {
    return this.threshold < 2 ** 32;
  }

  add(flow: Connection): void {
    if (flow.local < 0) return;
    const local = flow.local as 0 | 1;
    const remote = (1 - local) as 0 | 1;
    const server = flow.words[remote];
    if (this.sampled || this.count >= this.limit) {
      const hash = keyHash(flow.client, server);
      if (hash >= this.threshold) return;
      while (this.count >= this.limit && this.threshold > LEAST_THRESHOLD) {
        this.thin();
        if (hash >= this.threshold) return;
      }
    }
    if (this.count === this.capacity) this.grow();
    const row = this.count++;
    this.startUs[row] = flow.startUs;
    this.endUs[row] = flow.endUs;
    this.ipUp[row] = flow.ipBytes[local];
    this.ipDown[row] = flow.ipBytes[remote];
    this.packetsUp[row] = flow.packets[local];
    this.packetsDown[row] = flow.packets[remote];
    const delay = flow.firstUs[1 - flow.initiator] - flow.firstUs[flow.initiator];
    this.answerUs[row] = flow.answered && flow.opened && delay >= 0 ? Math.min(delay, 0x7fffffff) : NONE;
    this.lagUs[row] = lagOf(flow.lastUs[local], flow.lastUs[remote]);
    this.course[row] = flow.course;
    this.client[row] = flow.client === null ? NONE : this.addresses.idOf(flow.family, flow.client);
    this.server[row] = this.addresses.idOf(flow.family, server);
    const clientPort = flow.clientPort >= 0 ? flow.clientPort : flow.port(local);
    this.ports[row] = (clientPort << 16) | flow.port(remote);
    this.uplink[row] = flow.uplink;
    this.egress[row] = flow.egress < 0 ? NO_LINK : flow.egress;
    this.origin[row] = ORIGIN[flow.origin];
    this.protocol[row] = flow.protocol;
  }

  data(): LedgerData {
    const { count, threshold } = this;
    return { count, threshold, addresses: this.addresses.toWords(), columns: this.columns() };
  }

  /** Adds the rows of another ledger, whose columns may be taken over; thinned as if they had all come to this one. */
  merge(data: LedgerData): void {
    while (this.threshold > data.threshold) this.thin();
    const stays = data.count <= this.limit && data.threshold === this.threshold;
    if (this.count === 0 && stays) this.adopt(data);
    else if (this.sampled || this.count + data.count > this.limit) this.mergeSome(data);
    else this.mergeAll(data);
  }

  private adopt({ count, addresses, columns, shared }: LedgerData): void {
    Object.assign(this, columns);
    this.shared = shared ?? null;
    this.addresses = AddressBook.of(addresses);
    this.capacity = Math.min(...Object.values(columns).map(({ length }) => length));
    this.count = count;
  }

  /** Makes room for so many rows. */
  reserve(rows: number): void {
    while (this.capacity < rows) this.grow();
  }

  /** Takes over the first `count` rows of some columns, whose numbers of addresses are not looked at. */
  append(columns: Readonly<Record<keyof LedgerColumns, Column>>, count: number): void {
    const start = this.count;
    this.reserve(start + count);
    const own = this.columns();
    for (const name of Object.keys(own) as (keyof LedgerColumns)[]) {
      own[name].set(columns[name].subarray(0, count), start);
    }
    this.count += count;
  }

  /** Column by column. */
  private mergeAll({ count, addresses, columns }: LedgerData): void {
    const start = this.count;
    this.append(columns, count);
    const numbers = new Int32Array(addresses.length / 4);
    for (let id = 0, at = 0; id < numbers.length; id++, at += 4) {
      numbers[id] = this.addresses.numberOf(addresses[at], addresses[at + 1], addresses[at + 2], addresses[at + 3]);
    }
    const { client, server } = this;
    for (let row = start; row < start + count; row++) {
      if (client[row] !== NONE) client[row] = numbers[client[row]];
      server[row] = numbers[server[row]];
    }
  }

  /** Row by row, for not all may stay. */
  private mergeSome({ count, addresses, columns }: LedgerData): void {
    const theirs = AddressBook.of(addresses);
    let own = this.columns();
    const names = Object.keys(own) as (keyof LedgerColumns)[];
    for (let from = 0; from < count; from++) {
      const client = columns.client[from];
      const server = columns.server[from];
      const clientWords = client === NONE ? null : theirs.wordsOf(client);
      const serverWords = theirs.wordsOf(server);
      if (this.sampled || this.count >= this.limit) {
        const hash = keyHash(clientWords, serverWords);
        while (this.count >= this.limit && this.threshold > LEAST_THRESHOLD && hash < this.threshold) this.thin();
        if (hash >= this.threshold) continue;
      }
      if (this.count === this.capacity) {
        this.grow();
        own = this.columns();
      }
      const row = this.count++;
      for (const name of names) own[name][row] = columns[name][from];
      if (clientWords !== null) this.client[row] = this.addresses.idOf(theirs.family(client), clientWords);
      this.server[row] = this.addresses.idOf(theirs.family(server), serverWords);
    }
  }

  /** Halves the threshold once. It ends as the largest that fits: a function of the set of keys, not of their order. */
  private thin(): void {
    const old = this.addresses;
    this.threshold /= 2;
    const columns = Object.values(this.columns());
    let kept = 0;
    for (let row = 0; row < this.count; row++) {
      const client = this.client[row] === NONE ? null : old.wordsOf(this.client[row]);
      if (keyHash(client, old.wordsOf(this.server[row])) >= this.threshold) continue;
      for (const column of columns) column[kept] = column[row];
      kept++;
    }
    this.count = kept;
    this.addresses = new AddressBook();
    for (let row = 0; row < this.count; row++) {
      const client = this.client[row];
      const server = this.server[row];
      if (client !== NONE) this.client[row] = this.addresses.idOf(old.family(client), old.wordsOf(client));
      this.server[row] = this.addresses.idOf(old.family(server), old.wordsOf(server));
    }
  }

  /** Every column by name, views of those in use. */
  columns() {
    return {
      startUs: this.startUs,
      endUs: this.endUs,
      ipUp: this.ipUp,
      ipDown: this.ipDown,
      packetsUp: this.packetsUp,
      packetsDown: this.packetsDown,
      answerUs: this.answerUs,
      lagUs: this.lagUs,
      course: this.course,
      client: this.client,
      server: this.server,
      ports: this.ports,
      uplink: this.uplink,
      egress: this.egress,
      origin: this.origin,
      protocol: this.protocol,
    };
  }

  private grow(): void {
    // Room that is not used costs nothing; copying does.
    const size = Math.max(LEAST_ROWS, this.capacity * 2, Math.min(this.capacity * 64, this.limit));
    this.startUs = widened(this.startUs, new Float64Array(size));
    this.endUs = widened(this.endUs, new Float64Array(size));
    this.ipUp = widened(this.ipUp, new Float64Array(size));
    this.ipDown = widened(this.ipDown, new Float64Array(size));
    this.packetsUp = widened(this.packetsUp, new Uint32Array(size));
    this.packetsDown = widened(this.packetsDown, new Uint32Array(size));
    this.answerUs = widened(this.answerUs, new Int32Array(size));
    this.lagUs = widened(this.lagUs, new Int32Array(size));
    this.course = widened(this.course, new Uint8Array(size));
    this.client = widened(this.client, new Int32Array(size));
    this.server = widened(this.server, new Int32Array(size));
    this.ports = widened(this.ports, new Int32Array(size));
    this.uplink = widened(this.uplink, new Uint8Array(size));
    this.egress = widened(this.egress, new Uint8Array(size));
    this.origin = widened(this.origin, new Uint8Array(size));
    this.protocol = widened(this.protocol, new Uint8Array(size));
    this.capacity = size;
    this.shared = null;
  }
}

function lagOf(localUs: number, remoteUs: number): number {
  if (localUs === NEVER) return LEAST_LAG;
  return remoteUs === NEVER ? MOST_LAG : Math.max(LEAST_LAG, Math.min(localUs - remoteUs, MOST_LAG));
}

function keyHash(client: ArrayLike<number> | null, server: ArrayLike<number>): number {
  const a = hashAddress(server[0], server[1], server[2], server[3]);
  return (client === null ? a : hashAddress(a ^ client[0], client[1], client[2], client[3])) >>> 0;
}

function widened<A extends Float64Array | Uint32Array | Int32Array | Uint8Array>(from: A, to: A): A {
  to.set(from as never);
  return to;
}
