// What a chart is: a report becomes a Vega-Lite specification (https://vega.github.io/vega-lite/docs/), plain JSON data.
// Nothing here knows who draws it.

import type { Report } from '../report.js';
import type { Theme } from './theme.js';

/** A Vega-Lite specification or a part of one: JSON, without functions. */
export type Spec = Record<string, unknown>;

export interface ChartOptions {
  /** `UTC` or an IANA name: that of the axes. */
  timezone: string;
  /** Pixels that a plot may be wide, axes and names on the left not counted. */
  width: number;
  theme: Theme;
  /** With title, caption and legend in the picture, for one that stands alone. */
  alone: boolean;
}

/** The figures behind a chart; a column that ends with `>` is of numbers. */
export interface ChartTable {
  columns: string[];
  rows: string[][];
}

export interface Chart {
  /** As in `--chart NAME` and in file names. */
  name: string;
  title: string;
  /** Why there is nothing to draw, as the end of a sentence; null where there is something. */
  missing(report: Report): string | null;
  /** What to see in it, in the figures of this report. Only where nothing is missing, as the rest. */
  caption(report: Report, options: ChartOptions): string;
  table(report: Report, options: ChartOptions): ChartTable;
  /** The plot itself, without what `frame` adds to every chart. */
  plot(report: Report, options: ChartOptions): Spec;
}
