// What one rule says of one uplink, and which of several uplinks decides.

import type { RuleState } from '../report/validation.js';

/** What one rule says of the uplinks that it is about. */
export interface RuleFinding {
  state: RuleState;
  /** The figure that decides. */
  figure: string;
  /** Why it can't be told. */
  why?: string;
  uplink?: string;
}

export function unknown(figure: string, why: string, uplink?: string): RuleFinding {
  return { state: 'unknown', figure, why, ...(uplink === undefined ? {} : { uplink }) };
}

const GRAVITY: readonly RuleState[] = ['fails', 'unknown', 'holds'];

/** Of findings by uplink the gravest; of several alike the first, which is to be the one nearest to its limit. */
export function gravest(findings: readonly RuleFinding[]): RuleFinding {
  const state = GRAVITY.find((one) => findings.some((finding) => finding.state === one)) ?? 'holds';
  return findings.find((finding) => finding.state === state) as RuleFinding;
}
