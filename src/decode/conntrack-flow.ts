// One `<flow>` element of `conntrack -o xml` into an Entry, by the names of its elements: their order differs by version.
//
// Grammar: libnetfilter_conntrack `snprintf_xml.c`. An element is a document of its own to the parser, so that nothing
// outside of it (entities, document types, torn flows) has any say in it. No entity but XML's own five is known.

import { SaxesParser, type SaxesTagPlain } from 'saxes';
import { checkEntry, type Entry, REASON, type Tuple } from './conntrack-entry.js';
import { readAddress, readMoment } from './conntrack-text.js';

/** Longest text of an element that has a meaning. */
const TEXT_CHARS = 64;

const NOT_WELL_FORMED = Symbol('not well-formed');

type Direction = 'original' | 'reply' | 'independent';
type TupleNumber = Exclude<keyof Tuple, 'src' | 'dst' | 'reset'>;

/** Elements of a tuple that hold a number: the field, and the largest value. */
const TUPLE_NUMBERS: ReadonlyMap<string, readonly [TupleNumber, number]> = new Map([
  ['sport', ['sport', 0xffff]],
  ['dport', ['dport', 0xffff]],
  ['srckey', ['srcKey', 0xffffffff]],
  ['dstkey', ['dstKey', 0xffffffff]],
  ['type', ['icmpType', 0xff]],
  ['code', ['icmpCode', 0xff]],
  ['id', ['icmpId', 0xffff]],
  ['packets', ['packets', Number.MAX_SAFE_INTEGER]],
  ['bytes', ['bytes', Number.MAX_SAFE_INTEGER]],
] as const);

/** Elements of `<when>`, local time without a fraction. */
const WHEN: readonly string[] = ['year', 'month', 'day', 'hour', 'min', 'sec'];

/** Reads elements one after the other into one entry. `toUtcMs` makes moments of the local times that are printed. */
export class FlowReader {
  private parser: SaxesParser;
  private readonly scratch = new Uint8Array(TEXT_CHARS);
  private readonly when = new Map<string, number>();
  private reason: string | null = null;
  private direction: Direction | null = null;
  private text = '';
  /** Bits: 1 and 2 for the original addresses, 4 and 8 for those of the reply. */
  private addresses = 0;
  private protocol = -1;

  constructor(
    private readonly entry: Entry,
    private readonly toUtcMs: (wallMs: number) => number,
  ) {
    this.parser = this.newParser();
  }

  /** Null where the entry was filled from one whole element, else the reason why it could not be. */
  read(element: string): string | null {
    const { entry } = this;
    entry.reset();
    this.reason = this.direction = null;
    this.text = '';
    this.addresses = 0;
    this.protocol = -1;
    this.when.clear();
    entry.family = 4;
    try {
      this.parser.write(element).close();
    } catch (error) {
      if (error !== NOT_WELL_FORMED) throw error;
      this.parser = this.newParser();
    }
    if (this.reason !== null) return this.reason;
    if (this.addresses !== 15) return REASON.cut;
    if (this.protocol < 0 || this.protocol > 255) return REASON.protocol;
    entry.protocol = this.protocol;
    if (this.when.size === WHEN.length) entry.timeUs = this.timeUs();
    return checkEntry(entry);
  }

  /** Stops at the first fault: an element of 64 KiB has room for tens of thousands, and each costs an `Error`. */
  private newParser(): SaxesParser {
    const parser = new SaxesParser({ xmlns: false, position: false });
    parser.on('error', () => {
      this.reason ??= REASON.markup;
      throw NOT_WELL_FORMED;
    });
    parser.on('opentag', (tag) => this.open(tag));
    parser.on('closetag', (tag) => this.close(tag));
    parser.on('text', (text) => {
      this.text = text.length > TEXT_CHARS ? text.slice(0, TEXT_CHARS) : text;
    });
    return parser;
  }

  private open(tag: SaxesTagPlain): void {
    const { attributes, name } = tag;
    this.text = '';
    if (name === 'flow') {
      const type = String(attributes.type);
      if (type === 'new' || type === 'update' || type === 'destroy') this.entry.event = type;
    } else if (name === 'meta') {
      const direction = String(attributes.direction);
      const known = direction === 'original' || direction === 'reply' || direction === 'independent';
      this.direction = known ? direction : null;
    } else if (name === 'layer4') {
      this.layer4(attributes);
    }
  }

  private layer4(attributes: SaxesTagPlain['attributes']): void {
    const protocol = numberOf(String(attributes.protonum ?? ''));
    if (this.protocol >= 0 && protocol !== this.protocol) this.reason ??= REASON.contradiction;
    this.protocol = protocol;
  }

  private close({ name }: SaxesTagPlain): void {
    const text = this.text.trim();
    this.text = '';
    if (this.direction === 'original' || this.direction === 'reply') this.tupleElement(name, text);
    else if (this.direction === 'independent') this.entryElement(name, text);
    else if (WHEN.includes(name)) this.when.set(name, numberOf(text));
    if (name === 'meta') this.direction = null;
  }

  private tupleElement(name: string, text: string): void {
    const { entry } = this;
    const ofReply = this.direction === 'reply';
    const tuple = ofReply ? entry.reply : entry.original;
    const field = TUPLE_NUMBERS.get(name);
    if (field !== undefined) {
      if (tuple[field[0]] !== null) this.reason ??= REASON.contradiction;
      tuple[field[0]] = this.number(text, field[1]);
    } else if (name === 'src' || name === 'dst') {
      this.address(text, tuple[name], (ofReply ? 4 : 1) << (name === 'dst' ? 1 : 0));
    } else if (name === 'zone') {
      const zone = this.number(text, 0xffff) ?? 0;
      if (ofReply) entry.zoneReply = zone;
      else entry.zoneOriginal = zone;
    }
  }

  private entryElement(name: string, text: string): void {
    const { entry } = this;
    if (name === 'state') entry.state = text === '' ? null : text;
    else if (name === 'timeout') entry.timeoutSec = this.number(text, 0xffffffff);
    else if (name === 'mark') entry.mark = this.number(text, 0xffffffff);
    else if (name === 'zone') entry.zone = this.number(text, 0xffff) ?? 0;
    else if (name === 'id') entry.id = this.number(text, 0xffffffff);
    else if (name === 'assured') entry.assured = true;
    else if (name === 'unreplied') entry.unreplied = true;
    else if (name === 'offload') entry.offload = 'software';
    else if (name === 'hw_offload') entry.offload = 'hardware';
    else if (name === 'deltatime') entry.deltaSec = this.number(text, 0xffffffff);
    else if (name === 'start') entry.startUs = readMoment(text, this.toUtcMs);
    else if (name === 'stop') entry.stopUs = readMoment(text, this.toUtcMs);
  }

  private address(text: string, words: Int32Array, bit: number): void {
    const { scratch } = this;
    for (let i = 0; i < text.length; i++) scratch[i] = text.charCodeAt(i);
    const family = readAddress(scratch, 0, text.length, words);
    if (family === 0) this.reason ??= REASON.address;
    else if (this.addresses !== 0 && family !== this.entry.family) this.reason ??= REASON.families;
    else this.entry.family = family;
    if ((this.addresses & bit) !== 0) this.reason ??= REASON.contradiction;
    this.addresses |= bit;
  }

  private number(text: string, most: number): number | null {
    const number = numberOf(text);
    if (number >= 0 && number <= most) return number;
    this.reason ??= number < 0 ? REASON.cut : REASON.number;
    return null;
  }

  private timeUs(): number | null {
    const [year, month, day, hour, minute, second] = WHEN.map((name) => this.when.get(name) ?? -1) as number[];
    if (Math.min(year, month, day, hour, minute, second) < 0 || year < 1970 || year > 9999) return null;
    const ms = this.toUtcMs(Date.UTC(year, month - 1, day, hour, minute, second));
    return Number.isFinite(ms) ? ms * 1000 : null;
  }
}

/** A whole number, decimal or `0x…`; -1 where the text is none. */
function numberOf(text: string): number {
  return /^(?:\d{1,20}|0x[\da-fA-F]{1,16})$/.test(text) ? Number(text) : -1;
}
