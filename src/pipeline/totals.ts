// What was read of each input, apart from what it showed: its packets, its span, its link types, its damage.

import { DamageLog } from '../util/error.js';
import type { PartResult } from '../workers/part.js';
import type { Source } from './sources.js';

/** What was read of one source. */
export interface SourceTotals {
  packets: number;
  wireBytes: number;
  firstUs: number;
  lastUs: number;
  linkTypes: Set<number>;
  unknownLink: Map<number, number>;
  dropped: number | null;
  damage: DamageLog;
  fatal: string | null;
}

export function emptyTotals(): SourceTotals {
  return {
    packets: 0,
    wireBytes: 0,
    firstUs: Number.POSITIVE_INFINITY,
    lastUs: Number.NEGATIVE_INFINITY,
    linkTypes: new Set(),
    unknownLink: new Map(),
    dropped: null,
    damage: new DamageLog(),
    fatal: null,
  };
}

/** Adds one part of the source. */
export function addCounts(totals: SourceTotals, source: Source, result: PartResult): void {
  const { counts } = result;
  const { points } = result.data;
  totals.packets += counts.packets;
  totals.wireBytes += counts.wireBytes;
  totals.firstUs = Math.min(totals.firstUs, counts.firstUs);
  totals.lastUs = Math.max(totals.lastUs, counts.lastUs);
  for (const point of points) totals.linkTypes.add(point.linkType);
  for (const [link, count] of counts.unknownLink) {
    totals.unknownLink.set(link, (totals.unknownLink.get(link) ?? 0) + count);
  }
  if (counts.dropped !== null) totals.dropped = (totals.dropped ?? 0) + counts.dropped;
  totals.damage.merge(counts.damage);
  // A pipe is unpacked here; a file's damage came with its part.
  if (source.open.size === null) totals.damage.merge(source.open.damage.list());
  if (result.clockSteps > 0) totals.damage.add('time-step', null, result.clockSteps);
  totals.fatal ??= result.fatal;
}
