// Who runs beside mlstat, how each is called so that it really reads every packet, and what it says it has read.

import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Command, Run } from './measure.js';

export interface Contender {
  name: string;
  /** Null where it is not installed. */
  command: Command | null;
  /** Packets that it says it has read; null where it doesn't say. */
  packets(run: Run): number | null;
}

const OWN_DIR = fileURLToPath(new URL('.', import.meta.url));
/** More than any capture of the bench has, so that softflowd keeps flows as long as the others do. */
const SOFTFLOWD_FLOWS = '1000000';

/** `cli` is mlstat's built command line. */
export function mlstat(
  cli: string,
  config: string,
  input: string,
  more: readonly string[] = ['--format', 'json'],
): Contender {
  const argv = [process.execPath, cli, 'analyse', '-c', config, ...more, input];
  return {
    name: 'mlstat',
    command: { argv, keepOutput: true },
    packets: ({ stdout }) => (JSON.parse(stdout) as { inputs: { packets: number }[] }).inputs[0].packets,
  };
}

/** Tools that read, count or make flows of a capture. `scratch` takes what some of them insist on writing. */
export function peers(capture: string, scratch: string): Contender[] {
  const flows = join(scratch, 'nfpcapd');
  mkdirSync(flows, { recursive: true });
  return [
    contender('bare copy', ['cat', capture]),
    contender('tcpdump --count', ['tcpdump', '--count', '-r', capture], /^(\d+) packets/m, true),
    contender('capinfos -c -d -u', ['capinfos', '-M', '-c', '-d', '-u', capture], /Number of packets:\s+(\d+)/, true),
    contender('argus', ['argus', '-r', capture, '-w', join(scratch, 'argus.out')]),
    contender('nfpcapd', ['nfpcapd', '-r', capture, '-w', flows], /Total: Processed: (\d+)/),
    contender('softflowd', ['softflowd', '-d', '-m', SOFTFLOWD_FLOWS, '-r', capture], softflowdPackets, true),
  ];
}

/** Tools too slow for the large captures. */
export function slowPeers(capture: string): Contender[] {
  const script = join(OWN_DIR, 'pcap-parser.js');
  return [
    contender('pcap-parser (npm)', [process.execPath, script, capture], /^(\d+) packets/m, true),
    contender('tshark -z conv,tcp', ['tshark', '-n', '-q', '-z', 'conv,tcp', '-r', capture]),
  ];
}

export function gunzip(compressed: string): Contender {
  return contender('gzip -dc', ['gzip', '-dc', compressed]);
}

function contender(
  name: string,
  argv: string[],
  said?: RegExp | ((output: string) => number | null),
  keepOutput = false,
): Contender {
  return {
    name,
    command: isInstalled(argv[0]) ? { argv, keepOutput } : null,
    packets: ({ stdout, stderr }) => {
      if (said === undefined) return null;
      if (typeof said === 'function') return said(stdout + stderr);
      const found = said.exec(stdout + stderr);
      return found === null ? null : Number(found[1]);
    },
  };
}

function softflowdPackets(output: string): number | null {
  const processed = /Packets processed: (\d+)/.exec(output);
  const ignored = /Ignored packets: (\d+)/.exec(output);
  return processed === null ? null : Number(processed[1]) + Number(ignored?.[1] ?? 0);
}

function isInstalled(program: string): boolean {
  return program === process.execPath || spawnSync('sh', ['-c', `command -v ${program}`]).status === 0;
}
