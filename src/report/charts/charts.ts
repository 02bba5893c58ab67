// All charts, in the order of the page.

import type { Chart } from './chart.js';
import { failure } from './failure.js';
import { flows } from './flows.js';
import { handshake } from './handshake.js';
import { heatmap } from './heatmap.js';
import { clients, servers } from './hosts.js';
import { share } from './share.js';
import { sizes } from './sizes.js';
import { throughput } from './throughput.js';
import { timeline } from './timeline.js';
import { utilisation } from './utilisation.js';

export const CHARTS: readonly Chart[] = [
  share,
  utilisation,
  throughput,
  timeline,
  flows,
  clients,
  servers,
  handshake,
  failure,
  sizes,
  heatmap,
];

/** Charts over time: zoomed together. */
export const OVER_TIME: readonly string[] = ['throughput', 'timeline', 'flows'];
