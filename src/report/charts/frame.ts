// A plot becomes a whole specification: schema, parameters that the page moves, look, and for a picture that stands
// alone its title and what to see in it.

import type { Report } from '../report.js';
import { unbroken, wrap } from '../text.js';
import type { Chart, ChartOptions, Spec } from './chart.js';
import { uplinkNames } from './names.js';
import type { Theme } from './theme.js';
import { timeSpace, windowText } from './time.js';

/** Pixels of a column of text, about: only where lines break depends on it. */
const COLUMN = 6;

/** The fonts of a picture: the one that is shipped, then those of the same widths (Liberation Sans is Arimo's twin). */
export const FONT = 'Arimo, Liberation Sans, Arial, Helvetica, sans-serif';

/** The specification as it is drawn and given away. */
export function chartSpec(chart: Chart, report: Report, options: ChartOptions): Spec {
  const caption = chart.caption(report, options);
  return frame(chart.plot(report, options), chart.title, caption, report, options);
}

/** Any plot, under a title of its own. */
export function frame(plot: Spec, title: string, caption: string, report: Report, options: ChartOptions): Spec {
  const space = timeSpace(report, options.timezone);
  const subtitle = [windowText(report, options.timezone), caption].filter((line) => line !== '');
  const { params = [], ...rest } = plot;
  return {
    $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
    description: `${title}. ${caption}`,
    ...(options.alone
      ? {
          title: {
            text: title,
            subtitle: subtitle.flatMap((line) =>
              wrap(unbroken(line), Math.max(20, Math.floor((options.width + 60) / COLUMN))),
            ),
          },
        }
      : {}),
    params: [
      { name: 'names', value: uplinkNames(report) },
      { name: 'on', value: report.uplinks.map(() => true) },
      { name: 'from', value: space?.from ?? 0 },
      { name: 'to', value: space?.to ?? 1 },
      ...(params as Spec[]),
    ],
    ...rest,
    config: config(options.theme, options.alone),
  };
}

/** Leaves out the uplinks that a reader of the page has switched off. */
export const SWITCHED_ON: Spec = { filter: 'on[datum.u]' };

function config(theme: Theme, alone: boolean): Spec {
  const axis = {
    labelColor: theme.muted,
    titleColor: theme.muted,
    domainColor: theme.quiet,
    tickColor: theme.quiet,
    gridColor: theme.grid,
    labelFontSize: 11,
    titleFontSize: 11,
    titleFontWeight: 'normal',
    labelLimit: 200,
    titlePadding: 6,
  };
  return {
    font: FONT,
    background: theme.background ?? 'transparent',
    padding: alone ? 12 : 2,
    autosize: { type: 'pad' },
    aria: false,
    view: { stroke: null },
    axis,
    axisQuantitative: { tickCount: 5 },
    header: { labelColor: theme.ink, labelFontSize: 12, labelFontWeight: 'bold', labelLimit: 300 },
    legend: { labelColor: theme.ink, labelFontSize: 12, labelLimit: 220, symbolSize: 120, padding: 0, offset: 10 },
    title: {
      anchor: 'start',
      frame: 'group',
      color: theme.ink,
      fontSize: 16,
      fontWeight: 'bold',
      subtitleColor: theme.muted,
      subtitleFontSize: 12,
      subtitleLineHeight: 16,
      subtitlePadding: 5,
      offset: 14,
    },
    text: { color: theme.ink, fontSize: 11 },
  };
}
