// Loops over rows: what only ties, flows from outside and equal tuples of two protocols show.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { countHosts } from '#src/measure/hosts.js';
import { type KeyKinds, numberKeys, sumKeys } from '#src/measure/keys.js';
import type { Tally } from '#src/tally/tally.js';
import { type FlowSpec, tallyOf } from './tallies.js';

const NAMES = ['a', 'b'];

const hostsOf = ({ ledger }: Tally) =>
  countHosts({ ledger, names: NAMES, clientsVisible: false, kept: 1, totalBytes: 1e6 }).top.servers;

function keysOf(flows: FlowSpec[], kind: KeyKinds['ipv4']) {
  const { ledger } = tallyOf({ uplinks: NAMES, flows });
  const rows = Int32Array.from({ length: ledger.count }, (_, row) => row);
  const numbering = numberKeys(ledger, rows, { ipv4: kind, ipv6: kind });
  return { ledger, ...sumKeys(ledger, rows, numbering, new Int32Array(rows.length)) };
}

describe('the list of hosts', () => {
  it('has of equally heavy ones those whose addresses come first, wherever they stand', () => {
    // One more than are listed; the first address comes last, and first.
    const servers = Array.from({ length: 101 }, (_, n) => 5000 + n);
    for (const order of [servers, [...servers].reverse()]) {
      const flows = order.map((server) => ({ uplink: 0, server, up: 10, down: 20 }));
      const listed = hostsOf(tallyOf({ uplinks: NAMES, flows })).map(({ address }) => address);
      assert.equal(listed.length, 100);
      assert.equal(listed[0], '0.0.19.136');
      assert.ok(!listed.includes('0.0.19.236'));
    }
  });

  it('leaves flows from outside out, of the bytes by uplink as well', () => {
    const flows: FlowSpec[] = [
      { uplink: 0, server: 7, up: 10, down: 20 },
      { uplink: 1, server: 7, up: 100, down: 200, origin: 'inbound' },
    ];
    const [host, ...others] = hostsOf(tallyOf({ uplinks: NAMES, flows }));
    assert.deepEqual(others, []);
    assert.deepEqual([host?.flows, host?.ipBytes, host?.uplinks], [1, { up: 10, down: 20 }, { a: 30 }]);
  });
});

describe('keys', () => {
  it('of several first flows at one moment take that of the lower port, then protocol, then uplink', () => {
    const base = { server: 7, at: 5, up: 1, down: 1 };
    const one: FlowSpec = { ...base, uplink: 0, ports: [1000, 80], protocol: 6 };
    for (const other of [
      { ...one, uplink: 1 },
      { ...one, uplink: 1, protocol: 17 },
      { ...one, uplink: 1, ports: [1001, 80] as [number, number] },
    ]) {
      for (const flows of [
        [one, other],
        [other, one],
      ]) {
        const { ledger, first, flows: counts } = keysOf(flows, 'server');
        assert.deepEqual([...counts], [2]);
        assert.equal(ledger.uplink[first[0] as number], 0);
      }
    }
  });

  it('by five-tuple tell TCP from UDP between the same ports, by pair they don’t', () => {
    const flows = [6, 17].map((protocol) => ({
      uplink: 0,
      server: 7,
      ports: [1000, 53] as [number, number],
      protocol,
    }));
    assert.equal(keysOf(flows, 'five-tuple').count, 2);
    assert.equal(keysOf(flows, 'client-server').count, 1);
  });
});
