// Brings a fault about at its time and takes it away again: at the provider's end wherever a real one would be.

import type { LabUplink } from './addresses.js';
import type { Namespaces } from './namespaces.js';
import { batch, PARTS } from './network.js';
import type { Fault, Scenario } from './scenario.js';
import { inside, run } from './tools.js';

/** A fault as `truth.json` gives it; times are seconds since the epoch, before and after the commands that did it. */
export interface TruthFault extends Fault {
  n: number;
  t_start_cmd: number | null;
  t_start: number | null;
  t_end_cmd: number | null;
  t_end: number | null;
}

export interface Scene {
  net: Namespaces;
  scenario: Scenario;
  /** As they are now: an address change changes them. */
  uplinks: LabUplink[];
  /** Applies the router's set-up for them once more, as the hook of a DHCP client would. */
  applyAgain: () => Promise<void>;
}

/** Switches it on or off. */
export async function switchFault(scene: Scene, fault: TruthFault, on: boolean): Promise<void> {
  const { net, uplinks } = scene;
  const uplink = uplinks[fault.uplink - 1];
  const [router, internet] = [net.name(PARTS.router), net.name(PARTS.internet)];
  const gateway = net.name(PARTS.gateway(uplink.id));
  const table = `fault${fault.n}`;
  switch (fault.kind) {
    case 'link_down':
      // The cable: the other end goes, the router loses its carrier.
      return batch(gateway, [`link set wan ${on ? 'down' : 'up'}`]);
    case 'admin_down':
      return batch(router, [`link set ${uplink.dev} ${on ? 'down' : 'up'}`]);
    case 'gateway_dead':
      return rules(gateway, on, table, deadGateway);
    case 'blackhole':
      // Behind the gateway, which goes on answering for itself.
      return rules(internet, on, table, (name) => bothWays(name, uplink.id, 'drop'));
    case 'loss':
      return rules(internet, on, table, (name) =>
        bothWays(name, uplink.id, `numgen random mod 1000 < ${Math.round(10 * (fault.percent ?? 0))} drop`),
      );
    case 'weights': {
      const weights = on ? fault.weights : scene.scenario.uplinks.map(({ weight }) => weight);
      return changeWeights(router, uplinks, weights ?? []);
    }
    case 'address_change':
      return changeAddress(scene, router, uplink);
  }
}

async function rules(namespace: string, on: boolean, table: string, text: (table: string) => string): Promise<void> {
  const all = ['inet', 'arp'].map((family) => `table ${family} ${table}\ndelete table ${family} ${table}`);
  await run(inside(namespace, ['nft', '-f', '-']), on ? text(table) : `${all.join('\n')}\n`);
}

function bothWays(table: string, id: number, verdict: string): string {
  return `table inet ${table} {
  chain in { type filter hook prerouting priority raw; iifname "isp${id}" ${verdict}; }
  chain out { type filter hook postrouting priority 300; oifname "isp${id}" ${verdict}; }
}
`;
}

/** Deaf and dumb, but the link stays up. What is still sent to it is witnessed, for it did come by this line. */
function deadGateway(table: string): string {
  return `table inet ${table} {
  chain in { type filter hook prerouting priority 10; iifname "wan" drop; }
  chain out { type filter hook postrouting priority 300; oifname "wan" drop; }
}
table arp ${table} {
  chain in { type filter hook input priority 0; policy drop; }
  chain out { type filter hook output priority 0; policy drop; }
}
`;
}

interface Hop {
  gateway?: string;
  via?: { host: string };
  dev: string;
}

/** Every multipath default route of the router, in whatever table, is replaced with the same under other weights. */
async function changeWeights(router: string, uplinks: readonly LabUplink[], weights: readonly number[]): Promise<void> {
  for (const family of ['-4', '-6']) {
    const listed = await run(['ip', family, '-n', router, '-j', 'route', 'show', 'table', 'all']);
    const routes = JSON.parse(listed || '[]') as {
      dst: string;
      table?: string;
      protocol?: string;
      metric?: number;
      nexthops?: Hop[];
    }[];
    for (const { dst, table, protocol, metric, nexthops } of routes) {
      if (dst !== 'default' || nexthops === undefined) continue;
      const hops = nexthops.map(({ gateway, via, dev }) => {
        const weight = weights[uplinks.findIndex((uplink) => uplink.dev === dev)] ?? 1;
        return `nexthop via ${gateway ?? via?.host} dev ${dev} weight ${weight}`;
      });
      const rest = `${metric === undefined ? '' : `metric ${metric} `}proto ${protocol ?? 'static'}`;
      await run([
        'ip',
        family,
        '-n',
        router,
        ...`route replace default table ${table ?? 'main'} ${rest} ${hops.join(' ')}`.split(' '),
      ]);
    }
  }
}

/** The provider gives another address; the old one is gone at once. */
async function changeAddress(scene: Scene, router: string, uplink: LabUplink): Promise<void> {
  const { ip, ip6, next, next6, dev } = uplink;
  await batch(router, [
    `addr del ${ip}/28 dev ${dev}`,
    `addr add ${next}/28 brd + dev ${dev}`,
    `addr del ${ip6}/64 dev ${dev}`,
    `addr add ${next6}/64 dev ${dev} nodad`,
  ]);
  scene.uplinks[uplink.id - 1] = { ...uplink, ip: next, ip6: next6, next: ip, next6: ip6 };
  await scene.applyAgain();
}
