// What the readers of conntrack's text and XML tell of an input beside its entries.

import { DamageLog } from '../util/error.js';

/** What an input holds: entries as they stand, what happens to them, or both; null where there are none. */
export type ConntrackKind = 'list' | 'events' | 'mixed' | null;

export interface ConntrackCounts {
  /** Lines of text, flows of XML. */
  lines: number;
  entries: number;
  /** Entries with an event. */
  events: number;
  /** Lines that hold no entry and were not meant to: prompts, footers, empty lines. */
  other: number;
  /** How many entries the footers speak of, null without a footer. */
  announced: number | null;
  /** Entries that could not be read, by reason, and lines of which one should know that they are no flows. */
  skipped: DamageLog;
}

export interface ConntrackOptions {
  /** Zone of the router's clock, an IANA name: some times are printed as local time, without a zone. UTC unless given. */
  timezone?: string;
}

export function newCounts(): ConntrackCounts {
  return { lines: 0, entries: 0, events: 0, other: 0, announced: null, skipped: new DamageLog() };
}

export function kindOf({ entries, events }: ConntrackCounts): ConntrackKind {
  if (entries === 0) return null;
  return events === 0 ? 'list' : events === entries ? 'events' : 'mixed';
}
