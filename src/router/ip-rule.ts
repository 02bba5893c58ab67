// The words of a rule, as `ip rule` prints and takes them. https://man7.org/linux/man-pages/man8/ip-rule.8.html

import type { Place, Rule } from './facts.js';
import { readDefault, readMark, readNetwork } from './values.js';

const NARROW = new Set(
  'to iif oif dev tos dsfield uidrange ipproto sport dport tun_id l3mdev not suppress_prefixlength'.split(' '),
);

/** Null where it looks up no table (`prohibit`, `goto`, …). `priority` is what stands before the colon, where printed. */
export function readRule(
  words: readonly string[],
  priority: number | null,
  family: 4 | 6 | null,
  place: Place,
): Rule | null {
  const rule: Rule = {
    priority: priority ?? 0,
    table: '',
    from: null,
    fwmark: null,
    isNarrow: false,
    family,
    place,
  };
  for (let at = 0; at < words.length; at++) {
    const word = words[at];
    if (word === 'from') {
      const text = words[++at] ?? '';
      if (readDefault(text) === null) {
        rule.from = readNetwork(text);
        rule.isNarrow ||= rule.from === null;
        rule.family ??= rule.from?.family ?? null;
      }
    } else if (word === 'fwmark') {
      rule.fwmark = readMark(words[++at] ?? '');
      rule.isNarrow ||= rule.fwmark === null;
    } else if (word === 'lookup' || word === 'table') rule.table = words[++at] ?? '';
    else if (word === 'prio' || word === 'pref' || word === 'priority' || word === 'preference' || word === 'order') {
      rule.priority = Number(/^\d{1,10}$/.exec(words[++at] ?? '')?.[0] ?? 0);
    } else if (word === 'suppress_prefixlength' && words[at + 1] === '0') {
      rule.suppressesDefault = true;
      rule.isNarrow = true;
      at++;
    } else if (NARROW.has(word) && !(word === 'to' && readDefault(words[at + 1] ?? '') !== null)) rule.isNarrow = true;
  }
  return rule.table === '' ? null : rule;
}
