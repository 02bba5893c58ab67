// N-1: the flows of an uplink that fails are decided anew among the others, on the same time axis.

import { ORIGIN } from '../flows/connection.js';
import { numberKeys } from '../measure/keys.js';
import { round6 } from '../measure/round.js';
import type { CapacityFailure, FailureLine, FailureUplink, FailureVerdict } from '../report/capacity.js';
import type { Ledger } from '../tally/ledger.js';
import { formatRate, formatShare } from '../util/units.js';
import { carriedBytes, itemsOf, type Movable } from './items.js';
import { fewNames } from './names.js';
import { REPETITIONS, replay, type SliceFigures } from './replay.js';
import { estimate, partOf } from './select.js';
import { linkOf } from './spread.js';
import { bitsOf, type KnownUplink, type Traffic } from './traffic.js';

/** Draws in which a line saturates: up to here it survives, from there on it saturates. */
const SURVIVES = 0.05;
const SATURATES = 0.5;

export interface Failures {
  list: CapacityFailure[];
  worst: { fails: string; uplink: string; direction: 'up' | 'down'; utilisation: number } | null;
}

export function failuresOf(ledger: Ledger, traffic: Traffic): Failures {
  const { uplinks } = traffic;
  if (uplinks.length < 2) return { list: [], worst: null };
  const list = uplinks.map((uplink, n): CapacityFailure => {
    const rest = uplinks.flatMap((other, i) => (i !== n && other.inView ? [i] : []));
    const lost = uplinks.filter((other, i) => i !== n && !other.inView).map(({ name }) => name);
    const refuse = (why: string) => ({ fails: uplink.name, verdict: 'unknown' as const, message: why, others: [] });
    if (!uplink.inView) return refuse(`Nothing of ${uplink.name} is in the inputs, so nobody knows what would move.`);
    if (rest.length === 0) return refuse(`Nothing of the other uplinks is in the inputs.`);
    const others = loadOthers(ledger, traffic, n, rest);
    return {
      fails: uplink.name,
      ...judge(
        uplink.name,
        others,
        rest.map((i) => uplinks[i]),
        lost,
      ),
      others,
    };
  });
  let worst: Failures['worst'] = null;
  for (const { fails, others } of list) {
    for (const other of others) {
      for (const direction of ['up', 'down'] as const) {
        const utilisation = other[direction].utilisation?.p95 ?? -1;
        if (utilisation > (worst?.utilisation ?? -1)) worst = { fails, uplink: other.uplink, direction, utilisation };
      }
    }
  }
  return { list, worst };
}

/** What the uplinks `rest` are offered when `lost` fails. */
function loadOthers(ledger: Ledger, traffic: Traffic, lost: number, rest: readonly number[]): FailureUplink[] {
  const { uplinks, carried, bends, decisions } = traffic;
  const { axis } = carried;
  const stays = carriedBytes(ledger, traffic);
  const left = { up: rest.map((n) => stays.up[n]), down: rest.map((n) => stays.down[n]) };
  const items = itemsOf(ledger, movedBy(ledger, lost, decisions), axis, bends, stays);
  const weights = rest.map((n) => uplinks[n].weight ?? 1);
  const sum = weights.reduce((all, weight) => all + weight, 0);
  let before = 0;
  const slices = weights.map((weight, uplink) => {
    const from = before / sum;
    before += weight;
    return { uplink, from, to: before / sum };
  });
  const over = rest.map((n) => ({
    up: (uplinks[n].capacity.up ?? Number.POSITIVE_INFINITY) / bitsOf(axis.widthSec),
    down: (uplinks[n].capacity.down ?? Number.POSITIVE_INFINITY) / bitsOf(axis.widthSec),
  }));
  const figures = replay(items, left, axis.bins, slices, REPETITIONS, over);
  return rest.map((n, place) => ({
    uplink: uplinks[n].name,
    up: lineOf(figures, place, 'up', uplinks[n], axis),
    down: lineOf(figures, place, 'down', uplinks[n], axis),
  }));
}

/** All flows of the uplink that were not started from outside: the router's own are decided in the same way. */
function movedBy(ledger: Ledger, lost: number, { key }: Traffic['decisions']): Movable {
  const rows = new Int32Array(ledger.count);
  let count = 0;
  for (let row = 0; row < ledger.count; row++) {
    if (linkOf(ledger, row) === lost && ledger.origin[row] !== ORIGIN.inbound) rows[count++] = row;
  }
  const some = rows.slice(0, count);
  const kind = key === 'five-tuple' ? 'five-tuple' : 'client-server';
  const numbering = numberKeys(ledger, some, { ipv4: kind, ipv6: kind });
  return { rows: some, keyOf: numbering.keyOf, keys: numbering.count, row: numbering.row, fine: kind === 'five-tuple' };
}

function lineOf(
  figures: SliceFigures,
  place: number,
  direction: 'up' | 'down',
  { capacity }: KnownUplink,
  { bins, widthSec }: { bins: number; widthSec: number },
): FailureLine {
  const { repetitions } = figures;
  const of = (all: Float64Array) => all.subarray(place * repetitions, (place + 1) * repetitions);
  const isUp = direction === 'up';
  const p95 = estimate(of(isUp ? figures.p95Up : figures.p95Down), bitsOf(widthSec));
  const peak = estimate(of(isUp ? figures.peakUp : figures.peakDown), bitsOf(widthSec));
  const over = of(isUp ? figures.overUp : figures.overDown);
  const bps = capacity[direction];
  return {
    p95: p95.median,
    p95Interval: [p95.low, p95.high],
    peak: peak.median,
    utilisation: bps === null ? null : { p95: round6(p95.median / bps), peak: round6(peak.median / bps) },
    saturatedShare: bps === null || bins === 0 ? null : estimate(over, 1 / bins).median,
    saturation: bps === null ? null : partOf(repetitions, (draw) => over[draw] > 0),
  };
}

function judge(
  fails: string,
  others: readonly FailureUplink[],
  uplinks: readonly KnownUplink[],
  lost: readonly string[],
): { verdict: FailureVerdict; message: string } {
  const lines = others.flatMap(({ uplink, up, down }) => [
    { uplink, direction: 'up' as const, line: up },
    { uplink, direction: 'down' as const, line: down },
  ]);
  const known = lines.filter(({ line }) => line.utilisation !== null);
  const unseen = lost.length === 0 ? '' : ` What ${fewNames(lost)} would take is not known.`;
  if (known.length === 0) {
    const [most] = [...lines].sort((a, b) => b.line.p95 - a.line.p95);
    const message = `If ${fails} fails, ${most.uplink} is offered ${formatRate(most.line.p95)} ${most.direction} at p95; its capacity is not known.${unseen}`;
    return { verdict: 'unknown', message };
  }
  const loadOf = ({ line }: (typeof lines)[number]) => line.utilisation?.p95 ?? 0;
  const fullest = known.reduce((most, one) => (loadOf(one) > loadOf(most) ? one : most));
  const byDraws = [...known].sort(
    (a, b) => (b.line.saturation ?? 0) - (a.line.saturation ?? 0) || loadOf(b) - loadOf(a),
  )[0] as (typeof lines)[number];
  const saturation = byDraws.line.saturation ?? 0;
  const verdict: FailureVerdict =
    saturation >= SATURATES ? 'saturates' : saturation > SURVIVES ? 'at-risk' : 'survives';
  const without = uplinks.filter(({ capacity }) => capacity.up === null && capacity.down === null);
  const unknown =
    without.length === 0
      ? unseen
      : `${unseen} The capacity of ${fewNames(without.map(({ name }) => name))} is not known.`;
  const { uplink, direction, line } = verdict === 'survives' ? fullest : byDraws;
  const load = `${formatRate(line.p95)} ${direction} at p95, ${formatShare(line.utilisation?.p95 ?? null, 0)} of its capacity`;
  switch (verdict) {
    case 'survives':
      return { verdict, message: `If ${fails} fails, ${uplink} carries ${load}: it bears that.${unknown}` };
    case 'at-risk': {
      const draws = `${formatShare(saturation, 0)} of the draws saturate it`;
      return { verdict, message: `If ${fails} fails, ${uplink} is offered ${load}: ${draws}, by chance.${unknown}` };
    }
    default: {
      const peak = line.utilisation?.peak ?? 0;
      const time = `for ${formatShare(line.saturatedShare)} of the time`;
      const by = `up to ${formatShare(peak, 0)} of it at the peak`;
      return {
        verdict,
        message: `If ${fails} fails, ${uplink} is offered ${load}: it saturates ${time}, ${by}.${unknown}`,
      };
    }
  }
}
