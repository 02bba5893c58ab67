// Fragments after the first carry no ports: they are counted by datagram, and a datagram joins the flow whose run holds
// its first fragment. Only flows that have fragments wait for it.

import { META } from '../decode/batch.js';
import type { RunSink } from './join.js';
import { COLD, HOT, HOT_WORDS, NEVER, RUN_WORDS, STATE } from './layout.js';
import { compareRuns } from './merge.js';
import { RunList } from './runs.js';

const C = HOT_WORDS;
const C64 = HOT_WORDS / 2;

export class FragmentJoiner {
  private readonly flows = new RunList();
  private readonly datagrams = new RunList();

  constructor(private readonly emit: RunSink) {}

  readonly take: RunSink = (runs, at) => {
    const { words } = runs;
    if ((words[at + HOT.meta] & META.datagram) !== 0) {
      if (words[at + HOT.packetsLow] !== 0 || words[at + HOT.packetsHigh] !== 0) {
        this.datagrams.append(words, at, words, at + C);
      }
    } else if ((words[at + HOT.state] & STATE.fragments) !== 0) {
      this.flows.append(words, at, words, at + C);
    } else {
      this.emit(runs, at);
    }
  };

  /** Every run is in: joins what fits and hands all over. Datagrams whose first fragment is missing stay by themselves. */
  finish(): void {
    const byKey = new Map<string, number[]>();
    for (let at = 0; at < this.flows.count * RUN_WORDS; at += RUN_WORDS) {
      const key = flowKey(this.flows, at, this.flows.words[at + HOT.ports], this.flows.words[at + HOT.meta]);
      const known = byKey.get(key);
      if (known === undefined) byKey.set(key, [at]);
      else known.push(at);
    }
    for (const runs of byKey.values()) if (runs.length > 1) runs.sort((a, b) => compareRuns(this.flows, a, b));
    for (let at = 0; at < this.datagrams.count * RUN_WORDS; at += RUN_WORDS) {
      const flow = this.flowOf(at, byKey);
      if (flow < 0) this.emit(this.datagrams, at);
      else addCounts(this.flows, flow, this.datagrams, at);
    }
    for (let at = 0; at < this.flows.count * RUN_WORDS; at += RUN_WORDS) this.emit(this.flows, at);
  }

  private flowOf(at: number, byKey: Map<string, number[]>): number {
    const { words, floats } = this.datagrams;
    const t = floats[(at >> 1) + C64 + COLD.firstFragment64];
    if (t === NEVER) return -1;
    const ports = words[at + C + COLD.fragmentPorts];
    const base = words[at + HOT.meta] & ~META.datagram;
    for (const meta of [base | META.hasPorts, base]) {
      const runs = byKey.get(flowKey(this.datagrams, at, ports, meta)) ?? [];
      for (const run of runs) {
        if (t >= startOf(this.flows, run) && t <= endOf(this.flows, run)) return run;
      }
    }
    return -1;
  }
}

function flowKey(runs: RunList, at: number, ports: number, meta: number): string {
  const { words } = runs;
  const narrow = `${words[at + HOT.k0]} ${words[at + HOT.k1]} ${ports} ${meta}`;
  if ((meta & META.ipv6) === 0) return narrow;
  return `${narrow} ${words.subarray(at + C + COLD.wide, at + C + COLD.wide + 8).join(' ')}`;
}

function startOf(runs: RunList, at: number): number {
  const at64 = (at >> 1) + C64 + COLD.firstLow64;
  const low = runs.floats[at64];
  const high = runs.floats[at64 + 1];
  if (low === NEVER) return high;
  return high === NEVER ? low : Math.min(low, high);
}

function endOf(runs: RunList, at: number): number {
  return Math.max(runs.floats[(at >> 1) + HOT.lastLow64], runs.floats[(at >> 1) + HOT.lastHigh64]);
}

/** Packets and bytes; times stay the flow's own, so that the order of arrival leaves no trace. */
function addCounts(into: RunList, at: number, from: RunList, fromAt: number): void {
  const w = into.words;
  for (let end = 0; end < 2; end++) {
    w[at + HOT.packetsLow + end] = (w[at + HOT.packetsLow + end] + from.words[fromAt + HOT.packetsLow + end]) | 0;
    for (const [word, carry] of [
      [HOT.ipLow + end, C + COLD.ipLowCarry + end],
      [HOT.wireLow + end, C + COLD.wireLowCarry + end],
    ]) {
      const sum = (w[at + word] >>> 0) + (from.words[fromAt + word] >>> 0);
      w[at + word] = sum | 0;
      w[at + carry] += from.words[fromAt + carry] + (sum >= 2 ** 32 ? 1 : 0);
    }
  }
}
