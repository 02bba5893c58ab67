// Who makes the bytes: the heaviest clients and servers, each bar divided by uplink.

import { formatBytes, formatCount, formatNumberOf, formatShare } from '../../util/units.js';
import type { Report, TopHost } from '../report.js';
import type { Chart, ChartOptions, ChartTable, Spec } from './chart.js';
import { label, nameOf, uplinkNames, uplinkScale } from './names.js';
import { inUnit, unitFor } from './unit.js';

const MOST = 10;
const LINE = 22;

export const clients: Chart = hostChart('clients', 'client', 'Top clients', 'a mirror or WAN capture shows no clients');
export const servers: Chart = hostChart('servers', 'server', 'Top servers', 'no bytes of servers are known');

function hostChart(name: 'clients' | 'servers', one: string, title: string, why: string): Chart {
  const all = (report: Report) => report.top[name].filter((host) => bytesOf(host) > 0);
  return {
    name,
    title,
    missing: (report) => (all(report).length === 0 ? why : null),
    caption: (report) =>
      caption(report, all(report), one, report.top[name === 'clients' ? 'clientCount' : 'serverCount']),
    table: (report) => table(report, all(report), one),
    plot: (report, options) => plot(report, all(report).slice(0, MOST), options),
  };
}

function plot(report: Report, hosts: readonly TopHost[], options: ChartOptions): Spec {
  const names = uplinkNames(report);
  const unit = unitFor(Math.max(...hosts.map(bytesOf)), 'B');
  const labels = hosts.map(hostLabel);
  const values = hosts.flatMap((host, i) => {
    const parts = report.uplinks.flatMap(({ name }, u) => {
      const bytes = Object.hasOwn(host.uplinks, name) ? (host.uplinks[name] ?? 0) : 0;
      return bytes > 0
        ? [{ i, u, v: inUnit(bytes, unit), name: names[u], host: labels[i], text: formatBytes(bytes) }]
        : [];
    });
    // What is known of no uplink still is known.
    return parts.length > 0
      ? parts
      : [{ i, u: -1, v: inUnit(bytesOf(host), unit), name: '–', host: labels[i], text: formatBytes(bytesOf(host)) }];
  });
  const y = {
    field: 'i',
    type: 'ordinal',
    title: null,
    axis: {
      labelExpr: 'hosts[datum.value]',
      ticks: false,
      domain: false,
      labelColor: options.theme.ink,
      labelLimit: 170,
    },
  };
  return {
    width: options.width,
    height: hosts.length * LINE,
    layer: [
      {
        data: { values },
        transform: [{ filter: 'datum.u < 0 || on[datum.u]' }],
        mark: { type: 'bar', height: { band: 0.72 } },
        encoding: {
          x: { field: 'v', type: 'quantitative', title: `${unit.name}, both directions`, axis: { grid: true } },
          y,
          order: { field: 'u' },
          color: uplinkScale(report, options.theme, options.alone),
          tooltip: [
            { field: 'host', title: 'host' },
            { field: 'name', title: 'uplink' },
            { field: 'text', title: 'bytes' },
          ],
        },
      },
    ],
    params: [{ name: 'hosts', value: labels }],
  };
}

function bytesOf(host: TopHost): number {
  return (host.ipBytes.up ?? 0) + (host.ipBytes.down ?? 0);
}

function hostLabel(host: TopHost): string {
  return label(host.name ?? host.address, 30);
}

function caption(report: Report, hosts: readonly TopHost[], one: string, count: number | null): string {
  const first = hosts[0];
  if (first === undefined) return '';
  const of = count === null ? '' : ` of ${formatNumberOf(count, one)}`;
  const lines = [
    `${hostLabel(first)} alone makes ${formatShare(first.share)} of all bytes${of === '' ? '' : `,${of}`}.`,
  ];
  const main = report.uplinks
    .map(({ name }) => ({ name, bytes: Object.hasOwn(first.uplinks, name) ? (first.uplinks[name] ?? 0) : 0 }))
    .sort((a, b) => b.bytes - a.bytes)[0];
  if (main !== undefined && main.bytes > 0 && report.uplinks.length > 1) {
    lines.push(
      `${formatShare(main.bytes / bytesOf(first), 0)} of that went by ${nameOf(report, main.name)}: one heavy ${one} moves an uplink’s bytes more than its weight does.`,
    );
  }
  return lines.join(' ');
}

function table(report: Report, hosts: readonly TopHost[], one: string): ChartTable {
  return {
    columns: [one, 'flows>', 'up>', 'down>', 'of all bytes>', ...uplinkNames(report).map((name) => `${name}>`)],
    rows: hosts
      .slice(0, MOST * 2)
      .map((host) => [
        host.name === null ? label(host.address, 60) : label(`${host.name} (${host.address})`, 60),
        formatCount(host.flows),
        formatBytes(host.ipBytes.up),
        formatBytes(host.ipBytes.down),
        formatShare(host.share),
        ...report.uplinks.map(({ name }) =>
          formatBytes(Object.hasOwn(host.uplinks, name) ? (host.uplinks[name] ?? 0) : 0),
        ),
      ]),
  };
}
