// A saved report of `mlstat analyse --format json` adds what was measured to the rules that it bears on. Read
// defensively: any file may be given.

import { oneLine } from '../../util/quote.js';
import { field, listOf, numberOf, textOf } from '../json-items.js';
import type { AuditCode, AuditFinding } from './rule.js';

/** Findings of a report that bear on a rule. */
const BY_FINDING: Readonly<Record<string, readonly AuditCode[]>> = {
  'nat-leak': [
    'no-marks',
    'mark-never-set',
    'mark-not-restored',
    'mark-without-rule',
    'no-source-rule',
    'no-prohibit',
    'masquerade-flush',
  ],
  'private-source': ['foreign-source', 'uplink-without-nat', 'masquerade-flush'],
  'uplink-unused': [
    'main-default',
    'no-balance',
    'nexthop-dead',
    'nexthop-objects',
    'no-keepalive',
    'nat-without-route',
  ],
  'weights-changed': ['no-marks'],
};
const BY_OUTAGE: Readonly<Record<string, readonly AuditCode[]>> = {
  'link-down': ['linkdown-used', 'no-prohibit', 'nexthop-objects'],
  'gateway-dead': ['no-use-neigh', 'no-keepalive', 'neigh-timers', 'gc-thresh'],
  blackhole: ['hash-policy'],
  'address-change': ['masquerade-flush'],
};
const MOST = 4;

/** Null where the value is no report. */
export function readEvidence(report: unknown): Map<AuditCode, string[]> | null {
  if (!/^mlstat\.report\//.test(textOf(report, 'schema') ?? '')) return null;
  const found = new Map<AuditCode, string[]>();
  const add = (codes: readonly AuditCode[] | undefined, text: string) => {
    for (const code of codes ?? []) {
      const list = found.get(code) ?? [];
      if (list.length < MOST && !list.includes(text)) found.set(code, [...list, text]);
    }
  };
  for (const one of listOf(report, 'findings')) {
    const message = textOf(one, 'message');
    if (message !== null) add(BY_FINDING[textOf(one, 'code') ?? ''], clip(message));
  }
  for (const one of listOf(report, 'outages')) {
    const kind = textOf(one, 'kind') ?? '';
    const codes = Object.hasOwn(BY_OUTAGE, kind) ? BY_OUTAGE[kind] : undefined;
    add(codes, outageText(one, kind));
    for (const explanation of listOf(one, 'explanations').slice(0, MOST)) {
      const message = textOf(explanation, 'message');
      if (message !== null) add(codes, clip(message));
    }
  }
  addBalance(report, add);
  return found;
}

export function withEvidence(
  findings: readonly Omit<AuditFinding, 'evidence'>[],
  evidence: Map<AuditCode, string[]>,
): AuditFinding[] {
  return findings.map((one) => ({ ...one, evidence: evidence.get(one.code) ?? [] }));
}

function outageText(outage: unknown, kind: string): string {
  const parts = [
    `${oneLine(textOf(outage, 'uplink') ?? 'an uplink')}: ${kind}`,
    secondsOf(outage, 'seconds', 'for '),
    countOf(outage, 'blackholedFlows', 'new flows sent into it'),
    countOf(outage, 'cutFlows', 'flows cut'),
  ];
  const reaction = field(outage, 'reaction');
  if (field(reaction, 'avoided') === false) parts.push('never avoided');
  else parts.push(secondsOf(reaction, 'seconds', 'avoided after '));
  return clip(parts.filter((part) => part !== '').join(', '));
}

function addBalance(report: unknown, add: (codes: readonly AuditCode[] | undefined, text: string) => void): void {
  const balance = field(report, 'balance');
  const effect = numberOf(balance, 'designEffect');
  const effective = numberOf(balance, 'effectiveDecisions');
  if (effect !== null && effective !== null && effect > 1.5) {
    add(['hash-policy'], `${effective.toFixed(0)} effective decisions, design effect ${effect.toFixed(1)}`);
  }
  const deviation = field(balance, 'maxDeviation');
  const points = numberOf(deviation, 'points');
  if (textOf(balance, 'verdict') === 'deviates' && points !== null) {
    add(
      ['main-default', 'hash-policy', 'no-balance'],
      `${oneLine(textOf(deviation, 'uplink') ?? '')} is ${points.toFixed(1)} points off its share`,
    );
  }
}

function secondsOf(value: unknown, key: string, before: string): string {
  const seconds = numberOf(value, key);
  return seconds === null ? '' : `${before}${seconds.toFixed(1)} s`;
}

function countOf(value: unknown, key: string, what: string): string {
  const count = numberOf(value, key);
  return count === null || count === 0 ? '' : `${count} ${what}`;
}

function clip(text: string): string {
  const plain = oneLine(text);
  return plain.length > 300 ? `${plain.slice(0, 299)}…` : plain;
}
