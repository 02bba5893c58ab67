// How large flows are, and which sizes make the bytes: two bars a size.

import { formatBytes, formatCount, formatShare } from '../../util/units.js';
import type { FlowSizes, Report } from '../report.js';
import type { Chart, ChartOptions, ChartTable, Spec } from './chart.js';

const MOST_SIZES = 48;

export const sizes: Chart = {
  name: 'sizes',
  title: 'Sizes of flows',
  missing: (report) => (binsOf(report.flowSizes).length === 0 ? 'no sizes of flows are known' : null),
  caption,
  table,
  plot,
};

function plot(report: Report, options: ChartOptions): Spec {
  const { theme } = options;
  const bins = binsOf(report.flowSizes);
  const labels = bins.map(({ upTo }) => formatBytes(upTo));
  const values = bins.flatMap((bin, i) => [
    {
      i,
      of: 0,
      part: bin.flowShare,
      text: `${formatCount(bin.flows)} flows, ${formatShare(bin.flowShare)}`,
      size: labels[i],
    },
    {
      i,
      of: 1,
      part: bin.byteShare,
      text: `${formatBytes(bin.ipBytes)}, ${formatShare(bin.byteShare)}`,
      size: labels[i],
    },
  ]);
  return {
    width: options.width,
    height: 190,
    data: { values },
    mark: { type: 'bar' },
    encoding: {
      x: {
        field: 'size',
        type: 'ordinal',
        sort: null,
        title: 'bytes of the flow, at most',
        axis: { labelAngle: -40, labelOverlap: 'parity' },
        scale: { paddingInner: 0.25 },
      },
      xOffset: { field: 'of', type: 'nominal', scale: { paddingInner: 0 } },
      y: { field: 'part', type: 'quantitative', title: 'part of all', axis: { format: '.0%' } },
      color: {
        field: 'of',
        type: 'nominal',
        scale: { domain: [0, 1], range: [...theme.pair] },
        legend: {
          title: null,
          orient: 'top',
          symbolType: 'square',
          labelExpr: "datum.value == 0 ? 'of the flows' : 'of the bytes'",
        },
      },
      tooltip: [
        { field: 'size', title: 'at most' },
        { field: 'text', title: 'there' },
      ],
    },
  };
}

/** With their parts of all. */
function binsOf(flowSizes: FlowSizes | null) {
  const bins = (flowSizes?.histogram ?? []).slice(0, MOST_SIZES);
  const flows = bins.reduce((sum, bin) => sum + bin.flows, 0);
  const bytes = bins.reduce((sum, bin) => sum + bin.ipBytes, 0);
  if (flows === 0) return [];
  return bins.map((bin) => ({
    ...bin,
    flowShare: bin.flows / flows,
    byteShare: bytes === 0 ? 0 : bin.ipBytes / bytes,
  }));
}

function caption({ flowSizes }: Report): string {
  const bins = binsOf(flowSizes);
  const top = topBins(bins);
  const flows = top.reduce((sum, bin) => sum + bin.flowShare, 0);
  const bytes = top.reduce((sum, bin) => sum + bin.byteShare, 0);
  const least = bins[bins.length - top.length - 1]?.upTo;
  const head = `Half of the flows are at most ${formatBytes(flowSizes?.quantiles.p50 ?? null)}`;
  if (least === undefined) return `${head}.`;
  return `${head}; the ${formatShare(flows)} above ${formatBytes(least)} make ${formatShare(bytes)} of the bytes. Where few flows make most bytes, shares of bytes can’t follow the weights.`;
}

/** The largest sizes that together make at least half of the bytes. */
function topBins(bins: ReturnType<typeof binsOf>) {
  let sum = 0;
  for (let i = bins.length - 1; i > 0; i -= 1) {
    sum += bins[i]?.byteShare ?? 0;
    if (sum >= 0.5) return bins.slice(i);
  }
  return bins;
}

function table(report: Report, _options: ChartOptions): ChartTable {
  return {
    columns: ['bytes, at most>', 'flows>', 'of the flows>', 'bytes>', 'of the bytes>'],
    rows: binsOf(report.flowSizes).map((bin) => [
      formatBytes(bin.upTo),
      formatCount(bin.flows),
      formatShare(bin.flowShare),
      formatBytes(bin.ipBytes),
      formatShare(bin.byteShare),
    ]),
  };
}
