// Packets that left by another uplink than the one whose SNAT source they carry: how many, when, and what keeps them in place.

import type { Finding, Outage } from '../report/report.js';
import { BIN, type BinData } from '../tally/bins.js';
import { NO_LINK } from '../tally/ledger.js';
import type { Tally } from '../tally/tally.js';
import { CLASS, type Lane } from '../uplinks/lanes.js';
import { formatNumberOf } from '../util/units.js';
import { finding } from './finding.js';

/** Where nearly all flows of an uplink leave by another, it is the binding of files or interfaces that is wrong. */
const ALL_BUT = 0.9;
const ENOUGH = 20;
/** A router that chooses for every packet does so with nearly all flows. */
const LEAST_SPRAYED = 5;
const SPRAYED_SHARE = 0.25;
/** Packets that leave astray this long after an uplink came back have nothing to do with it. Seconds. */
const RECOVERY_SEC = 60;

export interface LeakInput {
  tally: Tally;
  /** The tally's bins of packets. */
  data: BinData;
  /** By uplink, as the report names them. */
  interfaces: readonly (string | null)[];
  outages: readonly Outage[];
}

/** Packets of some lanes over time. Seconds since the epoch. */
interface Spell {
  packets: number;
  first: number;
  last: number;
}

interface Leak extends Spell {
  egresses: Set<number>;
  /** While an uplink was out, and after one came back. */
  atFailure: number;
  atRecovery: number;
}

/** One for each uplink whose source was seen elsewhere. Linux 6.18, policy routing: measured in the kernel facts of the docs. */
export function leakFindings({ tally, data, interfaces, outages }: LeakInput): Finding[] {
  const { topology, flows } = tally;
  const leaks = leaksOf(tally.lanes, data, topology.uplinks.length, outages);
  if (flows.some(({ leaked }) => leaked > 0)) addWays(tally, leaks);
  return topology.uplinks.flatMap(({ name }, n) => {
    const { leaked, leakedInbound, leakedPackets } = flows[n];
    const leak = leaks[n];
    if (leaked === 0) return [];
    const others = [...leak.egresses].sort((a, b) => a - b).map((egress) => topology.uplinks[egress].name);
    const by = others.length === 0 ? 'by another uplink' : `by ${others.join(', ')}`;
    // The bins know fragments and errors too, and every way.
    const packets = Math.max(leak.packets, leakedPackets);
    const [first, last] = leak.packets > 0 ? [leak.first, leak.last] : [null, null];
    const counts = { uplinks: [name, ...others], flows: leaked, packets, first, last };
    const all = flows[n].flows + flows[n].router + flows[n].inbound;
    if (leaked >= ENOUGH && leaked >= all * ALL_BUT) {
      const message = `Nearly everything with the source of ${name} left ${by}: most likely files, interfaces or addresses are bound to the wrong uplinks.`;
      return [
        finding('nat-leak', 'warning', message, {
          ...counts,
          cure: 'hold name=path and the configuration against what mlstat uplinks infer finds',
        }),
      ];
    }
    const amount = `${formatNumberOf(packets, 'packet')} of ${formatNumberOf(leaked, 'flow')} with the SNAT source of ${name} left ${by}${phases(leak)}`;
    const inbound = leakedInbound > 0 ? ` ${leakedInbound} of these flows came from outside.` : '';
    const message = `${amount}: the kernel chose anew for connections that were already translated, as it does when an uplink fails or comes back or weights change. A provider that checks sources drops them.${inbound}`;
    return [finding('nat-leak', 'warning', message, { ...counts, cure: markCure(n, interfaces[n]) })];
  });
}

/** Connections from outside whose answers went out by another uplink than the one that they came in by. */
export function inboundFindings({ tally, interfaces }: LeakInput): Finding[] {
  return tally.topology.uplinks.flatMap(({ name }, n) => {
    const { inbound, leakedInbound } = tally.flows[n];
    if (leakedInbound === 0) return [];
    const message = `${leakedInbound} of ${formatNumberOf(inbound, 'connection')} from outside to ${name} were answered by another uplink, wholly or in part: the answers are routed as anything else from the LAN. A provider that checks sources drops them, and the connection fails.`;
    return [
      finding('inbound-misrouted', 'warning', message, {
        uplinks: [name],
        flows: leakedInbound,
        cure: markCure(n, interfaces[n], '-i'),
      }),
    ];
  });
}

/** Flows whose packets went by several uplinks at the same time. */
export function sprayFindings({ tally }: LeakInput): Finding[] {
  const sprayed = tally.flows.reduce((sum, counts) => sum + counts.sprayed, 0);
  const long = tally.flows.reduce((sum, counts) => sum + counts.long, 0);
  // A few flows are led back and forth by weights that change twice, or by a line that flaps.
  if (sprayed < LEAST_SPRAYED || sprayed < long * SPRAYED_SHARE) return [];
  const names = tally.topology.uplinks.filter((_, n) => tally.flows[n].sprayed > 0).map(({ name }) => name);
  const message = `The packets of ${formatNumberOf(sprayed, 'flow')}, of ${long} with packets enough to tell, went by several uplinks side by side, all with one SNAT source: something chooses anew for every packet (containers of the same machine whose hash follows the sender, a balancer below IP, kernels with equal-cost routes by packet). TCP suffers from packets out of order, and providers that check sources drop a part.`;
  const cure =
    'choose once a connection: sysctl net.ipv4.fib_multipath_hash_policy=0, or connection marks (mlstat plan --style connmark)';
  return [finding('per-packet', 'warning', message, { uplinks: names, flows: sprayed, cure })];
}

/** Packets on an uplink's link with a private source that is none of its own. */
export function privateSource({ tally, data }: LeakInput, lanKnown: boolean): Finding[] {
  if (tally.strayPackets === 0) return [];
  const links = new Set<number>();
  const spell = spellOf(data, (cell) => {
    const lane = tally.lanes[cell >> 1];
    if (lane.class !== CLASS.stray) return false;
    links.add(lane.egress);
    return true;
  });
  const message =
    'Packets left by an uplink with a private source: NAT leaves alone what connection tracking calls invalid, such as the last packets of a connection that it has forgotten. The provider drops them, or sees inside addresses.';
  return [
    finding('private-source', lanKnown ? 'warning' : 'info', message, {
      uplinks: [...links].sort((a, b) => a - b).map((link) => tally.topology.uplinks[link].name),
      packets: tally.strayPackets,
      first: spell.packets > 0 ? spell.first : null,
      last: spell.packets > 0 ? spell.last : null,
      cure: 'iptables -I FORWARD -m conntrack --ctstate INVALID -j DROP',
    }),
  ];
}

/** By uplink, from the bins of lanes whose source is not their link's: what the local end sent. */
function leaksOf(lanes: readonly Lane[], data: BinData, uplinks: number, outages: readonly Outage[]): Leak[] {
  const leaks = Array.from(
    { length: uplinks },
    (): Leak => ({
      packets: 0,
      first: Number.POSITIVE_INFINITY,
      last: Number.NEGATIVE_INFINITY,
      egresses: new Set(),
      atFailure: 0,
      atRecovery: 0,
    }),
  );
  for (let i = 0; i < data.cells.length; i++) {
    const lane = lanes[data.cells[i] >> 1];
    if (lane.class !== CLASS.wan || lane.egress < 0 || lane.egress === lane.uplink || !isUp(data.cells[i], lane))
      continue;
    const leak = leaks[lane.uplink];
    const packets = data.sums[BIN.fields * i];
    const first = data.sums[BIN.fields * i + BIN.firstUs] / 1e6;
    const last = data.sums[BIN.fields * i + BIN.lastUs] / 1e6;
    leak.packets += packets;
    leak.first = Math.min(leak.first, first);
    leak.last = Math.max(leak.last, last);
    leak.egresses.add(lane.egress);
    if (outages.some(({ start, end }) => first >= start.earliest && (end === null || first < end.best))) {
      leak.atFailure += packets;
    } else if (outages.some(({ end }) => end !== null && first >= end.best && first < end.latest + RECOVERY_SEC)) {
      leak.atRecovery += packets;
    }
  }
  return leaks;
}

/** Where the bins don't tell them (flows of a saved ledger), the ways are those of the flows. */
function addWays({ ledger }: Tally, leaks: readonly Leak[]): void {
  const { count, egress, uplink } = ledger;
  for (let row = 0; row < count; row++) {
    const by = egress[row];
    if (by !== uplink[row] && by !== NO_LINK) leaks[uplink[row]].egresses.add(by);
  }
}

function phases({ atFailure, atRecovery, packets }: Leak): string {
  if (atFailure === packets) return ' while an uplink was out';
  if (atRecovery === packets) return ' after an uplink came back';
  if (atFailure + atRecovery === 0) return '';
  const parts = [
    atFailure > 0 ? `${atFailure} while an uplink was out` : '',
    atRecovery > 0 ? `${atRecovery} after one came back` : '',
    packets > atFailure + atRecovery ? `${packets - atFailure - atRecovery} at other times` : '',
  ];
  return ` (${parts.filter((part) => part !== '').join(', ')})`;
}

function spellOf(data: BinData, isOf: (cell: number) => boolean): Spell {
  const spell = { packets: 0, first: Number.POSITIVE_INFINITY, last: Number.NEGATIVE_INFINITY };
  for (let i = 0; i < data.cells.length; i++) {
    if (!isOf(data.cells[i])) continue;
    spell.packets += data.sums[BIN.fields * i];
    spell.first = Math.min(spell.first, data.sums[BIN.fields * i + BIN.firstUs] / 1e6);
    spell.last = Math.max(spell.last, data.sums[BIN.fields * i + BIN.lastUs] / 1e6);
  }
  return spell;
}

/** Whether the cell's sender is the local end. */
function isUp(cell: number, { localHigh }: Lane): boolean {
  return ((cell & 1) === 1) === localHigh;
}

/** Connection marks: measured to leak nothing where policy routing by source does. `-i` marks what comes in as well. */
function markCure(uplink: number, device: string | null, way: '-o' | '-i' = '-o'): string {
  const mark = uplink + 1;
  const match = '-m conntrack --ctstate NEW -m connmark --mark 0 -j CONNMARK';
  const dev = device ?? 'DEVICE';
  const set =
    way === '-o'
      ? [
          'iptables -t mangle -A PREROUTING -j CONNMARK --restore-mark',
          `iptables -t mangle -A POSTROUTING -o ${dev} ${match} --set-mark ${mark}`,
        ]
      : [
          `iptables -t mangle -A PREROUTING -i ${dev} ${match} --set-mark ${mark}`,
          'iptables -t mangle -A PREROUTING -j CONNMARK --restore-mark',
          'iptables -t mangle -A OUTPUT -j CONNMARK --restore-mark',
        ];
  return [
    'hold every connection to its uplink by a mark; for this one, with TABLE its own routing table:',
    ...set,
    `ip rule add prio ${100 + mark} fwmark ${mark} table TABLE`,
  ].join('\n');
}
