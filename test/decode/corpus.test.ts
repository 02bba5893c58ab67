// Every capture of the corpus, decoded in this process, against what tshark read: packets, totals, every five-tuple.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import type { CaptureFormat } from '#src/decode/frame.js';
import { projectDir, withoutShared } from '../shared.js';
import { corpusDir, endpoint, knownDisagreements, readOracle, type Sides, sumByPair } from '../system/oracle.js';
import { parseTsv } from '../system/tables.js';
import { type Reading, type Row, read } from './rows.js';

/** Protocols that the oracle's five-tuples are of: TCP, UDP, DCCP, SCTP. */
const WITH_PORTS = [6, 17, 33, 132];

describe('corpus', { skip: withoutShared }, () => {
  const captures = withoutShared ? [] : readOracle();
  const totals = withoutShared ? new Map<string, Totals>() : oracleTotals();
  const disagreements = withoutShared ? new Map<string, string>() : knownDisagreements();
  const otherTotals = withoutShared ? new Set<string>() : knownOtherTotals();
  let compared = 0;

  for (const { file, path, status, packets, flows } of captures) {
    test(file, (context) => {
      const bytes = unpacked(readFileSync(path));
      const format = formatOf(file, bytes);
      if (format === null) return context.skip('no capture that is read here');
      compared++;
      const reading = read(bytes, format);

      const found = reading.counts.packets === packets ? [] : [`${reading.counts.packets} packets, oracle ${packets}`];
      if (flows !== null) {
        const own = sumByPair(reading.rows.flatMap(asSides));
        for (const key of new Set([...own.keys(), ...flows.keys()])) {
          const [mine, theirs] = [JSON.stringify(own.get(key)), JSON.stringify(flows.get(key))];
          if (mine !== theirs) found.push(`${key}: ${mine}, oracle ${theirs}`);
        }
      }
      const reason = disagreements.get(file);
      if (reason === undefined) assert.deepEqual(found, []);
      else assert.notDeepEqual(found, [], 'agrees: strike it off docs/conformance.md');

      if (status === 'tshark-unsupported' || reason !== undefined) return;
      const theirs = totals.get(file);
      if (otherTotals.has(file))
        assert.notDeepEqual(totalsOf(reading), theirs, 'agrees: strike it off docs/conformance.md');
      else assert.deepEqual(totalsOf(reading), theirs);
    });
  }

  test('all but a few were compared', () => {
    assert.ok(compared > 510, `${compared} of ${captures.length}`);
  });
});

interface Totals {
  wireBytes: number;
  /** Packets by protocol number of the outermost IP header. */
  protocols: Record<string, number>;
}

function totalsOf({ rows, counts }: Reading): Totals {
  const protocols: Record<string, number> = {};
  for (const { packet } of rows) {
    if (packet !== null) protocols[packet.protocol] = (protocols[packet.protocol] ?? 0) + 1;
  }
  return { wireBytes: counts.wireBytes, protocols };
}

function oracleTotals(): Map<string, Totals> {
  const rows = parseTsv(readFileSync(`${corpusDir}/oracle/INDEX.tsv`, 'utf8'));
  return new Map(
    rows.map((row) => {
      const file = row.file as string;
      const path = `${corpusDir}/oracle/${file.replace(/^captures\//, '')}.json`;
      const { outermost } = JSON.parse(readFileSync(path, 'utf8')) as {
        outermost?: { by_proto?: Record<string, number> };
      };
      return [file, { wireBytes: Number(row.wire_bytes), protocols: outermost?.by_proto ?? {} }];
    }),
  );
}

/** The second table of docs/conformance.md. */
function knownOtherTotals(): Set<string> {
  const text = readFileSync(`${projectDir}/docs/conformance.md`, 'utf8');
  return new Set([...text.matchAll(/^\| totals of `(captures\/[^`]+)` \|/gm)].map((match) => match[1] as string));
}

function asSides({ kind, timeUs, wireBytes, packet }: Row): Sides[] {
  if (kind !== 'flow' || packet === null || packet.fromPort === null || !WITH_PORTS.includes(packet.protocol))
    return [];
  const nothing = { packets: 0, wireBytes: 0, ipBytes: 0 };
  return [
    {
      proto: String(packet.protocol),
      from: endpoint(packet.from, packet.fromPort),
      to: endpoint(packet.to, packet.toPort as number),
      forth: { packets: 1, wireBytes, ipBytes: packet.ipBytes },
      back: nothing,
      firstUs: timeUs,
      lastUs: timeUs,
    },
  ];
}

function unpacked(bytes: Buffer): Uint8Array {
  const gzip = bytes[0] === 0x1f && bytes[1] === 0x8b;
  return new Uint8Array(gzip ? gunzipSync(bytes) : bytes);
}

/** By the first bytes; ERF has none of its own, so here its name has to do. */
function formatOf(file: string, bytes: Uint8Array): CaptureFormat | null {
  const magic = Buffer.from(bytes.subarray(0, 4)).toString('hex');
  if (magic === '0a0d0d0a') return 'pcapng';
  if (magic === '736e6f6f') return 'snoop';
  if (/^(a1b2c3d4|d4c3b2a1|a1b23c4d|4d3cb2a1|34cdb2a1|a1b2cd34)$/.test(magic)) return 'pcap';
  return /\.erf(\.gz)?$/.test(file) ? 'erf' : null;
}
