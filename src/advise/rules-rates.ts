// Rules on what the uplinks carry: mean, percentile or peak below a rate or a part of the capacity.

import type { RateFigure, RuleCheck } from '../config/rules.js';
import { nearestRank } from '../measure/quantile.js';
import type { Report, ReportUplink } from '../report/report.js';
import { formatRate, formatShare } from '../util/units.js';
import { gravest, type RuleFinding, unknown } from './rule-finding.js';

export function checkRate(
  report: Report,
  uplinks: readonly ReportUplink[],
  { figure, below, direction }: RuleCheck & { kind: 'rate' },
): RuleFinding {
  const ways = direction === null ? (['up', 'down'] as const) : [direction];
  const lines = uplinks.flatMap((uplink) =>
    ways.map((way) => {
      const rate = rateOf(report, uplink, way, figure);
      const limit = 'bps' in below ? below.bps : (uplink.capacity?.[way] ?? null);
      return { uplink: uplink.name, way, rate, limit, load: rate === null || limit === null ? -1 : rate / limit };
    }),
  );
  // Where some lines have a capacity, the rule is about those.
  const limited = lines.filter(({ limit }) => limit !== null);
  if (limited.length === 0) {
    return unknown('no capacity', `none is configured: --capacity ${uplinks[0]?.name ?? 'NAME'}=DOWN/UP`);
  }
  limited.sort((a, b) => b.load - a.load);
  const most = 'part' in below ? below.part : 1;
  return gravest(
    limited.map(({ uplink, way, rate, limit, load }): RuleFinding => {
      if (rate === null) return unknown(`${uplink} ${way}`, whyUnknown(report, figure), uplink);
      const of =
        'part' in below ? `${formatShare(load, 0)} (${formatRate(rate)} of ${formatRate(limit)})` : formatRate(rate);
      return { state: load < most ? 'holds' : 'fails', figure: `${uplink} ${way} ${of}`, uplink };
    }),
  );
}

/** Percentiles other than p95 from the series, where its bins are those of the report. */
function rateOf(report: Report, { name, rate }: ReportUplink, way: 'up' | 'down', figure: RateFigure): number | null {
  if (typeof figure === 'string') return rate[way][figure];
  if (figure.quantile === 0.95) return rate[way].p95;
  const { series, window } = report;
  if (series.binSeconds !== window.binSeconds || !Object.hasOwn(series.uplinks, name)) return null;
  const known = (series.uplinks[name]?.[way] ?? []).filter((value) => value !== null);
  const [value = null] = known.length === 0 ? [] : nearestRank(Float64Array.from(known), [figure.quantile]);
  return value;
}

function whyUnknown({ series, window }: Report, figure: RateFigure): string {
  const isOther = typeof figure === 'object' && figure.quantile !== 0.95;
  if (isOther && series.binSeconds !== window.binSeconds) return 'too many bins for any percentile but p95: give --bin';
  return 'its bytes were not captured';
}
