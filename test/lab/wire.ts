// What client and server of the lab say to each other: the first bytes of a question name the flow and its shape, so
// that the server needs to know nothing else; the rest is filling.

import type { Origin, PlannedFlow } from './schedule.js';

/** `!fid rounds up down piece|`: the beginning of a flow's first question (of each one, over UDP). */
const HEADER = /^!(\d+) (\d+) (\d+) (\d+) (\d+)\|/;
/** No question is shorter, so that the header has room. */
export const SHORTEST_QUESTION = 32;

export type Shape = Pick<PlannedFlow, 'fid' | 'rounds' | 'up' | 'down' | 'piece'>;

export function question({ fid, rounds, up, down, piece }: Shape): Buffer {
  const bytes = Buffer.alloc(questionBytes(up), 'q');
  bytes.write(`!${fid} ${rounds} ${up} ${down} ${piece}|`, 'latin1');
  return bytes;
}

export function questionBytes(up: number): number {
  return Math.max(up, SHORTEST_QUESTION);
}

/** Null where no whole header is there yet, or something else is. */
export function shapeOf(bytes: Buffer): Shape | null {
  const match = HEADER.exec(bytes.toString('latin1', 0, 64));
  if (match === null) return null;
  const [fid, rounds, up, down, piece] = match.slice(1).map(Number) as [number, number, number, number, number];
  return { fid, rounds, up, down, piece };
}

/** What a server noted of a flow: whom it saw. */
export interface Seen {
  /** Null where the connection came about but no question arrived. */
  fid: number | null;
  proto: 'tcp' | 'udp';
  from: [string, number];
  to: [string, number];
  /** Seconds since the epoch. */
  t: number;
}

/** How a flow went, in its client's eyes; the members are those of `truth.json`. */
export interface Went {
  fid: number;
  origin: Origin;
  proto: 'tcp' | 'udp' | 'icmp';
  kind: string;
  /** Seconds since the epoch. */
  start: number;
  end: number;
  cip: string;
  cport: number;
  sip: string;
  sport: number;
  /** Bytes of payload. */
  up: number;
  down: number;
  outcome: Outcome;
  retry_of?: number;
  connect_ms?: number;
  errno?: string;
  /** When something last came back. */
  last_progress?: number;
  /** Datagrams or pings sent, and those answered. */
  asked?: number;
  answered?: number;
}

export type Outcome =
  | 'completed'
  | 'timeout_connect'
  | 'timeout_data'
  | 'timeout'
  | 'reset'
  | 'unreachable'
  | 'in_progress_at_end';

export function nowSec(): number {
  return Date.now() / 1000;
}
