// Rules on how the uplinks share: within so many points, by the verdict, and whether each is used at all.

import type { RuleCheck, Shared } from '../config/rules.js';
import type { Report, ReportUplink } from '../report/report.js';
import { formatCount, formatNumberOf, formatP, formatPoints, formatShare } from '../util/units.js';
import { gravest, type RuleFinding, unknown } from './rule-finding.js';

/** An uplink without flows may have had bad luck up to this probability. */
const LUCK = 0.05;

/**
 * By the largest difference from the expected share. It can't be told where so few decisions would not show such a
 * difference (80 % power at 5 %; of bytes and packets: where the interval reaches over the limit), unless the whole
 * interval lies beyond it.
 */
export function checkShare(
  report: Report,
  uplinks: readonly ReportUplink[],
  { points, of }: RuleCheck & { kind: 'share' },
): RuleFinding {
  const what: Shared = of ?? (uplinks.some(({ share }) => share.decisions !== null) ? 'decisions' : 'flows');
  const judged = uplinks.flatMap(({ name, share }) => {
    const seen = share[what];
    const interval = share[`${what}Interval`];
    if (seen === null || share.expected === null || interval === null) return [];
    const off = 100 * (seen - share.expected);
    const figure = `${name} ${formatPoints(off)}: ${formatShare(seen)} of the ${what}, ${formatShare(share.expected)} expected`;
    return [
      { name, off, figure, low: 100 * (interval[0] - share.expected), high: 100 * (interval[1] - share.expected) },
    ];
  });
  if (judged.length === 0) {
    const weighted = uplinks.some(({ weight }) => weight !== null);
    return unknown('no share to judge', weighted ? 'too little was captured' : 'no weights are configured');
  }
  judged.sort((a, b) => Math.abs(b.off) - Math.abs(a.off));
  const { detectablePoints } = report.balance;
  return gravest(
    judged.map(({ name, off, figure, low, high }): RuleFinding => {
      if (low > points || high < -points) return { state: 'fails', figure, uplink: name };
      const byTest = what === 'decisions' || what === 'flows';
      if (byTest && detectablePoints !== null && detectablePoints > points) {
        return unknown(figure, `so few decisions show ${detectablePoints.toFixed(1)} points at best`, name);
      }
      if (!byTest && (low < -points || high > points)) {
        return unknown(figure, `the 95 % interval reaches from ${formatPoints(low)} to ${formatPoints(high)}`, name);
      }
      return { state: Math.abs(off) <= points ? 'holds' : 'fails', figure, uplink: name };
    }),
  );
}

export function checkBalance({ balance }: Report): RuleFinding {
  const { verdict, pValue, maxDeviation, detectablePoints, decisionsNeeded } = balance;
  const furthest = maxDeviation === null ? '' : `, ${maxDeviation.uplink} ${formatPoints(maxDeviation.points)}`;
  const figure = pValue === null ? 'no test' : `${formatP(pValue)}${furthest}`;
  const uplink = maxDeviation?.uplink;
  if (verdict === 'consistent') return { state: 'holds', figure };
  if (verdict === 'deviates') return { state: 'fails', figure, ...(uplink === undefined ? {} : { uplink }) };
  if (verdict === null) return unknown(figure, 'no weights, or fewer than two uplinks to judge');
  const shown = detectablePoints === null ? '' : ` (${detectablePoints.toFixed(1)} points would have been noticed)`;
  return unknown(figure, `fewer than the ${formatCount(decisionsNeeded)} decisions that it takes${shown}`);
}

/** An uplink without flows is unused if its weight makes that improbable. */
export function checkUsed({ findings, uplinks: all }: Report, uplinks: readonly ReportUplink[]): RuleFinding {
  const flows = (uplink: ReportUplink) => uplink.flows + uplink.routerFlows + uplink.inboundFlows;
  const total = all.reduce((sum, { decisions, flows: own }) => sum + (decisions ?? own), 0);
  const hidden = new Set(findings.flatMap(({ code, uplinks: names }) => (code === 'uplink-not-captured' ? names : [])));
  const byUse = [...uplinks].sort((a, b) => flows(a) - flows(b));
  return gravest(
    byUse.map((uplink): RuleFinding => {
      const { name, share } = uplink;
      const figure = `${name} ${formatNumberOf(flows(uplink), 'flow')}`;
      if (flows(uplink) > 0) return { state: 'holds', figure, uplink: name };
      if (hidden.has(name)) return unknown(figure, 'its link was not captured', name);
      if (total === 0) return unknown(figure, 'there are no flows at all', name);
      const luck = share.expected === null ? 0 : (1 - share.expected) ** total;
      if (luck >= LUCK) return unknown(figure, `of ${formatNumberOf(total, 'decision')} that may be chance`, name);
      return { state: 'fails', figure, uplink: name };
    }),
  );
}
