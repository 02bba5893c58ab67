// What the audit says: one rule that a set-up breaks, with the values found, what comes of it, and the cure.

export const SEVERITIES = ['error', 'warning', 'advice'] as const;
export type Severity = (typeof SEVERITIES)[number];

/** Every rule there is, in the order in which those of one severity are listed. */
export const AUDIT_CODES = {
  'forwarding-off': 'the kernel forwards nothing',
  'no-balance': 'several uplinks and no multipath default route',
  'main-default': 'a default route in table main comes before the balanced one',
  'main-not-first': 'table main is looked up behind the balanced route',
  'weights-bound': 'a weight above what a multipath route takes',
  'table-without-default': "an uplink's own table has lost its default route",
  'prohibit-first': 'the prohibit route comes before the default of its table',
  'uplink-without-nat': 'an uplink of the balanced route has neither SNAT nor MASQUERADE',
  'mark-never-set': 'rules by mark, and nothing marks the connections',
  'mark-not-restored': 'the marks of connections never come back to their packets',
  'mark-without-rule': 'a mark that no rule leads to a table by',
  'ipv6-without-rules': 'IPv6 is balanced and has no rules by source',
  'no-marks': 'nothing holds an established flow to its uplink',
  'no-source-rule': "no rule by an uplink's source address",
  'no-prohibit': "an uplink's own table ends without a prohibit route",
  'nat-without-route': 'an uplink has SNAT and no part of the balanced route',
  'shared-device': 'two uplinks on one device',
  'rp-filter': 'strict reverse path filtering on an uplink',
  'no-use-neigh': 'dead gateways are not avoided',
  'no-keepalive': 'use_neigh without a keep-alive',
  'linkdown-used': 'a link without carrier is still chosen',
  'nexthop-objects': 'nexthop objects, which are deleted on loss of carrier',
  'nexthop-dead': 'a nexthop is out of use at present',
  'masquerade-flush': 'MASQUERADE drops connections of healthy uplinks at recovery',
  'foreign-source': "packets may leave with a source that is not their uplink's",
  'hash-policy': 'the hash policy pins pairs of client and server',
  'weights-divisor': 'weights with a common divisor',
  'neigh-timers': 'a dead gateway is noticed late',
  'gc-thresh': 'more neighbours than the kernel keeps for good',
  'accounting-off': 'connection tracking counts no bytes',
  equalize: 'the word equalize, which does nothing any more',
} as const;
export type AuditCode = keyof typeof AUDIT_CODES;

export interface AuditFinding {
  code: AuditCode;
  severity: Severity;
  /** What it is, with the values found: a sentence without its full stop. */
  what: string;
  /** What breaks without the cure. */
  breaks: string;
  /** Commands, one a line; a comment where there is none. */
  cure: string[];
  /** Names of the uplinks it is about; empty for all. */
  uplinks: string[];
  /** Where it stands: `start.rule.txt:2`; null for what is missing. */
  place: string | null;
  /** What a report measured of it. */
  evidence: string[];
}

export interface AuditResult {
  schema: 'mlstat.audit/1';
  /** Names of the uplinks, as understood. */
  uplinks: string[];
  /** Gravest first. */
  findings: AuditFinding[];
  /** What a report measured and no finding of this audit explains, a line each. */
  alsoMeasured: string[];
  /** What could not be judged, with the reason, a line each. */
  notChecked: string[];
}

/** Gravest first; of one severity in the order of the list. */
export function sortFindings(findings: readonly AuditFinding[]): AuditFinding[] {
  const order = Object.keys(AUDIT_CODES);
  return [...findings].sort(
    (a, b) =>
      SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity) || order.indexOf(a.code) - order.indexOf(b.code),
  );
}
