// What stands before the first `src=` of a line: time, event, family, protocol, timeout and state, in this order, after
// whatever a terminal, `cat -n` or a log daemon put before them.

import { type Entry, PROTOCOL_NUMBERS, REASON } from './conntrack-entry.js';
import { readEpochUs, readNumber } from './conntrack-text.js';

const EQUALS = 0x3d;
const DASH = 0x2d;
const UNDERSCORE = 0x5f;

/** The kernel's longest timeout unless somebody raised it: five days. */
const LONGEST_TIMEOUT_SEC = 432_000;

/** Words of a line are never longer; what is longer is no word of an entry. */
const WORD_BYTES = 32;

/** Takes the tokens before the first `src=` one by one, then settles what they say. */
export class Head {
  private entry!: Entry;
  /** The last word in lower case: the protocol's name, if numbers follow. */
  private name: string | null = null;
  private readonly numbers = [0, 0];
  private numberCount = 0;
  /** A lone number before the protocol: an identifier, where an event stands before it. */
  private before = -1;
  private familyTold: 0 | 4 | 6 = 0;
  private expectation = false;
  private readonly words = new Words();

  begin(entry: Entry): void {
    this.entry = entry;
    this.name = null;
    this.numberCount = 0;
    this.before = -1;
    this.familyTold = 0;
    this.expectation = false;
  }

  /** A token in brackets, which may hold blanks. */
  bracket(bytes: Uint8Array, from: number, to: number): void {
    const { entry } = this;
    const word = to - from === 3 || to - from === 6 || to - from === 7 ? this.words.read(bytes, from, to) : null;
    if (word === 'NEW' || word === 'UPDATE' || word === 'DESTROY') {
      entry.event = word === 'NEW' ? 'new' : word === 'UPDATE' ? 'update' : 'destroy';
      this.name = null;
      this.numberCount = 0;
      this.before = -1;
      return;
    }
    const timeUs = to - from <= WORD_BYTES ? readEpochUs(bytes, from, to) : -1;
    if (timeUs >= 0) entry.timeUs = timeUs;
  }

  token(bytes: Uint8Array, from: number, to: number): void {
    const first = bytes[from];
    if (first >= 0x30 && first <= 0x39) {
      const number = readNumber(bytes, from, to);
      if (number >= 0) this.number(number);
      else this.forget();
      return;
    }
    if (isUpper(first) && this.name !== null && this.isState(bytes, from, to)) return;
    if (isLower(first) && this.isName(bytes, from, to)) return;
    // Old kernels print `timeout=600, stream_timeout=18000` for GRE; other programs print theirs before it.
    const equals = bytes.subarray(from, Math.min(to, from + WORD_BYTES)).indexOf(EQUALS);
    if (equals > 0) {
      const key = this.words.read(bytes, from, from + equals);
      if (key === 'proto' || key === 'l3proto') this.expectation = true;
      return;
    }
    this.forget();
  }

  /** The reason why the line is none, or null. Without a protocol it may be no entry at all: `named` tells. */
  end(): string | null {
    const { entry, name, numbers } = this;
    if (this.expectation) return REASON.expectation;
    if (name === null) return REASON.protocol;
    const known = PROTOCOL_NUMBERS.get(name) ?? -1;
    let count = this.numberCount;
    if (count > 2) return REASON.protocol;
    entry.protocol = known;
    if (count > 0 && (known < 0 || numbers[0] === known || count === 2)) {
      // The number counts, not the name.
      entry.protocol = numbers[0];
      numbers[0] = numbers[1];
      count--;
    }
    if (entry.protocol < 0 || entry.protocol > 255) return REASON.protocol;
    if (count > 0) entry.timeoutSec = this.timeout(numbers[0], known);
    if (this.before >= 0 && entry.event !== null) entry.id = this.before;
    return null;
  }

  /** Whether a protocol's name stands there, so that an entry was meant. */
  get named(): boolean {
    return this.name !== null && (this.numberCount > 0 || PROTOCOL_NUMBERS.has(this.name));
  }

  /** Whether the line told the other family than its addresses have. */
  contradicts(family: 4 | 6): boolean {
    return this.familyTold !== 0 && this.familyTold !== family;
  }

  private number(value: number): void {
    if (this.numberCount < 2) this.numbers[this.numberCount] = value;
    this.numberCount++;
  }

  private isState(bytes: Uint8Array, from: number, to: number): boolean {
    for (let at = from; at < to; at++) {
      const byte = bytes[at];
      if (!isUpper(byte) && byte !== UNDERSCORE && !(byte >= 0x30 && byte <= 0x39)) return false;
    }
    if (to - from > WORD_BYTES) return false;
    this.entry.state = this.words.read(bytes, from, to);
    return true;
  }

  private isName(bytes: Uint8Array, from: number, to: number): boolean {
    if (to - from > WORD_BYTES) return false;
    for (let at = from; at < to; at++) {
      const byte = bytes[at];
      if (!isLower(byte) && byte !== DASH && !(byte >= 0x30 && byte <= 0x39)) return false;
    }
    const name = this.words.read(bytes, from, to);
    if (this.name === null && this.numberCount === 1) this.before = this.numbers[0];
    if (name === 'ipv4') this.familyTold = 4;
    if (name === 'ipv6') this.familyTold = 6;
    this.name = name;
    this.numberCount = 0;
    return true;
  }

  /** Something that is not of an entry: what came before it was none either. */
  private forget(): void {
    this.name = null;
    this.numberCount = 0;
    this.entry.state = null;
  }

  /** Without blanks between them protocol and timeout read as one number: `tcp 6431973`. */
  private timeout(number: number, known: number): number {
    const digits = String(known);
    const text = String(number);
    return number > LONGEST_TIMEOUT_SEC && text.startsWith(digits) ? Number(text.slice(digits.length)) : number;
  }
}

/** Short ASCII words out of bytes; the few that dumps are made of are made into strings once. */
export class Words {
  private readonly known = new Map<number, string>();

  /** At most 32 bytes. */
  read(bytes: Uint8Array, from: number, to: number): string {
    let hash = to - from;
    for (let at = from; at < to; at++) hash = (Math.imul(hash, 31) + bytes[at]) | 0;
    const known = this.known.get(hash);
    if (known !== undefined && isSame(known, bytes, from, to)) return known;
    const word = String.fromCharCode(...bytes.subarray(from, to));
    if (this.known.size < 256) this.known.set(hash, word);
    return word;
  }
}

function isSame(word: string, bytes: Uint8Array, from: number, to: number): boolean {
  if (word.length !== to - from) return false;
  for (let i = 0; i < word.length; i++) if (word.charCodeAt(i) !== bytes[from + i]) return false;
  return true;
}

function isUpper(byte: number): boolean {
  return byte >= 0x41 && byte <= 0x5a;
}

function isLower(byte: number): boolean {
  return byte >= 0x61 && byte <= 0x7a;
}
