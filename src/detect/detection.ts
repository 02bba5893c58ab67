// What the detector says of the whole input: outages and everything that the measures have to know of them.

import type { Finding, Outage, ReportAvailability, TimeSpan, UnmeasurableSpan } from '../report/report.js';

/** A span in which an uplink's flows say nothing of its weight. Microseconds. */
export interface Distortion {
  /** Number of the uplink. */
  uplink: number;
  /** From the outage's best start … */
  startUs: number;
  /** … to the failback, or to the end of the input. */
  endUs: number;
  /**
   * Its flows are not divided by the weights: of a nexthop whose neighbour failed the kernel gives the slice of the hash to
   * the next one, whole (`fib_select_multipath`; of one without carrier the borders are laid anew).
   */
  isSkewing?: boolean;
}

export interface Detection {
  /** By start, then uplink. */
  outages: Outage[];
  unmeasurable: UnmeasurableSpan[];
  captureGaps: TimeSpan[];
  /** By uplink. */
  availability: ReportAvailability[];
  /** By start, then uplink; of one uplink they don't overlap. */
  distortions: Distortion[];
  /** What the outages explain beside themselves (an uplink that answers and is not used again …). */
  findings: Finding[];
}

/** Nothing was looked for, so nothing counts as measured. */
export function nothingDetected(uplinks: number): Detection {
  return {
    outages: [],
    unmeasurable: [],
    captureGaps: [],
    availability: Array.from({ length: uplinks }, () => ({
      measuredSeconds: 0,
      outageSeconds: 0,
      unmeasurableSeconds: 0,
      ratio: null,
    })),
    distortions: [],
    findings: [],
  };
}
