// The one picture for a message or a slide: the answer as its title, then the charts that it rests on.

import { answerOf } from '../answer.js';
import type { Report } from '../report.js';
import { visible } from '../text.js';
import type { ChartOptions, Spec } from './chart.js';
import { frame } from './frame.js';
import { share } from './share.js';
import { throughput } from './throughput.js';
import { timeline } from './timeline.js';

/** Also where nothing can be drawn: then it is the answer alone. */
export function overviewSpec(report: Report, options: ChartOptions): Spec {
  const { headline, details, alerts } = answerOf(report);
  const parts = [share, throughput, timeline].filter((chart) => chart.missing(report) === null);
  const text = visible([...details, ...alerts].join(' '));
  const params = parts.flatMap((chart) => (chart.plot(report, options).params as Spec[] | undefined) ?? []);
  const plots = parts.map((chart) => {
    const { params: _, ...plot } = chart.plot(report, { ...options, alone: chart === throughput });
    return { ...plot, title: { text: chart.title, fontSize: 13, offset: 8, frame: 'bounds' } };
  });
  const whole =
    plots.length === 0
      ? nothing(options)
      : { vconcat: plots, spacing: 26, params, resolve: { scale: { color: 'independent' } } };
  return frame(whole, visible(headline), text, report, { ...options, alone: true });
}

/** An empty plot, for Vega-Lite has no picture of a title alone. */
function nothing({ width }: ChartOptions): Spec {
  return { width, height: 1, data: { values: [{}] }, mark: { type: 'point', opacity: 0 }, encoding: {} };
}
