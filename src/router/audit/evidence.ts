// A report of `mlstat analyse` adds what was measured to the rules that it bears on. Read defensively: it may come from
// any file.

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
  'inbound-misrouted': ['no-marks', 'mark-never-set', 'mark-not-restored', 'mark-without-rule'],
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
/** A month of a bad line has thousands of outages. */
const MOST_MEASURED = 1000;

/** What was measured: `of` a rule, and what none of these rules explains. */
export interface Evidence {
  of(code: AuditCode): string[];
  unexplainedBy(codes: readonly AuditCode[]): string[];
}

export function isReport(value: unknown): boolean {
  return /^mlstat\.report\//.test(textOf(value, 'schema') ?? '');
}

export function readEvidence(reports: readonly unknown[]): Evidence {
  const measured = new Map<string, Set<AuditCode>>();
  const details = new Set<string>();
  const add: Add = (codes, text, isDetail = false) => {
    if (!measured.has(text) && measured.size >= MOST_MEASURED) return;
    if (isDetail) details.add(text);
    const known = measured.get(text) ?? new Set();
    measured.set(text, known);
    for (const code of codes) known.add(code);
  };
  for (const report of reports.filter(isReport)) readReport(report, add);
  const texts = (isWanted: (codes: Set<AuditCode>, text: string) => boolean) =>
    [...measured].flatMap(([text, codes]) => (isWanted(codes, text) ? [text] : [])).slice(0, MOST);
  return {
    of: (code) => texts((codes) => codes.has(code)),
    unexplainedBy: (found) => texts((codes, text) => !details.has(text) && !found.some((code) => codes.has(code))),
  };
}

/** `isDetail`: of interest beside a rule alone. */
type Add = (codes: readonly AuditCode[], text: string, isDetail?: boolean) => void;

function readReport(report: unknown, add: Add): void {
  for (const one of listOf(report, 'findings')) {
    const message = textOf(one, 'message');
    const code = textOf(one, 'code') ?? '';
    if (message !== null && Object.hasOwn(BY_FINDING, code)) add(BY_FINDING[code], clip(message));
  }
  for (const one of listOf(report, 'outages')) {
    const kind = textOf(one, 'kind') ?? '';
    const codes = Object.hasOwn(BY_OUTAGE, kind) ? BY_OUTAGE[kind] : [];
    add(codes, outageText(one, kind));
    for (const explanation of listOf(one, 'explanations').slice(0, MOST)) {
      const message = textOf(explanation, 'message');
      if (message !== null) add(codes, clip(message));
    }
  }
  addBalance(report, add);
}

export function withEvidence(findings: readonly Omit<AuditFinding, 'evidence'>[], evidence: Evidence): AuditFinding[] {
  return findings.map((one) => ({ ...one, evidence: evidence.of(one.code) }));
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

function addBalance(report: unknown, add: Add): void {
  const balance = field(report, 'balance');
  const effect = numberOf(balance, 'designEffect');
  const effective = numberOf(balance, 'effectiveDecisions');
  if (effect !== null && effective !== null && effect > 1.5) {
    add(
      ['hash-policy'],
      `the flows came by no more than ${effective.toFixed(0)} independent choices (design effect ${effect.toFixed(1)})`,
      true,
    );
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
