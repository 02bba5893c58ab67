// `nft list ruleset`, and the files and commands that nft takes: tables, chains and rules become facts.
// https://man7.org/linux/man-pages/man8/nft.8.html

import type { Facts, Note, Place } from './facts.js';
import { nftChain, readNftRule, unquoted } from './nft-rule.js';

/** Deeper braces are no ruleset. */
const DEEPEST = 16;
const MOST_WORDS_A_RULE = 10_000;

const FAMILIES = new Set(['ip', 'ip6', 'inet', 'arp', 'bridge', 'netdev']);

interface Word {
  text: string;
  line: number;
}

/** Reads text that begins at `place`. Returns how many rules of sources and marks were found. */
export function readNft(text: string, facts: Facts, notes: Note[], place: Place): number {
  const defined = new Map<string, string[]>();
  const found = { count: 0 };
  /** What the open braces belong to. */
  const blocks: { kind: string; table: string; chain: string }[] = [];
  let statement: Word[] = [];
  let depth = 0;
  const end = () => {
    const words = statement;
    statement = [];
    depth = 0;
    if (words.length === 0) return;
    const block = blocks.at(-1);
    const at = { ...place, line: place.line + words[0].line, column: null };
    if (block?.kind === 'chain') addStatement(words, block.table, block.chain, at);
    else if (block === undefined) addCommand(words, at);
  };
  const addStatement = (words: readonly Word[], table: string, chain: string, at: Place) => {
    const texts = words.flatMap(({ text }) => (text.startsWith('$') ? (defined.get(text.slice(1)) ?? [text]) : [text]));
    if (texts[0] === 'type' && texts.includes('hook')) {
      const hook = texts[texts.indexOf('hook') + 1];
      facts.bases.set(nftChain(table, chain), hook === 'postrouting' || hook === 'prerouting' ? hook : 'other');
      return;
    }
    const { rules, savesMark, problem } = readNftRule(texts, table, chain, at);
    facts.nat.push(...rules);
    facts.savesMark ||= savesMark;
    found.count += rules.length;
    if (problem !== null) notes.push({ kind: 'unclear', place: at, text: problem });
  };
  /** `add rule inet nat post …`, `define WAN = wan1`; without a family `ip` is meant. */
  const addCommand = (words: readonly Word[], at: Place) => {
    const texts = words.map(({ text }) => text);
    if (texts[0] === 'define' && texts[2] === '=') {
      defined.set(texts[1], texts.slice(3));
      return;
    }
    const { object, table, rest } = commandOf(texts);
    if (object !== 'rule') return;
    addStatement(words.slice(rest + 1), table, unquoted(texts[rest] ?? ''), at);
  };
  for (const word of wordsOf(text)) {
    if (word.text === '\n' || word.text === ';') {
      if (depth === 0) end();
      continue;
    }
    if (word.text === '{' && depth === 0) {
      const block = blockOf(statement, blocks.at(-1));
      if (block !== null) {
        if (blocks.length >= DEEPEST) break;
        blocks.push(block);
        statement = [];
        continue;
      }
    }
    if (word.text === '{') depth++;
    if (word.text === '}') {
      if (depth === 0) {
        end();
        blocks.pop();
        continue;
      }
      depth--;
    }
    if (statement.length < MOST_WORDS_A_RULE) statement.push(word);
  }
  end();
  return found.count;
}

/** What an opening brace begins: a table, a chain, something else that has a name; null for a set within a rule. */
function blockOf(
  statement: readonly Word[],
  outer: { kind: string; table: string; chain: string } | undefined,
): { kind: string; table: string; chain: string } | null {
  const texts = statement.map(({ text }) => text);
  if (outer === undefined) {
    const { object, table, rest } = commandOf(texts);
    if (object === 'table') return { kind: 'table', table, chain: '' };
    if (object === 'chain') return { kind: 'chain', table, chain: unquoted(texts[rest] ?? '') };
    return object === null || object === 'rule' ? null : { kind: 'other', table, chain: '' };
  }
  if (outer.kind === 'chain') return null;
  if (outer.kind === 'table' && texts[0] === 'chain')
    return { ...outer, kind: 'chain', chain: unquoted(texts[1] ?? '') };
  return { ...outer, kind: 'other' };
}

function commandOf(texts: readonly string[]): { object: string | null; table: string; rest: number } {
  let at = texts[0] === 'add' || texts[0] === 'insert' || texts[0] === 'create' || texts[0] === 'replace' ? 1 : 0;
  const object = texts[at++] ?? null;
  const family = FAMILIES.has(texts[at]) ? texts[at++] : 'ip';
  const known = object !== null && ['table', 'chain', 'rule', 'set', 'map', 'flowtable', 'counter'].includes(object);
  return { object: known ? object : null, table: `${family} ${unquoted(texts[at] ?? '')}`, rest: at + 1 };
}

/** Words, braces, separators and line breaks; lines are counted from 0. Quoted words keep the quote before them. */
function* wordsOf(text: string): Generator<Word> {
  // Every alternative begins with another character, so that none is tried twice.
  const pattern = /\\\r?\n|\n|#[^\n]*|"[^"\n]*"?|[{};,]|[^\s{};,"#]+/g;
  let line = 0;
  for (const [text_] of text.matchAll(pattern)) {
    if (text_ === '\\\n' || text_ === '\\\r\n') {
      line++;
      continue;
    }
    if (text_.startsWith('#')) continue;
    yield { text: text_.startsWith('"') ? text_.replace(/"$/, '') || '"' : text_, line };
    if (text_ === '\n') line++;
  }
}
