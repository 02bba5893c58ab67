// The words of one nftables rule become `NatRule`s. Words from text and from JSON are the same; quoted ones keep their
// opening quote, so that a comment is never taken for a statement. https://man7.org/linux/man-pages/man8/nft.8.html

import type { DevMatch, Mark, NatAction, NatRule, Place } from './facts.js';
import { readDefault, readNetwork } from './values.js';

const ALL_BITS = 0xffffffff;
/** Elements of one set or map that are looked at. */
const MOST_ELEMENTS = 4096;

type Match = Omit<NatRule, 'action'>;

export interface NftRule {
  rules: NatRule[];
  savesMark: boolean;
  /** What was not understood of a rule that matters. */
  problem: string | null;
}

/** `table` is family and name, as in `inet mlnat`. */
export function readNftRule(words: readonly string[], table: string, chain: string, place: Place): NftRule {
  const reader = new RuleReader(words, table, chain, place);
  reader.read();
  return reader;
}

export function nftChain(table: string, chain: string): string {
  return `${table} ${chain}`;
}

export function unquoted(word: string): string {
  return word.startsWith('"') ? word.slice(1) : word;
}

class RuleReader implements NftRule {
  rules: NatRule[] = [];
  savesMark = false;
  problem: string | null = null;
  private at = 0;
  private readonly match: Match;

  constructor(
    private readonly words: readonly string[],
    private readonly table: string,
    chain: string,
    place: Place,
  ) {
    const family = table.startsWith('ip6 ') ? 6 : table.startsWith('ip ') ? 4 : null;
    this.match = {
      chain: nftChain(table, chain),
      family,
      out: null,
      in: null,
      sources: [],
      mark: null,
      isNarrow: false,
      place,
    };
  }

  read(): void {
    const { words, match } = this;
    for (; this.at < words.length; ) {
      const word = words[this.at++];
      const before = words[this.at - 2];
      if (word === 'oifname' || word === 'oif') this.readOut();
      else if (word === 'iifname' || word === 'iif') match.in = this.devMatch() ?? match.in;
      else if (word === 'saddr' && (before === 'ip' || before === 'ip6')) {
        match.family ??= before === 'ip' ? 4 : 6;
        const { not, list } = this.operand();
        if (!not) match.sources = list.flatMap((one) => (readDefault(one) === null ? (readNetwork(one) ?? []) : []));
      } else if (word === 'daddr') {
        match.family ??= before === 'ip6' ? 6 : before === 'ip' ? 4 : null;
        const { not } = this.operand();
        match.isNarrow ||= !not;
      } else if (word === 'nfproto') match.family = this.operand().list[0] === 'ipv6' ? 6 : 4;
      else if (word === 'mark') this.readMark(before === 'ct');
      else if (word === 'snat') this.readSnat();
      else if (word === 'masquerade') this.add({ kind: 'masquerade' });
      else if (word === 'jump' || word === 'goto') {
        this.add({ kind: 'jump', chain: nftChain(this.table, unquoted(words[this.at++] ?? '')) });
      } else if (word === 'comment') this.at++;
    }
  }

  private add(action: NatAction, out = this.match.out): void {
    if (this.rules.length < MOST_ELEMENTS) this.rules.push({ ...this.match, out, action });
  }

  /** `oifname "wan1"`, `oifname != "lan0"`, `oifname { "wan1", "wan2" }`, `oifname vmap { "wan1" : jump one }`. */
  private readOut(): void {
    if (this.words[this.at] !== 'vmap') {
      this.match.out = this.devMatch() ?? this.match.out;
      return;
    }
    this.at++;
    for (const [key, value] of this.elements()) {
      const [verdict, chain] = value;
      if (verdict !== 'jump' && verdict !== 'goto') continue;
      const out = { names: [unquoted(key)], not: false };
      this.add({ kind: 'jump', chain: nftChain(this.table, unquoted(chain ?? '')) }, out);
    }
  }

  private devMatch(): DevMatch | null {
    const { not, list } = this.operand();
    return list.length === 0 ? null : { names: list, not };
  }

  /** What a field is compared with: one word, or the words of a set. */
  private operand(): { not: boolean; list: string[] } {
    const not = this.words[this.at] === '!=';
    if (not || this.words[this.at] === '==') this.at++;
    if (this.words[this.at] === '{') {
      return { not, list: this.elements().map(([key]) => unquoted(key)) };
    }
    const word = this.words[this.at++];
    return { not, list: word === undefined || word.startsWith('@') ? [] : [unquoted(word)] };
  }

  /** The elements within braces, each with the words behind its colon. */
  private elements(): [key: string, value: string[]][] {
    const found: [string, string[]][] = [];
    if (this.words[this.at] !== '{') return found;
    let key: string | null = null;
    let value: string[] = [];
    for (this.at++; this.at < this.words.length; this.at++) {
      const word = this.words[this.at];
      if (word === ',' || word === '}') {
        if (key !== null && found.length < MOST_ELEMENTS) found.push([key, value]);
        key = null;
        value = [];
        if (word === '}') break;
      } else if (key === null) key = word.endsWith(':') && word.startsWith('"') ? word.slice(0, -1) : word;
      else if (word !== ':') value.push(word);
    }
    this.at++;
    return found;
  }

  /** A mark that is asked for, or one that is set. */
  private readMark(ofConnection: boolean): void {
    if (this.words[this.at] !== 'set') {
      let mask = ALL_BITS;
      if (this.words[this.at] === '&' || this.words[this.at] === 'and') {
        mask = numberOf(this.words[this.at + 1]) ?? ALL_BITS;
        this.at += 2;
      }
      const { not, list } = this.operand();
      const value = numberOf(list[0]);
      if (!not && value !== null && value !== 0) this.match.mark = { value: (value & mask) >>> 0, mask };
      return;
    }
    this.at++;
    const set = this.setMark(ofConnection);
    if (set === 'saved') this.savesMark = true;
    else if (set !== null && set.value !== 0) this.add({ kind: ofConnection ? 'connmark' : 'mark', mark: set });
  }

  /** `0x1`, `ct mark and 0xffff00ff or 0x100`, `ct mark | 0x100`. */
  private setMark(ofConnection: boolean): Mark | 'saved' | null {
    let base: 'ct' | 'meta' | null = null;
    const word = this.words[this.at];
    if (word === 'ct' || word === 'meta') {
      base = word;
      this.at += 2;
    } else if (word === 'mark') {
      base = 'meta';
      this.at++;
    }
    if (base === null) {
      const value = numberOf(word);
      if (value === null) return null;
      this.at++;
      return { value, mask: ALL_BITS };
    }
    let kept = ALL_BITS;
    let value = 0;
    for (; ; this.at += 2) {
      const operator = this.words[this.at];
      const number = numberOf(this.words[this.at + 1]);
      if (number === null) break;
      if (operator === '&' || operator === 'and') kept = (kept & number) >>> 0;
      else if (operator === '|' || operator === 'or' || operator === '^' || operator === 'xor') {
        value = (value | number) >>> 0;
      } else break;
    }
    if (ofConnection !== (base === 'ct')) return ofConnection ? 'saved' : null;
    const mask = (~kept | value) >>> 0;
    return mask === 0 ? null : { value, mask };
  }

  /** `snat to 203.0.113.2`, `snat ip to oifname map { "wan1" : 203.0.113.2, "wan2" : 198.51.100.2 }`. */
  private readSnat(): void {
    const { words } = this;
    if (words[this.at] === 'ip' || words[this.at] === 'ip6') {
      this.match.family ??= words[this.at] === 'ip' ? 4 : 6;
      this.at++;
    }
    if (words[this.at] === 'prefix') this.at++;
    if (words[this.at] === 'to') this.at++;
    // Prefix to prefix: `snat ip6 prefix to ip6 saddr map { 2001:db8:77::/64 : 2001:db8:101::/64 }`.
    if (/^ip6?$/.test(words[this.at] ?? '') && words[this.at + 1] === 'saddr' && words[this.at + 2] === 'map') {
      this.at += 3;
      this.add({ kind: 'snat', to: this.elements().map(([, value]) => unquoted(value[0] ?? '')) });
      return;
    }
    const key = words[this.at] === 'meta' ? words[++this.at] : words[this.at];
    if (words[this.at + 1] === 'map') {
      this.at += 2;
      const to = this.elements().map(([dev, value]) => [unquoted(dev), unquoted(value[0] ?? '')] as const);
      if (key === 'oifname' || key === 'oif') this.add({ kind: 'snatByDev', to });
      else this.problem = `snat by a map of ${key}`;
      return;
    }
    if (key === undefined || key === '{' || key.startsWith('@')) {
      this.problem = `snat to ${key ?? 'nothing'}`;
      return;
    }
    this.at++;
    this.add({ kind: 'snat', to: [unquoted(key)] });
  }
}

function numberOf(word: string | undefined): number | null {
  if (word === undefined || !/^(?:0x[0-9a-f]{1,8}|\d{1,10})$/i.test(word)) return null;
  const number = Number(word);
  return number <= ALL_BITS ? number : null;
}
