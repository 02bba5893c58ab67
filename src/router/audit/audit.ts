// The router's present set-up, as its own files or the kernel tell it, held against what is needed.

import type { Config } from '../../config/config.js';
import type { Facts } from '../facts.js';
import type { SourceText } from '../read.js';
import { readEvidence, withEvidence } from './evidence.js';
import { auditKernel } from './kernel.js';
import { auditRoutes } from './routes.js';
import { type AuditCode, type AuditResult, sortFindings } from './rule.js';
import { type AuditState, auditState } from './state.js';
import { auditTranslation } from './translation.js';

export interface AuditSources {
  facts: Facts;
  texts: readonly SourceText[];
  /** What `uplinks import` makes of the same texts. */
  config: Config;
  /** The user's own: names, and the keep-alive that is meant to run. */
  given: Config | null;
  /** A parsed report, or undefined. */
  report?: unknown;
}

/** `evidence` is false where a report was given that is none. */
export function auditSetUp({ facts, texts, config, given, report }: AuditSources): AuditResult & { evidence: boolean } {
  const state = auditState(facts, texts, config, given);
  const evidence = report === undefined ? new Map<AuditCode, string[]>() : readEvidence(report);
  const found = [...auditRoutes(state), ...auditTranslation(state), ...auditKernel(state)];
  return {
    schema: 'mlstat.audit/1',
    uplinks: state.uplinks.map(({ name }) => name),
    findings: sortFindings(withEvidence(found, evidence ?? new Map())),
    notChecked: notChecked(state),
    evidence: evidence !== null,
  };
}

function notChecked({ knows, balanced, rules, uplinks }: AuditState): string[] {
  const lines: string[] = [];
  if (!knows.routes) lines.push('routes: no ip route show table all');
  if (!knows.rules) lines.push('order of tables, rules by source and mark: no ip rule');
  else if (balanced[6] !== null && rules[6].length === 0) lines.push('IPv6 rules: no ip -6 rule');
  if (!knows.firewall) lines.push('NAT and marks: no iptables-save or nft list ruleset');
  if (!knows.settings) lines.push('settings of the kernel: no sysctl -a');
  if (uplinks.length < 2) lines.push(`most of it: ${uplinks.length} uplink with a known interface`);
  return lines;
}
