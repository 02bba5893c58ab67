// Where every packet went: each is in exactly one line.

import { formatCount, formatShare } from '../../util/units.js';
import type { Report } from '../report.js';
import { heading } from './page.js';
import type { Pen } from './pen.js';
import { renderTable } from './table.js';

export function packetLines(report: Report, pen: Pen): string[] {
  const { packets } = report;
  const rows = [
    ['on an uplink', packets.attributed, ''],
    ['seen before', packets.duplicates, 'second sight of a packet already counted'],
    ['LAN side', packets.lan, 'before NAT'],
    ['router', packets.router, 'ARP, neighbour discovery, link-local'],
    ['other', packets.other, 'not IP, or of no uplink'],
    ['damaged', packets.damaged, 'headers that contradict themselves'],
  ] as const;
  const total = rows.reduce((sum, [, count]) => sum + count, 0);
  if (total === 0) return [];
  const shown = rows.filter(([, count], i) => i === 0 || count > 0);
  return [
    heading(pen, 'Packets', `${formatCount(total)} in all`),
    ...renderTable(
      [
        { header: '', cells: shown.map(([name]) => name) },
        { header: 'packets', align: 'right', cells: shown.map(([, count]) => formatCount(count)) },
        { header: 'share', align: 'right', cells: shown.map(([, count]) => formatShare(count / total)) },
        { header: '', drop: 1, cells: shown.map(([, , what]) => ({ text: what, paint: pen.paint.dim })) },
      ],
      pen,
    ),
  ];
}
