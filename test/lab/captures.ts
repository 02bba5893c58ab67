// Recorders on every side of the router: tcpdump on the LAN, on each uplink and on `any`; conntrack's events.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LAN, type LabUplink } from './addresses.js';
import type { Scenario } from './scenario.js';
import { Background, have, inside } from './tools.js';

/** Packets after which a recorder ends by itself. */
const MOST_PACKETS = 2_000_000;
const SETTLE_MS = 300;

export interface Captures {
  /** Ends the recorders; writes what they say of themselves; returns what a reader must know. */
  stop: () => Promise<string[]>;
}

/** Records into `folder`/pcap and `folder`/router. `lacking` gets what can't be had on this machine. */
export async function startCaptures(
  folder: string,
  router: string,
  scenario: Scenario,
  uplinks: readonly LabUplink[],
  lacking: string[],
): Promise<Captures> {
  const { snaplen, any, lan, conntrack } = scenario.capture;
  const files = [
    ...uplinks.map(({ dev }) => ({ name: `${dev}.pcap`, device: dev, link: [] as string[] })),
    ...(lan ? [{ name: 'lan.pcap', device: LAN.dev, link: [] }] : []),
    ...(any === 'none' ? [] : [{ name: 'any_sll2.pcap', device: 'any', link: ['-y', 'LINUX_SLL2'] }]),
  ];
  if (!have('tcpdump')) lacking.push('no tcpdump: nothing is captured');
  const dumps = have('tcpdump') ? files : [];
  const recorders = dumps.map(({ name, device, link }) => {
    const how = ['-n', '-Z', 'root', '-B', '8192', '-s', String(snaplen), '-c', String(MOST_PACKETS), ...link];
    return {
      name,
      process: new Background(inside(router, ['tcpdump', '-i', device, ...how, '-w', join(folder, 'pcap', name)])),
    };
  });
  await Promise.all(recorders.map(({ process }) => process.saying(/listening on/)));
  const events = conntrack ? startEvents(router, lacking) : null;
  await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
  return {
    stop: async () => {
      // What is still on its way through the kernel.
      await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
      const counts = await Promise.all(
        recorders.map(async ({ name, process }) => {
          await process.stop('SIGINT');
          return [name, process.output.split('\n').filter((line) => /packets? /.test(line))] as const;
        }),
      );
      writeFileSync(join(folder, 'capture_stats.json'), `${JSON.stringify(Object.fromEntries(counts), null, 1)}\n`);
      if (events !== null) {
        await events.stop();
        writeFileSync(join(folder, 'router', 'conntrack-E.txt'), events.output.replace(/^[^[].*\n/gm, ''));
      }
      return counts.flatMap(([name, lines]) => complaints(name, lines));
    },
  };
}

function startEvents(router: string, lacking: string[]): Background | null {
  if (have('conntrack'))
    return new Background(inside(router, ['conntrack', '-E', '-o', 'timestamp,extended,id', '-b', '8388608']));
  lacking.push('no conntrack: no events and no listing of connections, but of what /proc shows');
  return null;
}

function complaints(name: string, lines: readonly string[]): string[] {
  const dropped = lines.find((line) => /^[1-9]\d* packets? dropped/.test(line));
  const full = lines.some((line) => line.startsWith(`${MOST_PACKETS} packets captured`));
  return [
    ...(dropped === undefined ? [] : [`${name}: ${dropped}`]),
    ...(full ? [`${name} ends after ${MOST_PACKETS} packets: lower duration or arrival.rate`] : []),
  ];
}
