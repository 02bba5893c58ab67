// One rule of iptables, as iptables-save prints it and as a script gives it, becomes a `NatRule`; chains become the
// hooks they hang on. https://man7.org/linux/man-pages/man8/iptables-extensions.8.html

import type { DevMatch, Facts, NatAction, NatRule, Place } from './facts.js';
import { readDefault, readMark, readNetwork } from './values.js';

/** Targets that say nothing of sources or marks. */
const TARGETS_WITHOUT = new Set(
  'ACCEPT DROP REJECT RETURN LOG NFLOG ULOG DNAT REDIRECT TCPMSS NOTRACK CT TPROXY QUEUE NFQUEUE CLASSIFY DSCP TOS TTL HL SECMARK CONNSECMARK NETMAP TEE TRACE SET AUDIT CHECKSUM FLOWOFFLOAD'.split(
    ' ',
  ),
);

/** `-A CHAIN …` with its table. `problem` names what was not understood of a rule that matters. */
export function readIptablesRule(
  words: readonly string[],
  table: string,
  family: 4 | 6,
  place: Place,
): { rule: NatRule | null; savesMark: boolean; problem: string | null } {
  const rule: Omit<NatRule, 'action'> = {
    chain: chainName(family, table, ''),
    family,
    out: null,
    in: null,
    sources: [],
    mark: null,
    isNarrow: false,
    place,
  };
  let target = '';
  let isNot = false;
  let to: string | null = null;
  let mark: string | null = null;
  let saves = false;
  for (let at = 0; at < words.length; at++) {
    const word = longOption(words[at]);
    const value = () => words[++at] ?? '';
    if (word === '!') {
      isNot = true;
      continue;
    }
    if (word === '-A' || word === '-I' || word === '--append' || word === '--insert') {
      rule.chain = chainName(family, table, value());
      if (/^\d+$/.test(words[at + 1] ?? '')) at++;
    } else if (word === '-o' || word === '--out-interface') rule.out = devMatch(value(), isNot);
    else if (word === '-i' || word === '--in-interface') rule.in = devMatch(value(), isNot);
    else if (word === '-s' || word === '--source' || word === '--src') {
      const list = value().split(',');
      if (!isNot) rule.sources = list.flatMap((one) => (readDefault(one) === null ? (readNetwork(one) ?? []) : []));
    } else if (word === '-d' || word === '--destination' || word === '--dst') {
      const everything = readDefault(value()) !== null;
      // `! -d 10.0.0.0/8` is everything but the site: the Internet is meant.
      rule.isNarrow ||= !everything && !isNot;
    } else if (word === '-j' || word === '--jump' || word === '-g' || word === '--goto') target = value();
    else if (word === '--to-source' || word === '--to') to = value();
    else if (word === '--set-mark' || word === '--set-xmark' || word === '--or-mark') mark = value();
    else if (word === '--save-mark') saves = true;
    else if (word === '--mark') {
      const asked = readMark(value());
      if (!isNot && asked !== null && asked.value !== 0) rule.mark = asked;
    } else if (word === '-m' || word === '--match' || word === '-p' || word === '--protocol') at++;
    else if (word === '--comment') at++;
    isNot = false;
  }
  // NETMAP translates sources where packets leave, destinations where they come in.
  const name = target === 'NETMAP' && rule.out !== null ? 'SNAT' : target;
  const action = actionOf(name, family, table, to, mark);
  if (action === null) {
    const needs = target === 'SNAT' || ((target === 'CONNMARK' || target === 'MARK') && mark !== null);
    return { rule: null, savesMark: saves, problem: needs ? `target ${target}: ${to ?? mark ?? 'no address'}` : null };
  }
  return { rule: { ...rule, action }, savesMark: saves, problem: null };
}

/** Chains of the kernel are hooks by their name. */
export function addBaseChains(facts: Facts): void {
  for (const family of [4, 6] as const) {
    for (const table of ['nat', 'mangle']) {
      facts.bases.set(chainName(family, table, 'POSTROUTING'), 'postrouting');
      facts.bases.set(chainName(family, table, 'PREROUTING'), 'prerouting');
      facts.bases.set(chainName(family, table, 'FORWARD'), 'other');
    }
  }
}

export function chainName(family: 4 | 6, table: string, chain: string): string {
  return `${family === 4 ? 'ip' : 'ip6'} ${table} ${chain}`;
}

function actionOf(
  target: string,
  family: 4 | 6,
  table: string,
  to: string | null,
  mark: string | null,
): NatAction | null {
  if (target === '' || TARGETS_WITHOUT.has(target)) return null;
  if (target === 'SNAT') return to === null ? null : { kind: 'snat', to: [to] };
  if (target === 'MASQUERADE') return { kind: 'masquerade' };
  if (target === 'MARK' || target === 'CONNMARK') {
    const set = readMark(mark ?? '');
    // Taking the mark away names no uplink.
    if (set === null || set.value === 0) return null;
    return { kind: target === 'MARK' ? 'mark' : 'connmark', mark: set };
  }
  return { kind: 'jump', chain: chainName(family, table, target) };
}

function devMatch(name: string, not: boolean): DevMatch | null {
  return name === '' || (name === '+' && !not) ? null : { names: [name], not };
}

/** Blogs turn the two hyphens of an option into a dash: the Nano-Howto is handed down so. */
function longOption(word: string): string {
  return word.startsWith('–') || word.startsWith('—') ? `--${word.slice(1)}` : word;
}
