// What the scan finds, and where the fields of each kind stand in the record by which the room (hot/tell.ts) tells it.

export interface SpanUs {
  startUs: number;
  endUs: number;
}

/** An open silence, or one that became an outage. Times in microseconds, NaN where there is none. */
export interface Silence {
  uplink: number;
  /** The last packet in before it; of an uplink without one the start of what is looked at. */
  sinceUs: number;
  /** Nothing came in ever before. */
  fromStart: boolean;
  /** Evidence in nats: demands without answer, decisions that went elsewhere, the gateway's silence. */
  lateScore: number;
  elsewhereScore: number;
  gatewayScore: number;
  /** Demands without answer, and servers of those of them that count. */
  late: number;
  servers: number;
  firstLateUs: number;
  lastLateUs: number;
  /** Decisions elsewhere since the last flow here. */
  elsewhere: number;
  /** Keep-alives that did not even go out, while the other uplinks' did. */
  beatsMissed: number;
  /** Pings and ARP requests that the gateway left unanswered; how many it had answered by the last of them. */
  asksLost: number;
  heardByLost: number;
  /** The first and the last of those. */
  firstAskedUs: number;
  lastAskedUs: number;
  /** The longest time without any packet on the link. */
  gapFromUs: number;
  gapToUs: number;
  /** The last packet on the link while it lasted. */
  lastAnyUs: number;
  /** First sign of the gateway after a time without. */
  gatewayBackUs: number;
  /** The share that was expected when it was decided, the evidence that it took. */
  share: number;
  needed: number;
  delayUs: number;
  /** How long after any moment a packet is seen on the link, in the mean. */
  waitUs: number;
  /** How often the gateway is pinged, 0 where that is not known. */
  beatUs: number;
  lateAfterUs: number;
  /** First packet in after it; NaN until then. */
  endUs: number;
}

export interface Brownout {
  uplink: number;
  /** Where the change may lie, and most likely does: starts of demands, microseconds. */
  start: Change;
  /** Null: not over when the input ends. */
  end: Change | null;
  /** Demands judged while it lasted, those of them that were late. */
  all: number;
  late: number;
  /** Late ones that were answered all the same. */
  slow: number;
  /** Of those before the alarm: servers that were late. */
  servers: number;
  /** Share of late demands before it. */
  before: number;
  score: number;
  needed: number;
  delayUs: number;
  lateAfterUs: number;
}

export interface Change {
  earliestUs: number;
  bestUs: number;
  latestUs: number;
}

/** A silence that was never decided. */
export interface Thin extends SpanUs {
  uplink: number;
  /** Nothing was sent into it that asks for an answer. */
  idle: boolean;
}

export interface Found {
  outages: Silence[];
  brownouts: Brownout[];
  thin: Thin[];
  /** Nothing was recorded. */
  gaps: SpanUs[];
}

/** Kinds of records. */
export const FOUND = { outage: 0, brownout: 1, thin: 2, gap: 3 } as const;

/** Fields of their records, Float64; what is true is 1, else 0. */
export const SILENCE = {
  uplink: 0,
  sinceUs: 1,
  fromStart: 2,
  lateScore: 3,
  elsewhereScore: 4,
  gatewayScore: 5,
  late: 6,
  servers: 7,
  firstLateUs: 8,
  lastLateUs: 9,
  elsewhere: 10,
  beatsMissed: 11,
  asksLost: 12,
  heardByLost: 13,
  firstAskedUs: 14,
  lastAskedUs: 15,
  gapFromUs: 16,
  gapToUs: 17,
  lastAnyUs: 18,
  gatewayBackUs: 19,
  share: 20,
  needed: 21,
  delayUs: 22,
  waitUs: 23,
  beatUs: 24,
  lateAfterUs: 25,
  endUs: 26,
} as const satisfies Record<keyof Silence, number>;

export const BROWNOUT = {
  uplink: 0,
  /** CHANGE begins there. */
  start: 1,
  end: 4,
  hasEnd: 7,
  all: 8,
  late: 9,
  slow: 10,
  servers: 11,
  before: 12,
  score: 13,
  needed: 14,
  delayUs: 15,
  lateAfterUs: 16,
} as const satisfies Record<keyof Brownout | 'hasEnd', number>;

export const CHANGE = { earliestUs: 0, bestUs: 1, latestUs: 2 } as const satisfies Record<keyof Change, number>;

export const THIN = { uplink: 0, startUs: 1, endUs: 2, idle: 3 } as const satisfies Record<keyof Thin, number>;

export const GAP = { startUs: 0, endUs: 1 } as const satisfies Record<keyof SpanUs, number>;

/** Fields of the longest record. */
export const RECORD_FIELDS: number = 1 + Math.max(...Object.values(SILENCE), ...Object.values(BROWNOUT));
