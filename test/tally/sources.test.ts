// Which flows' own addresses are noted: where an uplink may have several of that family, and whatever connection tracking
// tells of one that may change.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Connection } from '#src/flows/connection.js';
import { Sources } from '#src/tally/sources.js';
import type { Topology } from '#src/uplinks/topology.js';

const block = (family: 4 | 6, length: number) => ({
  family,
  words: (family === 4 ? [0, 0, 0, 0xcb007102] : [0x20010db8, 0, 0, 0]) as [number, number, number, number],
  length,
  text: '',
});

function noted(snat: Topology['uplinks'][0]['snat'], family: 4 | 6, told: object | null): number {
  const uplinks = [{ name: 'a', snat, gateways: [], interface: null, vlan: null }];
  const sources = new Sources({ asSeen: false, uplinks, lan: [], roles: [], macs: [], lanVisible: false });
  const flow = {
    ...{ uplink: 0, egress: -1, local: 0, family, told, opened: true, origin: 'lan' },
    ...{ lastUs: [5, 6], startUs: 1, words: [block(family, 0).words, [0, 0, 0, 1]] },
  };
  sources.add(flow as unknown as Connection);
  return sources.finish().length;
}

test('of a captured flow, by its family', () => {
  const both = [block(4, 32), block(6, 56)];
  assert.deepEqual([noted(both, 4, null), noted(both, 6, null)], [0, 1]);
  assert.deepEqual([noted([block(4, 24)], 4, null), noted([block(4, 32)], 4, null)], [1, 0]);
});

test('of one that was told, with any source', () => {
  assert.deepEqual([noted([block(4, 32), block(6, 56)], 4, {}), noted([block(4, 32)], 4, {})], [1, 0]);
});
