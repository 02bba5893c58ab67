// `Report.validation`: what `mlstat validate` was asked to check, a line a rule.

export const RULE_STATES = ['holds', 'fails', 'unknown'] as const;
export type RuleState = (typeof RULE_STATES)[number];

export interface RuleResult {
  /** As written. */
  rule: string;
  /** `unknown`: the inputs can't tell. */
  state: RuleState;
  /** The figure that it was held against, with its uplink. */
  figure: string;
  /** Why it can't be told; null else. */
  why: string | null;
  /** The uplink that decides; null where it is not one. */
  uplink: string | null;
}

export interface ReportValidation {
  rules: RuleResult[];
  /** Numbers of rules. */
  holds: number;
  fails: number;
  unknown: number;
}
