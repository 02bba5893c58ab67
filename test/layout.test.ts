// The plan of the house: which room may use which, read off the import lines of the sources.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, posix } from 'node:path';
import { test } from 'node:test';
import { projectDir } from './shared.js';

/** Rooms in the order in which data passes through them: each may import itself and those before it. */
const ORDER = [
  'util',
  'input',
  'decode',
  'config',
  'uplinks',
  'flows',
  'tally',
  'detect',
  'workers',
  'measure',
  'advise',
  'report',
  'pipeline',
  'commands',
  'cli',
];

/** Rooms that may use less (or other) than the order gives them. */
const ONLY: Record<string, readonly string[]> = {
  router: ['util', 'config'],
  commands: [...ORDER.slice(0, ORDER.indexOf('commands')), 'router'],
  index: ORDER.filter((room) => room !== 'commands' && room !== 'cli'),
  cli: ['util', 'commands'],
  launch: [],
};

/** The shape of the report is the contract between the rooms that fill it and those that draw it. */
const CONTRACTS: Record<string, readonly string[]> = {
  'report/report.ts': ['flows', 'tally', 'detect', 'measure', 'advise'],
  'report/capacity.ts': ['advise'],
  'report/tuning.ts': ['advise'],
  'report/comparison.ts': ['measure'],
  'report/validation.ts': ['advise'],
};

/** Packages of which one place alone knows. Where a package isn't named here it may be used nowhere. */
const PACKAGES: Record<string, readonly RegExp[]> = {
  'cli-progress': [/^commands\//],
  'cli-table3': [/^report\/terminal/],
  commander: [/^commands\//, /^cli\.ts$/],
  fzstd: [/^input\//],
  'ip-num': [/^config\//],
  'pcap-parser': [/^decode\//],
  picocolors: [/^report\//, /^commands\//],
  '@resvg/resvg-js': [/^report\/draw\//],
  saxes: [/^decode\/conntrack/],
  vega: [/^report\/(draw|html\/client)\//],
  'vega-interpreter': [/^report\/(draw|html\/client)\//],
  'vega-lite': [/^report\/draw\//],
  yaml: [/^config\//],
  zod: [/^config\//, /^report\/schema(-\w+)?\.ts$/],
};

/** Built-ins that reach outside. Rooms that compute have none of them: what they need is handed to them. */
const OUTSIDE = /^node:(fs|child_process|process|os|net|http|https|tty|readline|worker_threads|timers)(\/|$)/;
/** Where the version stands: in the package's own manifest. */
const READS_MANIFEST = 'util/version.ts';
const PURE = ['util', 'decode', 'uplinks', 'flows', 'tally', 'detect', 'measure', 'advise'];

/** Readers of capture formats; none may lean on another. */
const FORMATS = ['decode/pcap.ts', 'decode/pcapng.ts', 'decode/erf.ts', 'decode/snoop.ts'];

/** Grammars that nest in each other, so that their readers call each other: PPPoE in Ethernet, MPLS and Ethernet in PPP. */
const NESTED = ['decode/ethernet.ts', 'decode/ppp.ts'];

interface Import {
  from: string;
  to: string;
  /** Gone at run time. */
  typeOnly: boolean;
}

const sourceDir = `${projectDir}/src`;
const files = readdirSync(sourceDir, { recursive: true, encoding: 'utf8' })
  .map((path) => path.replaceAll('\\', '/'))
  .filter((path) => path.endsWith('.ts'))
  .sort();
/** What the build makes beside the modules is a file to be read, like an asset. */
const imports = files.flatMap(importsOf).filter(({ to }) => !to.startsWith('../dist/'));
const own = imports.filter(({ to }) => to.endsWith('.ts'));
const foreign = imports.filter(({ to }) => !to.endsWith('.ts'));

test('there are sources to look at', () => {
  assert.ok(own.length > 0, `no import lines in ${sourceDir}`);
});

test('every room imports only what lies before it', () => {
  const wrong = own
    .filter(({ from, to }) => !allowedRooms(roomOf(from)).includes(roomOf(to)))
    .filter(({ from, to }) => !(CONTRACTS[to] ?? []).includes(roomOf(from)));
  assert.deepEqual(wrong.map(asLine), []);
});

test('every import names a file that is there', () => {
  assert.deepEqual(own.filter(({ to }) => !files.includes(to)).map(asLine), []);
});

test('no file imports itself by a detour', () => {
  const inBoth = ({ from, to }: Import) => NESTED.includes(from) && NESTED.includes(to);
  const targets = grouped(own.filter((edge) => !edge.typeOnly && !inBoth(edge)));
  const cycles: string[] = [];
  const finished = new Set<string>();
  const visit = (file: string, path: readonly string[]): void => {
    if (path.includes(file)) cycles.push([...path.slice(path.indexOf(file)), file].join(' -> '));
    if (finished.has(file) || path.includes(file)) return;
    for (const target of targets.get(file) ?? []) visit(target, [...path, file]);
    finished.add(file);
  };
  for (const file of files) visit(file, []);
  assert.deepEqual(cycles, []);
});

test('no capture format imports another', () => {
  const wrong = own.filter(({ from, to }) => FORMATS.includes(from) && FORMATS.includes(to) && from !== to);
  assert.deepEqual(wrong.map(asLine), []);
});

test('each package is known to one place', () => {
  const wrong = foreign
    .filter(({ to }) => !to.startsWith('node:'))
    .filter(({ from, to }) => !(PACKAGES[to] ?? []).some((place) => place.test(from)));
  assert.deepEqual(wrong.map(asLine), []);
});

test('rooms that compute touch neither files nor the process', () => {
  const wrong = foreign
    .filter(({ from }) => from !== READS_MANIFEST)
    .filter(({ from, to }) => OUTSIDE.test(to) && PURE.includes(roomOf(from)));
  assert.deepEqual(wrong.map(asLine), []);
});

test('the dependencies are the packages that are imported', () => {
  const manifest = JSON.parse(readFileSync(`${projectDir}/package.json`, 'utf8')) as {
    dependencies: Record<string, string>;
  };
  const used = new Set(foreign.filter(({ to }) => !to.startsWith('node:')).map(({ to }) => to));
  assert.deepEqual(Object.keys(manifest.dependencies).sort(), [...used].sort());
});

/** Static, dynamic and type imports, exports from, and files named for a worker by `new URL(…, import.meta.url)`. */
function importsOf(file: string): Import[] {
  const text = readFileSync(`${sourceDir}/${file}`, 'utf8').replace(/\/\*[\s\S]*?\*\//g, '');
  const patterns = [
    /^\s*(?:import|export)\b[^'";]*?\bfrom\s+'([^']+)'/gm,
    /^\s*import\s+'([^']+)'/gm,
    /\bimport\(\s*'([^']+)'\s*\)/g,
    /\bnew URL\(\s*'(\.[^']+\.js)',\s*import\.meta\.url\s*\)/g,
  ];
  return patterns.flatMap((pattern) =>
    [...text.matchAll(pattern)].map((match) => ({
      from: file,
      to: resolved(file, match[1] as string),
      typeOnly: /^\s*(import|export) type\b/.test(match[0]),
    })),
  );
}

/** An own file's path within src; a package's name, without the path within it; `node:…` as it stands. */
function resolved(from: string, specifier: string): string {
  if (specifier.startsWith('.')) {
    const path = posix.join(dirname(from), specifier);
    // What the build makes is declared.
    const declared = path.replace(/\.js$/, '.d.ts');
    return files.includes(declared) ? declared : path.replace(/\.js$/, '.ts');
  }
  if (specifier.startsWith('node:')) return specifier;
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}

function roomOf(file: string): string {
  return file.includes('/') ? file.slice(0, file.indexOf('/')) : file.replace(/\.ts$/, '');
}

function allowedRooms(room: string): readonly string[] {
  const earlier = ONLY[room] ?? ORDER.slice(0, ORDER.indexOf(room));
  return [...earlier, room];
}

function grouped(edges: readonly Import[]): Map<string, string[]> {
  const targets = new Map<string, string[]>();
  for (const { from, to } of edges) targets.set(from, [...(targets.get(from) ?? []), to]);
  return targets;
}

function asLine({ from, to }: Import): string {
  return `src/${from} imports ${to}`;
}
