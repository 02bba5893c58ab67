// A chart of a report becomes a file: SVG, PNG, or its Vega-Lite specification.

import type { Chart, ChartOptions, Spec } from '../charts/chart.js';
import { CHARTS } from '../charts/charts.js';
import { chartSpec } from '../charts/frame.js';
import { overviewSpec } from '../charts/overview.js';
import { LIGHT } from '../charts/theme.js';
import type { Report } from '../report.js';
import { drawPng } from './png.js';
import { drawSvg } from './svg.js';

export const PICTURE_FORMATS = ['svg', 'png', 'vl.json'] as const;
export type PictureFormat = (typeof PICTURE_FORMATS)[number];

/** Pixels of a plot in a picture that stands alone. */
const WIDTH = 640;

export interface Picture {
  name: string;
  title: string;
  caption: string;
  /** The file's content in that format. */
  draw(format: PictureFormat): Promise<string | Uint8Array>;
}

/** All charts that the report has figures for. */
export function picturesOf(report: Report, timezone: string): Picture[] {
  const options = pictureOptions(timezone);
  return CHARTS.filter((chart) => chart.missing(report) === null).map((chart) => ({
    name: chart.name,
    title: chart.title,
    caption: chart.caption(report, options),
    draw: (format) => drawSpec(chartSpec(chart, report, options), format),
  }));
}

/** One chart, which must have something to draw, or for null the overview. */
export async function drawPicture(
  report: Report,
  chart: Chart | null,
  format: PictureFormat,
  timezone: string,
): Promise<string | Uint8Array> {
  const options = pictureOptions(timezone);
  return drawSpec(chart === null ? overviewSpec(report, options) : chartSpec(chart, report, options), format);
}

function pictureOptions(timezone: string): ChartOptions {
  return { timezone, width: WIDTH, theme: LIGHT, alone: true };
}

async function drawSpec(spec: Spec, format: PictureFormat): Promise<string | Uint8Array> {
  if (format === 'vl.json') return `${JSON.stringify(spec, null, 1)}\n`;
  const svg = `${await drawSvg(spec)}\n`;
  return format === 'svg' ? svg : drawPng(svg);
}
