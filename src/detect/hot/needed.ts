// How much evidence an alarm takes, by how often healthy traffic may raise one.

import { YEAR_SEC } from '../settings.js';
import type { Line } from './line.js';
import { log } from './math.js';
import type { Shares } from './shares.js';

/** However few decisions there are, an alarm takes what it would with so many a year. */
const LEAST_YEARLY: f64 = 1000;

export class Needed {
  /** Decisions so far. */
  decisions: i32 = 0;
  /** Nats that it is never below. */
  readonly least: f64;

  constructor(
    private readonly shares: Shares,
    private readonly startUs: f64,
    private readonly alarmsPerYear: f64,
  ) {
    this.least = log(LEAST_YEARLY / alarmsPerYear) - 1e-9;
  }

  /** Nats at which healthy traffic alarms less often than it may: N·s·chance < 1, N the decisions a year so far. */
  at(share: f64, nowUs: f64): f64 {
    const seconds = Math.max(10, (nowUs - this.startUs) / 1e6);
    const yearly: f64 = (max(this.decisions, 1) / seconds) * YEAR_SEC * Math.max(share, 0.01);
    return log(Math.max(yearly, LEAST_YEARLY) / this.alarmsPerYear);
  }

  of(line: Line, nowUs: f64): f64 {
    return this.at(this.shares.of(line.uplink), nowUs);
  }

  /** Decisions a second. */
  rate(nowUs: f64): f64 {
    return this.decisions / Math.max(10, (nowUs - this.startUs) / 1e6);
  }
}
