// Files of UCI, OpenWrt's configuration, become sections; also what `uci export` and `uci show` print.
// https://openwrt.org/docs/guide-user/base-system/uci#file_syntax

import type { Tally } from './dump.js';
import type { Facts, Place, UciSection } from './facts.js';

const MOST_SECTIONS = 10_000;

interface Section extends UciSection {
  options: Map<string, string>;
  lists: Map<string, string[]>;
}

export function readUci(text: string, facts: Facts, start: Place): Tally {
  const tally: Tally = { counts: new Map(), unknown: [], unknownCount: 0 };
  const shown = new Map<string, Section>();
  let section: Section | null = null;
  const open = (type: string, name: string, place: Place): Section => {
    const made = { type, name, options: new Map(), lists: new Map(), place };
    if (facts.uci.length < MOST_SECTIONS) facts.uci.push(made);
    tally.counts.set('UCI sections', (tally.counts.get('UCI sections') ?? 0) + 1);
    return made;
  };
  text.split('\n').forEach((raw, i) => {
    const line = raw.slice(0, 4096).trim();
    const place = { ...start, line: start.line + i };
    if (line === '' || line.startsWith('#') || /^package\s/.test(line)) return;
    const [, keyword, key, rest = ''] = /^(config|option|list)\s+(\S+)\s*(.*)$/.exec(line) ?? [];
    if (keyword === 'config') section = open(unquote(key), unquote(rest), place);
    else if (section !== null && keyword === 'option') section.options.set(unquote(key), unquote(rest));
    else if (section !== null && keyword === 'list') add(section, unquote(key), unquote(rest));
    else if (!readShown(line, shown, open, place)) {
      tally.unknownCount++;
      if (tally.unknown.length < 200) tally.unknown.push({ place, text: line });
    }
  });
  return tally;
}

/** `mwan3.wan=interface`, `mwan3.wan.track_ip='1.1.1.1' '8.8.8.8'`. */
function readShown(
  line: string,
  shown: Map<string, Section>,
  open: (type: string, name: string, place: Place) => Section,
  place: Place,
): boolean {
  const [, file, name, key, value = ''] = /^([\w-]{1,64})\.([\w@[\]-]{1,64})(?:\.(\w{1,64}))?=(.*)$/.exec(line) ?? [];
  if (file === undefined) return false;
  if (key === undefined) {
    shown.set(`${file}.${name}`, open(unquote(value), name, place));
    return true;
  }
  const section = shown.get(`${file}.${name}`);
  if (section === undefined) return false;
  const values = [...value.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain);
  if (values.length === 1) section.options.set(key, values[0]);
  else for (const one of values) add(section, key, one);
  return true;
}

function add(section: Section, key: string, value: string): void {
  const list = section.lists.get(key);
  if (list === undefined) section.lists.set(key, [value]);
  else list.push(value);
}

/** In quotes, or up to a comment. */
function unquote(text: string): string {
  const [, single, double] = /^'([^']*)'|^"([^"]*)"/.exec(text) ?? [];
  return single ?? double ?? text.replace(/\s+#.*$/, '').trim();
}
