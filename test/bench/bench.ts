// Generated captures into tables of ratios: mlstat and whoever else is installed, whole processes in turn, in one run.
//
//   npm run bench                       snap full gzip small slow
//   npm run bench -- hour crowd any     as snap with few and with many flows alive at once; both sides of the router
//   npm run bench -- stream lengths     what takes long: a stream of 100 M packets; captures of 1 M to 50 M packets
//   options: --rounds 5, --scale 1 (length of the captures), --against PATH (an older build's dist/cli.js, run beside);
//   what follows -- goes to mlstat (-- --jobs 1)
//
// Prints Markdown for docs/performance.md. No time fails anything; a result that isn't true does.

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { cliPath, projectDir } from '../shared.js';
import { differencesFrom } from './check.js';
import { type Contender, gunzip, mlstat, peers, slowPeers } from './contenders.js';
import { benchDir, type Generated, generate } from './generate.js';
import { exponent, inTurn, measure, median, type Run } from './measure.js';
import { bytesText, digits, markdownTable, peak, ratioOf, ratioText, runsTable } from './table.js';
import type { Truth } from './traffic.js';

const USUAL = ['snap', 'full', 'gzip', 'small', 'slow'];
const FLOW_TOOLS = ['argus', 'nfpcapd', 'softflowd'];
/** Packets in millions that `lengths` takes. */
const LENGTHS = [1, 3, 10, 20, 50];

/** One line of the closing table: what was found beside what performance.md asks for. */
interface Goal {
  what: string;
  found: string;
  firstLanding: string;
  aim: string;
}

interface Bench {
  rounds: number;
  scale: number;
  /** mlstat's built command line. */
  cli: string;
  /** The command line of another build, to be run beside; null without. */
  against: string | null;
  /** More words for mlstat's command line. */
  more: string[];
  goals: Goal[];
  print(text: string): void;
  note(text: string): void;
}

type Section = (bench: Bench) => Promise<void>;

const SECTIONS: Record<string, Section> = {
  snap: (bench) => whole(bench, 'snap', ['≤ 2.0', '≤ 1.0'], ['≥ 12', '≥ 20']),
  full: (bench) => whole(bench, 'full', ['≤ 1.6', '≤ 1.0'], ['≥ 4', '≥ 6']),
  hour: (bench) => whole(bench, 'hour'),
  crowd: (bench) => whole(bench, 'crowd'),
  any: (bench) => whole(bench, 'any'),
  gzip: compressed,
  small,
  slow,
  stream,
  lengths,
};

/** `argv` is the command line behind `npm run bench`. Sets the exit code where a result isn't true. Throws for wrong usage. */
export async function runBench(argv: readonly string[]): Promise<void> {
  const split = argv.indexOf('--');
  const own = split < 0 ? argv : argv.slice(0, split);
  const { values, positionals } = parseArgs({
    args: [...own],
    allowPositionals: true,
    options: {
      rounds: { type: 'string', default: '5' },
      scale: { type: 'string', default: '1' },
      against: { type: 'string' },
      cli: { type: 'string', default: cliPath },
    },
  });
  const chosen = positionals.length > 0 ? positionals : USUAL;
  const unknown = chosen.find((name) => !(name in SECTIONS));
  if (unknown !== undefined) throw new Error(`unknown section ${unknown}: one of ${Object.keys(SECTIONS).join(', ')}`);
  if (!existsSync(values.cli)) throw new Error(`${values.cli} is not built (npm run build)`);
  const bench: Bench = {
    rounds: Number(values.rounds),
    scale: Number(values.scale),
    cli: values.cli,
    against: values.against ?? null,
    more: split < 0 ? [] : argv.slice(split + 1),
    goals: [],
    print: (text) => process.stdout.write(`${text}\n\n`),
    note: (text) => process.stderr.write(`${text}\n`),
  };
  bench.print(machine());
  for (const name of chosen) await SECTIONS[name](bench);
  const rows = bench.goals.map(({ what, found, firstLanding, aim }) => [what, found, firstLanding, aim]);
  if (rows.length > 0) bench.print(markdownTable(['', 'found', 'first landing', 'aim'], rows));
}

/** A capture against all peers. The pairs are first landing and aim: of the ratio to tcpdump, of the speed against flow tools. */
async function whole(bench: Bench, preset: string, counting = ['', ''], flows = ['', '']): Promise<void> {
  const made = make(bench, preset, bench.scale);
  const contenders = [ours(bench, made), ...older(bench, made), ...peers(made.capture, scratch())];
  const { present, runs } = await compete(bench, preset, made.truth, contenders, bench.rounds);
  const of = (name: string) => runs[present.findIndex((contender) => contender.name === name)];
  const counter = of('tcpdump --count');
  if (counter !== undefined) {
    goal(bench, `${preset}: time against tcpdump --count`, ratioText(ratioOf(runs[0], counter)), counting);
  }
  const tools = FLOW_TOOLS.map(of).filter((found) => found !== undefined);
  if (tools.length > 0) {
    const wall = (all: Run[]) => median(all.map(({ wallSec }) => wallSec));
    const fastest = tools.reduce((best, tool) => (wall(tool) < wall(best) ? tool : best));
    goal(bench, `${preset}: times as fast as the fastest flow tool`, ratioText(ratioOf(fastest, runs[0])), flows);
  }
  if (preset === 'snap') goal(bench, 'snap: peak memory', bytesText(peak(runs[0])), ['≤ 350 MB', '≤ 250 MB']);
}

async function compressed(bench: Bench): Promise<void> {
  const made = make(bench, 'snap', bench.scale);
  const path = `${made.capture}.gz`;
  if (!existsSync(path)) {
    bench.note('compressing snap, once');
    spawnSync('sh', ['-c', `gzip -c '${made.capture}' > '${path}.part' && mv '${path}.part' '${path}'`]);
  }
  const zipped = { ...made, capture: path };
  const contenders = [ours(bench, zipped), ...older(bench, zipped), gunzip(path)];
  const { runs } = await compete(
    bench,
    `snap, gzip (${bytesText(statSync(path).size)})`,
    made.truth,
    contenders,
    bench.rounds,
  );
  const peer = runs.at(-1);
  if (peer === undefined || runs.length < 2 || contenders.at(-1)?.command === null) return;
  goal(bench, 'gzip: time against gzip -dc', ratioText(ratioOf(runs[0], peer)), ['≤ 0.75', '≤ 0.55']);
}

/** A thousand packets to a table: what starting costs. */
async function small(bench: Bench): Promise<void> {
  const made = make(bench, 'small', 1);
  const table = mlstat(bench.cli, made.config, made.capture, ['--format', 'table', ...bench.more]);
  const bare: Contender = {
    name: 'node -e 0',
    command: { argv: [process.execPath, '-e', '0'] },
    packets: () => null,
  };
  const commands = [table, bare].map(({ command }) => command).filter((command) => command !== null);
  const runs = await inTurn(commands, 2 * bench.rounds + 1, bench.note);
  bench.print(`### 1,000 packets to a table\n\n${runsTable([table, bare], runs)}`);
  const walls = runs[0].map(({ wallSec }) => wallSec * 1000);
  const text = `${Math.round(median(walls))} ms (${Math.round(Math.min(...walls))}–${Math.round(Math.max(...walls))})`;
  goal(bench, '1,000 packets, start to table', text, ['≤ 250 ms', '≤ 150 ms']);
}

/** The readers of JavaScript, and tshark: a tenth of snap is enough for them. */
async function slow(bench: Bench): Promise<void> {
  const made = make(bench, 'snap', bench.scale / 10);
  const contenders = [ours(bench, made), ...slowPeers(made.capture)];
  await compete(bench, 'a tenth of snap', made.truth, contenders, Math.min(bench.rounds, 3));
}

/** Ten times snap's length at the same concurrency, by way of a pipe: memory must not grow with it. */
async function stream(bench: Bench): Promise<void> {
  const made = make(bench, 'small', 1);
  const truthPath = join(scratch(), 'stream.json');
  const generator = fileURLToPath(new URL('./generate.js', import.meta.url));
  const contender = mlstat(bench.cli, made.config, '-', ['--format', 'json', ...bench.more]);
  if (contender.command === null) return;
  const pipeFrom = [process.execPath, generator, 'stream', '--scale', String(bench.scale), '--truth', truthPath];
  bench.note('streaming');
  const run = await measure({ ...contender.command, pipeFrom });
  const truth = JSON.parse(readFileSync(truthPath, 'utf8')) as Truth;
  expectTruth(bench, 'stream', truth, run);
  const rate = digits(truth.packets / run.wallSec / 1e6);
  bench.print(
    `### stream\n\n${truth.packets} packets in ${digits(run.wallSec)} s, the generator's time with it: ${rate} M packets/s.`,
  );
  goal(bench, 'stream: peak memory', bytesText(run.peakBytes), ['≤ 350 MB', '≤ 250 MB']);
}

/** Of the preset `hour`: there a capture is long against its flows from 1 M packets on. */
async function lengths(bench: Bench): Promise<void> {
  const packets: number[] = [];
  const walls: number[] = [];
  const rows: string[][] = [];
  for (const millions of LENGTHS) {
    const made = make(bench, 'hour', (bench.scale * millions) / 10);
    const { command } = ours(bench, made);
    if (command === null) return;
    const [runs] = await inTurn([command], Math.min(bench.rounds, 3), bench.note);
    expectTruth(bench, `${millions} M packets`, made.truth, runs[0]);
    packets.push(made.truth.packets);
    walls.push(median(runs.map(({ wallSec }) => wallSec)));
    const wall = walls.at(-1) as number;
    const each = `${digits((wall / made.truth.packets) * 1e9)} ns`;
    rows.push([String(made.truth.packets), `${digits(wall)} s`, each, bytesText(peak(runs))]);
  }
  bench.print(`### time against length\n\n${markdownTable(['packets', 'wall', 'a packet', 'peak memory'], rows)}`);
  goal(bench, 'time against length: exponent', exponent(packets, walls).toFixed(3), ['≤ 1.05', '≤ 1.05']);
}

/** Runs those that are installed, sees to it that all of them read everything, and prints their table. */
async function compete(bench: Bench, title: string, truth: Truth, contenders: readonly Contender[], rounds: number) {
  const present = contenders.filter(({ command }) => command !== null);
  const missing = contenders.filter(({ command }) => command === null).map(({ name }) => name);
  const commands = present.map(({ command }) => command).filter((command) => command !== null);
  const runs = await inTurn(commands, rounds, (text) => bench.note(`${title}: ${text}`));
  for (const [i, contender] of present.entries()) {
    const said = runs[i][0].status === 0 ? contender.packets(runs[i][0]) : null;
    if (runs[i][0].status !== 0 || (said !== null && said !== truth.packets)) {
      const [status, error] = [runs[i][0].status, runs[i][0].stderr.trim().split('\n').at(-1)];
      wrong(bench, `${title}: ${contender.name} read ${said} of ${truth.packets} packets, exit ${status}: ${error}`);
    }
  }
  expectTruth(bench, title, truth, runs[0][0]);
  const without = missing.length > 0 ? `\n\nNot installed: ${missing.join(', ')}.` : '';
  bench.print(`### ${title}: ${truth.packets} packets, ${truth.flows} flows\n\n${runsTable(present, runs)}${without}`);
  return { present, runs };
}

function expectTruth(bench: Bench, title: string, truth: Truth, run: Run): void {
  if (run.status !== 0) {
    wrong(bench, `${title}: mlstat ended with ${run.status}: ${run.stderr.trim()}`);
    return;
  }
  for (const difference of differencesFrom(truth, run.stdout)) wrong(bench, `${title}: ${difference}`);
}

function wrong(bench: Bench, text: string): void {
  process.exitCode = 1;
  bench.print(`**Wrong:** ${text}`);
}

function goal(bench: Bench, what: string, found: string, [firstLanding, aim]: string[]): void {
  bench.goals.push({ what, found, firstLanding, aim });
}

function ours(bench: Bench, { config, capture }: Generated): Contender {
  return mlstat(bench.cli, config, capture, ['--format', 'json', ...bench.more]);
}

function older(bench: Bench, { config, capture }: Generated): Contender[] {
  if (bench.against === null) return [];
  return [
    { ...mlstat(bench.against, config, capture, ['--format', 'json', ...bench.more]), name: 'mlstat, the other' },
  ];
}

function make(bench: Bench, preset: string, scale: number): Generated {
  bench.note(`generating ${preset} × ${scale}, unless it is there`);
  return generate(preset, scale);
}

function scratch(): string {
  const dir = join(benchDir(), 'scratch');
  mkdirSync(dir, { recursive: true });
  return dir;
}

/** What the figures were found on. */
function machine(): string {
  const git = (...words: string[]) => spawnSync('git', words, { cwd: projectDir, encoding: 'utf8' }).stdout?.trim();
  const commit = git('rev-parse', '--short', 'HEAD') || 'no commit';
  const changed = git('status', '--porcelain', '--untracked-files=no', 'src') ? ', with changes' : '';
  const memory = Math.round(totalmem() / 2 ** 30);
  const processors = cpus();
  return (
    `Commit ${commit}${changed}; Node ${process.version}; ${processors.length} × ${processors[0]?.model.trim()}, ` +
    `${memory} GiB, ${process.platform} ${release()}.`
  );
}
