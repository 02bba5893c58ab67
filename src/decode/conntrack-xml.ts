// The XML of conntrack(8) into entries: lists and events, with or without a root, pretty-printed or a flow a line, whole
// or cut off, with whatever a terminal put between the flows.

import { wallClockOf } from '../util/wall-clock.js';
import {
  type ConntrackCounts,
  type ConntrackKind,
  type ConntrackOptions,
  kindOf,
  newCounts,
} from './conntrack-counts.js';
import { Entry, REASON } from './conntrack-entry.js';
import { FlowReader } from './conntrack-flow.js';

/** Longer elements are passed over without being held: flows have some hundred bytes. */
const FLOW_BYTES = 1 << 16;
const OPEN = '<flow';
const CLOSE = '</flow>';

/**
 * Reads `conntrack -L -o xml` and `-E -o xml`. A `<flow>` element ends the one before it, closed or not; nothing between
 * the elements is looked at. `counts.lines` are elements.
 *
 * Bytes are borrowed until `feed` returns; the entry is lent to the sink and overwritten by the next one. However the
 * bytes are cut into chunks, the entries are the same.
 */
export class ConntrackXmlReader {
  readonly counts: ConntrackCounts = newCounts();
  private readonly entry = new Entry();
  private readonly reader: FlowReader;
  private held: Buffer = Buffer.alloc(0);
  /** Position of the first byte held. */
  private position = 0;

  constructor(
    private readonly sink: (entry: Entry) => void,
    options: ConntrackOptions = {},
  ) {
    this.reader = new FlowReader(this.entry, wallClockOf(options.timezone ?? 'UTC'));
  }

  get kind(): ConntrackKind {
    return kindOf(this.counts);
  }

  feed(bytes: Uint8Array): void {
    const chunk = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    const text = this.held.length === 0 ? chunk : Buffer.concat([this.held, chunk]);
    let from = 0;
    while (true) {
      const start = openingAt(text, from);
      if (start < 0) {
        from = Math.max(from, text.length - OPEN.length);
        break;
      }
      const next = this.element(text, start, false);
      if (next < 0) {
        from = start;
        break;
      }
      from = next;
    }
    // A copy: the caller may overwrite its bytes.
    this.held = Buffer.from(text.subarray(from));
    this.position += from;
  }

  /** The input is over; a flow that it cuts off is damage. */
  end(): void {
    const { held } = this;
    for (let start = openingAt(held, 0); start >= 0; ) start = openingAt(held, this.element(held, start, true));
    this.position += held.length;
    this.held = Buffer.alloc(0);
  }

  /** Reads what begins at `start`; returns where to go on, or -1 where more bytes are needed. */
  private element(text: Buffer, start: number, over: boolean): number {
    const limit = start + FLOW_BYTES;
    const close = text.subarray(start, limit).indexOf(CLOSE);
    if (close < 0 && text.length < limit && !over) return -1;
    const to = close < 0 ? Math.min(limit, text.length) : start + close;
    // What begins before `to` and is followed by another beginning was never closed.
    let last = start;
    for (let at = nextOpening(text, last, to); at >= 0; at = nextOpening(text, last, to)) {
      this.skip(REASON.cut, last);
      last = at;
    }
    if (close < 0) {
      if (last > start) return last;
      this.skip(text.length < limit ? REASON.cut : REASON.longFlow, start);
      // A beginning may itself be cut by the limit.
      return to - (over ? 0 : OPEN.length);
    }
    const end = to + CLOSE.length;
    // One character a byte, so that no cut falls within a character.
    const reason = this.reader.read(text.toString('latin1', last, end));
    if (reason !== null) {
      this.skip(reason, last);
      return end;
    }
    const { counts, entry } = this;
    counts.lines++;
    counts.entries++;
    if (entry.event !== null) counts.events++;
    this.sink(entry);
    return end;
  }

  private skip(reason: string, at: number): void {
    this.counts.lines++;
    this.counts.skipped.add(reason, this.position + at);
  }
}

/** Where a `<flow` stands that is no longer word; -1 where none does, or where its end is not there yet. */
function openingAt(text: Buffer, from: number): number {
  for (let at = text.indexOf(OPEN, from); at >= 0; at = text.indexOf(OPEN, at + 1)) {
    const next = text[at + OPEN.length];
    if (next === undefined || next === 0x3e || next <= 0x20) return at;
  }
  return -1;
}

function nextOpening(text: Buffer, after: number, to: number): number {
  return openingAt(text.subarray(0, to), after + 1);
}
