// Who talked most: the first clients and servers by bytes, and over which uplinks.

import { formatBytes, formatCount, formatNumberOf, formatShare } from '../../util/units.js';
import type { Report, TopHost } from '../report.js';
import { heading } from './page.js';
import type { Pen } from './pen.js';
import { renderTable } from './table.js';

const LISTED = 10;

/** Uplinks named a host; the rest are counted. */
const NAMED = 2;

export function clientLines({ top }: Report, pen: Pen): string[] {
  return hostLines('Clients', 'client', top.clients, top.clientCount, pen);
}

export function serverLines({ top }: Report, pen: Pen): string[] {
  return hostLines('Servers', 'server', top.servers, top.serverCount, pen);
}

function hostLines(title: string, one: string, hosts: readonly TopHost[], count: number | null, pen: Pen): string[] {
  if (hosts.length === 0) return [];
  const listed = hosts.slice(0, LISTED);
  const rest = Math.max(count ?? 0, hosts.length) - listed.length;
  return [
    heading(
      pen,
      title,
      rest > 0 ? `the first ${listed.length} by bytes; ${formatNumberOf(rest, `more ${one}`)} not shown` : 'by bytes',
    ),
    ...renderTable(
      [
        {
          header: one,
          min: 17,
          cells: listed.map((host) => (host.name === null ? host.address : `${host.name} (${host.address})`)),
        },
        { header: 'flows', align: 'right', cells: listed.map((host) => formatCount(host.flows)) },
        { header: 'up', align: 'right', drop: 2, cells: listed.map((host) => formatBytes(host.ipBytes.up)) },
        { header: 'down', align: 'right', drop: 3, cells: listed.map((host) => formatBytes(host.ipBytes.down)) },
        { header: 'of bytes', align: 'right', cells: listed.map((host) => formatShare(host.share)) },
        { header: 'by uplink', drop: 1, min: 16, cells: listed.map(uplinksOf) },
      ],
      pen,
    ),
  ];
}

/** `dsl1 80 %, dsl2 20 %`, heaviest first. */
function uplinksOf(host: TopHost): string {
  const used = Object.entries(host.uplinks)
    .filter(([, bytes]) => bytes > 0)
    .sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
  const total = used.reduce((sum, [, bytes]) => sum + bytes, 0);
  if (used.length === 1) return used[0]?.[0] ?? '';
  const named = used
    .slice(0, NAMED)
    .filter(([, bytes]) => bytes / total >= 0.005)
    .map(([name, bytes]) => `${name} ${formatShare(bytes / total, 0)}`);
  return used.length > NAMED ? `${named.join(', ')} +${used.length - NAMED}` : named.join(', ');
}
