// A report held against the truth of the capture it was made from: a fast wrong answer is no result.

import type { Truth } from './traffic.js';

interface Directions {
  up: number;
  down: number;
}

interface Report {
  inputs: { packets: number; wireBytes: number }[];
  packets: Record<'attributed' | 'duplicates' | 'lan' | 'router' | 'other' | 'damaged', number>;
  uplinks: { name: string; flows: number; unanswered: number; packets: Directions; ipBytes: Directions }[];
}

/** One line for every figure of the JSON report that isn't true; none if all are. */
export function differencesFrom(truth: Truth, reportJson: string): string[] {
  const report = JSON.parse(reportJson) as Report;
  const differences: string[] = [];
  const expect = (what: string, said: number | undefined, is: number) => {
    if (said !== is) differences.push(`${what}: ${said}, in truth ${is}`);
  };
  expect('packets', report.inputs[0]?.packets, truth.packets);
  expect('wire bytes', report.inputs[0]?.wireBytes, truth.wireBytes);
  expect('router packets', report.packets.router, truth.routerPackets);
  expect('LAN sights', report.packets.duplicates + report.packets.lan, truth.lanPackets);
  expect('other packets', report.packets.other + report.packets.damaged, 0);
  for (const uplink of truth.uplinks) {
    const said = report.uplinks.find(({ name }) => name === uplink.name);
    expect(`${uplink.name} flows`, said?.flows, uplink.flows);
    expect(`${uplink.name} unanswered flows`, said?.unanswered, uplink.unansweredFlows);
    expect(`${uplink.name} packets up`, said?.packets.up, uplink.packets.up);
    expect(`${uplink.name} packets down`, said?.packets.down, uplink.packets.down);
    expect(`${uplink.name} IP bytes up`, said?.ipBytes.up, uplink.ipBytes.up);
    expect(`${uplink.name} IP bytes down`, said?.ipBytes.down, uplink.ipBytes.down);
  }
  return differences;
}
