// The corpus of other projects' captures, and what tshark, capinfos and tcpdump read out of each.

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectDir, sharedDir } from '../shared.js';
import { parseTsv, type Row } from './tables.js';

export const corpusDir: string = join(sharedDir ?? '', 'corpus');

export interface OracleCapture {
  /** `captures/<source>/<file>` */
  file: string;
  path: string;
  status: 'ok' | 'damaged' | 'tshark-unsupported' | 'ok-disagree';
  packets: number;
  /** Null where no reader knows the link type. */
  flows: Map<string, PairTotals> | null;
}

/** Both ways of an unordered pair of endpoints: `a` is the lower one as text. */
export interface PairTotals {
  aToB: Totals;
  bToA: Totals;
  /** Whole microseconds since the epoch. */
  firstUs: number;
  lastUs: number;
}

interface Totals {
  packets: number;
  wireBytes: number;
  ipBytes: number;
}

export function readOracle(): OracleCapture[] {
  return parseTsv(readFileSync(join(corpusDir, 'oracle', 'INDEX.tsv'), 'utf8')).map((row) => {
    const file = row.file as string;
    const table = join(corpusDir, 'oracle', `${file.replace(/^captures\//, '')}.flows.tsv`);
    const status = row.status as OracleCapture['status'];
    const known = status !== 'tshark-unsupported';
    const rows = known && existsSync(table) ? parseTsv(readFileSync(table, 'utf8')) : [];
    return {
      file,
      path: join(corpusDir, file),
      status,
      packets: Number(row.packets),
      flows: known ? sumByPair(rows.map(oracleSide)) : null,
    };
  });
}

/** Reasons by file out of the table in docs/conformance.md: where mlstat holds the oracle to be wrong. */
export function knownDisagreements(): Map<string, string> {
  const text = readFileSync(`${projectDir}/docs/conformance.md`, 'utf8');
  const rows = [...text.matchAll(/^\| `(captures\/[^`]+)` \| (.+?) \|$/gm)];
  return new Map(rows.map((match) => [match[1] as string, match[2] as string]));
}

/** A flow in either source: what `from` sent to `to`, and what came back. */
export interface Sides {
  proto: string;
  from: string;
  to: string;
  forth: Totals;
  back: Totals;
  firstUs: number;
  lastUs: number;
}

export function sumByPair(flows: readonly Sides[]): Map<string, PairTotals> {
  const pairs = new Map<string, PairTotals>();
  for (const { proto, from, to, forth, back, firstUs, lastUs } of flows) {
    const swapped = to < from;
    const key = `${proto} ${swapped ? to : from} ${swapped ? from : to}`;
    // An endpoint that talks to itself has no direction.
    const [up, down] = from === to ? [sum(forth, back), NOTHING] : swapped ? [back, forth] : [forth, back];
    const known = pairs.get(key) ?? { aToB: NOTHING, bToA: NOTHING, firstUs: Infinity, lastUs: -Infinity };
    pairs.set(key, {
      aToB: sum(known.aToB, up),
      bToA: sum(known.bToA, down),
      firstUs: Math.min(known.firstUs, firstUs),
      lastUs: Math.max(known.lastUs, lastUs),
    });
  }
  return pairs;
}

const NOTHING: Totals = { packets: 0, wireBytes: 0, ipBytes: 0 };

function sum(a: Totals, b: Totals): Totals {
  return {
    packets: a.packets + b.packets,
    wireBytes: a.wireBytes + b.wireBytes,
    ipBytes: a.ipBytes + b.ipBytes,
  };
}

/** Address and port as one text, the address as a browser writes it: not by the code that is tested. */
export function endpoint(address: string, port: string | number): string {
  const host = address.includes(':') ? new URL(`http://[${address}]/`).hostname : address;
  return `${host}#${port}`;
}

function oracleSide(row: Row): Sides {
  const totals = (side: string) => ({
    packets: Number(row[`${side}_pkts`]),
    wireBytes: Number(row[`${side}_wire_bytes`]),
    ipBytes: Number(row[`${side}_ip_bytes`]),
  });
  return {
    proto: row.proto as string,
    from: endpoint(row.init_ip as string, row.init_port as string),
    to: endpoint(row.resp_ip as string, row.resp_port as string),
    forth: totals('i2r'),
    back: totals('r2i'),
    firstUs: wholeMicroseconds(row.first_ts as string),
    lastUs: wholeMicroseconds(row.last_ts as string),
  };
}

/** `1474320840.786140999` to 1474320840786140: floored, without a detour over a binary fraction. */
function wholeMicroseconds(text: string): number {
  const [seconds = '', fraction = ''] = text.split('.');
  return Number(seconds + fraction.padEnd(6, '0').slice(0, 6));
}
