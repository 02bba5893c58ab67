// The router's own files become a configuration: each is told by its content and read for what it says, then all are
// put together. Never runs anything, never throws for what stands in a file.

import type { Config } from '../config/config.js';
import { quote } from '../util/quote.js';
import { formatNumberOf } from '../util/units.js';
import { readDump, type Tally } from './dump.js';
import { readEndian } from './endian.js';
import { addFacts, type Facts, type Note, noFacts, type Place, RANK } from './facts.js';
import { folderOf, listRouterFiles, type RouterFile, readText } from './files.js';
import { readIpJson } from './ip-json.js';
import { jsonItems } from './json-items.js';
import { readMwan3 } from './mwan3.js';
import { readNft } from './nft.js';
import { readNftJson } from './nft-json.js';
import { plainCommands } from './planned.js';
import { readScript } from './script.js';
import { compareSnapshots, laterSnapshots } from './snapshots.js';
import { type Kind, sniffRouter } from './sniff.js';
import { readUci } from './uci.js';
import { toConfig } from './uplinks.js';

export interface RouterReading {
  /** Null where no uplink is told. */
  config: Config | null;
  notes: Note[];
  /** What can't be read at all, a line each. */
  errors: string[];
  /** Absolute paths of what was read. */
  files: string[];
}

/** For the audit: what was said itself, with the texts (those of later snapshots left out). */
export interface RouterFacts extends RouterReading {
  facts: Facts;
  texts: SourceText[];
}

/** A file and what it says. */
export interface SourceText {
  name: string;
  path: string;
  text: string;
}

interface Read {
  path: string;
  clock: number | null;
  isState: boolean;
  facts: Facts;
  notes: Note[];
  source: SourceText | null;
}

/** Scripts, settings and JSON are smaller; only what commands print may be longer. */
const LARGEST = { json: 8 * 1024 * 1024, text: 1024 * 1024 } as const;
const MOST_UNCLEAR = 8;

/** Reads files and folders (`-` is standard input). Throws nothing but what is no fault of the files. */
export async function readRouter(args: readonly string[], cwd: string): Promise<RouterReading> {
  const { config, notes, errors, files } = await readRouterFacts(args, cwd, false);
  return { config, notes, errors, files };
}

/** The same with the facts; `keeps` the texts. */
export async function readRouterFacts(args: readonly string[], cwd: string, keeps = true): Promise<RouterFacts> {
  const { files, errors } = await listRouterFiles(args, cwd);
  const read: Read[] = [];
  for (const file of files) {
    try {
      const one = await readFile(file);
      read.push(keeps ? one : { ...one, source: null });
    } catch (error) {
      errors.push(`${quote(file.name)}: ${(error as NodeJS.ErrnoException).code ?? String(error)}`);
    }
  }
  return { ...assemble(read), errors, files: files.filter(({ path }) => path !== '-').map(({ path }) => path) };
}

/** The same for texts at hand. */
export function readRouterTexts(
  texts: readonly SourceText[],
): Pick<RouterFacts, 'config' | 'notes' | 'facts' | 'texts'> {
  return assemble(texts.map(({ name, path, text }) => understand(name, path, text, false)));
}

async function readFile({ name, path }: RouterFile): Promise<Read> {
  const isText = (head: string) => {
    const kind = sniffRouter(head);
    return typeof kind === 'string' || kind.skipped.startsWith('nothing');
  };
  const { text, isCut } = await readText(path, isText);
  return understand(name, path, text, isCut);
}

function understand(name: string, path: string, given: string, isCut: boolean): Read {
  const text = plainCommands(given) ?? given;
  const kind = sniffRouter(text);
  const facts = noFacts();
  const notes: Note[] = [];
  const isState = kind === 'json' || kind === 'dump';
  const read: Read = { path, clock: kind === 'clock' ? Number(text) : null, isState, facts, notes, source: null };
  const rank = isState ? RANK.state : kind === 'script' || kind === 'commands' ? RANK.script : RANK.settings;
  const start: Place = { file: name, line: 1, column: null, rank };
  if (kind === 'clock') return read;
  if (typeof kind === 'object') {
    notes.push({ kind: 'skipped', place: start, text: kind.skipped });
    return read;
  }
  const most = kind === 'json' ? LARGEST.json : kind === 'dump' ? Number.POSITIVE_INFINITY : LARGEST.text;
  if (text.length > most || isCut) {
    notes.push({ kind: 'assumed', place: start, text: 'too long: only its beginning is read' });
  }
  read.source = { name, path, text };
  const tally = readKind(kind, text.slice(0, Math.min(text.length, most)), read, start);
  tellTally(tally, kind, start, notes);
  return read;
}

function readKind(kind: Kind, text: string, { facts, notes, path }: Read, start: Place): Tally {
  if (kind === 'json') return readJson(text, facts, notes, start);
  if (kind === 'uci') return readUci(text, facts, start);
  if (kind === 'endian') return readEndian(text, folderOf(path), facts, notes, start);
  if (kind === 'dump') return readDump(text, facts, notes, start);
  if (kind === 'nft') {
    const count = readNft(text, facts, notes, start);
    return { counts: new Map([['nftables rules', count]]), unknown: [], unknownCount: 0 };
  }
  return readScript(text, kind === 'script', facts, notes, start);
}

function readJson(text: string, facts: Facts, notes: Note[], start: Place): Tally {
  const tally: Tally = { counts: new Map(), unknown: [], unknownCount: 0 };
  const { items, broken } = jsonItems(text);
  for (const { value, line, column } of items) {
    const place = { ...start, line, column };
    // `ip -j` prints `{}` for what it leaves out.
    if (typeof value === 'object' && value !== null && Object.keys(value).length === 0) continue;
    const what = readNftJson(value, facts, notes, place) ? 'nftables items' : readIpJson(value, facts, place);
    if (what === null) tally.unknownCount++;
    else tally.counts.set(what, (tally.counts.get(what) ?? 0) + 1);
  }
  if (broken !== null) {
    notes.push({
      kind: 'unclear',
      place: { ...start, ...broken },
      text: 'no JSON from here on: what stands before is read',
    });
  }
  return tally;
}

/** One line of what was understood, the first of what was not. */
function tellTally(tally: Tally, kind: Kind, start: Place, notes: Note[]): void {
  const counts = [...tally.counts].filter(([, count]) => count > 0).map(([what, count]) => `${count} ${what}`);
  if (counts.length === 0 && notes.length === 0) {
    const none =
      tally.counts.size > 0
        ? `no ${[...tally.counts.keys()].join(' or ')} in it`
        : 'nothing of routes, rules, addresses or NAT in it';
    notes.push({ kind: 'skipped', place: start, text: none });
    return;
  }
  const isScript = kind === 'script' || kind === 'commands';
  const other =
    isScript && tally.unknownCount > 0
      ? [`${formatNumberOf(tally.unknownCount, 'command')} that say nothing of uplinks`]
      : [];
  notes.unshift({ kind: 'understood', place: start, text: [...counts, ...other].join(', ') });
  if (isScript) return;
  for (const { place, text } of tally.unknown.slice(0, MOST_UNCLEAR)) {
    notes.push({ kind: 'unclear', place, text: quote(text) });
  }
  const more = tally.unknownCount - Math.min(tally.unknown.length, MOST_UNCLEAR);
  if (more > 0)
    notes.push({
      kind: 'unclear',
      place: start,
      text: `${formatNumberOf(more, tally.unknown.length > 0 ? 'more line' : 'item')}`,
    });
}

function assemble(read: readonly Read[]): Pick<RouterFacts, 'config' | 'notes' | 'facts' | 'texts'> {
  const later = laterSnapshots(read);
  const isLater = new Set(later.flat());
  const facts = noFacts();
  const notes: Note[] = [];
  read.forEach((one, i) => {
    if (isLater.has(i)) return;
    addFacts(facts, one.facts);
    notes.push(...one.notes);
  });
  readMwan3(facts, notes);
  const { config, notes: conclusions } = toConfig(facts);
  const snapshots = later.map((indices) => {
    const together = noFacts();
    for (const i of indices) addFacts(together, read[i].facts);
    return together;
  });
  if (snapshots.length > 0) {
    const count = formatNumberOf(isLater.size, 'file');
    notes.push({
      kind: 'assumed',
      place: null,
      text: `several snapshots: the earliest counts, ${count} of later ones are compared with it`,
    });
    compareSnapshots(facts, snapshots, notes);
  }
  const isUplink = ({ kind }: Note) => kind === 'understood';
  return {
    config,
    facts,
    texts: read.flatMap(({ source }, i) => (source === null || isLater.has(i) ? [] : [source])),
    notes: [...notes, ...conclusions.filter((note) => !isUplink(note)), ...conclusions.filter(isUplink)],
  };
}
