// What the verdict rests on becomes short notes: the test, the router's hash policy, what was left out. Plain text.

import { formatCount, formatNumberOf, formatP } from '../util/units.js';
import type { Report, ReportBalance, ReportPolicy } from './report.js';

const KEYS = {
  'client-server': 'one per client and server',
  'five-tuple': 'one per connection',
  server: 'flows grouped by server, as clients can’t be seen',
} as const;

const POLICIES = {
  l3: 'by addresses (hash policy 0)',
  l4: 'by connection (hash policy 1 or marks)',
  'per-packet': 'packet by packet',
} as const;

/** One note each, without a final full stop where it is a list of figures; empty where nothing was tested. */
export function balanceNotes({ balance }: Report): string[] {
  const notes: string[] = [];
  if (balance.test !== null) notes.push(testNote(balance));
  if (balance.policy.ipv4 !== null) notes.push(policyNote('IPv4', balance.policy.ipv4));
  if (balance.policy.ipv6 !== null) notes.push(policyNote('IPv6', balance.policy.ipv6));
  if (balance.regimes.length > 1) {
    notes.push(
      `Judged in ${formatCount(balance.regimes.length)} regimes: the eligible uplinks or their weights changed.`,
    );
  }
  const { excluded } = balance;
  const left = [
    excluded.inbound > 0 ? `${formatCount(excluded.inbound)} inbound` : '',
    excluded.router > 0 ? `${formatCount(excluded.router)} of the router’s own` : '',
    excluded.pinned > 0 ? `${formatCount(excluded.pinned)} pinned` : '',
    excluded.duringOutage > 0 ? `${formatCount(excluded.duringOutage)} during outages` : '',
  ].filter((text) => text !== '');
  if (left.length > 0) notes.push(`Flows left out of the judgement: ${left.join(', ')}.`);
  return notes;
}

function testNote(balance: ReportBalance): string {
  const figures: string[] = [];
  if (balance.statistic !== null) figures.push(`statistic ${Number(balance.statistic.toPrecision(3))}`);
  if (balance.df !== null) figures.push(formatNumberOf(balance.df, 'degree of freedom', 'degrees of freedom'));
  if (balance.pValue !== null) figures.push(formatP(balance.pValue));
  if (balance.designEffect !== null) figures.push(`design effect ${balance.designEffect.toFixed(1)}`);
  const key = balance.key === null ? '' : `; decisions: ${KEYS[balance.key]}`;
  return `${balance.test}: ${figures.join(', ')}${key}.`;
}

function policyNote(family: string, policy: ReportPolicy): string {
  const stayed = `${formatCount(policy.pairsOnOneUplink)} of ${formatNumberOf(policy.pairsSeen, 'client-server pair')}`;
  if (policy.inferred === 'unknown') {
    return `${family}: too few client-server pairs came twice to tell how the router chooses (${stayed} stayed on one uplink).`;
  }
  return `${family}: the router chooses ${POLICIES[policy.inferred]}; ${stayed} stayed on one uplink.`;
}
