// The truth of a bundled sample: what is kept of a run's truth, and the table that the samples' README shows of it.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { projectDir } from '../shared.js';
import type { Summary } from './summary.js';
import type { Truth, TruthFlow } from './truth.js';

export const SAMPLES = ['4to1', 'blackhole', 'failover', 'leak'] as const;

export const samplesDir: string = join(projectDir, 'samples');

export type SampleTruth = Pick<
  Truth,
  'scenario' | 'desc' | 'clock' | 'kernel' | 't0' | 'duration' | 'uplinks' | 'lan' | 'faults' | 'flows'
> & { summary: Summary };

/** Of a flow, in this order. */
const KEPT = [
  'fid',
  'proto',
  'kind',
  'start',
  'end',
  'cip',
  'cport',
  'sip',
  'sport',
  'up',
  'down',
  'outcome',
  'retry_of',
  'origin',
  'server_saw',
  'server_t',
  'relay_src',
  'relay_isps',
  'uplink',
  'uplink_from',
  'leaked',
] as const satisfies readonly (keyof TruthFlow)[];

/** JSON with a line for each flow. */
export function packTruth(truth: Truth): string {
  const { scenario, desc, clock, kernel, t0, duration, uplinks, lan, faults, flows, summary } = truth;
  const head = JSON.stringify({ scenario, desc, clock, kernel, t0, duration, uplinks, lan, faults, summary }, null, 1);
  const lines = flows.map((flow) => JSON.stringify(Object.fromEntries(KEPT.map((name) => [name, flow[name]]))));
  return `${head.slice(0, -'\n}'.length)},\n "flows": [\n${lines.join(',\n')}\n]}\n`;
}

export function readSampleTruth(name: string): SampleTruth {
  return JSON.parse(
    gunzipSync(readFileSync(join(samplesDir, 'truth', `${name}.json.gz`))).toString('utf8'),
  ) as SampleTruth;
}

/** Markdown: a row for each uplink of each sample. */
export function truthTable(truths: readonly (readonly [string, SampleTruth])[]): string {
  const rows = truths.flatMap(([name, truth]) =>
    truth.uplinks.map((uplink, index) => {
      const { lan_flows_per_uplink: flows, share, share_expected: expected } = truth.summary;
      const fault = truth.faults.find(({ uplink: id }) => id === uplink.id);
      const told = truth.summary.faults.find(({ uplink: id }) => id === uplink.id);
      return [
        index === 0 ? `\`${name}/\`` : '',
        uplink.name,
        String(uplink.weight),
        percent(expected[index]),
        `${flows[index]}, ${percent(share[index])}`,
        fault === undefined ? '' : `${fault.kind.replace('_', ' ')}, ${clock(fault.t_start)} – ${clock(fault.t_end)}`,
        told === undefined ? '' : `${told.new_on_faulty} of ${told.new_flows_during}`,
        String(truth.flows.filter(({ leaked, uplink: id }) => leaked && id === uplink.id).length),
      ];
    }),
  );
  const head = [
    'sample',
    'uplink',
    'weight',
    'expected',
    'flows',
    'fault, UTC',
    'new flows sent into it',
    'leaked flows',
  ];
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

function clock(sec: number | null): string {
  return sec === null ? 'the end' : new Date(sec * 1000).toISOString().slice(11, 21);
}
