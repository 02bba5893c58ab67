// Flows whose packets left by another uplink than the one whose SNAT source they carry.

import type { Finding } from '../report/report.js';
import type { Tally } from '../tally/tally.js';
import { finding } from './finding.js';

const NO_LINK = 255;
/** Where nearly all flows of an uplink leave by another, it is the binding of files or interfaces that is wrong. */
const ALL_BUT = 0.9;
const ENOUGH = 20;

/** One for each uplink whose source was seen elsewhere. Linux 6.18, policy routing: measured in the kernel facts of the docs. */
export function leakFindings(tally: Tally, interfaces: readonly (string | null)[]): Finding[] {
  const { topology, flows, ledger } = tally;
  const ways = topology.uplinks.map(() => new Set<number>());
  for (let row = 0; row < ledger.count; row++) {
    const egress = ledger.egress[row];
    if (egress !== NO_LINK && egress !== ledger.uplink[row]) ways[ledger.uplink[row]].add(egress);
  }
  return topology.uplinks.flatMap(({ name }, n) => {
    const { leaked, leakedPackets } = flows[n];
    if (leaked === 0) return [];
    const others = [...ways[n]].sort((a, b) => a - b).map((egress) => topology.uplinks[egress].name);
    const by = others.length === 0 ? 'by another uplink' : `by ${others.join(', ')}`;
    const counts = { uplinks: [name, ...others], flows: leaked, packets: leakedPackets };
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
    const message = `Packets with the SNAT source of ${name} left ${by}: the kernel chose anew for connections that were already translated, as it does when an uplink fails or comes back or weights change. A provider that checks sources drops them.`;
    return [finding('nat-leak', 'warning', message, { ...counts, cure: markCure(n, interfaces[n]) })];
  });
}

/** Connection marks: measured to leak nothing where policy routing by source does. */
function markCure(uplink: number, device: string | null): string {
  const mark = uplink + 1;
  return [
    'hold every connection to its uplink by a mark; for this one, with TABLE its own routing table:',
    'iptables -t mangle -A PREROUTING -j CONNMARK --restore-mark',
    `iptables -t mangle -A POSTROUTING -o ${device ?? 'DEVICE'} -m conntrack --ctstate NEW -m connmark --mark 0 -j CONNMARK --set-mark ${mark}`,
    `ip rule add prio ${100 + mark} fwmark ${mark} table TABLE`,
  ].join('\n');
}
