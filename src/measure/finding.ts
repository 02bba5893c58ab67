// The closed list of findings, and how one is made.

import type { Finding, FindingLevel } from '../report/report.js';

/** Every code there is, in the order in which findings of one level are listed. */
export const FINDING_CODES = {
  'no-uplinks':
    'nothing in the inputs belongs to an uplink: only the LAN side, or other addresses than those configured',
  'cross-check': 'the second reader and the fast one were held against each other',
  'late-uplink': 'an address that looks like one more uplink and was first seen after the survey',
  'one-uplink': 'a single uplink was inferred, which a computer that is no router would look like as well',
  'unknown-source': 'flows that connection tracking translated to an address of no uplink',
  'nat-leak': "packets left by one uplink with another uplink's SNAT source",
  'private-source': 'packets left by an uplink with a private source: they were not translated',
  'inbound-misrouted': 'connections from outside that were answered by another uplink than they came in by',
  'per-packet': 'flows whose packets went by several uplinks side by side',
  'flushed-entries': 'entries of living connections were taken from connection tracking, as MASQUERADE does',
  'no-accounting': 'connection tracking did not count packets and bytes',
  'only-conntrack': 'flows that connection tracking has and no capture shows',
  'conntrack-disagrees': 'connection tracking and the captures do not say the same of some flows',
  'uplink-not-captured':
    'nothing of a configured uplink is in the inputs, nor anything else by which its silence could be told',
  'uplink-not-back': 'an uplink that answers again after an outage and that new flows no longer use',
  'uplink-unused': 'a configured uplink was captured and has no flows, while others have',
  'weights-changed':
    'from a moment on the uplinks were chosen in other shares than before, which chance does not explain',
  sampled: 'more flows than are kept singly: figures of single flows are estimates',
  'lan-only-flows': 'flows on the LAN side without a copy on an uplink',
  'router-not-told-apart': "only uplinks were captured: the router's own flows count as clients'",
  snapshot: 'a list of connection tracking shows the flows of one moment only',
  'no-times': 'a log of connection tracking without times',
  'no-answers': 'a log of connection tracking that can not tell which flows were answered',
  'open-flows': 'flows without counters, because they were not over when the log of connection tracking ended',
  'port-rewritten': 'NAT changed the port of some flows',
  anonymised: 'addresses were replaced by others that share prefixes in the same way',
  'no-weights': 'uplinks without weights: shares have nothing to be held against',
} as const;
export type FindingCode = keyof typeof FINDING_CODES;

/** A finding with what is usual left to be filled in. */
export function finding(code: FindingCode, level: FindingLevel, message: string, more: Partial<Finding> = {}): Finding {
  return {
    code,
    level,
    message,
    uplinks: [],
    flows: null,
    packets: null,
    first: null,
    last: null,
    cure: null,
    ...more,
  };
}
