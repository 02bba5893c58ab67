// A preset's name and a seed into a capture, its truth (JSON) and its configuration (YAML).
//
//   node dist-test/bench/generate.js snap [--scale 0.1] [--seed 1] [--dir DIR]     into the cache directory
//   node dist-test/bench/generate.js stream [--truth FILE] | mlstat analyse -c … -   to standard output
//
// Equal options give equal bytes on every machine.

import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { FrameWriter, LINK } from './frames.js';
import { configYaml } from './router.js';
import { TRUTH_VERSION, type TrafficOptions, type Truth, writeTraffic } from './traffic.js';

const HOUR = 3600;
const LONGEST_SNAPLEN = 262_144;

export interface Preset extends Omit<TrafficOptions, 'seed' | 'startSec' | 'weights'> {
  snaplen: number;
}

const WAN: Preset = {
  packets: 10e6,
  flows: 500e3,
  seconds: 120,
  clients: 200,
  servers: 20_000,
  ipv6: 0,
  view: 'wan',
  snaplen: 96,
};

/**
 * What can be generated. Scaling changes the length in time. Flows last seconds to minutes, 20 s in the mean, so the time
 * over which they begin says how many are alive at once, which is what makes a capture hard for a flow table.
 */
export const PRESETS: Record<string, Preset> = {
  /** Headers of a large site, 38,000 flows alive at once: about 1.1 GB. */
  snap: WAN,
  /** Whole packets, 26,000 flows at once: about 1.4 GB. */
  full: { ...WAN, packets: 2e6, flows: 200e3, seconds: 60, snaplen: LONGEST_SNAPLEN },
  /** As snap, ten times as long; made for standard output. */
  stream: { ...WAN, packets: 100e6, flows: 5e6, seconds: 1200 },
  /** As snap, over an hour: 1,400 flows at once. */
  hour: { ...WAN, seconds: HOUR },
  /** As snap, within twenty seconds: 170,000 flows at once. */
  crowd: { ...WAN, seconds: 20 },
  /** Both sides of the router, two families. */
  any: { ...WAN, packets: 4e6, flows: 100e3, seconds: HOUR, ipv6: 0.3, view: 'any' },
  /** The smallest useful capture. */
  small: { ...WAN, packets: 1000, flows: 50, seconds: 60, servers: 50, snaplen: LONGEST_SNAPLEN },
};

const WEIGHTS = [4, 2, 1];
const START_SEC = 1_700_000_000;

export interface Generated {
  capture: string;
  config: string;
  truth: Truth;
}

/** Where captures are kept between runs: MLSTAT_BENCH_DIR, else a folder among the temporary files. */
export function benchDir(): string {
  return process.env.MLSTAT_BENCH_DIR ?? join(tmpdir(), 'mlstat-bench');
}

/** The preset's capture in `dir`, made if it is not there yet. */
export function generate(name: string, scale = 1, seed = 1, dir = benchDir()): Generated {
  const stem = join(dir, fileStem(name, scale, seed));
  const result = { capture: `${stem}.pcap`, config: join(dir, 'mlstat.yaml') };
  mkdirSync(dir, { recursive: true });
  writeFileSync(result.config, configYaml(WEIGHTS));
  if (existsSync(`${stem}.json`) && existsSync(result.capture)) {
    const truth = JSON.parse(readFileSync(`${stem}.json`, 'utf8')) as Truth;
    if (truth.version === TRUTH_VERSION && statSync(result.capture).size === truth.fileBytes)
      return { ...result, truth };
  }
  const unfinished = `${result.capture}.part`;
  const fd = openSync(unfinished, 'w');
  const truth = writePreset(name, scale, seed, (bytes) => writeAll(fd, bytes));
  closeSync(fd);
  renameSync(unfinished, result.capture);
  writeFileSync(`${stem}.json`, `${JSON.stringify(truth, null, 2)}\n`);
  return { ...result, truth };
}

/** The capture's bytes to `write`, which has taken them when it returns. */
export function writePreset(name: string, scale: number, seed: number, write: (bytes: Uint8Array) => void): Truth {
  const preset = PRESETS[name];
  if (preset === undefined) throw new Error(`unknown preset ${name}: one of ${Object.keys(PRESETS).join(', ')}`);
  const options: TrafficOptions = {
    ...preset,
    seed,
    packets: Math.round(preset.packets * scale),
    flows: Math.max(1, Math.round(preset.flows * scale)),
    seconds: preset.seconds * scale,
    startSec: START_SEC,
    weights: WEIGHTS,
  };
  const linkType = preset.view === 'any' ? LINK.sll2 : LINK.ethernet;
  return writeTraffic(options, new FrameWriter(linkType, preset.snaplen, seed, write));
}

function fileStem(name: string, scale: number, seed: number): string {
  return [name, scale === 1 ? '' : `-x${scale}`, seed === 1 ? '' : `-seed${seed}`].join('');
}

/** Blocks until all is written; a full pipe is waited for, a closed one ends the process quietly. */
function writeAll(fd: number, bytes: Uint8Array): void {
  const nap = new Int32Array(new SharedArrayBuffer(4));
  for (let at = 0; at < bytes.length; ) {
    try {
      at += writeSync(fd, bytes, at, bytes.length - at);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EPIPE') process.exit(0);
      if (code !== 'EAGAIN') throw error;
      Atomics.wait(nap, 0, 0, 1);
    }
  }
}

function main(): void {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      scale: { type: 'string', default: '1' },
      seed: { type: 'string', default: '1' },
      dir: { type: 'string' },
      truth: { type: 'string' },
    },
  });
  for (const name of positionals) {
    const started = performance.now();
    const [scale, seed] = [Number(values.scale), Number(values.seed)];
    let truth: Truth;
    if (name === 'stream') {
      truth = writePreset(name, scale, seed, (bytes) => writeAll(1, bytes));
      if (values.truth !== undefined) writeFileSync(values.truth, JSON.stringify(truth));
    } else {
      truth = generate(name, scale, seed, values.dir).truth;
    }
    const seconds = (performance.now() - started) / 1000;
    process.stderr.write(
      `${name}: ${truth.packets} packets, ${truth.flows} flows, ${truth.fileBytes} bytes, ${seconds.toFixed(1)} s\n`,
    );
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main();
