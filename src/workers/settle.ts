// Runs that ended with their input, into sums and rows: what is left to do when the parts have been joined.

import { endRuns } from '../flows/join.js';
import { type FlowRules, Timeouts } from '../flows/rules.js';
import { RunList } from '../flows/runs.js';
import { type Settled, Settler } from '../tally/settle.js';
import type { Lane } from '../uplinks/lanes.js';
import type { Topology } from '../uplinks/topology.js';

/** A list of runs that are over, when the clock stood at `clock`. */
export interface EndedRuns {
  runs: ArrayBuffer;
  clock: number;
}

/** Lists to be settled. Travels to a worker. */
export interface SettleSpec {
  lists: readonly EndedRuns[];
  /** What the lane numbers in them mean. */
  lanes: readonly Lane[];
  topology: Topology;
  rules: FlowRules;
  ledgerRows: number | undefined;
}

export function settleRuns(spec: SettleSpec): Settled {
  const settler = new Settler(spec.topology, spec.ledgerRows);
  settleInto(settler, spec);
  return settler.finish();
}

export function settleInto(settler: Settler, { lists, lanes, rules }: SettleSpec): void {
  const timeouts = new Timeouts(rules);
  for (const { runs, clock } of lists) {
    endRuns(RunList.of(runs), clock, timeouts, (list, at) => settler.take(list, at, lanes));
  }
}
