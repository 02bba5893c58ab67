// `comparison` as comma-separated values: a row an uplink and figure. Units are the report's own.

import type { Change, ComparedUplink, Pair } from './comparison.js';
import { csvText } from './csv.js';
import type { Report } from './report.js';

type Figure = Pair<number | null> & Partial<Pick<Change, 'change' | 'interval'>>;

/** Header and a line a figure; what is not known is an empty field. */
export function renderComparisonCsv({ comparison }: Report): string {
  const header = ['uplink', 'figure', 'before', 'after', 'change', 'changeLow', 'changeHigh'];
  const rows = (comparison?.uplinks ?? []).flatMap((uplink) =>
    figuresOf(uplink).map(([name, { before, after, change, interval }]) => [
      csvText(uplink.uplink),
      name,
      before,
      after,
      change ?? (before === null || after === null ? null : Number((after - before).toPrecision(6))),
      interval?.[0] ?? null,
      interval?.[1] ?? null,
    ]),
  );
  return `${[header, ...rows].map((row) => row.map((value) => value ?? '').join(',')).join('\n')}\n`;
}

function figuresOf({ share, rate, utilisation, outages, ...uplink }: ComparedUplink): [string, Figure][] {
  return [
    ['weight', uplink.weight],
    ['expectedShare', uplink.expected],
    ['flows', uplink.flows],
    ['decisionsShare', share.decisions],
    ['flowsShare', share.flows],
    ['bytesShare', share.bytes],
    ['packetsShare', share.packets],
    ...(['up', 'down'] as const).flatMap((way): [string, Figure][] => {
      const ending = way === 'up' ? 'Up' : 'Down';
      return [
        [`mean${ending}`, rate[way].mean],
        [`p95${ending}`, rate[way].p95],
        [`peak${ending}`, rate[way].peak],
        [`p95Utilisation${ending}`, utilisation[way]],
      ];
    }),
    ['answeredShare', uplink.answered],
    ['handshakeMsP50', uplink.handshakeMsP50],
    ['handshakeMsP95', uplink.handshakeMsP95],
    ['outages', outages.count],
    ['outageSeconds', outages.seconds],
  ];
}
