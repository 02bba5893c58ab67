// A report held against rules: each holds, fails, or can't be told, with the figure that says so.

import type { Rule, RuleCheck } from '../config/rules.js';
import type { Report, ReportUplink } from '../report/report.js';
import type { ReportValidation, RuleResult, RuleState } from '../report/validation.js';
import { type RuleFinding, unknown } from './rule-finding.js';
import { checkFailover, checkOutages } from './rules-outages.js';
import { checkRate } from './rules-rates.js';
import { checkAnswered, checkAvailable, checkFinding, checkHandshake, checkLeak } from './rules-service.js';
import { checkBalance, checkShare, checkUsed } from './rules-shares.js';

export function validateReport(report: Report, rules: readonly Rule[]): ReportValidation {
  const results = rules.map((rule): RuleResult => {
    const { state, figure, why = null, uplink = null } = resultOf(report, rule);
    return { rule: rule.text, state, figure, why, uplink };
  });
  const count = (state: RuleState) => results.filter((result) => result.state === state).length;
  return { rules: results, holds: count('holds'), fails: count('fails'), unknown: count('unknown') };
}

function resultOf(report: Report, { check, uplink }: Rule): RuleFinding {
  const uplinks = uplink === null ? report.uplinks : report.uplinks.filter(({ name }) => name === uplink);
  if (report.uplinks.length === 0) return unknown('no uplinks', 'nothing in the inputs belongs to an uplink');
  if (uplinks.length === 0) return unknown(`no ${uplink}`, `there is no uplink of that name in the report`);
  if (report.partial) {
    const found = checkOf(report, uplinks, check, uplink);
    // What failed until the interruption, failed.
    return found.state === 'fails' ? found : { ...found, state: 'unknown', why: 'the reading was interrupted' };
  }
  return checkOf(report, uplinks, check, uplink);
}

function checkOf(
  report: Report,
  uplinks: readonly ReportUplink[],
  check: RuleCheck,
  uplink: string | null,
): RuleFinding {
  switch (check.kind) {
    case 'share':
      return checkShare(report, uplinks, check);
    case 'balance':
      return checkBalance(report);
    case 'rate':
      return checkRate(report, uplinks, check);
    case 'leak':
      return checkLeak(report, uplink);
    case 'outage':
      return checkOutages(report, uplinks, check);
    case 'used':
      return checkUsed(report, uplinks);
    case 'answered':
      return checkAnswered(report, uplinks, check);
    case 'available':
      return checkAvailable(uplinks, check);
    case 'handshake':
      return checkHandshake(uplinks, check);
    case 'failover':
      return checkFailover(report, uplinks, check);
    case 'finding':
      return checkFinding(report, uplink, check);
  }
}
