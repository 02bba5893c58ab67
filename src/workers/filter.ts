// Which packets are looked at: a time span, some clients, some servers. A pure function of the packet.

import type { Prefix } from '../config/config.js';
import { type Batch, type BatchSink, KIND, META, ROW_WORDS } from '../decode/batch.js';
import { prefixContains } from '../util/address.js';

export interface PacketFilter {
  /** Microseconds; from `sinceUs` on, before `untilUs`. */
  sinceUs: number;
  untilUs: number;
  /** Packets with an end in one of these; empty for all. Both lists must hold. */
  clients: readonly Prefix[];
  servers: readonly Prefix[];
}

/** Passes on the rows that the filter chooses. */
export class FilterSink implements BatchSink {
  private readonly words: [number, number, number, number] = [0, 0, 0, 0];

  constructor(
    private readonly filter: PacketFilter,
    private readonly next: BatchSink,
  ) {}

  flush(batch: Batch): void {
    let kept = 0;
    for (let row = 0; row < batch.count; row++) {
      if (!this.chosen(batch, row)) continue;
      if (kept !== row) copyRow(batch, row, kept);
      kept++;
    }
    batch.count = kept;
    if (kept > 0) this.next.flush(batch);
    batch.count = 0;
  }

  private chosen(batch: Batch, row: number): boolean {
    const { sinceUs, untilUs, clients, servers } = this.filter;
    const t = batch.time(row);
    if (t < sinceUs || t >= untilUs) return false;
    if (clients.length === 0 && servers.length === 0) return true;
    if (batch.kind(row) > KIND.icmpError) return false;
    return this.hasEndIn(clients, batch, row) && this.hasEndIn(servers, batch, row);
  }

  private hasEndIn(prefixes: readonly Prefix[], batch: Batch, row: number): boolean {
    if (prefixes.length === 0) return true;
    const family = (batch.meta(row) & META.ipv6) !== 0 ? 6 : 4;
    for (let high = 0; high < 2; high++) {
      if (family === 4) this.words[3] = (high === 0 ? batch.k0(row) : batch.k1(row)) >>> 0;
      else for (let i = 0; i < 4; i++) this.words[i] = batch.wide[row * 8 + high * 4 + i] >>> 0;
      for (const prefix of prefixes) if (prefixContains(prefix, family, this.words)) return true;
    }
    return false;
  }
}

function copyRow(batch: Batch, from: number, to: number): void {
  batch.words.copyWithin(to * ROW_WORDS, from * ROW_WORDS, (from + 1) * ROW_WORDS);
  batch.wide.copyWithin(to * 8, from * 8, from * 8 + 8);
  batch.macFromLow[to] = batch.macFromLow[from];
  batch.macFromHigh[to] = batch.macFromHigh[from];
  batch.macToLow[to] = batch.macToLow[from];
  batch.macToHigh[to] = batch.macToHigh[from];
}
