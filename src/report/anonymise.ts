// A report (or a flow) in which every address is another one: prefixes are kept, so that who shares a network is still
// seen; paths of inputs become numbers. Names of uplinks are the user's and stay.
//
// Addresses stand in fields of their own, in lists, and in the middle of sentences and commands. So every text of the
// report is searched for what reads as an address, whatever field it stands in: a field that is new tomorrow is safe too.
// What keeps prefixes also hides which networks are private: 192.168.0.0/16 becomes something that is not.

import { isIPv4, isIPv6 } from 'node:net';
import type { FlowRow } from '../flows/row.js';
import { type Family, formatAddress, maskWords, type Words } from '../util/address.js';
import { PrefixPreserving } from '../util/prefix-preserving.js';
import type { Finding, Report } from './report.js';

const MAC = /(?<![0-9a-f:-])[0-9a-f]{2}(?:([:-])[0-9a-f]{2})(?:\1[0-9a-f]{2}){4}(?![0-9a-f]|[:-][0-9a-f])/gi;
const IPV4 = /(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?!\.?\d)(?:\/(\d{1,2})(?!\d))?/g;
/** A run that may be an IPv6 address, with a dotted tail or without; what it is, is told by trying. */
const IPV6 = /[0-9a-f:]*:[0-9a-f]*:[0-9a-f:]*(?:\.?\d{1,3}(?:\.\d{1,3}){3})?(?:\/(\d{1,3})(?!\d))?/gi;

/** Texts that are looked up again and again; more are worked out anew. */
const KNOWN = 2 ** 18;

const ANONYMISED: Finding = {
  code: 'anonymised',
  level: 'info',
  message:
    'Addresses were replaced by others that share prefixes in the same way, so private ones no longer look private; inputs are numbered.',
  uplinks: [],
  flows: null,
  packets: null,
  first: null,
  last: null,
  cure: null,
};

export class Anonymiser {
  private readonly mapping: PrefixPreserving;
  private readonly known = new Map<string, string>();

  /** `key` has 32 bytes; the same key gives the same addresses. */
  constructor(key: Uint8Array) {
    this.mapping = new PrefixPreserving(key);
  }

  /** A copy without any original address or path. */
  report(report: Report): Report {
    const names = report.inputs.map(({ path }, n) => ({ path, name: path === '-' ? '-' : `input-${n + 1}` }));
    // The longest first: one path may begin another.
    const paths = names.filter(({ path, name }) => path !== name).sort((a, b) => b.path.length - a.path.length);
    const change = (value: unknown): unknown => {
      if (typeof value === 'string') return this.text(withoutPaths(value, paths));
      if (Array.isArray(value)) return value.map(change);
      if (value === null || typeof value !== 'object') return value;
      return Object.fromEntries(Object.entries(value).map(([key, part]) => [this.text(key), change(part)]));
    };
    const changed = change(report) as Report;
    changed.inputs.forEach((input, n) => {
      input.path = names[n]?.name ?? '-';
    });
    return { ...changed, schema: report.schema, tool: report.tool, findings: [...changed.findings, ANONYMISED] };
  }

  flow(row: FlowRow): FlowRow {
    return {
      ...row,
      initiator: this.text(row.initiator),
      responder: this.text(row.responder),
      client: row.client === null ? null : this.text(row.client),
      uplink: row.uplink === null ? null : this.text(row.uplink),
      egress: row.egress === null ? null : this.text(row.egress),
    };
  }

  /** The text with every address in it replaced. */
  text(text: string): string {
    if (!/\d\.\d|:/.test(text) && !/[0-9a-f]-[0-9a-f]/i.test(text)) return text;
    const known = this.known.get(text);
    if (known !== undefined) return known;
    const changed = this.replace(text);
    if (this.known.size < KNOWN && text.length < 64) this.known.set(text, changed);
    return changed;
  }

  /** One pass for all kinds: what has been replaced must not be replaced again. */
  private replace(text: string): string {
    const found: { from: number; to: number; text: string }[] = [];
    const isFree = (from: number, to: number) => found.every((one) => to <= one.from || from >= one.to);
    for (const match of text.matchAll(MAC)) {
      const { 0: whole, 1: mark = ':', index } = match;
      found.push({ from: index, to: index + whole.length, text: this.mac(whole, mark) });
    }
    for (const match of text.matchAll(IPV6)) {
      const { 0: whole, 1: length, index } = match;
      if (!isFree(index, index + whole.length)) continue;
      const run = length === undefined ? whole : whole.slice(0, -length.length - 1);
      const part = ipv6In(run);
      if (part === null) continue;
      const isWhole = part.at + part.text.length === run.length;
      const bits = isWhole && length !== undefined ? Number(length) : null;
      const from = index + part.at;
      const to = bits === null ? from + part.text.length : index + whole.length;
      found.push({ from, to, text: this.address(6, part.text, bits) });
    }
    for (const match of text.matchAll(IPV4)) {
      const { 0: whole, 1: length, index } = match;
      const [address = ''] = whole.split('/');
      if (!isFree(index, index + whole.length) || !isIPv4(address)) continue;
      found.push({
        from: index,
        to: index + whole.length,
        text: this.address(4, address, length === undefined ? null : Number(length)),
      });
    }
    found.sort((a, b) => a.from - b.from);
    let changed = '';
    let at = 0;
    for (const { from, to, text: other } of found) {
      changed += text.slice(at, from) + other;
      at = to;
    }
    return changed + text.slice(at);
  }

  /** With its length, where it is a prefix: then host bits stay zero. Nothing is said by an address of zeros. */
  private address(family: Family, text: string, length: number | null): string {
    const bytes = family === 4 ? Uint8Array.from(text.split('.'), Number) : ipv6Bytes(text);
    const tail = length === null ? '' : `/${length}`;
    if (bytes.every((byte) => byte === 0)) return text + tail;
    const words = wordsOf(this.mapping.map(bytes));
    const most = family === 4 ? 32 : 128;
    const kept = length === null || length > most ? words : maskWords({ family, words }, length);
    return formatAddress(family, kept) + tail;
  }

  private mac(text: string, mark: string): string {
    const bytes = Uint8Array.from(text.split(mark), (octet) => Number.parseInt(octet, 16));
    const mapped = this.mapping.mapMac(bytes);
    return Array.from(mapped, (byte) => byte.toString(16).padStart(2, '0')).join(mark);
  }
}

/** Every mention of a path, and of its last part. */
function withoutPaths(text: string, paths: readonly { path: string; name: string }[]): string {
  let changed = text;
  for (const { path, name } of paths) {
    if (changed.includes(path)) changed = changed.replaceAll(path, name);
    const last = path.slice(path.lastIndexOf('/') + 1);
    // A short word may stand in a sentence for itself.
    if (last.length >= 5 && changed.includes(last)) changed = changed.replaceAll(last, name);
  }
  return changed;
}

/** The longest beginning of a run that is an address: a sentence may end behind it with a colon or full stop. */
function ipv6In(run: string): { at: number; text: string } | null {
  for (let end = run.length; end >= 2; end--) {
    if (isIPv6(run.slice(0, end))) return run.slice(0, end) === '::' ? null : { at: 0, text: run.slice(0, end) };
  }
  // Something else may lead to it: `eth0:2001:db8::1`.
  for (let at = run.indexOf(':') + 1; at > 0; at = run.indexOf(':', at) + 1) {
    for (let end = run.length; end > at + 2; end--) {
      if (isIPv6(run.slice(at, end))) return { at, text: run.slice(at, end) };
    }
  }
  return null;
}

function ipv6Bytes(text: string): Uint8Array {
  const dotted = /(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(text);
  const octets = dotted === null ? [] : dotted.slice(1).map(Number);
  const plain =
    dotted === null
      ? text
      : text
          .slice(0, dotted.index)
          .replace(/:$/, (colon, at: number, all: string) => (all[at - 1] === ':' ? colon : ''));
  const [head = '', tail] = plain.split('::');
  const bytesOf = (groups: string) =>
    groups === ''
      ? []
      : groups.split(':').flatMap((group) => [Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 255]);
  const left = bytesOf(head);
  const right = [...bytesOf(tail ?? ''), ...octets];
  const bytes = new Uint8Array(16);
  bytes.set(left, 0);
  bytes.set(right, 16 - right.length);
  return bytes;
}

/** Four words, IPv4 in the last. */
function wordsOf(bytes: Uint8Array): Words {
  const word = (at: number) => ((bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3]) >>> 0;
  return bytes.length === 4 ? [0, 0, 0, word(0)] : [word(0), word(4), word(8), word(12)];
}
