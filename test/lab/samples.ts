// `npm run samples [-- NAME…]`: each bundled sample is run by the lab anew, what is worth showing of it is packed into
// samples/NAME, its truth into samples/truth, and the table in samples/README.md written again.

import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { UserError } from '#src/util/error.js';
import { projectDir } from '../shared.js';
import { whyNot } from './available.js';
import { type LabRun, runLab } from './run.js';
import { packTruth, readSampleTruth, SAMPLES, type SampleTruth, samplesDir, truthTable } from './sample-truth.js';
import { readScenario } from './scenario.js';

/** All samples together. */
const LARGEST_BYTES = 2_000_000;

/** What of a run is shown: captures and logs to be packed, files of the router to be laid beside them as they are. */
const SHOWN: Record<(typeof SAMPLES)[number], { packed: readonly string[]; router: readonly string[] }> = {
  '4to1': {
    packed: ['pcap/wan1.pcap', 'pcap/wan2.pcap'],
    router: ['start.route.txt', 'start.rule.txt', 'start.iptables-save.txt'],
  },
  blackhole: { packed: ['pcap/any_sll2.pcap'], router: [] },
  failover: {
    packed: ['pcap/wan1.pcap', 'pcap/wan2.pcap', 'router/conntrack-E.txt', 'router/end.conntrack-L.txt'],
    router: [
      'start.route.txt',
      'start.route6.txt',
      'start.rule.txt',
      'start.rule6.txt',
      'start.addr.txt',
      'start.nft.json',
      'start.sysctl.txt',
    ],
  },
  leak: { packed: ['pcap/any_sll2.pcap'], router: [] },
};

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => process.exit(130));

try {
  await main(process.argv.slice(2));
} catch (error) {
  const known = error instanceof UserError;
  process.stderr.write(`samples: ${known ? error.message : ((error as Error).stack ?? error)}\n`);
  process.exitCode = known ? error.exitCode : 1;
}

async function main(names: readonly string[]): Promise<void> {
  const unknown = names.find((name) => !SAMPLES.some((sample) => sample === name));
  if (unknown !== undefined) throw new UserError(`${unknown} is no sample; there are ${SAMPLES.join(', ')}`);
  const reason = await whyNot();
  if (reason !== null) throw new UserError(reason);
  const work = mkdtempSync(join(tmpdir(), 'mlstat-samples-'));
  try {
    for (const name of SAMPLES) {
      if (names.length > 0 && !names.includes(name)) continue;
      const path = join(projectDir, 'test', 'lab', 'scenarios', `sample-${name}.json`);
      const scenario = readScenario(readFileSync(path, 'utf8'), `sample-${name}.json`);
      const folder = join(work, name);
      const run = await runLab(scenario, folder, (line) => process.stderr.write(`samples: ${name}: ${line}\n`));
      if (run.remarks.length > 0) throw new UserError(`${name}: ${run.remarks.join('; ')}`);
      lay(name, folder, run);
    }
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  rewriteTable(SAMPLES.map((name) => [name, readSampleTruth(name)]));
}

/** Packed without a time of their own: the same bytes give the same file. */
function lay(name: (typeof SAMPLES)[number], folder: string, { truth }: LabRun): void {
  const { packed, router } = SHOWN[name];
  const target = join(samplesDir, name);
  const files: [string, Buffer][] = [
    ...packed.map((file): [string, Buffer] => [
      join(target, `${shownAs(file)}.gz`),
      gzipSync(readFileSync(join(folder, file)), { level: 9 }),
    ]),
    [join(samplesDir, 'truth', `${name}.json.gz`), gzipSync(packTruth(truth), { level: 9 })],
  ];
  const bytes = files.reduce((sum, [, content]) => sum + content.length, 0);
  if (bytes > LARGEST_BYTES / SAMPLES.length) {
    throw new UserError(`${name} has ${bytes} bytes: lower duration, arrival.rate or snaplen of its scenario`);
  }
  for (const part of [join(samplesDir, 'truth'), target, ...(router.length > 0 ? [join(target, 'router')] : [])]) {
    mkdirSync(part, { recursive: true });
  }
  for (const [path, content] of files) writeFileSync(path, content);
  for (const file of router)
    copyFileSync(join(folder, 'router', file), join(target, 'router', file.replace('start.', '')));
  process.stderr.write(`samples: ${name}: ${bytes} bytes\n`);
}

/** `pcap/any_sll2.pcap` is shown as `any.pcap`, `router/end.conntrack-L.txt` as `conntrack-L.txt`. */
function shownAs(file: string): string {
  return file.replace(/^.*\//, '').replace('_sll2', '').replace('end.', '');
}

function rewriteTable(truths: readonly (readonly [string, SampleTruth])[]): void {
  const path = join(samplesDir, 'README.md');
  const text = readFileSync(path, 'utf8');
  const marked = /(<!-- npm run samples -->\n)[\s\S]*?(?=<!-- end -->)/;
  if (!marked.test(text))
    throw new UserError(`${path}: no place for the table: write <!-- npm run samples --> and <!-- end -->`);
  writeFileSync(
    path,
    text.replace(marked, (_, head) => `${head}\n${truthTable(truths)}\n`),
  );
}
