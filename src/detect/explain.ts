// Why an outage went as it did, where the wire or the configuration shows it, each with the command that changes it.

import type { Finding, Outage } from '../report/report.js';
import type { DetectInput } from './detect.js';
import type { Flows } from './evidence.js';
import type { RawOutage } from './raw.js';

export function explain(_outage: Outage, _raw: RawOutage, _input: DetectInput, _flows: Flows): Outage['explanations'] {
  return [];
}

export function findUnused(
  _outages: readonly Outage[],
  _raws: readonly RawOutage[],
  _names: readonly string[],
): Finding[] {
  return [];
}
