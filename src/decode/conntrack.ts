// The text of conntrack(8), conntrackd and /proc into entries, line by line, as it comes.

import { wallClockOf } from '../util/wall-clock.js';
import { type ConntrackKind, type ConntrackOptions, kindOf, newCounts } from './conntrack-counts.js';
import { Entry, REASON } from './conntrack-entry.js';
import { LineReader, NO_ENTRY } from './conntrack-line.js';
import { readNumber } from './conntrack-text.js';
import { withoutEscapes } from './terminal.js';

/** Longer lines are passed over without being held: entries have some hundred bytes. */
const LINE_BYTES = 1 << 16;
const NEWLINE = 0x0a;
const ESCAPE = 0x1b;

/**
 * Reads `conntrack -L`, `-E` with any output options, conntrackd, /proc/net/nf_conntrack and /proc/net/ip_conntrack.
 *
 * Bytes are borrowed until `feed` returns; the entry is lent to the sink and overwritten by the next one. However the
 * bytes are cut into chunks, the entries are the same.
 */
export class ConntrackReader {
  readonly counts = newCounts();
  private readonly entry = new Entry();
  private readonly reader: LineReader;
  /** A line that was cut by the end of a chunk; grows up to LINE_BYTES. */
  private held = new Uint8Array(512);
  private heldBytes = 0;
  /** The line is too long: nothing more of it is held. */
  private passing = false;
  /** Position of the line's first byte. */
  private lineAt = 0;
  private position = 0;
  /** Some line holds escapes: a terminal was recorded. */
  private escaped = false;
  /** A first line without an event, until the next one tells whether it is of a list or of a log that was cut. */
  private first: Uint8Array | null = null;

  constructor(
    private readonly sink: (entry: Entry) => void,
    options: ConntrackOptions = {},
  ) {
    this.reader = new LineReader(this.entry, wallClockOf(options.timezone ?? 'UTC'));
  }

  get kind(): ConntrackKind {
    return kindOf(this.counts);
  }

  feed(bytes: Uint8Array): void {
    let from = 0;
    this.escaped ||= bytes.indexOf(ESCAPE) >= 0;
    while (from < bytes.length) {
      const newline = bytes.indexOf(NEWLINE, from);
      const to = newline < 0 ? bytes.length : newline;
      if (newline < 0 || this.heldBytes > 0 || this.passing) this.hold(bytes, from, to);
      if (newline < 0) {
        this.position += to - from;
        return;
      }
      if (this.passing || to - from > LINE_BYTES) this.skip(REASON.long);
      else if (this.heldBytes > 0) this.line(this.held, 0, this.heldBytes);
      else this.line(bytes, from, to);
      this.heldBytes = 0;
      this.passing = false;
      this.position += to + 1 - from;
      this.lineAt = this.position;
      from = to + 1;
    }
  }

  /** The input is over; a last line without its end is read as far as it is whole. */
  end(): void {
    if (this.passing) this.skip(REASON.long);
    else if (this.heldBytes > 0) this.line(this.held, 0, this.heldBytes, this.lineAt > 0);
    this.settleFirst(false);
    this.heldBytes = 0;
    this.passing = false;
  }

  private hold(bytes: Uint8Array, from: number, to: number): void {
    const length = this.heldBytes + to - from;
    if (this.passing || length > LINE_BYTES) {
      this.passing = true;
      this.heldBytes = 0;
      return;
    }
    if (length > this.held.length) {
      const larger = new Uint8Array(Math.max(length, 2 * this.held.length));
      larger.set(this.held.subarray(0, this.heldBytes));
      this.held = larger;
    }
    this.held.set(bytes.subarray(from, to), this.heldBytes);
    this.heldBytes = length;
  }

  private skip(reason: string): void {
    this.counts.lines++;
    this.counts.skipped.add(reason, this.lineAt);
  }

  /** `torn`: the line has no end, and others have. */
  private line(bytes: Uint8Array, from: number, to: number, torn = false): void {
    if (this.escaped) {
      const plain = withoutEscapes(bytes, from, to);
      this.plainLine(plain, 0, plain.length, torn);
      return;
    }
    // A byte order mark is no part of the first word.
    const mark = this.lineAt === 0 && bytes[from] === 0xef && bytes[from + 1] === 0xbb && bytes[from + 2] === 0xbf;
    this.plainLine(bytes, mark ? from + 3 : from, to, torn);
  }

  private plainLine(bytes: Uint8Array, start: number, to: number, torn: boolean): void {
    const { counts, entry } = this;
    let reason = this.reader.read(bytes, start, to);
    if (this.lineAt === 0 && reason === null && entry.event === null && !torn) {
      this.first = bytes.slice(start, to);
      return;
    }
    if (this.first !== null) {
      this.settleFirst(reason === null && entry.event !== null);
      reason = this.reader.read(bytes, start, to);
    }
    if (reason === null && torn) reason = tornEnd(entry, bytes, start, to);
    counts.lines++;
    if (reason === null) {
      counts.entries++;
      if (entry.event !== null) counts.events++;
      this.sink(entry);
    } else if (reason !== NO_ENTRY) {
      counts.skipped.add(reason, this.lineAt);
    } else {
      this.other(bytes, start, to);
    }
  }

  /** Before an event stands an event: what has none is the end of one whose beginning was cut off. */
  private settleFirst(beforeEvent: boolean): void {
    const { counts, first } = this;
    if (first === null) return;
    this.first = null;
    counts.lines++;
    if (beforeEvent || this.reader.read(first, 0, first.length) !== null) {
      counts.skipped.add(REASON.cut, 0);
      return;
    }
    counts.entries++;
    this.sink(this.entry);
  }

  /** Lines without an entry: footers are counted, what is taken for a list by mistake is told. */
  private other(bytes: Uint8Array, from: number, to: number): void {
    const { counts } = this;
    const text = String.fromCharCode(...bytes.subarray(from, Math.min(to, from + 256)));
    const announced = announcedBy(text);
    if (announced !== null) counts.announced = (counts.announced ?? 0) + announced;
    const reason = mistakenFor(text);
    if (reason === null) counts.other++;
    else counts.skipped.add(reason, this.lineAt);
  }
}

/** `conntrack v1.4.7 (conntrack-tools): 12 flow entries have been shown.`, perhaps after `^C`. */
function announcedBy(text: string): number | null {
  const at = Math.max(text.indexOf(' flow entries have been shown'), text.indexOf(' flow events have been shown'));
  if (at < 0) return null;
  const from = text.lastIndexOf(' ', at - 1) + 1;
  const digits = Buffer.from(text.slice(from, at), 'latin1');
  const number = readNumber(digits, 0, digits.length);
  return number >= 0 && Number.isFinite(number) ? number : null;
}

/** A number at a line's missing end may lack digits: what goes without it does, else the line is cut (the reason). */
function tornEnd(entry: Entry, bytes: Uint8Array, start: number, to: number): string | null {
  const words = String.fromCharCode(...bytes.subarray(Math.max(start, to - 64), to)).split(/\s/);
  const [before = '', last = ''] = words.slice(-2);
  const [key, value] = last.split('=');
  if (value === undefined || value.endsWith(']')) return null;
  if (key === 'id' && !before.startsWith('code=')) entry.id = null;
  else if (key === 'mark') entry.mark = null;
  else if (key === 'delta-time') entry.deltaSec = null;
  else if (key === 'dport' && entry.reply.dport === entry.original.sport) return null;
  else if (IDENTIFYING.test(key)) return REASON.cut;
  return null;
}

/** Of a tuple, or of its counters. */
const IDENTIFYING = /^(src|dst|[sd]port|type|code|id|(src|dst)key|packets|bytes|zone.*)$/;

function mistakenFor(text: string): string | null {
  if (text.startsWith('cpu=') && text.includes('found=')) return REASON.statistics;
  if (text.startsWith('entries') && text.includes(' searched ')) return REASON.statistics;
  if (text.startsWith('-A ') && text.includes(' -s ') && text.includes(' -d ')) return REASON.save;
  return text.includes('(src=') && text.includes('dst=') ? REASON.dialect : null;
}
