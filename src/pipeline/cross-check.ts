// `--cross-check`: every classic capture is read once more by another reader, and what the two say is compared.

import { crossCheck, describeCrossCheck } from '../decode/cross-check.js';
import type { FlowRow } from '../flows/row.js';
import { DEFAULT_FLOW_RULES } from '../flows/rules.js';
import type { Finding } from '../report/report.js';
import type { Topology } from '../uplinks/topology.js';
import { UserError } from '../util/error.js';
import { Engine } from './engine.js';
import { FlowRows } from './rows.js';
import type { Source } from './sources.js';

const AS_SEEN: Topology = { asSeen: true, uplinks: [], lan: [], roles: [], macs: [], lanVisible: false };

/** One finding a source. A format or link type that the other reader doesn't know is said, not failed. */
export async function crossCheckSources(sources: readonly Source[], jobs: number): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const source of sources) findings.push(await checkSource(source, jobs));
  return findings;
}

async function checkSource(source: Source, jobs: number): Promise<Finding> {
  const base = { uplinks: [], flows: null, first: null, last: null };
  try {
    if (source.open.size === null) throw new UserError('standard input can be read only once: give a file');
    const rows = new FlowRows();
    const alone = { ...source, number: 0 };
    const engine = new Engine([alone], {
      topology: AS_SEEN,
      stitch: false,
      rules: DEFAULT_FLOW_RULES,
      filter: null,
      jobs,
      reference: false,
      onFlow: rows.taker(AS_SEEN),
    });
    await engine.run();
    const flows: FlowRow[] = [];
    await rows.hand((some) => void flows.push(...some));
    const { packets, wireBytes } = engine.totals[0];
    const result = await crossCheck(source.open.stream(), { packets, wireBytes, flows: flows.map(fastFlow) });
    return {
      ...base,
      code: 'cross-check',
      level: result.agrees ? 'info' : 'error',
      message: `${source.spec.path}: ${describeCrossCheck(result).join('\n')}`,
      packets: result.reference.packets,
      cure: result.agrees ? null : 'keep the capture and report it: one of the two readers is wrong',
    };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    const message = `${source.spec.path}: not cross-checked: ${error.message}`;
    return { ...base, code: 'cross-check', level: 'warning', message, packets: null, cure: null };
  }
}

function fastFlow(row: FlowRow) {
  return {
    proto: row.proto,
    a: row.initiator,
    aPort: row.initiatorPort,
    b: row.responder,
    bPort: row.responderPort,
    packets: (row.packetsUp ?? 0) + (row.packetsDown ?? 0),
    wireBytes: (row.wireBytesUp ?? 0) + (row.wireBytesDown ?? 0),
  };
}
