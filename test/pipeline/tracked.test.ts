// Dumps of connection tracking beside made captures: what meets, what stays alone, and what is told of it.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { parsePrefix } from '#src/config/address.js';
import type { Config, Prefix, UplinkConfig } from '#src/config/config.js';
import { type FlowRow, flows, type Report } from '#src/index.js';
import { type Packet, pcapFile } from './capture.js';

const directory = mkdtempSync(join(tmpdir(), 'mlstat-tracked-'));
after(() => rmSync(directory, { recursive: true }));

const WAN = 0xcb007102;
const SERVER = 0xc6120001;
const SYN = 0x02;
const ACK = 0x10;
const SYN_ACK = 0x12;
/** `pcapFile` begins then. */
const START = 1_700_000_000;

const known = config([uplink('dsl1', ['203.0.113.2']), uplink('dsl2', ['198.51.100.2'])]);

describe('a log beside captures', () => {
  test('names the client, keeps what no capture shows, and counts each once', async () => {
    const log = [
      opened(0, 'src=192.168.77.10 dst=198.18.0.1 sport=4000 dport=80', '203.0.113.2', 4000),
      // A line that was not recorded.
      opened(1, 'src=192.168.77.11 dst=198.18.0.1 sport=4001 dport=80', '198.51.100.2', 4001),
      opened(9, 'src=192.168.77.12 dst=198.18.0.1 sport=4002 dport=80', '203.0.113.2', 4002),
    ].join('');
    const packets = [handshake(0, WAN, 4000), handshake(9_000_000, WAN, 4002)].flat();
    const { rows, report } = await read({ 'dsl1=wan1.pcap': pcapFile(packets), 'log.txt': log });
    assert.deepEqual(
      rows.map(({ uplink, client, clientPort, origin, wireBytesUp, end }) => [
        uplink,
        client,
        clientPort,
        origin,
        wireBytesUp === null,
        end,
      ]),
      [
        ['dsl1', '192.168.77.10', 4000, 'lan', false, 'input'],
        ['dsl2', '192.168.77.11', 4001, 'lan', true, 'tracked'],
        ['dsl1', '192.168.77.12', 4002, 'lan', false, 'input'],
      ],
    );
    assert.deepEqual(
      report.uplinks.map(({ flows: count }) => count),
      [2, 1],
    );
    const only = report.findings.find(({ code }) => code === 'only-conntrack');
    assert.deepEqual([only?.flows, only?.level], [1, 'info']);
    assert.match(only?.message ?? '', /They went by dsl2, of which the captures show nothing/);
    assert.equal(report.packets.attributed, 6);
  });

  test('a five-tuple used again has each time its own client', async () => {
    const first = 'src=192.168.77.10 dst=198.18.0.1 sport=5000 dport=80';
    const second = 'src=192.168.77.99 dst=198.18.0.1 sport=7000 dport=80';
    const log = [
      opened(0, first, '203.0.113.2', 6000),
      event(
        40,
        'DESTROY',
        'tcp      6 10 CLOSE',
        first,
        '203.0.113.2',
        6000,
        'packets=3 bytes=120',
        'packets=1 bytes=40',
      ),
      opened(60, second, '203.0.113.2', 6000),
    ].join('');
    const again = handshake(60_000_000, WAN, 6000).map((packet) => ({ ...packet, seq: packet.seq + 77_000 }));
    const capture = pcapFile([...handshake(0, WAN, 6000), ...again]);
    const { rows } = await read({ 'dsl1=wan1.pcap': capture, 'log.txt': log });
    assert.deepEqual(
      rows.map(({ client, clientPort }) => [client, clientPort]),
      [
        ['192.168.77.10', 5000],
        ['192.168.77.99', 7000],
      ],
    );
  });

  test('events that the log lost are told, and what differs is counted', async () => {
    const tuple = (port: number) => `src=192.168.77.10 dst=198.18.0.1 sport=${port} dport=80`;
    const whole = (at: number, port: number, counted: string) =>
      opened(at, tuple(port), '203.0.113.2', port) +
      event(
        at + 3,
        'DESTROY',
        'tcp      6 5 TIME_WAIT',
        tuple(port),
        '203.0.113.2',
        port,
        counted,
        'packets=1 bytes=40',
      );
    const log =
      opened(0, tuple(1), '203.0.113.2', 1) +
      whole(20, 4000, 'packets=2 bytes=80') +
      whole(22, 4001, 'packets=9 bytes=999') +
      opened(90, tuple(2), '203.0.113.2', 2);
    const packets = [
      handshake(10_000_000, WAN, 3999),
      handshake(10_000_000, WAN, 4000),
      handshake(2_000_000, WAN, 4001),
      handshake(50_000_000, WAN, 4444),
    ].flat();
    const { report } = await read({ 'dsl1=wan1.pcap': pcapFile(packets), 'log.txt': log });
    const told = report.findings.filter(({ code }) => code === 'conntrack-disagrees');
    assert.deepEqual(
      told.map(({ flows: count }) => count),
      [2, 1],
    );
    assert.match(told[0].message, /^2 flows of the captures are not in the log/);
    assert.match(told[1].message, /^Of 2 flows that both show whole, 1 has other packets or bytes/);
  });

  test('one captured line: what leaks by it shows nothing of the others', async () => {
    const ports = Array.from({ length: 25 }, (_, n) => 4000 + n);
    const log = ports
      .flatMap((port, n) => [
        opened(n, `src=192.168.77.10 dst=198.18.0.1 sport=${port} dport=80`, '203.0.113.2', port),
        opened(n, `src=192.168.77.11 dst=198.18.0.1 sport=${port} dport=443`, '198.51.100.2', port),
      ])
      .join('');
    const leaked = packetOf(5000, 0xc6336402, SERVER, 4003, 443, ACK);
    const packets = [...ports.flatMap((port) => handshake(998_000, WAN, port)), leaked];
    // No name says whose link it is: the log does.
    const { report } = await read({ 'some.pcap': pcapFile(packets), 'log.txt': log });
    const [dsl1, dsl2] = report.uplinks;
    assert.deepEqual([dsl1?.flows, dsl2?.flows], [25, 25]);
    // What leaks is a load of the link that it takes.
    assert.deepEqual([dsl1?.packets.up, dsl2?.packets.up, dsl2?.rate.up.mean], [51, null, null]);
    assert.equal(dsl2?.share.bytes, null);
    const leak = report.findings.find(({ code }) => code === 'nat-leak');
    assert.deepEqual([leak?.flows, leak?.packets], [1, 1]);
  });

  test('connections from outside keep the LAN host behind DNAT', async () => {
    const log = event(
      0,
      'NEW',
      'tcp      6 120 SYN_SENT',
      'src=198.18.0.1 dst=203.0.113.2 sport=80 dport=4000',
      '198.18.0.1',
      80,
      '',
      '',
      '192.168.77.20',
      8443,
    );
    const packets = handshake(0, SERVER, 80).map((packet) => ({
      ...packet,
      ...(packet.from === SERVER ? { to: WAN, toPort: 4000 } : { from: WAN, fromPort: 4000 }),
    }));
    const { rows } = await read({ 'dsl1=wan1.pcap': pcapFile(packets), 'log.txt': log });
    assert.deepEqual(
      rows.map(({ origin, client, clientPort, initiator }) => [origin, client, clientPort, initiator]),
      [['inbound', '192.168.77.20', 8443, '198.18.0.1']],
    );
  });
});

describe('dumps alone', () => {
  test('an untranslated client of a delegated IPv6 prefix is a client, the line’s own address the router', async () => {
    const six = config([uplink('dsl1', ['2001:db8:1::/56']), uplink('dsl2', ['2001:db8:2::2'])]);
    const line = (from: string) =>
      `ipv6     10 tcp      6 100 ESTABLISHED src=${from} dst=2001:db8:ffff::1 sport=5 dport=80 src=2001:db8:ffff::1 dst=${from} sport=80 dport=5 [ASSURED]\n`;
    const { rows } = await read({ 'list.txt': line('2001:db8:1:7::9') + line('2001:db8:2::2') }, six);
    assert.deepEqual(
      rows.map(({ uplink, origin, client }) => [uplink, origin, client]),
      [
        ['dsl1', 'lan', '2001:db8:1:7::9'],
        ['dsl2', 'router', null],
      ],
    );
  });

  test('what is translated to an address of no uplink is told, with the address', async () => {
    const { report } = await read({
      'log.txt':
        opened(0, 'src=192.168.77.10 dst=198.18.0.1 sport=1 dport=80', '192.0.2.9', 1) +
        opened(1, 'src=192.168.77.10 dst=198.18.0.1 sport=2 dport=80', '203.0.113.2', 2),
    });
    const told = report.findings.find(({ code }) => code === 'unknown-source');
    assert.equal(told?.flows, 1);
    assert.match(told?.cure ?? '', /--uplink NAME=192\.0\.2\.9@WEIGHT/);
  });

  test('LAN hosts that leave untranslated are told, unless they are answered', async () => {
    const plain = (n: number, unreplied: string) =>
      `tcp      6 100 SYN_SENT src=192.168.77.10 dst=198.18.0.${n} sport=${n} dport=80 ${unreplied} src=198.18.0.${n} dst=192.168.77.10 sport=80 dport=${n}\n`;
    const translated = opened(1, 'src=192.168.77.10 dst=198.18.0.1 sport=2 dport=80', '203.0.113.2', 2);
    const told = async (text: string) =>
      (await read({ 'log.txt': text })).report.findings.find(({ code }) => code === 'private-source');
    assert.equal((await told(translated + plain(5, '[UNREPLIED]') + plain(6, '')))?.flows, 1);
    assert.equal(await told(plain(5, '[UNREPLIED]')), undefined);
  });

  test('--since and --until choose flows by their start', async () => {
    const log = [0, 10, 20]
      .map((at) => opened(at, `src=192.168.77.10 dst=198.18.0.1 sport=${4000 + at} dport=80`, '203.0.113.2', 4000 + at))
      .join('');
    const { rows } = await read({ 'log.txt': log }, known, {
      sinceUs: (START + 10) * 1e6,
      untilUs: (START + 20) * 1e6,
    });
    assert.deepEqual(
      rows.map(({ clientPort }) => clientPort),
      [4010],
    );
  });

  test('a log of NEW events alone leaves open what was answered', async () => {
    const { rows, report } = await read({
      'log.txt': event(
        0,
        'NEW',
        'tcp      6 120 SYN_SENT',
        'src=192.168.77.10 dst=198.18.0.1 sport=1 dport=80',
        '203.0.113.2',
        1,
        '',
        '',
      ),
    });
    assert.deepEqual([rows[0].state, report.uplinks[0].answered, report.uplinks[0].unanswered], [null, null, null]);
    assert.ok(report.findings.some(({ code }) => code === 'no-answers'));
  });

  test('mwan3 tells its interfaces by its own bits where an address can’t', async () => {
    const dynamic = config([uplink('wan', ['203.0.113.2']), uplink('lte', ['198.51.100.2'])]);
    const marked = (n: number, to: string, mark: number) =>
      `tcp      6 100 ESTABLISHED src=192.168.77.10 dst=198.18.0.${n} sport=${n} dport=80 src=198.18.0.${n} dst=${to} sport=80 dport=${n} [ASSURED] mark=${mark} id=${n}\n`;
    const list =
      [1, 2, 3, 4, 5, 6].map((n) => marked(n, '203.0.113.2', 0x100)).join('') +
      [7, 8, 9, 10, 11, 12].map((n) => marked(n, '198.51.100.2', 0x200)).join('') +
      // The address changed since; the mark is still that of the second.
      marked(13, '198.51.100.77', 0x200);
    const { report } = await read({ 'list.txt': list }, dynamic);
    assert.deepEqual(
      report.uplinks.map(({ flows: count }) => count),
      [6, 7],
    );
  });
});

describe('flows over several links', () => {
  test('packets that go by both at once are told; those of a line that failed are not', async () => {
    const spray = Array.from({ length: 20 }, (_, n) => n).flatMap((n) => stream(4000 + n));
    const split = (keep: (n: number) => boolean) => {
      let gapUs = 0;
      const kept: Packet[] = [];
      spray.forEach((packet, n) => {
        gapUs += packet.gapUs;
        if (!keep(n)) return;
        kept.push({ ...packet, gapUs });
        gapUs = 0;
      });
      return pcapFile(kept);
    };
    const even = await read({
      'dsl1=wan1.pcap': split((n) => n % 2 === 0),
      'dsl2=wan2.pcap': split((n) => n % 2 === 1),
    });
    assert.equal(even.report.findings.find(({ code }) => code === 'per-packet')?.flows, 20);
    const moved = await read({
      'dsl1=wan1.pcap': split((n) => n % 20 < 10),
      'dsl2=wan2.pcap': split((n) => n % 20 >= 10),
    });
    assert.equal(
      moved.report.findings.some(({ code }) => code === 'per-packet'),
      false,
    );
    assert.equal(moved.report.findings.find(({ code }) => code === 'nat-leak')?.flows, 20);
  });
});

/** 20 packets from one port, a hundredth of a second apart. */
function stream(fromPort: number): Packet[] {
  return Array.from({ length: 20 }, (_, n) => ({
    ...packetOf(n === 0 ? 100_000 : 10_000, WAN, SERVER, fromPort, 443, n === 0 ? SYN : ACK),
    seq: 1000 + n,
  }));
}

/** SYN, SYN-ACK, ACK between an address and the server's port 80, a millisecond apart. */
function handshake(gapUs: number, from: number, fromPort: number): Packet[] {
  const other = from === SERVER ? WAN : SERVER;
  return [
    packetOf(gapUs, from, other, fromPort, 80, SYN),
    packetOf(1000, other, from, 80, fromPort, SYN_ACK),
    packetOf(1000, from, other, fromPort, 80, ACK),
  ];
}

function packetOf(gapUs: number, from: number, to: number, fromPort: number, toPort: number, flags: number): Packet {
  return { gapUs, from, to, protocol: 6, fromPort, toPort, flags, seq: 1, fragment: 'none', ident: 0, bytes: 0 };
}

/** NEW and what follows of a connection that was answered. */
function opened(at: number, original: string, nat: string, port: number): string {
  return (
    event(at, 'NEW', 'tcp      6 120 SYN_SENT', original, nat, port, '', '') +
    event(at, 'UPDATE', 'tcp      6 60 SYN_RECV', original, nat, port, '', '')
  );
}

/** One line of `conntrack -E -o timestamp`; answers come to `nat`, from the server or (DNAT) from another host. */
function event(
  at: number,
  what: 'NEW' | 'UPDATE' | 'DESTROY',
  head: string,
  original: string,
  nat: string,
  port: number,
  counted: string,
  countedBack: string,
  answers?: string,
  answersPort?: number,
): string {
  const [, dst = '', dport = ''] = /dst=(\S+) sport=\d+ dport=(\d+)/.exec(original) ?? [];
  const reply = `src=${answers ?? dst} dst=${nat} sport=${answersPort ?? dport} dport=${port}`;
  const unreplied = what === 'NEW' ? '[UNREPLIED] ' : '';
  const name = `[${what}]`.padStart(9);
  return `[${START + at}.000100]\t${name} ${head} ${original} ${counted} ${unreplied}${reply} ${countedBack}\n`.replace(
    / +\n/,
    '\n',
  );
}

async function read(
  files: Record<string, Buffer | string>,
  configuration: Config = known,
  options: { sinceUs?: number; untilUs?: number } = {},
): Promise<{ rows: FlowRow[]; report: Report }> {
  const folder = mkdtempSync(join(directory, 'run-'));
  const inputs = Object.entries(files).map(([name, bytes]) => {
    const [label, file] = name.includes('=') ? name.split('=') : ['', name];
    const path = join(folder, file as string);
    writeFileSync(path, bytes);
    return label === '' ? path : `${label}=${path}`;
  });
  const rows: FlowRow[] = [];
  const report = await flows({ inputs, config: configuration, jobs: 1, ...options }, (more) => {
    rows.push(...more);
  });
  rows.sort((a, b) => (a.startUs ?? 0) - (b.startUs ?? 0) || ((a.initiator ?? '') < (b.initiator ?? '') ? -1 : 1));
  return { rows, report };
}

function config(uplinks: UplinkConfig[]): Config {
  const router = { hashPolicy: null, hashPolicy6: null, keepaliveSec: null, macs: [] };
  return { source: null, uplinks, lan: [prefix('192.168.77.0/24')], router };
}

function uplink(name: string, snat: string[]): UplinkConfig {
  return {
    name,
    interface: null,
    gateway: null,
    gatewayMac: null,
    vlan: null,
    snat: snat.map(prefix),
    weight: 1,
    capacity: null,
    mark: null,
  };
}

function prefix(text: string): Prefix {
  const parsed = parsePrefix(text);
  if ('error' in parsed) throw new Error(parsed.error);
  return parsed;
}
