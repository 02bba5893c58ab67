// Files such as `start.route.txt`, `mid.route.txt`, `end.route.txt` are one thing at several times. The earliest counts,
// for it is what held when a capture began; what later ones say otherwise is told.

import { basename, dirname } from 'node:path';
import type { Facts, Note } from './facts.js';
import { placeText } from './facts.js';
import { sortRoutes } from './routes.js';

/** What may be a snapshot: files of the kernel's state. `clock` holds seconds since the epoch, for its label. */
export interface SnapshotFile {
  path: string;
  clock: number | null;
  isState: boolean;
}

const EARLY = /^(?:start|begin|before|first|initial|pre|old)$/i;
const LATE = /^(?:end|after|last|final|post|new)$/i;
const MIDDLE = /^(?:mid|middle|during|fault|run|snap|snapshot)$/i;
const TIMESTAMP = /^\d{4}-?\d\d-?\d\d(?:[T_-]?\d{2,6})?Z?$|^\d{9,10}$/;

/**
 * Of each group of snapshots all but the earliest, as indices, later ones in the order of time. Labels count only where
 * they name a time: by a clock file of the same label, or by such words as start, mid, end, or a date.
 */
export function laterSnapshots(files: readonly SnapshotFile[]): number[][] {
  const clocks = new Map<string, number>();
  for (const { path, clock } of files) {
    if (clock !== null) clocks.set(`${dirname(path)}/${labelOf(path)}`, clock);
  }
  const groups = new Map<string, { index: number; label: string; time: number | null; rank: number }[]>();
  files.forEach(({ path, isState }, index) => {
    const label = labelOf(path);
    const name = basename(path);
    if (!isState || label === name) return;
    const time = clocks.get(`${dirname(path)}/${label}`) ?? null;
    const rank = rankOf(label);
    if (time === null && rank === null) return;
    const key = `${dirname(path)}/${name.slice(label.length)}`;
    const one = { index, label, time, rank: rank ?? 1 };
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [one]);
    else group.push(one);
  });
  const byLabel = new Map<string, { time: number; rank: number; indices: number[] }>();
  for (const [key, group] of groups) {
    const order = new Intl.Collator('en', { numeric: true });
    group.sort((a, b) => (a.time ?? 0) - (b.time ?? 0) || a.rank - b.rank || order.compare(a.label, b.label));
    for (const { index, label, time, rank } of group.slice(1)) {
      const name = `${dirname(key)}/${label}`;
      const known = byLabel.get(name);
      if (known === undefined) byLabel.set(name, { time: time ?? 0, rank, indices: [index] });
      else known.indices.push(index);
    }
  }
  return [...byLabel.values()].sort((a, b) => a.time - b.time || a.rank - b.rank).map(({ indices }) => indices);
}

/** Tells once each weight that is another one later, each nexthop that comes, goes or is out of use. */
export function compareSnapshots(first: Facts, later: readonly Facts[], notes: Note[]): void {
  const before = hopsOf(first);
  const told = new Set<string>();
  for (const facts of later) {
    const now = hopsOf(facts);
    for (const [key, hop] of now) {
      const known = before.get(key);
      const what = `${hop.dev ?? hop.gateway}`;
      let text: string | null = null;
      if (known === undefined && before.size > 0) text = `${what} is a nexthop only in this later snapshot`;
      else if (known !== undefined && known.weight !== hop.weight) {
        text = `the weight of ${what} is ${hop.weight} in this later snapshot, and ${known.weight} at ${placeText(known.place)}: the earlier is taken`;
      } else if (known !== undefined && hop.isDead && !known.isDead)
        text = `${what} is out of use in this later snapshot`;
      if (text === null || told.has(text)) continue;
      told.add(text);
      notes.push({ kind: 'contradiction', place: hop.place, text });
    }
    for (const [key, hop] of before) {
      if (now.size === 0 || now.has(key) || told.has(key)) continue;
      told.add(key);
      const [other] = now.values();
      notes.push({
        kind: 'contradiction',
        place: other.place,
        text: `${hop.dev ?? hop.gateway} is no nexthop any more in this later snapshot, as it was at ${placeText(hop.place)}`,
      });
    }
  }
}

function hopsOf(facts: Facts) {
  const { balanced } = sortRoutes(facts, []);
  return new Map(
    [4, 6].flatMap((family) =>
      balanced[family as 4 | 6].flatMap(({ hops }) =>
        hops.map((hop) => [`${family} ${hop.dev} ${hop.gateway}`, hop] as const),
      ),
    ),
  );
}

/** `start` of `start.route.txt`. */
function labelOf(path: string): string {
  const name = basename(path);
  const dot = name.indexOf('.');
  return dot > 0 ? name.slice(0, dot) : name;
}

function rankOf(label: string): number | null {
  const word = label.replace(/[-_]?\d{1,3}$/, '');
  if (EARLY.test(word)) return 0;
  if (MIDDLE.test(word) || TIMESTAMP.test(label)) return 1;
  return LATE.test(word) ? 2 : null;
}
