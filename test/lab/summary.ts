// The truth becomes its figures: shares, outcomes, what crossed which provider, and what each fault did.

import { type LabUplink, uplinkOfAddress } from './addresses.js';
import type { TruthFault } from './faults.js';
import type { TruthFlow } from './truth.js';
import type { RelayRow } from './witness.js';

export interface Summary {
  flows: number;
  /** How many by who started them, and how many of these leaked. */
  origins: Record<string, { flows: number; leaked: number }>;
  /** Of the flows whose uplink is known, in the order of the uplinks. */
  lan_flows_per_uplink: number[];
  lan_flows_unknown_uplink: number;
  share: number[];
  share_expected: number[];
  outcomes: Record<string, number>;
  by_uplink_outcome: Record<string, Record<string, number>>;
  leaked_flows: number;
  /** Client-server pairs, and how many of them used more than one uplink. */
  pairs: number;
  pairs_on_several_uplinks: number;
  lan_bytes_per_uplink: number[];
  /** Packets up, by the network of their source and the provider that carried them. */
  isp_matrix_pkts: Record<string, number>;
  faults: FaultSummary[];
}

interface FaultSummary {
  kind: string;
  uplink: number;
  t_start: number | null;
  t_end: number | null;
  new_flows_during: number;
  new_on_faulty: number;
  new_on_faulty_outcomes: Record<string, number>;
  new_elsewhere_outcomes: Record<string, number>;
  new_unknown: number;
  /** Seconds from the fault to the last new flow sent into it; null where there was none. */
  last_new_on_faulty_after_s: number | null;
  established_on_faulty: Record<string, number>;
  established_elsewhere: Record<string, number>;
  first_completed_on_uplink_after_recovery_s: number | null;
}

export function summarise(
  all: readonly TruthFlow[],
  relayed: readonly RelayRow[],
  uplinks: readonly LabUplink[],
  faults: readonly TruthFault[],
): Summary {
  // Shares and faults are of what the router chose for clients.
  const flows = all.filter(({ origin }) => origin === 'lan');
  const per = uplinks.map(({ id }) => flows.filter(({ uplink }) => uplink === id));
  const known = flows.filter(({ uplink }) => uplink !== null);
  const weights = uplinks.reduce((sum, { weight }) => sum + weight, 0);
  const pairs = new Map<string, Set<number>>();
  for (const { cip, sip, uplink } of known) {
    const pair = `${cip} ${sip}`;
    pairs.set(pair, (pairs.get(pair) ?? new Set()).add(uplink as number));
  }
  return {
    flows: all.length,
    origins: origins(all),
    lan_flows_per_uplink: per.map(({ length }) => length),
    lan_flows_unknown_uplink: flows.length - known.length,
    share: per.map(({ length }) => rounded(length / (known.length || 1), 4)),
    share_expected: uplinks.map(({ weight }) => rounded(weight / weights, 4)),
    outcomes: outcomes(all),
    by_uplink_outcome: Object.fromEntries(uplinks.map(({ id }, index) => [id, outcomes(per[index])])),
    leaked_flows: all.filter(({ leaked }) => leaked).length,
    pairs: pairs.size,
    pairs_on_several_uplinks: [...pairs.values()].filter(({ size }) => size > 1).length,
    lan_bytes_per_uplink: per.map((some) => some.reduce((sum, { up, down }) => sum + up + down, 0)),
    isp_matrix_pkts: matrix(relayed, uplinks),
    faults: faults.map((fault) => faultSummary(fault, flows)),
  };
}

function origins(flows: readonly TruthFlow[]): Summary['origins'] {
  const counts: Summary['origins'] = {};
  for (const { origin, leaked } of flows) {
    counts[origin] ??= { flows: 0, leaked: 0 };
    counts[origin].flows++;
    if (leaked) counts[origin].leaked++;
  }
  return counts;
}

function matrix(relayed: readonly RelayRow[], uplinks: readonly LabUplink[]): Record<string, number> {
  const cells: Record<string, number> = {};
  for (const { src, isp, pkts } of relayed) {
    const cell = `src_net${uplinkOfAddress(uplinks, src)?.id ?? '_private'}_via_isp${isp}`;
    cells[cell] = (cells[cell] ?? 0) + pkts;
  }
  return Object.fromEntries(Object.entries(cells).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function faultSummary({ kind, uplink, t_start, t_end }: TruthFault, flows: readonly TruthFlow[]): FaultSummary {
  const [from, to] = [t_start ?? Infinity, t_end ?? Infinity];
  const during = flows.filter(({ start }) => start >= from && start < to);
  const into = during.filter((flow) => flow.uplink === uplink);
  const before = flows.filter(({ start, end }) => start < from && end > from);
  const back = flows.filter((flow) => flow.start >= to && flow.uplink === uplink && flow.outcome === 'completed');
  const last = into.at(-1);
  return {
    ...{ kind, uplink, t_start, t_end },
    new_flows_during: during.length,
    new_on_faulty: into.length,
    new_on_faulty_outcomes: outcomes(into),
    new_elsewhere_outcomes: outcomes(during.filter((flow) => flow.uplink !== null && flow.uplink !== uplink)),
    new_unknown: during.filter((flow) => flow.uplink === null).length,
    last_new_on_faulty_after_s: last === undefined ? null : rounded(last.start - from, 2),
    established_on_faulty: outcomes(before.filter((flow) => flow.uplink === uplink)),
    established_elsewhere: outcomes(before.filter((flow) => flow.uplink !== null && flow.uplink !== uplink)),
    first_completed_on_uplink_after_recovery_s: back[0] === undefined ? null : rounded(back[0].start - to, 2),
  };
}

function outcomes(flows: readonly TruthFlow[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { outcome } of flows) counts[outcome] = (counts[outcome] ?? 0) + 1;
  return counts;
}

function rounded(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
