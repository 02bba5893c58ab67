// How the uplinks share the flows that clients started, held against their weights.

import { formatCount, formatShare, formatShareInterval, UNKNOWN } from '../../util/units.js';
import type { Report, ReportUplink } from '../report.js';
import { barScale, shareBar } from './bars.js';
import { heading } from './page.js';
import type { Pen } from './pen.js';
import { type Cell, type Column, renderTable } from './table.js';

export function uplinkLines({ uplinks }: Report, pen: Pen): string[] {
  const shares = uplinks.map((uplink) => uplink.share);
  const weighted = shares.some(({ expected }) => expected !== null);
  const scale = barScale(shares.flatMap(({ flows, expected }) => [flows, expected]));
  const columns: Column[] = [
    { header: 'uplink', min: 16, cells: uplinks.map(({ name }) => name) },
    { header: 'SNAT source', min: 15, drop: 1, cells: uplinks.map(snatOf) },
    { header: 'weight', align: 'right', drop: 3, cells: uplinks.map(({ weight }) => formatCount(weight)) },
    { header: 'flows', align: 'right', cells: uplinks.map(({ flows }) => formatCount(flows)) },
    { header: 'expected', align: 'right', cells: shares.map(({ expected }) => formatShare(expected)) },
    { header: 'share', align: 'right', cells: shares.map(({ flows }) => formatShare(flows)) },
    {
      header: '95 % range',
      align: 'right',
      drop: 2,
      cells: shares.map((share) => formatShareInterval(share.flowsInterval)),
    },
    { header: 'of decisions', align: 'right', drop: 0, cells: shares.map(({ decisions }) => formatShare(decisions)) },
    {
      header: '',
      min: 8,
      max: 24,
      cells: shares.map(
        ({ flows, expected }): Cell =>
          (width) =>
            shareBar(flows, expected, scale, pen, width),
      ),
    },
  ];
  const legend = weighted ? `, ${pen.glyphs.tick} marks the expected share` : '';
  return [
    heading(pen, 'Uplinks', 'flows that clients started', `bar up to ${formatShare(scale, 0)}${legend}`),
    // Weights and decisions may be unknown for all uplinks: such a column says nothing.
    ...renderTable(
      columns.filter(({ cells }) => cells.some((cell) => cell !== UNKNOWN)),
      pen,
    ),
  ];
}

/** The first source, without the prefix length of a single address, and how many more there are. */
function snatOf({ snat, interface: name }: ReportUplink): string {
  const first = snat[0];
  if (first === undefined) return name === null ? UNKNOWN : `dynamic, ${name}`;
  const address = first.replace(first.includes(':') ? /\/128$/ : /\/32$/, '');
  return snat.length > 1 ? `${address} +${snat.length - 1}` : address;
}
