// Entries of conntrack into flows: NEW, UPDATE and DESTROY of one connection become one, and so does an entry that several
// lists show.

import type { Entry } from '../decode/conntrack-entry.js';
import { EntryFlow } from './conntrack-flow.js';
import { Graves, graveKey, tupleKey } from './conntrack-graves.js';
import { BESIDE, commonHash, F, ICMP, Slots, W } from './conntrack-slots.js';

/** Entries alive at once; routers are rarely set to more. Some 400 MB. */
const LIMIT = 1 << 21;

/** Entries alive on the same tuples with different identifiers: more of them have lost their DESTROYs. */
const SAME_TUPLES = 8;

const TCP = 6;
/** TCP states of a closed connection: its last event is its last packet, or nearly. */
const CLOSED: readonly string[] = ['TIME_WAIT', 'CLOSE'];
/** What a NEW can't say of a connection that begins with a SYN. */
const MIDSTREAM: readonly string[] = ['ESTABLISHED', 'FIN_WAIT', 'CLOSE_WAIT', 'LAST_ACK', ...CLOSED];
const OPENING: readonly string[] = ['SYN_SENT', 'SYN_RECV', 'SYN_SENT2'];
const FIRST_CLIENT_PORT = 1024;

const FLAG = {
  used: 1,
  born: 2,
  listed: 4,
  /** NEW, UPDATE or DESTROY. */
  evented: 8,
  /** Anything but NEW. */
  further: 16,
  answered: 32,
  assured: 64,
  software: 128,
  hardware: 256,
  hasId: 512,
  hasMark: 1024,
  midstream: 2048,
  reversed: 4096,
} as const;

export interface FolderCounts {
  entries: number;
  flows: number;
  /** Entries that told of a flow already told: shown by a second list, printed twice, or printed after the removal. */
  repeated: number;
  /** Flows given out early because too many were alive: what comes later of them makes a second flow. */
  evicted: number;
}

export interface FolderOptions {
  /** Entries alive at once. */
  limit?: number;
}

/**
 * Folds entries, in the order of their printing, into one flow a connection.
 *
 * An entry is known by its identifier and both tuples with their zones; without identifiers a NEW on a live entry's
 * tuples ends it (its DESTROY was lost), and a list's entry on the same tuples is the same one. Entries may be lists,
 * events or both. `emit` is given each flow once: when it is removed, or at `finish`; the object is overwritten.
 */
export class EntryFolder {
  readonly counts: FolderCounts = { entries: 0, flows: 0, repeated: 0, evicted: 0 };
  private readonly slots = new Slots();
  private readonly flow = new EntryFlow();
  private readonly removed = new Graves();
  private readonly removedReplies = new Graves();
  /** Live ICMP entries by their identifiers: XML and text of one of them have nothing else in common. */
  private readonly echoes = new Map<number, number>();
  private readonly states: (string | null)[] = [null];
  private readonly limit: number;
  private updates = false;
  private dump = 1;
  private isOver = false;
  private hand = 0;

  constructor(
    private readonly emit: (flow: EntryFlow) => void,
    options: FolderOptions = {},
  ) {
    this.limit = options.limit ?? LIMIT;
  }

  /** False where the entry repeats what was told before: not a list that shows a flow again, but the same thing twice. */
  take(entry: Entry): boolean {
    this.counts.entries++;
    if (entry.event === 'update') this.updates = true;
    this.slots.load(entry);
    let twice = false;
    let slot = this.lookup(entry);
    if (slot >= 0 && this.isStale(slot, entry)) {
      this.counts.repeated++;
      return false;
    }
    if (slot >= 0 && entry.event === 'new' && this.isReuse(slot, entry)) {
      this.give(slot, null);
      slot = -1;
    }
    if (slot < 0) {
      if (this.isPast(entry)) {
        this.counts.repeated++;
        // The kernel may print a change after the removal.
        return entry.event === 'update';
      }
      if (this.slots.live >= this.limit) this.evict();
      slot = this.begin(entry);
    } else if (this.isRepeated(slot, entry)) {
      this.counts.repeated++;
      twice = entry.event !== null || this.slots.page(slot).words[this.slots.wordAt(slot) + W.dump] === this.dump;
    }
    this.update(slot, entry);
    if (entry.event === 'destroy') this.give(slot, entry);
    return !twice;
  }

  /** What follows is of another dump. */
  turn(): void {
    this.dump++;
  }

  /** Gives out what is still alive; nothing may be taken any more. */
  finish(): void {
    const { slots } = this;
    this.isOver = true;
    for (let slot = 0; slot < slots.used; slot++) {
      if (this.flags(slot) !== 0) this.give(slot, null);
      // Who takes the flows may keep them: a page goes as soon as it has been given out.
      slots.release(slot);
    }
  }

  /** The live slot that the entry speaks of: the same identifier, else one that lacks it; -1 without. */
  private lookup(entry: Entry): number {
    const { slots } = this;
    const { id } = entry;
    let other = -1;
    let count = 0;
    let oldest = -1;
    for (let slot = slots.find(); slot >= 0; slot = slots.find(slots.next(slot))) {
      const known = (this.flags(slot) & FLAG.hasId) !== 0;
      if (known && id !== null && this.idOf(slot) === id) return slot;
      if ((!known || id === null) && other < 0) other = slot;
      count++;
      oldest = slot;
    }
    if (other >= 0) return other;
    if (count >= SAME_TUPLES) {
      this.counts.evicted++;
      this.give(oldest, null);
    }
    const echo = id !== null && ICMP.includes(entry.protocol) ? this.echoes.get(id) : undefined;
    return echo !== undefined && slots.resembles(echo) ? echo : -1;
  }

  /** Whether an event is from before the live slot's start: a log read twice tells of a life that is over. */
  private isStale(slot: number, { timeUs }: Entry): boolean {
    return timeUs !== null && timeUs < this.slots.page(slot).floats[this.slots.floatAt(slot) + F.start];
  }

  /** Whether a NEW begins another flow than the live one of its tuples (and identifier). */
  private isReuse(slot: number, entry: Entry): boolean {
    if ((this.flags(slot) & FLAG.born) === 0) return false;
    const { floats } = this.slots.page(slot);
    const last = floats[this.slots.floatAt(slot) + F.last];
    if (entry.timeUs !== null && !Number.isNaN(last)) return entry.timeUs > last;
    return entry.id === null;
  }

  private isRepeated(slot: number, entry: Entry): boolean {
    const flags = this.flags(slot);
    if (entry.event === null) return true;
    return entry.event === 'new' && (flags & FLAG.born) !== 0;
  }

  /** Whether an entry that is not alive was removed before. Only identifiers tell. */
  private isPast(entry: Entry): boolean {
    if (entry.id === null) return false;
    const removedUs = this.removed.get(graveKey(commonHash(this.slots.key, 0), entry.id));
    if (removedUs === undefined) return false;
    // The kernel may give an identifier again, to the same tuples even: then its time is a later one.
    if (entry.timeUs !== null && !Number.isNaN(removedUs)) return entry.timeUs <= removedUs;
    return entry.event !== 'new';
  }

  private begin(entry: Entry): number {
    const { slots } = this;
    const slot = slots.add();
    const { words, floats } = slots.page(slot);
    const at = slots.wordAt(slot);
    const at64 = slots.floatAt(slot);
    floats.fill(Number.NaN, at64, at64 + F.bytesDown + 1);
    words[at + W.id] = words[at + W.mark] = words[at + W.state] = words[at + W.dump] = 0;
    words[at + W.timeout] = -1;
    let flags: number = FLAG.used;
    const { original, protocol, state } = entry;
    if (entry.event === 'new' && protocol === TCP && state !== null && MIDSTREAM.includes(state)) {
      flags |= FLAG.midstream;
      // From a well-known port to one of a client: so speak servers.
      const { dport, sport } = original;
      if (sport !== null && dport !== null && sport < FIRST_CLIENT_PORT && dport >= FIRST_CLIENT_PORT) {
        flags |= FLAG.reversed;
      }
    }
    if (entry.event !== null && original.sport !== null && !(protocol === TCP && OPENING.includes(state ?? ''))) {
      // What the router expected as the reply of a removed entry, and now takes for something new.
      const key = tupleKey(words, at, W.addresses, W.addresses + 4, W.original);
      if (this.removedReplies.get(key) !== undefined) flags |= FLAG.reversed;
    }
    words[at + W.flags] = flags;
    return slot;
  }

  private update(slot: number, entry: Entry): void {
    const { slots } = this;
    const { words, floats } = slots.page(slot);
    const at = slots.wordAt(slot);
    const at64 = slots.floatAt(slot);
    const { event, original, reply, timeUs } = entry;
    let flags = words[at + W.flags];
    const evented = (flags & FLAG.evented) !== 0;
    if (event === null) {
      flags |= FLAG.listed;
      words[at + W.dump] = this.dump;
    } else flags |= FLAG.evented;
    if (event !== 'new') flags |= FLAG.further;
    if (!entry.unreplied || (reply.packets ?? 0) > 0) flags |= FLAG.answered;
    if (entry.assured) flags |= FLAG.assured;
    if (entry.offload !== null) flags |= entry.offload === 'software' ? FLAG.software : FLAG.hardware;
    if (entry.id !== null) {
      flags |= FLAG.hasId;
      words[at + W.id] = entry.id;
      if (ICMP.includes(entry.protocol)) this.echoes.set(entry.id, slot);
    }
    if (entry.mark !== null) {
      flags |= FLAG.hasMark;
      words[at + W.mark] = entry.mark;
    }
    // A list among events may be older than what they have told.
    if (entry.state !== null && (event !== null || !evented)) words[at + W.state] = this.stateIndex(entry.state);
    if (event === 'new' || event === 'update') {
      if (event === 'new') flags |= FLAG.born;
      if (entry.timeoutSec !== null) words[at + W.timeout] = entry.timeoutSec;
      if (timeUs !== null) floats[at64 + F.last] = largest(floats[at64 + F.last], timeUs);
      // The first change after NEW that has one; without the NEW it may have been any.
      if (event === 'update' && !entry.unreplied && (flags & FLAG.born) !== 0 && timeUs !== null) {
        if (Number.isNaN(floats[at64 + F.answer])) floats[at64 + F.answer] = timeUs;
      }
    }
    words[at + W.flags] = flags;
    floats[at64 + F.start] = startOf(floats[at64 + F.start], entry);
    if (event === null && entry.deltaSec !== null) floats[at64 + F.age] = largest(floats[at64 + F.age], entry.deltaSec);
    grow(floats, at64 + F.packetsUp, original.packets);
    grow(floats, at64 + F.packetsDown, reply.packets);
    grow(floats, at64 + F.bytesUp, original.bytes);
    grow(floats, at64 + F.bytesDown, reply.bytes);
  }

  /** Fills the flow from a slot, gives it out, and frees the slot. `destroy` is the entry that removed it. */
  private give(slot: number, destroy: Entry | null): void {
    const { flow, slots } = this;
    const { words, floats } = slots.page(slot);
    const at = slots.wordAt(slot);
    const at64 = slots.floatAt(slot);
    this.describe(words, at);
    const value = (index: number) => (Number.isNaN(floats[at64 + index]) ? null : floats[at64 + index]);
    flow.startUs = value(F.start);
    flow.answerUs = value(F.answer);
    flow.ageSec = value(F.age);
    flow.packetsUp = value(F.packetsUp);
    flow.packetsDown = value(F.packetsDown);
    flow.bytesUp = value(F.bytesUp);
    flow.bytesDown = value(F.bytesDown);
    flow.removed = destroy !== null;
    flow.removedUs = destroy === null ? null : (destroy.timeUs ?? destroy.stopUs);
    flow.timeoutLeftSec = destroy?.timeoutSec ?? null;
    flow.endUs = endOf(flow, value(F.last), words[at + W.timeout]);
    if (destroy !== null) {
      const timeUs = destroy.timeUs ?? Number.NaN;
      if (flow.id !== null) this.removed.set(graveKey(commonHash(words, at), flow.id), timeUs);
      this.removedReplies.set(tupleKey(words, at, W.addresses + 8, W.addresses + 12, W.reply), timeUs);
    }
    if (flow.id !== null && this.echoes.get(flow.id) === slot) this.echoes.delete(flow.id);
    if (!this.isOver) slots.remove(slot);
    this.counts.flows++;
    this.emit(flow);
  }

  private describe(words: Int32Array, at: number): void {
    const { flow } = this;
    const meta = words[at + W.meta];
    const flags = words[at + W.flags];
    flow.protocol = meta & 0xff;
    flow.family = (meta & 0x100) !== 0 ? 6 : 4;
    flow.zone = words[at + W.zone];
    flow.zoneOriginal = words[at + W.zones] >>> 16;
    flow.zoneReply = words[at + W.zones] & 0xffff;
    const address = at + W.addresses;
    flow.client.set(words.subarray(address, address + 4));
    flow.server.set(words.subarray(address + 4, address + 8));
    flow.replySource.set(words.subarray(address + 8, address + 12));
    flow.natSource.set(words.subarray(address + 12, address + 16));
    const original = (meta >>> BESIDE.shiftOriginal) & 3;
    const icmp = original === BESIDE.icmp;
    const ported = icmp || original === BESIDE.ports;
    flow.clientPort = ported ? words[at + W.original] : null;
    flow.serverPort = icmp ? words[at + W.original] : ported ? words[at + W.original + 1] : null;
    flow.replyPort = ported ? words[at + W.reply] : null;
    flow.natPort = icmp ? words[at + W.reply] : ported ? words[at + W.reply + 1] : null;
    flow.icmpType = icmp ? words[at + W.original + 1] >>> 8 : null;
    flow.id = (flags & FLAG.hasId) !== 0 ? words[at + W.id] >>> 0 : null;
    flow.mark = (flags & FLAG.hasMark) !== 0 ? words[at + W.mark] >>> 0 : null;
    flow.state = this.states[words[at + W.state]] as string | null;
    const told = (flags & FLAG.further) !== 0 || this.updates;
    flow.answered = (flags & FLAG.answered) !== 0 ? true : told ? false : null;
    flow.assured = (flags & FLAG.assured) !== 0;
    flow.offload = (flags & FLAG.hardware) !== 0 ? 'hardware' : (flags & FLAG.software) !== 0 ? 'software' : null;
    flow.born = (flags & FLAG.born) !== 0;
    flow.listed = (flags & FLAG.listed) !== 0;
    flow.midstream = (flags & FLAG.midstream) !== 0;
    flow.reversed = (flags & FLAG.reversed) !== 0;
  }

  /** Makes room: gives out the slot that was passed over longest. */
  private evict(): void {
    while (this.flags(this.hand) === 0) this.hand = (this.hand + 1) % this.slots.used;
    this.counts.evicted++;
    this.give(this.hand, null);
    this.hand = (this.hand + 1) % this.slots.used;
  }

  private idOf(slot: number): number {
    return this.slots.page(slot).words[this.slots.wordAt(slot) + W.id] >>> 0;
  }

  private flags(slot: number): number {
    return this.slots.page(slot).words[this.slots.wordAt(slot) + W.flags];
  }

  private stateIndex(state: string): number {
    const index = this.states.indexOf(state);
    if (index >= 0) return index;
    // Kernels know some thirty; what has more is no state.
    return this.states.length < 256 ? this.states.push(state) - 1 : 0;
  }
}

/** NaN-proof maximum. */
function largest(known: number, value: number): number {
  return known >= value ? known : value;
}

/** Counters of one entry only grow. */
function grow(floats: Float64Array, at: number, value: number | null): void {
  if (value !== null) floats[at] = largest(floats[at], value);
}

function startOf(known: number, { deltaSec, event, startUs, stopUs, timeUs }: Entry): number {
  if (event === 'new' && timeUs !== null) return timeUs;
  if (!Number.isNaN(known)) return known;
  if (startUs !== null) return startUs;
  const endUs = timeUs ?? stopUs;
  return event === 'destroy' && endUs !== null && deltaSec !== null ? endUs - deltaSec * 1e6 : known;
}

function endOf(flow: EntryFlow, lastUs: number | null, timeoutSec: number): number | null {
  const { removedUs } = flow;
  if (removedUs === null) return lastUs;
  if (lastUs !== null && flow.protocol === TCP && flow.state !== null && CLOSED.includes(flow.state)) return lastUs;
  const idleSec = timeoutSec < 0 ? 0 : Math.max(0, timeoutSec - (flow.timeoutLeftSec ?? 0));
  return Math.max(removedUs - idleSec * 1e6, lastUs ?? flow.startUs ?? Number.NEGATIVE_INFINITY);
}
