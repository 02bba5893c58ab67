// Items of `nft -j list ruleset` become the same words as its text. https://man7.org/linux/man-pages/man5/libnftables-json.5.html

import type { Facts, Note, Place } from './facts.js';
import { field, listOf, textOf } from './json-items.js';
import { nftChain, readNftRule } from './nft-rule.js';

/** Expressions nest a few deep; deeper ones are not followed. */
const DEEPEST = 24;

/** True for an item of nft: metainfo, table, chain, rule, set … */
export function readNftJson(item: unknown, facts: Facts, notes: Note[], place: Place): boolean {
  const chain = field(item, 'chain');
  if (typeof chain === 'object' && chain !== null) {
    const hook = textOf(chain, 'hook');
    if (hook !== null) {
      const name = nftChain(`${textOf(chain, 'family')} ${textOf(chain, 'table')}`, textOf(chain, 'name') ?? '');
      facts.bases.set(name, hook === 'postrouting' || hook === 'prerouting' ? hook : 'other');
    }
    return true;
  }
  const rule = field(item, 'rule');
  if (typeof rule === 'object' && rule !== null) {
    const words = listOf(rule, 'expr').flatMap((expression) => statementWords(expression));
    const table = `${textOf(rule, 'family')} ${textOf(rule, 'table')}`;
    const read = readNftRule(words, table, textOf(rule, 'chain') ?? '', place);
    facts.nat.push(...read.rules);
    facts.savesMark ||= read.savesMark;
    if (read.problem !== null) notes.push({ kind: 'unclear', place, text: read.problem });
    return true;
  }
  return ['metainfo', 'table', 'set', 'map', 'element', 'flowtable', 'counter', 'limit', 'ct helper'].some(
    (key) => typeof field(item, key) === 'object' && field(item, key) !== null,
  );
}

function statementWords(expression: unknown): string[] {
  const match = field(expression, 'match');
  if (match !== undefined) {
    const not = textOf(match, 'op') === '!=' ? ['!='] : [];
    return [...words(field(match, 'left'), 0), ...not, ...words(field(match, 'right'), 0)];
  }
  const mangle = field(expression, 'mangle');
  if (mangle !== undefined) return [...words(field(mangle, 'key'), 0), 'set', ...words(field(mangle, 'value'), 0)];
  const snat = field(expression, 'snat');
  if (snat !== undefined) {
    const family = textOf(snat, 'family');
    return ['snat', ...(family === null ? [] : [family]), 'to', ...words(field(snat, 'addr'), 0)];
  }
  if (field(expression, 'masquerade') !== undefined) return ['masquerade'];
  for (const verb of ['jump', 'goto']) {
    const target = textOf(field(expression, verb), 'target');
    if (target !== null) return [verb, `"${target}`];
  }
  const vmap = field(expression, 'vmap');
  return vmap === undefined ? [] : [...words(field(vmap, 'key'), 0), 'vmap', ...words(field(vmap, 'data'), 0)];
}

function words(value: unknown, depth: number): string[] {
  if (depth > DEEPEST) return [];
  if (typeof value === 'number') return [String(value)];
  if (typeof value === 'string') return [`"${value}`];
  const key = textOf(field(value, 'meta'), 'key');
  if (key !== null) return key === 'mark' ? ['meta', 'mark'] : [key];
  const ctKey = textOf(field(value, 'ct'), 'key');
  if (ctKey !== null) return ['ct', ctKey];
  const payload = field(value, 'payload');
  if (payload !== undefined) return [textOf(payload, 'protocol') ?? '', textOf(payload, 'field') ?? ''];
  const prefix = field(value, 'prefix');
  if (prefix !== undefined) return [`"${textOf(prefix, 'addr') ?? ''}/${textOf(prefix, 'len') ?? ''}`];
  const range = listOf(value, 'range');
  if (range.length === 2) return [`"${String(range[0])}-${String(range[1])}`];
  for (const operator of ['&', '|', '^']) {
    const [left, ...right] = listOf(value, operator);
    if (left !== undefined) {
      return [...words(left, depth + 1), ...right.flatMap((one) => [operator, ...words(one, depth + 1)])];
    }
  }
  const map = field(value, 'map');
  if (map !== undefined)
    return [...words(field(map, 'key'), depth + 1), 'map', ...words(field(map, 'data'), depth + 1)];
  const target = textOf(field(value, 'jump') ?? field(value, 'goto'), 'target');
  if (target !== null) return ['jump', `"${target}`];
  const elements = field(value, 'set');
  if (Array.isArray(elements)) return ['{', ...elements.flatMap((one) => [...elementWords(one, depth + 1), ',']), '}'];
  return [];
}

/** An element of a set, or a pair of key and value of a map. */
function elementWords(element: unknown, depth: number): string[] {
  if (!Array.isArray(element)) return words(element, depth);
  return [...words(element[0], depth), ':', ...words(element[1], depth)];
}
