// Entries of conntrack into flows: one a connection, whatever of its life the dumps show.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { ConntrackReader } from '#src/decode/conntrack.js';
import { ConntrackXmlReader } from '#src/decode/conntrack-xml.js';
import type { EntryFlow } from '#src/flows/conntrack-flow.js';
import { EntryFolder, type FolderCounts, type FolderOptions } from '#src/flows/entries.js';
import { formatAddress } from '#src/util/address.js';
import { sharedDir, withoutShared } from '../shared.js';

interface PlainFlow extends Omit<EntryFlow, 'client' | 'server' | 'natSource' | 'replySource'> {
  client: string;
  server: string;
  natSource: string;
  replySource: string;
}

interface Folded {
  flows: PlainFlow[];
  counts: FolderCounts;
}

function fold(text: string | Uint8Array | readonly (string | Uint8Array)[], options: FolderOptions = {}): Folded {
  const flows: PlainFlow[] = [];
  const folder = new EntryFolder((flow) => {
    const address = (words: Int32Array) => formatAddress(flow.family, words);
    const { client, server, natSource, replySource } = flow;
    flows.push({
      ...flow,
      client: address(client),
      server: address(server),
      natSource: address(natSource),
      replySource: address(replySource),
    });
  }, options);
  for (const input of Array.isArray(text) ? text : [text]) {
    const bytes = Buffer.from(input as string);
    const Reader = bytes.includes('<flow') ? ConntrackXmlReader : ConntrackReader;
    const reader = new Reader((entry) => folder.take(entry));
    reader.feed(bytes);
    reader.end();
  }
  folder.finish();
  return { flows, counts: folder.counts };
}

function only(text: string | readonly string[]): PlainFlow {
  const { flows } = fold(text);
  assert.equal(flows.length, 1);
  return flows[0] as PlainFlow;
}

/** Lines of one TCP connection behind SNAT. `counted` are packets and bytes up, then down. */
const UP = 'src=192.168.1.2 dst=198.51.100.9 sport=40000 dport=443';
const DOWN = 'src=198.51.100.9 dst=203.0.113.2 sport=443 dport=40001';
const line = (time: string, event: string, head: string, tail = '', up = '', down = ''): string =>
  `${time === '' ? '' : `[${time}]\t`}[${event}] tcp      6 ${head} ${UP} ${up} ${DOWN} ${down} ${tail}\n`;
const born = (time: string, tail = '') => line(time, 'NEW', '120 SYN_SENT', tail, '[UNREPLIED]');
const open = (time: string, tail = '') => line(time, 'UPDATE', '432000 ESTABLISHED', `[ASSURED] ${tail}`);
const gone = (time: string, tail = '', head = 'TIME_WAIT') =>
  line(time, 'DESTROY', head, `[ASSURED] ${tail}`, 'packets=6 bytes=600', 'packets=4 bytes=4000');
const wait = (time: string, tail = '') => line(time, 'UPDATE', '120 TIME_WAIT', `[ASSURED] ${tail}`);
const shown = (packets: number, tail = '') =>
  `tcp      6 431999 ESTABLISHED ${UP} packets=${packets} bytes=${packets * 100} ${DOWN} packets=1 bytes=99 [ASSURED] ${tail}\n`;

test('NEW, UPDATE and DESTROY make one flow: client, server, NAT, times, totals', () => {
  const flow = only(
    born('100.000001', 'id=7') + open('100.5', 'id=7 mark=256') + wait('103.25', 'id=7') + gone('225.0', 'id=7'),
  );
  assert.deepEqual(flow, {
    family: 4,
    protocol: 6,
    zone: 0,
    zoneOriginal: 0,
    zoneReply: 0,
    id: 7,
    client: '192.168.1.2',
    clientPort: 40_000,
    server: '198.51.100.9',
    serverPort: 443,
    natSource: '203.0.113.2',
    natPort: 40_001,
    replySource: '198.51.100.9',
    replyPort: 443,
    icmpType: null,
    startUs: 100_000_001,
    answerUs: 100_500_000,
    endUs: 103_250_000,
    removedUs: 225_000_000,
    ageSec: null,
    packetsUp: 6,
    packetsDown: 4,
    bytesUp: 600,
    bytesDown: 4000,
    state: 'TIME_WAIT',
    answered: true,
    assured: true,
    offload: null,
    mark: 256,
    born: true,
    listed: false,
    removed: true,
    timeoutLeftSec: null,
    midstream: false,
    reversed: false,
  });
});

test('the end of what only ran out is its removal less its timeout, less what was left of it', () => {
  const udp = (event: string, time: string, timeout: string) =>
    `[${time}] [${event}] udp      17 ${timeout} src=10.0.0.1 dst=10.0.0.2 sport=1 dport=2 src=10.0.0.2 dst=10.0.0.1 sport=2 dport=1\n`;
  assert.equal(
    only(udp('NEW', '100.0', '30') + udp('UPDATE', '101.0', '120') + udp('DESTROY', '700.0', '')).endUs,
    580e6,
  );
  assert.equal(
    only(udp('NEW', '100.0', '30') + udp('DESTROY', '120.0', '')).endUs,
    100e6,
    'never before its last event',
  );
  const flushed = only(born('100.0') + open('101.0') + gone('200.0', '', '431990 ESTABLISHED'));
  assert.deepEqual([flushed.endUs, flushed.timeoutLeftSec, flushed.state], [190e6, 431_990, 'ESTABLISHED']);
});

test('without accounting nothing is counted, and nothing is 0', () => {
  const { packetsUp, packetsDown, bytesUp, bytesDown } = only(born('1.0') + line('9.0', 'DESTROY', 'CLOSE'));
  assert.deepEqual([packetsUp, packetsDown, bytesUp, bytesDown], [null, null, null, null]);
});

test('a flow that the log joins late begins where its length of life says, or nobody knows', () => {
  const late = only(gone('225.5', 'delta-time=125 id=7'));
  assert.deepEqual([late.born, late.startUs, late.endUs, late.packetsUp], [false, 100_500_000, 225_500_000, 6]);
  const running = only(open('100.5', 'id=7'));
  assert.deepEqual([running.born, running.startUs, running.answered, running.removed], [false, null, true, false]);
});

test('whether NEW was answered is unknown only where nothing but NEW is recorded', () => {
  assert.equal(only(born('1.0')).answered, null);
  assert.equal(only(born('1.0') + line('9.0', 'DESTROY', 'SYN_SENT', '', '[UNREPLIED]')).answered, false);
  const other = open('1.0', 'id=9').replaceAll('40000', '50000');
  assert.deepEqual(
    fold(other + born('2.0', 'id=8')).flows.map(({ answered, id }) => [id, answered]),
    [
      [9, true],
      [8, false],
    ],
  );
});

test('reused tuples: a late DESTROY goes to the flow of its identifier', () => {
  const { flows } = fold(
    born('100.0', 'id=1') +
      wait('101.0', 'id=1') +
      born('150.0', 'id=2') +
      open('150.1', 'id=2') +
      gone('221.0', 'id=1') +
      wait('240.0', 'id=2'),
  );
  assert.deepEqual(
    flows.map(({ id, startUs, removed, packetsUp, endUs }) => [id, startUs, removed, packetsUp, endUs]),
    [
      [1, 100e6, true, 6, 101e6],
      [2, 150e6, false, null, 240e6],
    ],
  );
});

test('an identifier may come again after its removal, with the same tuples', () => {
  const life = (from: number) => born(`${from}.0`, 'id=1') + gone(`${from + 5}.0`, 'id=1');
  assert.deepEqual(
    fold(life(100) + life(200)).flows.map(({ startUs }) => startUs),
    [100e6, 200e6],
  );
});

test('without identifiers and times a second NEW begins a second flow', () => {
  const { flows } = fold(born('') + open('') + born('') + gone(''));
  assert.deepEqual(
    flows.map(({ removed, packetsUp }) => [removed, packetsUp]),
    [
      [false, null],
      [true, 6],
    ],
  );
});

test('zones part what tuples do not', () => {
  const { flows } = fold(
    shown(1, 'zone=1') + shown(1, 'zone=2') + shown(1).replace('dport=443 ', 'dport=443 zone-orig=3 '),
  );
  assert.deepEqual(
    flows.map(({ zone, zoneOriginal }) => [zone, zoneOriginal]),
    [
      [1, 0],
      [2, 0],
      [0, 3],
    ],
  );
});

test('lists that show an entry again make no second flow and add nothing up', () => {
  const { flows, counts } = fold(
    shown(5, 'id=7 delta-time=10') + shown(9, 'id=7 delta-time=70') + shown(5, 'id=7 delta-time=10'),
  );
  assert.equal(flows.length, 1);
  const [flow] = flows;
  assert.deepEqual([flow?.packetsUp, flow?.bytesUp, flow?.ageSec, flow?.listed], [9, 900, 70, true]);
  assert.deepEqual([flow?.startUs, flow?.endUs], [null, null]);
  assert.deepEqual(counts, { entries: 3, flows: 1, repeated: 2, evicted: 0 });
});

test('a list among events makes no second flow, before NEW, during life, or after DESTROY', () => {
  const events = [born('100.0', 'id=7'), open('100.5', 'id=7'), wait('103.0', 'id=7'), gone('223.0', 'id=7')];
  for (let at = 0; at <= events.length; at++) {
    const flow = only(events.toSpliced(at, 0, shown(3, 'id=7')).join(''));
    assert.deepEqual(
      [flow.startUs, flow.endUs, flow.packetsUp, flow.state],
      [100e6, 103e6, 6, 'TIME_WAIT'],
      `list at ${at}`,
    );
  }
});

test("XML and text of one list agree on pings, of which XML tells no identifier but the entry's", () => {
  const text =
    'icmp     1 20 src=10.0.0.1 dst=8.8.8.8 type=8 code=0 id=370 src=8.8.8.8 dst=203.0.113.2 type=0 code=0 id=370 id=99\n';
  const meta = (direction: string, src: string, dst: string) =>
    `<meta direction="${direction}"><layer3 protonum="2" protoname="ipv4"><src>${src}</src><dst>${dst}</dst></layer3><layer4 protonum="1" protoname="icmp"></layer4></meta>`;
  const xml = `<flow>${meta('original', '10.0.0.1', '8.8.8.8')}${meta('reply', '8.8.8.8', '203.0.113.2')}<meta direction="independent"><id>99</id></meta></flow>`;
  assert.equal(only([text, xml]).clientPort, 370);
  assert.equal(only([xml, text]).protocol, 1);
  assert.equal(fold([text, xml.replace('>99<', '>98<')]).flows.length, 2);
});

test('a connection that the router had forgotten is told as met under way', () => {
  const flow = only(line('100.0', 'NEW', '300 ESTABLISHED', '', '[UNREPLIED]'));
  assert.deepEqual([flow.midstream, flow.reversed], [true, false]);
});

test('a packet of the server that comes first is told as reversed', () => {
  const back = (event: string, head: string) =>
    `[300.0] [${event}] tcp      6 ${head} src=198.51.100.9 dst=203.0.113.2 sport=443 dport=40001 [UNREPLIED] src=203.0.113.2 dst=198.51.100.9 sport=40001 dport=443 id=8\n`;
  assert.equal(only(back('NEW', '300 ESTABLISHED')).reversed, true, 'by its ports');
  const odd = (text: string) => text.replaceAll('443', '50443');
  assert.equal(only(odd(back('NEW', '300 ESTABLISHED'))).reversed, false);
  const { flows } = fold(
    odd(born('1.0', 'id=7') + gone('200.0', 'id=7', '431990 ESTABLISHED') + back('NEW', '300 ESTABLISHED')),
  );
  assert.deepEqual(
    flows.map(({ id, reversed }) => [id, reversed]),
    [
      [7, false],
      [8, true],
    ],
    'by what was removed',
  );
  assert.equal(only(back('NEW', '120 SYN_SENT')).reversed, false, 'a SYN is a connection of its own');
});

test('what is alive is bounded, on one tuple and on all', () => {
  const same = Array.from({ length: 5000 }, (_, i) => born(`${100 + i}.0`, `id=${i}`)).join('');
  const crowded = fold(same);
  assert.equal(crowded.flows.length, 5000);
  assert.equal(crowded.counts.evicted, 4992);
  const many = Array.from({ length: 3000 }, (_, i) => born('1.0').replaceAll('40000', String(1024 + i))).join('');
  const full = fold(many, { limit: 1000 });
  assert.equal(new Set(full.flows.map(({ clientPort }) => clientPort)).size, 3000);
  assert.equal(full.counts.evicted, 2000);
});

const PROTOCOLS: Readonly<Record<string, number>> = { tcp: 6, udp: 17, icmp: 1 };
const SCENARIOS = [
  's0_tiny_full',
  's1_equal_l3',
  's2_4to1_l4',
  's3_321_linkdown',
  's4_blackhole',
  's5_gateway_dead',
  's6_leak_rehash',
  's9_dualstack_masq',
  's12_port_collisions',
  's13_weight_change',
];

interface TruthFlow {
  proto: string;
  start: number;
  cip: string;
  cport: number;
  sip: string;
  sport: number;
  outcome: string;
  origin: string;
  uplink: number;
}

interface Truth {
  uplinks: { id: number; ip: string; ip6: string }[];
  flows: TruthFlow[];
}

function labFile(scenario: string, name: string): Buffer {
  return readFileSync(`${sharedDir}/routerlab/${scenario}/${name}`);
}

test("the lab's event logs: every connection, with its client, server and uplink", { skip: withoutShared }, () => {
  for (const scenario of SCENARIOS) {
    const truth = JSON.parse(labFile(scenario, 'truth.json').toString()) as Truth;
    const { flows, counts } = fold(labFile(scenario, 'router/conntrack-E.txt'));
    assert.deepEqual([counts.repeated, counts.evicted], [0, 0], scenario);
    const byTuple = new Map<string, PlainFlow[]>();
    for (const flow of flows) {
      const key = [flow.protocol, flow.client, flow.clientPort, flow.server].join();
      byTuple.set(key, [...(byTuple.get(key) ?? []), flow]);
    }
    const keyOf = ({ proto, cip, cport, sip }: TruthFlow) =>
      [proto === 'icmp' && cip.includes(':') ? 58 : PROTOCOLS[proto], cip, cport, sip].join();
    const missing: TruthFlow[] = [];
    for (const one of truth.flows) {
      const found = (byTuple.get(keyOf(one)) ?? []).find(
        ({ startUs, serverPort, icmpType }) =>
          Math.abs((startUs ?? 0) / 1e6 - one.start) < 1.5 && (icmpType !== null || serverPort === one.sport),
      );
      if (found === undefined) {
        missing.push(one);
        continue;
      }
      // An inbound connection comes by the address that it asks for.
      const address = one.origin === 'inbound' ? found.server : found.natSource;
      const uplink = truth.uplinks.find(({ ip, ip6 }) => ip === address || ip6 === address);
      assert.equal(uplink?.id, one.uplink, `${scenario}: ${JSON.stringify(one)}`);
    }
    // Those have no entry of their own: never sent, or the same five-tuple while the entry before it was still alive.
    const excused = missing.filter(
      (one) =>
        one.outcome === 'error_local' ||
        truth.flows.some(
          (other) => keyOf(other) === keyOf(one) && other.start < one.start && one.start - other.start < 180,
        ),
    );
    assert.deepEqual(missing, excused, scenario);
    assert.ok(missing.length * 50 < truth.flows.length, `${scenario}: ${missing.length} missing`);
  }
});

test('flushed and reversed entries of a masqueraded failover are told', { skip: withoutShared }, () => {
  const { flows } = fold(labFile('s9_dualstack_masq', 'router/conntrack-E.txt'));
  const truth = JSON.parse(labFile('s9_dualstack_masq', 'truth.json').toString()) as Truth;
  const own = truth.uplinks.flatMap(({ ip, ip6 }) => [ip, ip6]);
  const reversed = flows.filter((flow) => flow.reversed);
  assert.ok(reversed.length > 0);
  for (const flow of reversed) assert.ok(own.includes(flow.server), `${flow.client} to ${flow.server}`);
  const met = flows.filter((flow) => flow.midstream && !flow.reversed);
  assert.ok(met.length > 0);
  for (const { client, clientPort, server } of met) {
    const before = flows.find(
      (flow) => !flow.midstream && flow.client === client && flow.clientPort === clientPort && flow.server === server,
    );
    assert.equal(before?.removed, true, 'its first entry was flushed');
  }
});

test('a log read twice, and with its lists, gives the flows that it gives once', { skip: withoutShared }, () => {
  const told = ({ flows }: Folded) =>
    flows
      .filter(({ born, removed }) => born || removed)
      .map(({ ageSec, listed, packetsUp, packetsDown, bytesUp, bytesDown, mark, ...flow }) => JSON.stringify(flow))
      .sort();
  for (const scenario of ['s0_tiny_full', 's9_dualstack_masq', 's12_port_collisions']) {
    const log = labFile(scenario, 'router/conntrack-E.txt');
    const list = labFile(scenario, 'router/end.conntrack-L.txt');
    const xml = labFile(scenario, 'router/end.conntrack-L.xml');
    const once = told(fold(log));
    assert.deepEqual(told(fold([log, log])), once, scenario);
    const all = fold([log, list, xml]);
    assert.deepEqual(told(all), once, scenario);
    // What lists alone show began before the log and never changed since.
    const older = all.flows.filter(({ id }) => !log.includes(`id=${id}\n`));
    assert.equal(all.flows.length, fold(log).flows.length + older.length, scenario);
    const listed = (input: Buffer[]) => fold(input).flows.length;
    assert.equal(listed([list, list]), listed([list]), scenario);
    assert.equal(listed([list, xml]), listed([list]), scenario);
  }
});
