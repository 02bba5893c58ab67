// The report: plain JSON data, the one thing that `measure` builds and that every renderer and other programs read.
//
// Units are fixed here, so that names carry none: times are seconds since the epoch (numbers with microseconds),
// durations seconds, shares 0 to 1, rates bits per second of IP bytes, sizes bytes of IP packets unless a name says
// otherwise. A figure that can't be known is null, never 0. Fields are added freely; none changes its meaning under
// the same `schema`. `schema.ts` says the same to machines, and the two are held together by the compiler.
//
// Records keyed by uplink name hold names of the user's choosing: build them with `Object.fromEntries` or a null
// prototype (a name may be `__proto__`), read them with `Object.hasOwn`, and take the order from `Report.uplinks`.

import type { ReportCapacity } from './capacity.js';
import type { ReportComparison } from './comparison.js';
import type { ReportTuning } from './tuning.js';
import type { ReportValidation } from './validation.js';

export const REPORT_SCHEMA = 'mlstat.report/1';

export interface Report {
  schema: typeof REPORT_SCHEMA;
  tool: { name: 'mlstat'; version: string };
  /** The run was interrupted: figures hold for what was read until then. */
  partial: boolean;
  /** The ledger was thinned: figures from it are estimates. */
  sampled: boolean;
  flowRules: ReportFlowRules;
  /** How the uplinks were found where no configuration named them, else null. */
  inference: ReportInference | null;
  inputs: ReportInput[];
  window: ReportWindow;
  packets: ReportPackets;
  /** In the order of the configuration; inferred ones by their number of flows. Empty where none could be told. */
  uplinks: ReportUplink[];
  balance: ReportBalance;
  /** By start, then uplink. */
  outages: Outage[];
  unmeasurable: UnmeasurableSpan[];
  captureGaps: TimeSpan[];
  /** Gravest first. */
  findings: Finding[];
  top: ReportTop;
  flowSizes: FlowSizes | null;
  /** Null unless the window is longer than a day. */
  heatmap: Heatmap | null;
  /** Always in the object; `--series` decides whether it is printed. */
  series: Series;
  /** Of `mlstat capacity` and `mlstat report`. */
  capacity?: ReportCapacity | undefined;
  /** Of `mlstat compare`; the rest of the report is of the time after. */
  comparison?: ReportComparison | undefined;
  /** Of `mlstat tune`. */
  tuning?: ReportTuning | undefined;
  /** Of `mlstat validate`. */
  validation?: ReportValidation | undefined;
}

/** A figure for each direction: up is client to server, down is server to client. */
export interface ByDirection<T> {
  up: T;
  down: T;
}

/** Low and high bound. */
export type Interval = [number, number];

export interface TimeSpan {
  start: number;
  end: number;
}

/** Idle times in seconds after which a flow is over. */
export interface ReportFlowRules {
  /** TCP whose SYN was seen. */
  tcp: number;
  /** TCP that the capture met in the middle. */
  tcpMidstream: number;
  /** TCP after both FINs. */
  tcpClosed: number;
  /** TCP after a RST. */
  tcpReset: number;
  udp: number;
  udpReplied: number;
  icmp: number;
  other: number;
}

export interface ReportInference {
  /** Uncompressed bytes that the survey read. */
  bytesRead: number;
  /** One line of reason or more an uplink. */
  evidence: { uplink: string; why: string }[];
  /** The configuration (YAML) that says the same, to keep. */
  config: string;
}

export const INPUT_FORMATS = [
  'pcap',
  'pcapng',
  'erf',
  'snoop',
  'conntrack-list',
  'conntrack-events',
  'conntrack-xml',
  'conntrack-proc',
  'tally',
] as const;
export type InputFormat = (typeof INPUT_FORMATS)[number];

export const COMPRESSIONS = ['gzip', 'zstd', 'xz', 'lz4', 'bzip2'] as const;
export type Compression = (typeof COMPRESSIONS)[number];

export interface ReportInput {
  /** As given; `-` for standard input. */
  path: string;
  /** Null where the input could not be read or told. */
  format: InputFormat | null;
  compression: Compression | null;
  /** Names as in pcap-linktype(7) without the prefix: `EN10MB`, `LINUX_SLL2`. Empty for conntrack. */
  linkTypes: string[];
  /** Every record framed, also those that no flow can use; null for conntrack. */
  packets: number | null;
  /** conntrack: entries or events read; null for captures. */
  entries: number | null;
  /** Original lengths of the frames; null for conntrack. */
  wireBytes: number | null;
  /** By the recorder's own count, where the file tells. */
  dropped: number | null;
  /** First and last record's time; null where there is none. */
  first: number | null;
  last: number | null;
  damage: { reason: string; count: number; offset: number | null }[];
  /** Why it could not be read at all, else null. */
  error: string | null;
}

export interface ReportWindow {
  /** First and last packet or entry of all inputs; null where no time is known. */
  start: number | null;
  end: number | null;
  seconds: number | null;
  /** Width of the bins that mean, p95 and peak are taken over. */
  binSeconds: number;
}

/** Every packet is in exactly one of these. */
export interface ReportPackets {
  /** On an uplink. */
  attributed: number;
  /** A second sight of a packet already counted. */
  duplicates: number;
  /** LAN side only, before NAT. */
  lan: number;
  /** ARP, neighbour discovery, link-local: the router's own upkeep. */
  router: number;
  /** Not IP, or matched no uplink. */
  other: number;
  damaged: number;
}

export interface ReportUplink {
  name: string;
  origin: 'config' | 'inferred';
  interface: string | null;
  gateway: string | null;
  /** SNAT sources as prefixes (`203.0.113.2/32`); empty for a dynamic address. */
  snat: string[];
  /** Null where not configured. */
  weight: number | null;
  /** Bits per second. */
  capacity: ByDirection<number | null> | null;
  /** Client-started flows with this uplink's SNAT source. */
  flows: number;
  /** The router's own flows. */
  routerFlows: number;
  /** Flows started from outside; never part of the balance. */
  inboundFlows: number;
  /** Of `flows`; null where answers can't be seen. */
  answered: number | null;
  unanswered: number | null;
  /** Null where the decision key can't be seen. */
  decisions: number | null;
  /** Null where the input doesn't count them (conntrack without accounting). */
  packets: ByDirection<number | null>;
  ipBytes: ByDirection<number | null>;
  share: ReportShare;
  rate: ByDirection<ReportRate>;
  availability: ReportAvailability;
  quality: ReportQuality;
  /** Distinct LAN hosts; null where clients can't be seen. */
  clients: number | null;
  /** Distinct hosts of the Internet. */
  servers: number | null;
}

/** Parts of all uplinks' flows, decisions, bytes, packets, 0 to 1, with 95 % intervals. */
export interface ReportShare {
  /** By the weights, over the moments at which each uplink was eligible; null where no weights are known. */
  expected: number | null;
  flows: number | null;
  flowsInterval: Interval | null;
  decisions: number | null;
  decisionsInterval: Interval | null;
  bytes: number | null;
  bytesInterval: Interval | null;
  packets: number | null;
  packetsInterval: Interval | null;
}

/** Bits per second of IP bytes; p95 and peak over bins of `window.binSeconds`, nearest rank. */
export interface ReportRate {
  mean: number | null;
  p95: number | null;
  peak: number | null;
}

/** Seconds, and the part of the measured time without an outage of any kind (0 to 1). */
export interface ReportAvailability {
  measuredSeconds: number;
  outageSeconds: number;
  unmeasurableSeconds: number;
  ratio: number | null;
}

export interface ReportQuality {
  /** Milliseconds from the first SYN to its answer. */
  handshakeMsP50: number | null;
  handshakeMsP95: number | null;
  /** Part of the TCP data packets that were sent again, 0 to 1. */
  retransmittedShare: number | null;
}

export const VERDICTS = ['consistent', 'deviates', 'too-few'] as const;
export type Verdict = (typeof VERDICTS)[number];

export interface ReportBalance {
  /** What a decision is counted by; null where there is nothing to balance. */
  key: 'client-server' | 'five-tuple' | 'server' | null;
  /** What the router's hash policy looks like, by family; null for a family that is not there. */
  policy: { ipv4: ReportPolicy | null; ipv6: ReportPolicy | null };
  /** Name of the test, as printed: `G test, chi-square` … */
  test: string | null;
  statistic: number | null;
  /** Degrees of freedom. */
  df: number | null;
  pValue: number | null;
  designEffect: number | null;
  effectiveDecisions: number | null;
  /** Jain's fairness index of share over expected share, 0 to 1. */
  jain: number | null;
  /** The largest difference of a share from its expected one, in percentage points (signed). */
  maxDeviation: { uplink: string; points: number } | null;
  /** Null where no weights are known or there is nothing to balance. */
  verdict: Verdict | null;
  /** Flows that stay out of the balance, by reason. */
  excluded: { inbound: number; router: number; pinned: number; duringOutage: number };
  /** Sets of eligible uplinks. Before a change of weights `weights` is empty: they aren't known, that regime is told, not judged. */
  regimes: { spans: Interval[]; eligible: string[]; weights: number[]; decisions: number }[];
  /** The deviation, in percentage points, that this many decisions would show. */
  detectablePoints: number | null;
  /** Decisions needed to see a deviation of 5 points with 80 % power at 5 %. */
  decisionsNeeded: number | null;
}

export interface ReportPolicy {
  inferred: 'l3' | 'l4' | 'per-packet' | 'unknown';
  /** Client-server pairs with at least two flows, and those of them that stayed on one uplink. */
  pairsSeen: number;
  pairsOnOneUplink: number;
}

export const OUTAGE_KINDS = ['link-down', 'gateway-dead', 'blackhole', 'brownout', 'address-change'] as const;
export type OutageKind = (typeof OUTAGE_KINDS)[number];

/** A moment known within bounds. */
export interface Moment {
  earliest: number;
  latest: number;
  best: number;
}

/** A span in which an uplink did not carry what was sent to it. */
export interface Outage {
  uplink: string;
  kind: OutageKind;
  start: Moment;
  /** Null: not over when the input ends. */
  end: Moment | null;
  /** From best start to best end, or to the end of the input. */
  seconds: number;
  /** How long new flows still went into the dead uplink; null if none did. `avoided: false`: they did until the end. */
  reaction: { lastFlowInto: number; seconds: number; avoided: boolean } | null;
  blackholedFlows: number;
  cutFlows: number;
  /** Null where clients can't be seen. */
  clientsHit: number | null;
  /** Bytes that the cut flows had moved. */
  bytesCut: number | null;
  /** From the end to the first new flow; null if none came. */
  failback: { firstFlow: number; seconds: number } | null;
  /** Begun elsewhere meanwhile, and there for more than a minute after the failback. */
  strandedFlows: number;
  /** Blackholed flows tried again and answered elsewhere, and the user's wait in seconds. */
  retried: { flows: number; waitP50: number | null; waitP95: number | null } | null;
  /** Part of the new flows that were answered in the usual time (at the first try), 0 to 1. */
  answeredBefore: number | null;
  answeredDuring: number | null;
  explanations: { code: string; message: string; cure: string | null }[];
  evidence: { what: string; count: number; servers: number | null }[];
  /** 0 to 1. */
  confidence: number;
}

/** Too thin a traffic to tell idle from dead. */
export interface UnmeasurableSpan extends TimeSpan {
  uplink: string;
  why: string;
}

export const FINDING_LEVELS = ['error', 'warning', 'info'] as const;
export type FindingLevel = (typeof FINDING_LEVELS)[number];

export interface Finding {
  /** From a closed list: `nat-leak`, `late-uplink` … */
  code: string;
  level: FindingLevel;
  /** One or two sentences, without a final line break. */
  message: string;
  /** Names of the uplinks it is about. */
  uplinks: string[];
  flows: number | null;
  packets: number | null;
  first: number | null;
  last: number | null;
  /** What to do: a sentence or a command; null where there is nothing to do. */
  cure: string | null;
}

export interface ReportTop {
  /** By bytes, heaviest first, at most 100. Clients are empty where they can't be seen. */
  clients: TopHost[];
  servers: TopHost[];
  /** How many there are in all; null where they can't be seen. */
  clientCount: number | null;
  serverCount: number | null;
}

export interface TopHost {
  address: string;
  /** Never looked up; null until a source of names is given. */
  name: string | null;
  flows: number;
  /** Null where nothing counts them (conntrack without accounting). */
  ipBytes: ByDirection<number | null>;
  /** Of all attributed bytes, both directions, 0 to 1. */
  share: number | null;
  /** Bytes, both directions, by uplink name; uplinks without any may be left out. */
  uplinks: Record<string, number>;
}

/** Sizes of flows: IP bytes, both directions together. */
export interface FlowSizes {
  quantiles: { p10: number; p50: number; p90: number; p99: number; max: number };
  /** By size, smallest first; a bin holds flows of at most `upTo` bytes (powers of two) and more than the one before. */
  histogram: { upTo: number; flows: number; ipBytes: number }[];
}

/** Mean bits per second (both directions, all uplinks) by weekday and hour: 7 rows from Monday, 24 columns from 0 h. */
export interface Heatmap {
  /** IANA name of the zone that the hours are in. */
  timezone: string;
  /** Null where the window has no such hour. */
  hours: (number | null)[][];
}

/** Arrays aligned to `start` and `binSeconds`: element i covers [start + i·binSeconds, start + (i+1)·binSeconds). */
export interface Series {
  /** Coarser than `window.binSeconds` where that would give more than 5,000 points. */
  binSeconds: number;
  /** A multiple of `binSeconds`; null where there are no points. */
  start: number | null;
  uplinks: Record<string, UplinkSeries>;
}

/** Equally long arrays; null in a bin that the inputs don't cover (a capture gap). */
export interface UplinkSeries {
  /** Bits per second. */
  up: (number | null)[];
  down: (number | null)[];
  /** Client-started flows that began in the bin. */
  flows: (number | null)[];
  /** Those of them that were never answered. */
  unanswered: (number | null)[];
}
