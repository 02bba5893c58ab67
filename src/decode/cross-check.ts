// A second opinion: packets, bytes and five-tuples of a capture, read by pcap-parser and decoded in the plainest way, one
// object a packet, held against what the fast reader says of the same bytes.

import { DamageLog, EXIT, UserError } from '../util/error.js';
import { type FiveTuple, knowsLink, plainFiveTuple, WITH_PORTS } from './plain.js';
import { forEachReferencePacket } from './reference.js';

export interface Sums {
  packets: number;
  /** Original lengths of the frames. */
  wireBytes: number;
}

/** What the fast reader says: of the input as a whole, and its rows as `flows --no-uplinks` gives them. */
export interface FastReading extends Sums {
  /** Both directions of a five-tuple may stand in one row, and several rows may share one. */
  flows: Iterable<FiveTuple & Sums>;
}

export interface Difference extends FiveTuple {
  /** Null where that reader doesn't know the five-tuple. */
  fast: Sums | null;
  reference: Sums | null;
}

export interface CrossCheckResult {
  agrees: boolean;
  fast: Sums;
  reference: Sums;
  /** Five-tuples that the reference knows. */
  fiveTuples: number;
  /** Packets in headers that the plain decoder can't enter; what the fast reader found in no more of them is forgiven. */
  opaque: number;
  /** How many five-tuples differ, and the first of them. */
  differenceCount: number;
  differences: Difference[];
}

const SHOWN = 20;

/**
 * Reads `chunks` (a whole classic pcap input, uncompressed) and compares. Memory goes with the number of five-tuples.
 * Throws `UserError` (exit 3) where the reference can't read the format or its link type.
 */
export async function crossCheck(chunks: AsyncIterable<Uint8Array>, fast: FastReading): Promise<CrossCheckResult> {
  const total: Sums = { packets: 0, wireBytes: 0 };
  const reference = new Map<string, FiveTuple & Sums>();
  let opaque = 0;
  await forEachReferencePacket(chunks, new DamageLog(), ({ linkType, wireBytes, data }) => {
    if (!knowsLink(linkType)) {
      throw new UserError(
        `the cross-check can't read link type ${linkType}, only Ethernet, Linux cooked, raw IP and loopback`,
        EXIT.unreadable,
      );
    }
    total.packets++;
    total.wireBytes += wireBytes;
    const tuple = plainFiveTuple(linkType, data);
    if (tuple === 'opaque') opaque++;
    else if (tuple !== null) addTo(reference, tuple, { packets: 1, wireBytes });
  });
  const known = new Map<string, FiveTuple & Sums>();
  for (const flow of fast.flows) addTo(known, flow, flow);
  const found = differencesOf(known, reference);
  const differences = excessOf(found) <= opaque ? [] : found;
  const { packets, wireBytes } = fast;
  return {
    agrees: differences.length === 0 && packets === total.packets && wireBytes === total.wireBytes,
    fast: { packets, wireBytes },
    reference: total,
    fiveTuples: reference.size,
    opaque,
    differenceCount: differences.length,
    differences: differences.slice(0, SHOWN),
  };
}

/** The result in lines for a person: the verdict, then a line for each difference shown. */
export function describeCrossCheck(result: CrossCheckResult): string[] {
  const { agrees, fast, reference, fiveTuples, opaque, differenceCount, differences } = result;
  const said = ({ packets, wireBytes }: Sums) => `${packets} packets, ${wireBytes} bytes`;
  if (agrees) {
    const left = opaque === 0 ? '' : ` (${opaque} packets in headers that only the fast reader enters)`;
    return [`cross-check: both readers see ${said(reference)}, ${fiveTuples} five-tuples${left}`];
  }
  const lines = [
    `cross-check: the readers differ: fast ${said(fast)}; reference ${said(reference)}; ` +
      `${differenceCount} five-tuples differ`,
  ];
  for (const { proto, a, aPort, b, bPort, fast: ours, reference: theirs } of differences) {
    const end = (address: string, port: number | null) => (port === null ? address : `${address} port ${port}`);
    const sums = (side: Sums | null) => (side === null ? 'none' : said(side));
    lines.push(
      `  protocol ${proto}, ${end(a, aPort)}, ${end(b, bPort)}: fast ${sums(ours)}; reference ${sums(theirs)}`,
    );
  }
  if (differenceCount > differences.length) lines.push(`  and ${differenceCount - differences.length} more`);
  return lines;
}

function differencesOf(fast: Map<string, FiveTuple & Sums>, reference: Map<string, FiveTuple & Sums>): Difference[] {
  const differences: Difference[] = [];
  for (const key of [...new Set([...fast.keys(), ...reference.keys()])].sort()) {
    const ours = fast.get(key);
    const theirs = reference.get(key);
    if (ours?.packets === theirs?.packets && ours?.wireBytes === theirs?.wireBytes) continue;
    const { proto, a, aPort, b, bPort } = (ours ?? theirs) as FiveTuple;
    const sums = (side: Sums | undefined) =>
      side === undefined ? null : { packets: side.packets, wireBytes: side.wireBytes };
    differences.push({ proto, a, aPort, b, bPort, fast: sums(ours), reference: sums(theirs) });
  }
  return differences;
}

/** Packets that the fast reader alone could place; infinite if the reference knows of any that the fast one misses. */
function excessOf(differences: readonly Difference[]): number {
  let excess = 0;
  for (const { fast, reference } of differences) {
    const packets = (fast?.packets ?? 0) - (reference?.packets ?? 0);
    const wireBytes = (fast?.wireBytes ?? 0) - (reference?.wireBytes ?? 0);
    if (packets <= 0 || wireBytes < 0) return Number.POSITIVE_INFINITY;
    excess += packets;
  }
  return excess;
}

/** Both directions under one key: the ends in the order of their text. */
function addTo(table: Map<string, FiveTuple & Sums>, tuple: FiveTuple, sums: Sums): void {
  const ported = WITH_PORTS.has(tuple.proto);
  const aPort = ported ? tuple.aPort : null;
  const bPort = ported ? tuple.bPort : null;
  const [from, to] = [`${tuple.a} ${aPort}`, `${tuple.b} ${bPort}`];
  const key = from <= to ? `${tuple.proto} ${from} ${to}` : `${tuple.proto} ${to} ${from}`;
  const known = table.get(key);
  if (known === undefined) {
    const { proto, a, b } = tuple;
    table.set(key, { proto, a, aPort, b, bPort, packets: sums.packets, wireBytes: sums.wireBytes });
    return;
  }
  known.packets += sums.packets;
  known.wireBytes += sums.wireBytes;
}
