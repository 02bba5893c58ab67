// One line of text, as conntrack(8), conntrackd and the kernel print an entry, into an Entry.
//
// Grammar: libnetfilter_conntrack `snprintf_default.c`, the kernel's `nf_conntrack_standalone.c`, and what routers of
// several makers add; told in docs/conntrack.md. Every byte is looked at once or twice, whatever the line holds.

import { checkEntry, type Entry, REASON, type Tuple } from './conntrack-entry.js';
import { Head, Words } from './conntrack-head.js';
import { readAddress, readMoment, readNumber } from './conntrack-text.js';

/** What the line is, where it is no entry: a prompt, a footer, an empty line. */
export const NO_ENTRY = '';

const OPEN = 0x5b;
const CLOSE = 0x5d;
const EQUALS = 0x3d;

/** 1 for what parts words: blanks, control characters, and the no-break space of pages (in Latin-1 and UTF-8). */
const BLANKS = Uint8Array.from({ length: 256 }, (_, byte) => Number(byte <= 0x20 || byte === 0xa0 || byte === 0xc2));

/** Keys are never longer; the values of longer ones are passed over. */
const KEY_BYTES = 16;
/** `[start=Sun Nov 22 17:27:59 2026]` is the longest. */
const BRACKET_BYTES = 48;

/** Reads lines one after the other into one entry. `toUtcMs` makes moments of the local times that are printed. */
export class LineReader {
  private readonly head = new Head();
  private readonly words = new Words();
  private bytes: Uint8Array = new Uint8Array(0);
  /** The tuple to which tokens belong; null before the first `src=`. */
  private tuple: Tuple | null = null;
  private families = 0;
  private reason: string | null = null;
  private sources = 0;
  private destinations = 0;
  private afterCode = false;

  constructor(
    private readonly entry: Entry,
    private readonly toUtcMs: (wallMs: number) => number,
  ) {}

  /** Null where the entry was filled from bytes[from, to), else the reason, which is NO_ENTRY where none was meant. */
  read(bytes: Uint8Array, from: number, to: number): string | null {
    this.bytes = bytes;
    this.tuple = null;
    this.reason = null;
    this.families = this.sources = this.destinations = 0;
    this.afterCode = false;
    this.entry.reset();
    this.head.begin(this.entry);
    for (let at = from; at < to; ) {
      const byte = bytes[at];
      if (BLANKS[byte] === 1) {
        at++;
        continue;
      }
      if (byte === OPEN) {
        let end = at + 1;
        // A bracket that is not closed ends with its first word: a line may be torn within it.
        while (end < to && bytes[end] !== CLOSE && bytes[end] !== OPEN) end++;
        if (end < to && bytes[end] === CLOSE) {
          this.bracket(at + 1, end);
          at = end + 1;
        } else {
          at++;
        }
        continue;
      }
      let end = at + 1;
      let equals = -1;
      for (; end < to; end++) {
        const next = bytes[end];
        if (BLANKS[next] === 1 || next === OPEN) break;
        if (next === EQUALS && equals < 0) equals = end;
      }
      if (this.tuple === null && !(equals === at + 3 && this.isSrc(at))) this.head.token(bytes, at, end);
      else if (equals > 0 && equals - at <= KEY_BYTES) this.pair(at, equals, end);
      at = end;
    }
    return this.finish();
  }

  private isSrc(at: number): boolean {
    const { bytes } = this;
    return bytes[at] === 0x73 && bytes[at + 1] === 0x72 && bytes[at + 2] === 0x63;
  }

  private finish(): string | null {
    const { entry, head } = this;
    if (this.sources === 0) return head.named ? REASON.cut : NO_ENTRY;
    const reason = head.end();
    if (reason !== null && reason !== REASON.protocol) return reason;
    // A prompt such as `# conntrack -L | grep src=` holds one as well.
    if (reason !== null) return this.sources > 1 ? reason : NO_ENTRY;
    if (this.reason !== null) return this.reason;
    if (this.sources < 2 || this.destinations < 2) return REASON.cut;
    const family = this.families === 4 ? 4 : this.families === 6 ? 6 : 0;
    if (family === 0 || head.contradicts(family)) return REASON.families;
    entry.family = family;
    return checkEntry(entry);
  }

  private bracket(from: number, to: number): void {
    if (this.tuple === null) {
      this.head.bracket(this.bytes, from, to);
      return;
    }
    if (to - from > BRACKET_BYTES) return;
    const { entry, bytes } = this;
    const first = bytes[from];
    if (first === 0x73) {
      const text = String.fromCharCode(...bytes.subarray(from, to));
      if (text.startsWith('start=')) entry.startUs = readMoment(text.slice(6), this.toUtcMs);
      else if (text.startsWith('stop=')) entry.stopUs = readMoment(text.slice(5), this.toUtcMs);
      return;
    }
    if (to - from > 10) return;
    const word = this.words.read(bytes, from, to);
    if (word === 'ASSURED') entry.assured = true;
    else if (word === 'UNREPLIED') entry.unreplied = true;
    else if (word === 'OFFLOAD') entry.offload = 'software';
    else if (word === 'HW_OFFLOAD') entry.offload = 'hardware';
    else if (word === 'NEW' || word === 'UPDATE' || word === 'DESTROY') this.reason ??= REASON.torn;
  }

  private pair(from: number, equals: number, to: number): void {
    const { entry, bytes } = this;
    const key = this.words.read(bytes, from, equals);
    const value = equals + 1;
    const afterCode = this.afterCode;
    this.afterCode = false;
    switch (key) {
      case 'src':
        this.beginTuple(value, to);
        return;
      case 'dst':
        this.destinations++;
        if (this.destinations !== this.sources) this.reason ??= REASON.contradiction;
        else this.address(value, to, (this.tuple as Tuple).dst);
        return;
      case 'sport':
      case 'dport':
        this.set(key, this.number(value, to, 0xffff));
        return;
      case 'packets':
      case 'bytes':
        this.set(key, this.number(value, to, Number.MAX_SAFE_INTEGER));
        return;
      case 'type':
        this.set('icmpType', this.number(value, to, 0xff));
        return;
      case 'code':
        this.set('icmpCode', this.number(value, to, 0xff));
        this.afterCode = true;
        return;
      case 'id':
        // Within an ICMP tuple it is the identifier of the echo, behind the tuples the entry's.
        if (afterCode) this.set('icmpId', this.number(value, to, 0xffff));
        else entry.id = this.number(value, to, 0xffffffff);
        return;
      case 'srckey':
        this.set('srcKey', this.number(value, to, 0xffffffff));
        return;
      case 'dstkey':
        this.set('dstKey', this.number(value, to, 0xffffffff));
        return;
      case 'mark':
        entry.mark = this.number(value, to, 0xffffffff);
        return;
      case 'zone':
        entry.zone = this.number(value, to, 0xffff) ?? 0;
        return;
      case 'zone-orig':
        entry.zoneOriginal = this.number(value, to, 0xffff) ?? 0;
        return;
      case 'zone-reply':
        entry.zoneReply = this.number(value, to, 0xffff) ?? 0;
        return;
      case 'delta-time':
        entry.deltaSec = this.number(value, to, 0xffffffff);
        return;
      case 'start':
        entry.startUs = this.moment(value, to);
        return;
      case 'stop':
        entry.stopUs = this.moment(value, to);
        return;
      case 'mask-src':
      case 'master-src':
        this.reason = REASON.expectation;
        return;
    }
  }

  private beginTuple(from: number, to: number): void {
    this.sources++;
    if (this.sources > 2 || this.destinations !== this.sources - 1) {
      this.reason ??= REASON.torn;
      return;
    }
    this.tuple = this.sources === 1 ? this.entry.original : this.entry.reply;
    this.address(from, to, this.tuple.src);
  }

  private address(from: number, to: number, words: Int32Array): void {
    const family = readAddress(this.bytes, from, to, words);
    if (family === 0) this.reason ??= REASON.address;
    // A second family makes a sum or a remainder that is neither.
    this.families = this.families === 0 || this.families === family ? family : -1;
  }

  private number(from: number, to: number, most: number): number | null {
    const number = readNumber(this.bytes, from, to);
    if (number >= 0 && number <= most) return number;
    this.reason ??= number < 0 ? REASON.cut : REASON.number;
    return null;
  }

  private set(field: Exclude<keyof Tuple, 'src' | 'dst' | 'reset'>, value: number | null): void {
    const tuple = this.tuple as Tuple;
    if (tuple[field] !== null) this.reason ??= REASON.contradiction;
    tuple[field] = value;
  }

  /** Nanoseconds since the epoch, as some loggers print them. */
  private moment(from: number, to: number): number | null {
    if (to - from > BRACKET_BYTES) return null;
    return readMoment(String.fromCharCode(...this.bytes.subarray(from, to)), this.toUtcMs);
  }
}
