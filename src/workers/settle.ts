// Runs that ended with their input, into sums and rows: what is left to do when the parts have been joined.

import { lendHot, returnHot } from '../flows/instance.js';
import { RunList } from '../flows/runs.js';
import { type Settled, Settler } from '../tally/settle.js';
import type { Lane } from '../uplinks/lanes.js';
import type { Topology } from '../uplinks/topology.js';

/** Runs to be settled. Travels to a worker. */
export interface SettleSpec {
  /** As `RunList.take` gives them; those that are gone are passed over. */
  lists: readonly ArrayBuffer[];
  /** What the lane numbers in them mean. */
  lanes: readonly Lane[];
  topology: Topology;
  ledgerRows: number | undefined;
}

export function settleRuns({ lists, lanes, topology, ledgerRows }: SettleSpec): Settled {
  const hot = lendHot();
  const settler = new Settler(hot, topology, ledgerRows);
  for (const list of lists) settler.takeAll(RunList.of(list), lanes);
  const settled = settler.finish();
  returnHot(hot);
  return settled;
}
