// The text of conntrack(8), conntrackd and /proc into entries, line by line, as it comes.

import { type ConntrackKind, type ConntrackOptions, kindOf, newCounts } from './conntrack-counts.js';
import { Entry, REASON } from './conntrack-entry.js';
import { LineReader, NO_ENTRY } from './conntrack-line.js';
import { readNumber } from './conntrack-text.js';

/** Longer lines are passed over without being held: entries have some hundred bytes. */
const LINE_BYTES = 1 << 16;
const NEWLINE = 0x0a;

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

  constructor(
    private readonly sink: (entry: Entry) => void,
    options: ConntrackOptions = {},
  ) {
    this.reader = new LineReader(this.entry, options.utcOffsetSec ?? 0);
  }

  get kind(): ConntrackKind {
    return kindOf(this.counts);
  }

  feed(bytes: Uint8Array): void {
    let from = 0;
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

  /** The input is over; a last line without its end is read as far as it goes. */
  end(): void {
    if (this.passing) this.skip(REASON.long);
    else if (this.heldBytes > 0) this.line(this.held, 0, this.heldBytes);
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

  private line(bytes: Uint8Array, from: number, to: number): void {
    const { counts, entry } = this;
    // A byte order mark is no part of the first word.
    const mark = this.lineAt === 0 && bytes[from] === 0xef && bytes[from + 1] === 0xbb && bytes[from + 2] === 0xbf;
    const start = mark ? from + 3 : from;
    const reason = this.reader.read(bytes, start, to);
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

function mistakenFor(text: string): string | null {
  if (text.startsWith('cpu=') && text.includes('found=')) return REASON.statistics;
  if (text.startsWith('entries') && text.includes(' searched ')) return REASON.statistics;
  if (text.startsWith('-A ') && text.includes(' -s ') && text.includes(' -d ')) return REASON.save;
  return text.includes('(src=') && text.includes('dst=') ? REASON.dialect : null;
}
