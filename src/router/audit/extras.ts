// What the audit needs beyond the facts of an import, read from the same texts: kernel settings, routes that refuse,
// marks that come back, packets without a connection that are dropped, pings that keep alive.

import type { Facts } from '../facts.js';
import { field, jsonItems, textOf } from '../json-items.js';
import type { SourceText } from '../read.js';

export interface BlockedRoute {
  type: string;
  table: string;
  family: 4 | 6;
  metric: number;
  place: string;
}

export interface Extras {
  /** By path below /proc/sys: `net/ipv4/conf/eth1.101/rp_filter`. The last one said counts. */
  settings: Map<string, { value: string; place: string }>;
  blocked: BlockedRoute[];
  restoresMark: boolean;
  dropsInvalid: boolean;
  /** A set-up script is among the texts. */
  hasScript: boolean;
  /** Something pings, or the kernel keeps the gateways' entries itself (`managed`). */
  hasKeepalive: boolean;
  equalize: string | null;
  /** The present set-up is a script of `mlstat plan`: applied again it changes what differs. */
  isPlanned: boolean;
  /** Rules come from iptables, not from nft. */
  hasIptables: boolean;
  /** Netfilter was told of at all. */
  hasFirewall: boolean;
}

/** Of one text; scripts and dumps are smaller. */
const MOST_LINES = 200_000;
const LONGEST_LINE = 4096;
const BLOCKED = /^(?:prohibit|unreachable|blackhole)$/;

export function readExtras(texts: readonly SourceText[], facts: Facts): Extras {
  const extras: Extras = {
    settings: new Map(),
    blocked: [],
    restoresMark: false,
    dropsInvalid: false,
    hasScript: false,
    hasKeepalive: facts.keepaliveSec.length > 0,
    equalize: null,
    isPlanned: false,
    hasIptables: false,
    hasFirewall: facts.nat.length > 0,
  };
  for (const { name, text } of texts) {
    extras.isPlanned ||= /\bMLSTAT_SNAT\b|\btable inet mlstat\b|"table": ?"mlstat"/.test(text);
    if (/^\s*[[{]/.test(text)) readJson(name, text, extras);
    else readLines(name, text, extras);
  }
  return extras;
}

/** `net.ipv4.conf.eth1/101.rp_filter` (sysctl swaps dots and slashes) or a path, as a path. */
export function settingPath(key: string): string {
  const plain = key.replace(/^\/?proc\/sys\//, '');
  if (/^net\//.test(plain)) return plain;
  return plain
    .split('.')
    .map((part) => part.replaceAll('/', '.'))
    .join('/');
}

function readLines(name: string, text: string, extras: Extras): void {
  let section: { table: string | null; is6: boolean } = { table: null, is6: false };
  text.split('\n', MOST_LINES).forEach((whole, i) => {
    const line = whole.slice(0, LONGEST_LINE);
    const place = `${name}:${i + 1}`;
    const isComment = /^\s*#/.test(line);
    if (/^#!.*sh\b/.test(line) && i === 0) extras.hasScript = true;
    // The command at a prompt says which table is listed below it.
    const [, flags, rest] = /\bip\s+((?:-\w+\s+)*)r(?:oute)?\b(?:\s+(?:show|list|ls))?(.{0,100})$/.exec(line) ?? [];
    if (flags !== undefined) {
      const [, table] = /\btable\s+(\S+)/.exec(rest) ?? [];
      section = { table: table === 'all' ? null : (table ?? null), is6: flags.includes('-6') };
    }
    readSettings(line, place, extras);
    readBlocked(line, place, section, extras);
    if (isComment) return;
    extras.restoresMark ||= /--restore-mark\b|\bmeta mark set \(?ct mark\b/.test(line);
    extras.dropsInvalid ||=
      /--(?:ct)?state\s+\S*INVALID\b.*-j\s+(?:DROP|REJECT)\b|\bct state (?:\{?[\w, ]*\b)?invalid\b.*\b(?:drop|reject)\b/.test(
        line,
      );
    extras.hasKeepalive ||= /^\s*(?:\S*\/)?(?:ping6?|arping|fping)\s/.test(line) || /\bmanaged\b/.test(line);
    extras.hasFirewall ||= /^(?:\*(?:nat|mangle|filter)\s*$|table (?:ip|ip6|inet) )/.test(line);
    extras.hasIptables ||= /^-A \S|\bip6?tables(?:-nft|-legacy)?\s+-/.test(line);
    if (/\bequalize\b/.test(line)) extras.equalize ??= place;
  });
}

function readSettings(line: string, place: string, extras: Extras): void {
  const set = (key: string, value: string) => extras.settings.set(settingPath(key), { value: value.trim(), place });
  const [, plain, value] = /^\s*(net[./][\w./@-]{1,200})\s*=\s*(.{0,200}?)\s*$/.exec(line) ?? [];
  if (plain !== undefined) set(plain, value);
  else if (/\bsysctl\s/.test(line)) {
    for (const [, key, quoted] of line.matchAll(/\b(net[./][\w./@-]{1,200})=["']?([\w. \t-]{1,100})["']?/g))
      set(key, quoted.split(/\s/)[0]);
  } else {
    const [, echoed, path] =
      /\becho\s+["']?(\d{1,10})["']?\s*>\s*["']?\/proc\/sys\/(net\/\S{1,200}?)["']?\s*$/.exec(line) ?? [];
    if (path !== undefined) set(path, echoed);
  }
}

function readBlocked(
  line: string,
  place: string,
  section: { table: string | null; is6: boolean },
  extras: Extras,
): void {
  const [, type, rest] = /(?:^|\s)(prohibit|unreachable|blackhole)\s+default\b(.*)$/.exec(line) ?? [];
  if (type === undefined) return;
  const [, table] = /\btable\s+(\S+)/.exec(rest) ?? [];
  const [, metric] = /\bmetric\s+(\d{1,10})/.exec(rest) ?? [];
  const is6 = /\bpref \w+|\bdev lo\b/.test(rest) || section.is6;
  extras.blocked.push({
    type,
    table: table ?? section.table ?? 'main',
    family: is6 ? 6 : 4,
    metric: Number(metric ?? (is6 ? 1024 : 0)),
    place,
  });
}

function readJson(name: string, text: string, extras: Extras): void {
  for (const { value, line, column } of jsonItems(text).items) {
    if (typeof value !== 'object' || value === null) continue;
    const type = textOf(value, 'type') ?? '';
    if (BLOCKED.test(type) && textOf(value, 'dst') === 'default') {
      const is6 = Object.hasOwn(value, 'pref') || textOf(value, 'dev') === 'lo';
      const metric = field(value, 'metric');
      extras.blocked.push({
        type,
        table: textOf(value, 'table') ?? 'main',
        family: is6 ? 6 : 4,
        metric: typeof metric === 'number' ? metric : is6 ? 1024 : 0,
        place: `${name}:${line}:${column}`,
      });
    }
    if (Object.hasOwn(value, 'dst') && Object.hasOwn(value, 'managed')) extras.hasKeepalive = true;
    if (Object.hasOwn(value, 'table') && typeof field(value, 'table') === 'object') extras.hasFirewall = true;
    const rule = field(value, 'rule');
    if (rule === undefined) continue;
    extras.hasFirewall = true;
    const expressions = JSON.stringify(field(rule, 'expr') ?? null);
    extras.restoresMark ||=
      /"mangle":\{"key":\{"meta":\{"key":"mark"\}\},"value":\{(?:"[&|]":\[\{)*"ct":\{"key":"mark"/.test(expressions);
    extras.dropsInvalid ||=
      /"ct":\{"key":"state"\}/.test(expressions) &&
      /"invalid"/.test(expressions) &&
      /"(?:drop|reject)":/.test(expressions);
  }
}
