// The router's present set-up, as its own files or the kernel tell it, held against what is needed.

import type { Config } from '../../config/config.js';
import type { Facts } from '../facts.js';
import type { SourceText } from '../read.js';
import { type Evidence, readEvidence, withEvidence } from './evidence.js';
import { auditKernel } from './kernel.js';
import { auditRoutes } from './routes.js';
import { type AuditResult, sortFindings } from './rule.js';
import { type AuditState, auditState } from './state.js';
import { auditTranslation } from './translation.js';

export interface AuditSources {
  facts: Facts;
  texts: readonly SourceText[];
  /** What `uplinks import` makes of the same texts. */
  config: Config;
  /** The user's own: names, and the keep-alive that is meant to run. */
  given: Config | null;
  /** Parsed reports of `mlstat analyse`; what is none is passed over. */
  reports?: readonly unknown[];
  /** The command that writes the script of what is needed, setup.sh. */
  planCommand?: string;
}

export { isReport } from './evidence.js';

const PLAN = 'mlstat plan -c mlstat.yaml -o setup.sh';

export function auditSetUp(sources: AuditSources): AuditResult {
  const { facts, texts, config, given, reports = [], planCommand = PLAN } = sources;
  const state = auditState(facts, texts, config, given, planCommand);
  const evidence: Evidence = readEvidence(reports);
  const found = [...auditRoutes(state), ...auditTranslation(state), ...auditKernel(state)];
  return {
    schema: 'mlstat.audit/1',
    uplinks: state.uplinks.map(({ name }) => name),
    findings: sortFindings(withEvidence(found, evidence)),
    alsoMeasured: evidence.unexplainedBy(found.map(({ code }) => code)),
    notChecked: notChecked(state),
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
