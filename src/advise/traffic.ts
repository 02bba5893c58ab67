// A finished tally becomes what advice is drawn from: who carried what and when, and which flows are one decision.

import type { Capacity } from '../config/config.js';
import { type Decisions, findDecisions } from '../measure/decisions.js';
import type { MeasureInput } from '../measure/measure.js';
import { uplinksCaptured, uplinksInView } from '../measure/view.js';
import { type Cover, coverOf } from '../measure/window.js';
import { type Carried, layOutCovered } from './axis.js';
import { type Bends, bendsOf } from './burst.js';

/** What advice takes of a run. */
export type AdviceInput = Pick<MeasureInput, 'tally' | 'config' | 'inputs' | 'pins' | 'binSec' | 'interfaces'>;

/** By uplink, in the order of the report. */
export interface KnownUplink {
  name: string;
  weight: number | null;
  capacity: Capacity;
  /** Whether the inputs would show its traffic. */
  inView: boolean;
}

export interface Traffic {
  uplinks: KnownUplink[];
  cover: Cover;
  carried: Carried;
  decisions: Decisions;
  bends: Bends;
  /** Part of the decision keys that the ledger holds. */
  kept: number;
}

/** `mostBins` bounds the time axis. */
export function trafficOf({ tally, config, inputs, pins, binSec }: AdviceInput, mostBins: number): Traffic {
  const { ledger, topology, lanes } = tally;
  const inView = uplinksInView(tally);
  // Dumps of connection tracking show flows, yet no bytes over time.
  const captured = uplinksCaptured(tally);
  const uplinks = topology.uplinks.map(({ name }, n) => {
    const known = config?.uplinks.find((uplink) => uplink.name === name);
    const capacity = known?.capacity ?? { up: null, down: null };
    return { name, weight: known?.weight ?? null, capacity, inView: captured[n] };
  });
  const data = tally.bins.finish();
  const cover = coverOf(inputs, data);
  const carried = layOutCovered(data, lanes, uplinks.length, cover, binSec, mostBins);
  const { hashPolicy = null, hashPolicy6 = null } = config?.router ?? {};
  const decisions = findDecisions(ledger, inView, pins, { ipv4: hashPolicy, ipv6: hashPolicy6 });
  const kept = ledger.threshold / 2 ** 32;
  return { uplinks, cover, carried, decisions, bends: bendsOf(ledger, carried, kept), kept };
}

/** Bits per second of so many bytes in a bin. */
export function bitsOf(widthSec: number): number {
  return 8 / widthSec;
}
