// Each chart on the page: its heading, what to see in it, static pictures for a wide and a narrow screen, the figures as
// a table; and its compiled specification, with which the page's script brings it to life.

import type { Chart, ChartOptions } from '../charts/chart.js';
import { CHARTS, OVER_TIME } from '../charts/charts.js';
import { chartSpec } from '../charts/frame.js';
import { PAGE } from '../charts/theme.js';
import { compileSpec, drawSvg } from '../draw/svg.js';
import type { Report } from '../report.js';
import { bareSvg } from './bare.js';
import { type Html, prose, table, text } from './markup.js';

/** Plots of the two static pictures, pixels: for paper and screens, and for a telephone. */
const WIDE = 640;
const NARROW = 236;

export interface Figures {
  html: Html;
  /** Vega specifications by the name of the chart. */
  specs: Record<string, unknown>;
  /** What is not drawn, and why. */
  missing: string[];
}

export async function drawFigures(report: Report, timezone: string): Promise<Figures> {
  const figures: Figures = { html: '', specs: {}, missing: [] };
  for (const chart of CHARTS) {
    const why = chart.missing(report);
    if (why !== null) {
      figures.missing.push(`${chart.title}: ${why}`);
      continue;
    }
    const options: ChartOptions = { timezone, width: WIDE, theme: PAGE, alone: false };
    figures.specs[chart.name] = await compileSpec(chartSpec(chart, report, options));
    figures.html += await figure(chart, report, options);
  }
  return figures;
}

async function figure(chart: Chart, report: Report, options: ChartOptions): Promise<Html> {
  const { name, title } = chart;
  const caption = chart.caption(report, options);
  const { columns, rows } = chart.table(report, options);
  const wide = await drawSvg(chartSpec(chart, report, options), `${name}-w`);
  const narrow = await drawSvg(chartSpec(chart, report, { ...options, width: NARROW }), `${name}-n`);
  const label = text(`${title}. ${caption}`);
  return `<figure class="${OVER_TIME.includes(name) ? 'time' : 'plain'}" data-chart="${name}" aria-labelledby="chart-${name}">
<h3 id="chart-${name}">${text(title)}</h3>
<figcaption>${prose(caption)}</figcaption>
<div class="picture" role="img" aria-label="${label}"><div class="still wide">${bareSvg(wide)}</div><div class="still narrow">${bareSvg(narrow)}</div></div>
<details><summary>The figures<span class="unseen"> of ${text(title)}</span></summary>
${table(`Figures of ${title}`, columns, rows)}</details>
</figure>
`;
}
