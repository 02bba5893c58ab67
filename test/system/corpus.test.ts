// Every capture of the corpus against what other readers make of it: packets, and every five-tuple's packets, bytes, times.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { analyse, type FlowRow, flows as readFlows } from '#src/index.js';
import { withoutShared } from '../shared.js';
import { runCli } from './cli.js';
import { endpoint, knownDisagreements, type OracleCapture, readOracle, type Sides, sumByPair } from './oracle.js';
import { parseCsv } from './tables.js';

/** Protocols that the oracle's five-tuples are of: TCP, UDP, DCCP, SCTP. */
const WITH_PORTS = [6, 17, 33, 132];

/** Every how manieth capture also goes through the command line, a process each. */
const COMMAND_LINE_STEP = 20;

describe('corpus', { skip: withoutShared }, () => {
  const captures = withoutShared ? [] : readOracle();
  const disagreements = withoutShared ? new Map<string, string>() : knownDisagreements();

  for (const capture of captures) {
    const reason = disagreements.get(capture.file);
    const name = reason === undefined ? capture.file : `${capture.file}, otherwise than the oracle: ${reason}`;
    test(name, async () => {
      const found = await differences(capture);
      // One that no longer differs has no business in the list.
      if (reason !== undefined) assert.notDeepEqual(found, [], 'agrees: strike it off docs/conformance.md');
      else assert.deepEqual(found, []);
    });
  }

  for (const { file, path, flows } of captures.filter((_, i) => i % COMMAND_LINE_STEP === 0)) {
    if (flows === null || flows.size === 0 || disagreements.has(file)) continue;
    test(`${file} by the command line`, async () => {
      const run = await runCli(['flows', '--no-uplinks', '--format', 'csv', path]);
      assert.equal(run.code, 0, run.stderr);
      const rows = parseCsv(run.stdout) as unknown as FlowRow[];
      assert.deepEqual(sumByPair(rows.flatMap(asSides)), flows);
    });
  }

  test('every known disagreement names a capture', () => {
    const files = captures.map(({ file }) => file);
    assert.deepEqual(
      [...disagreements.keys()].filter((file) => !files.includes(file)),
      [],
    );
  });
});

/** In words, one an oddity; empty where all agree. */
async function differences({ path, packets, flows }: OracleCapture): Promise<string[]> {
  const report = await analyse({ inputs: [path], jobs: 1 });
  const counted = report.inputs[0]?.packets ?? 0;
  const found = counted === packets ? [] : [`${counted} packets, oracle ${packets}`];
  if (flows === null) return found;

  const rows: FlowRow[] = [];
  await readFlows({ inputs: [path], noUplinks: true, jobs: 1 }, (more) => {
    rows.push(...more);
  });
  const own = sumByPair(rows.flatMap(asSides));
  for (const [key, totals] of own) {
    const other = flows.get(key);
    const [mine, theirs] = [JSON.stringify(totals), JSON.stringify(other)];
    if (mine !== theirs) found.push(`${key}: ${mine}, oracle ${theirs}`);
  }
  for (const key of flows.keys()) if (!own.has(key)) found.push(`${key} is missing`);
  return found;
}

/** Nothing for rows of other protocols, and for later fragments, whose ports nobody knows. */
function asSides(row: FlowRow): Sides[] {
  if (!WITH_PORTS.includes(Number(row.proto)) || String(row.initiatorPort ?? '') === '') return [];
  return [
    {
      proto: String(row.proto),
      from: endpoint(row.initiator, row.initiatorPort as number),
      to: endpoint(row.responder, row.responderPort as number),
      forth: {
        packets: Number(row.packetsUp),
        wireBytes: Number(row.wireBytesUp),
        ipBytes: Number(row.ipBytesUp),
      },
      back: {
        packets: Number(row.packetsDown),
        wireBytes: Number(row.wireBytesDown),
        ipBytes: Number(row.ipBytesDown),
      },
      firstUs: Number(row.startUs),
      lastUs: Number(row.endUs),
    },
  ];
}
