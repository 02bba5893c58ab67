// In the reader's browser: the still pictures of the page come to life. Charts over time share one span; uplinks can be
// switched off in all charts; what lies under the pointer is told. Without this script the page shows the same figures.

import { LiveChart } from './live.js';
import { Switches } from './switches.js';
import { Zoom } from './zoom.js';

const specs = await unpack(document.getElementById('specs')?.textContent ?? '');

const charts: LiveChart[] = [];
for (const figure of document.querySelectorAll<HTMLElement>('figure[data-chart]')) {
  const spec = specs[figure.dataset.chart ?? ''];
  const picture = figure.querySelector<HTMLElement>('.picture');
  if (spec === undefined || picture === null) continue;
  const chart = new LiveChart(picture, spec, figure.classList.contains('time'));
  await chart.start();
  charts.push(chart);
  // One after the other, so that the page stays usable meanwhile.
  await new Promise((resolve) => setTimeout(resolve));
}

const timed = charts.filter((chart) => chart.isTimed);
const bar = document.querySelector<HTMLElement>('.zoom');
if (bar !== null && timed.length > 0) new Zoom(bar, timed);
const legend = document.querySelector<HTMLElement>('.legend');
if (legend !== null && legend.children.length > 1) new Switches(legend, charts);
document.documentElement.dataset.ready = 'yes';

/** Base64 of compressed JSON. Browsers from before 2023 can't decompress: there the pictures stay still. */
async function unpack(text: string): Promise<Record<string, object>> {
  if (!('DecompressionStream' in window)) return {};
  const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  const plain = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'));
  return (await new Response(plain).json()) as Record<string, object>;
}
