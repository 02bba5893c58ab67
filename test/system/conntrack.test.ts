// The router's own view: dumps of its connection tracking alone and beside the captures, against the truth and each other.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { parseAddress } from '#src/config/address.js';
import { type FlowRow, flows, type Report } from '#src/index.js';
import { formatAddress } from '#src/util/address.js';
import { cliPath, sharedDir, withoutShared } from '../shared.js';
import { runCli, scratchDir } from './cli.js';
import { configOf, labDir, nameOf, readTruth, SCENARIOS, type Truth, type TruthFlow, wanFiles } from './lab.js';

const collected = join(sharedDir ?? '', 'conntrack', 'collected');

interface Read {
  rows: FlowRow[];
  report: Report;
}

describe('samples of other routers', { skip: withoutShared }, () => {
  const files = withoutShared ? [] : readdirSync(collected).filter((name) => /\.(txt|xml)$/.test(name));
  for (const name of files) {
    test(`${name}: every entry is read, or told as damage`, async () => {
      const path = join(collected, name);
      const expected = entriesOf(readFileSync(path, 'utf8'));
      const { rows, report } = await read([path], null, true);
      const [input] = report.inputs;
      if (input.error !== null) {
        assert.deepEqual(rows, []);
        assert.equal(expected.filter(({ isReadable }) => isReadable).length, 0, input.error);
        return;
      }
      const told =
        (input.entries ?? 0) +
        input.damage.reduce((sum, { count, reason }) => sum + (isOfLines(reason) ? count : 0), 0);
      assert.equal(told, expected.length, JSON.stringify(input.damage));
      assert.deepEqual(
        tuplesOf(rows),
        new Set(expected.filter(({ isReadable }) => isReadable).map(({ tuple }) => tuple)),
      );
      for (const row of rows) assert.equal(row.wireBytesUp, null);
      const counters = expected.filter(({ isReadable, counters }) => isReadable && counters !== null);
      const sums = new Set(
        rows.map(({ packetsUp, packetsDown, ipBytesUp, ipBytesDown }) =>
          [packetsUp, ipBytesUp, packetsDown, ipBytesDown].join(' '),
        ),
      );
      for (const entry of counters) assert.ok(sums.has(entry.counters as string), `${entry.tuple}: ${entry.counters}`);
    });
  }

  test('what is no list of flows is told in one line', async () => {
    const stats = await runCli(['analyse', join(labDir, 's0_tiny_full', 'router', 'end.conntrack-S.txt')]);
    assert.equal(stats.code, 3);
    assert.match(stats.stderr, /^mlstat: .*statistics of conntrack -S.*use conntrack -L\n$/);
    const saved =
      '-A -t 100 -u SEEN_REPLY,ASSURED -s 192.0.2.1 -d 192.0.2.2 -r 192.0.2.2 -q 192.0.2.1 -p tcp --sport 1 --dport 2\n';
    const save = await runCli(['analyse', '-'], { stdin: saved });
    assert.equal(save.code, 3);
    assert.match(save.stderr, /^mlstat: .*conntrack -o save.*\n$/);
    const expected =
      '300 proto=6 src=192.0.2.1 dst=192.0.2.2 sport=0 dport=2 mask-src=255.255.255.255 mask-dst=255.255.255.255 sport=0 dport=65535 master-src=192.0.2.1 master-dst=192.0.2.2 sport=1 dport=21 class=0 helper=ftp\n';
    const expectations = await runCli(['analyse', '-'], { stdin: expected });
    assert.equal(expectations.code, 3);
    assert.match(expectations.stderr, /^mlstat: .*expected connections.*\n$/);
  });
});

describe('the router lab, by its connection tracking', { skip: withoutShared }, () => {
  for (const scenario of withoutShared ? [] : SCENARIOS) {
    const truth = readTruth(scenario);
    const config = join(scratchDir, `${scenario}.yaml`);
    writeFileSync(config, configOf(truth));
    const router = (name: string) => join(labDir, scenario, 'router', name);
    const log = router('conntrack-E.txt');

    test(`${scenario}, the log alone`, async () => {
      const { rows, report } = await read([log], config);
      assert.deepEqual(faultsOf(truth, rows), []);
      assert.deepEqual(countsOf(report), countsOfTruth(truth, rows));
      assert.ok(report.uplinks.every(({ rate }) => rate.up.mean === null && rate.down.peak === null));
      const { report: inferred } = await read([log], null);
      const sources = inferred.uplinks.flatMap(({ snat }) => snat).sort();
      const used = truth.uplinks.flatMap(({ ip, ip6 }) =>
        truth.lan.net6 === null ? [`${ip}/32`] : [`${ip}/32`, `${ip6}/128`],
      );
      assert.deepEqual(sources, used.sort());
    });

    test(`${scenario}, the log beside the captures`, async () => {
      const alone = await read([log], config);
      const { rows, report } = await read([...wanFiles(scenario), log], config);
      assert.deepEqual(faultsOf(truth, rows), []);
      assert.deepEqual(
        report.uplinks.map(({ flows: count }) => count),
        alone.report.uplinks.map(({ flows: count }) => count),
      );
      const { report: without } = await read(wanFiles(scenario), config);
      assert.deepEqual(report.packets, without.packets);
      assert.deepEqual(
        report.uplinks.map(({ packets, ipBytes }) => ({ packets, ipBytes })),
        without.uplinks.map(({ packets, ipBytes }) => ({ packets, ipBytes })),
      );
    });

    test(`${scenario}, the log beside a capture of the LAN`, async () => {
      const { rows, report } = await read([join(labDir, scenario, 'pcap', 'lan.pcap'), log], config);
      assert.deepEqual(faultsOf(truth, rows), []);
      const alone = await read([log], config);
      assert.deepEqual(
        report.uplinks.map(({ flows: count }) => count),
        alone.report.uplinks.map(({ flows: count }) => count),
      );
    });

    test(`${scenario}, a list beside the captures: clients as far as it tells, none invented`, async () => {
      const { rows, report } = await read([...wanFiles(scenario), router('end.conntrack-L.xml')], config);
      const wrong = rowsOfTruth(truth, rows).filter(
        ({ flow, row }) => flow.origin === 'lan' && row?.client !== null && row?.client !== flow.cip,
      );
      assert.deepEqual(wrong, []);
      assert.ok(rows.some(({ client }) => client !== null));
      const { report: without } = await read(wanFiles(scenario), config);
      const sums = (one: Report) => countsOf(one).map((counts) => counts.reduce((sum, count) => sum + count, 0));
      assert.deepEqual(sums(report), sums(without));
    });

    for (const moment of ['mid', 'end', 'final']) {
      test(`${scenario}, snapshot ${moment}: text, XML and /proc say the same`, async (t) => {
        const names = ['conntrack-L.txt', 'conntrack-L-ktimestamp.txt', 'conntrack-L.xml', 'proc_nf_conntrack.txt'];
        const paths = names.map((name) => router(`${moment}.${name}`)).filter((path) => existsSync(path));
        const [first, ...others] = await Promise.all(paths.map((path) => read([path], config)));
        assert.deepEqual(uplinkFaults(truth, first.rows), []);
        assert.equal(first.report.window.start, null);
        assert.ok(first.report.findings.some(({ code }) => code === 'snapshot'));
        const known = lifeOf(first.rows);
        for (const { rows } of others) {
          // They were taken one after the other: flows end and begin meanwhile, and those that live go on.
          const other = lifeOf(rows);
          const came = [...other.keys()].filter((flow) => !known.has(flow));
          const went = [...known.keys()].filter((flow) => !other.has(flow));
          assert.ok(came.length + went.length <= 1, [...came, ...went].join('\n'));
          const changed = [...other].filter(([flow, course]) => known.has(flow) && known.get(flow) !== course);
          t.diagnostic(`${changed.length} of ${rows.length} went on`);
          assert.ok(changed.length <= rows.length * 0.05, changed.join('\n'));
        }
      });
    }

    test(`${scenario}: leaks are as many as the providers counted`, async () => {
      const { isp_matrix_pkts: matrix } = JSON.parse(readFileSync(join(labDir, scenario, 'summary.json'), 'utf8')) as {
        isp_matrix_pkts: Record<string, number>;
      };
      const { findings } = (await read([...wanFiles(scenario), log], config)).report;
      const expected: Record<string, number> = {};
      for (const [key, packets] of Object.entries(matrix)) {
        const [, source, isp] = /^src_net(\d+)_via_isp(\d+)$/.exec(key) ?? [];
        if (source !== undefined && source !== isp)
          expected[`line${source}`] = (expected[`line${source}`] ?? 0) + packets;
      }
      const leaks = findings.filter(({ code }) => code === 'nat-leak');
      assert.deepEqual(Object.fromEntries(leaks.map(({ uplinks, packets }) => [uplinks[0], packets])), expected);
      const stray = Object.entries(matrix).reduce(
        (sum, [key, packets]) => sum + (key.includes('private') ? packets : 0),
        0,
      );
      assert.equal(findings.find(({ code }) => code === 'private-source')?.packets ?? 0, stray);
    });

    test(`${scenario}: connection tracking and captures count the same`, async () => {
      const told = await read([log, router('final.conntrack-L.txt')], config);
      const seen = await read(wanFiles(scenario), config);
      const { same, repeated, others } = compareCounters(told.rows, seen.rows);
      assert.ok(same > 0);
      // What the lab did to connections: SYNs into a dead line, and entries flushed by MASQUERADE.
      if (!['s0_tiny_full', 's4_blackhole'].includes(scenario)) assert.equal(repeated, 0);
      const most = { s9_dualstack_masq: 5, s2_4to1_l4: 1 }[scenario as string] ?? 0;
      assert.ok(others.length <= most, others.join('\n'));
    });
  }

  test('inbound connections answered by the wrong uplink are told: 28 of 54', async () => {
    const { findings } = await scenarioReport('s6_leak_rehash');
    const inbound = findings.filter(({ code }) => code === 'inbound-misrouted');
    assert.equal(
      inbound.reduce((sum, { flows: count }) => sum + (count ?? 0), 0),
      28,
    );
    assert.equal(
      findings.some(({ code }) => code === 'per-packet'),
      false,
    );
  });

  test('entries flushed by MASQUERADE are told, and the connections that were reset for it', async () => {
    const { findings } = await scenarioReport('s9_dualstack_masq');
    const flushed = findings.find(({ code }) => code === 'flushed-entries');
    const events = readFileSync(join(labDir, 's9_dualstack_masq', 'router', 'conntrack-E.txt'), 'utf8').split('\n');
    const gone = events.filter((line) => /\[DESTROY\] .* \d+ (ESTABLISHED|FIN_WAIT) src=/.test(line)).length;
    const resumed = events.filter((line) => /\[NEW\] .* ESTABLISHED src=/.test(line)).length;
    assert.equal(flushed?.flows, gone);
    assert.match(flushed?.message ?? '', new RegExp(`\\b${resumed} connections went on`));
    const healthy = await scenarioReport('s1_equal_l3');
    assert.deepEqual(
      healthy.findings.filter(({ level }) => level !== 'info'),
      [],
    );
  });

  test('ports that NAT changed are counted as servers and clients saw them', async () => {
    const truth = readTruth('s12_port_collisions');
    const { findings } = await scenarioReport('s12_port_collisions');
    const told = findings.find(({ code }) => code === 'port-rewritten')?.flows ?? 0;
    const rewritten = truth.flows.filter(({ server_saw: saw, cport }) => saw && saw[1] !== cport).length;
    // Some of the servers' flows are one entry: the same five-tuple, used again before it ran out.
    assert.ok(told <= rewritten && told >= rewritten - 5, `${told} of ${rewritten}`);
  });

  test('marks alone tell the uplinks', async () => {
    const truth = readTruth('s13_weight_change');
    const log = join(labDir, 's13_weight_change', 'router', 'conntrack-E.txt');
    const run = await runCli(['flows', '--format', 'ndjson', '--mark', '1=line1', '--mark', '0x2/0xff=line2', log]);
    assert.equal(run.code, 0, run.stderr);
    const rows = run.stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as FlowRow);
    assert.deepEqual(faultsOf(truth, rows), []);
  });
});

describe('dumps, however they come', { skip: withoutShared }, () => {
  const router = (name: string) => join(labDir, 's3_321_linkdown', 'router', name);

  test('any order, any number of jobs, gzip or not', async () => {
    const config = join(scratchDir, 's3.yaml');
    writeFileSync(config, configOf(readTruth('s3_321_linkdown')));
    const zipped = join(scratchDir, 'events.gz');
    writeFileSync(zipped, gzipSync(readFileSync(router('conntrack-E.txt'))));
    const inputs = [...wanFiles('s3_321_linkdown'), router('mid.conntrack-L.xml'), router('conntrack-E.txt')];
    const first = await read(inputs, config);
    const others = [
      await read([...inputs].reverse(), config, false, 4),
      await read([zipped, ...inputs.slice(0, -1)], config),
    ];
    for (const { rows, report } of others) {
      assert.deepEqual(rows, first.rows);
      assert.deepEqual({ ...report, inputs: [] }, { ...first.report, inputs: [] });
    }
  });

  test('a log that grows is read as it comes', async () => {
    const text = readFileSync(router('conntrack-E.txt'), 'utf8');
    const child = spawn(process.execPath, [cliPath, 'flows', '--format', 'csv', '--no-config', '-'], {
      cwd: scratchDir,
    });
    let out = '';
    child.stdout.on('data', (chunk: Buffer) => {
      out += chunk.toString('utf8');
    });
    const ended = new Promise((resolve) => child.on('close', resolve));
    for (let at = 0; at < text.length; at += 50_001) {
      child.stdin.write(text.slice(at, at + 50_001));
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    child.stdin.end();
    assert.equal(await ended, 0);
    const whole = await runCli(['flows', '--format', 'csv', '--no-config', router('conntrack-E.txt')]);
    assert.equal(out, whole.stdout);
  });

  test('without accounting nothing is 0', async () => {
    const path = join(scratchDir, 'uncounted.txt');
    writeFileSync(path, readFileSync(router('mid.conntrack-L.txt'), 'utf8').replace(/ packets=\d+ bytes=\d+/g, ''));
    const { rows, report } = await read([path], null);
    for (const { share, rate, packets, ipBytes } of report.uplinks) {
      const figures = [share.bytes, share.packets, rate.up.mean, packets.up, packets.down, ipBytes.up, ipBytes.down];
      assert.deepEqual(new Set(figures), new Set([null]));
    }
    assert.equal(report.flowSizes, null);
    assert.ok(report.top.clients.every(({ ipBytes, share }) => ipBytes.up === null && share === null));
    assert.deepEqual(new Set(rows.map(({ packetsUp, ipBytesDown }) => packetsUp ?? ipBytesDown)), new Set([null]));
    const told = report.findings.find(({ code }) => code === 'no-accounting');
    assert.match(told?.cure ?? '', /nf_conntrack_acct=1/);
  });

  test('a list given twice adds nothing', async () => {
    const once = await read([router('end.conntrack-L.txt')], null);
    const twice = await read([router('end.conntrack-L.txt'), router('end.conntrack-L.xml')], null);
    const flowsOf = ({ report }: Read) => report.uplinks.map(({ snat, flows: count }) => [snat, count]);
    assert.deepEqual(flowsOf(twice), flowsOf(once));
  });
});

async function scenarioReport(scenario: string): Promise<Report> {
  const log = join(labDir, scenario, 'router', 'conntrack-E.txt');
  return (await read([...wanFiles(scenario), log], join(scratchDir, `${scenario}.yaml`))).report;
}

const known = new Map<string, Promise<Read>>();

/** What was read once is not read again. */
function read(inputs: string[], config: string | null, noUplinks = false, jobs = 1): Promise<Read> {
  const key = JSON.stringify([inputs, config, noUplinks, jobs]);
  const reading = known.get(key) ?? readNow(inputs, config, noUplinks, jobs);
  known.set(key, reading);
  return reading;
}

async function readNow(inputs: string[], config: string | null, noUplinks: boolean, jobs: number): Promise<Read> {
  const rows: FlowRow[] = [];
  const report = await flows({ inputs, config, jobs, noUplinks }, (more) => {
    rows.push(...more);
  });
  return { rows, report };
}

/** An entry as a reader made of nothing but patterns sees it. */
interface PlainEntry {
  /** Protocol, addresses and ports of the original tuple. */
  tuple: string;
  /** Packets and bytes there and back; null unless the entry has them for good (a list, or a removal). */
  counters: string | null;
  /** All that a flow needs is there. */
  isReadable: boolean;
}

function entriesOf(text: string): PlainEntry[] {
  if (/^\s*(?:<\?xml|<conntrack|<flow)/.test(text)) {
    return [...text.matchAll(/<flow[\s>].*?<\/flow>/gs)].map(([flow]) => xmlEntry(flow));
  }
  return text
    .split('\n')
    .filter((line) => line.includes('src=') && line.includes('dst=') && !line.includes('orig=('))
    .map(lineEntry);
}

const NUMBERS: Record<string, number> = {
  icmp: 1,
  igmp: 2,
  tcp: 6,
  udp: 17,
  dccp: 33,
  gre: 47,
  icmpv6: 58,
  sctp: 132,
  udplite: 136,
};

function lineEntry(line: string): PlainEntry {
  const tuples = [
    ...line.matchAll(/(?<![-\w])src=(\S+) dst=(\S+)(?: sport=(\d+) dport=(\d+))?(?: type=(\d+) code=\d+ id=(\d+))?/g),
  ];
  const counters = [...line.matchAll(/packets=(\d+) bytes=(\d+)/g)].map(([, packets, bytes]) => `${packets} ${bytes}`);
  const head = line.slice(0, line.indexOf('src='));
  const name = Object.keys(NUMBERS).find((known) => new RegExp(`(^|\\s)${known}\\s+\\d`).test(head));
  const proto = Number(/unknown\s+(\d+)/.exec(head)?.[1] ?? NUMBERS[name ?? ''] ?? Number.NaN);
  const [first] = tuples;
  const isExpectation = line.includes('mask-src=') || line.includes('master-src=') || line.includes('l3proto');
  const [, src = '', dst = '', sport, dport, , id] = first ?? [];
  const ported = [6, 17, 132, 136].includes(proto) === (sport !== undefined) || proto === 33;
  const idInRange = tuples.every(([, , , , , , number]) => Number(number ?? 0) <= 0xffff);
  const tuple = tupleOf(proto, src, dst, sport, dport, id);
  return {
    tuple,
    counters: counters.length === 2 && !/\[(NEW|UPDATE)\]/.test(line) ? counters.join(' ') : null,
    isReadable: !isExpectation && tuples.length === 2 && ported && idInRange && !Number.isNaN(proto) && isWhole(tuples),
  };
}

function xmlEntry(flow: string): PlainEntry {
  const all = (name: string) =>
    [...flow.matchAll(new RegExp(`<${name}>([^<]*)</${name}>`, 'g'))].map(([, value]) => value);
  const [src = '', replySrc = ''] = all('src');
  const [dst = '', replyDst = ''] = all('dst');
  const proto = Number(/<layer4 protonum="(\d+)"/.exec(flow)?.[1]);
  const packets = all('packets');
  const bytes = all('bytes');
  return {
    tuple: tupleOf(proto, src, dst, all('sport')[0], all('dport')[0], undefined),
    counters: packets.length === 2 ? `${packets[0]} ${bytes[0]} ${packets[1]} ${bytes[1]}` : null,
    isReadable: [src, dst, replySrc, replyDst].every((address) => parseAddress(address) !== null),
  };
}

function isWhole(tuples: readonly RegExpMatchArray[]): boolean {
  return tuples.every(([, src = '', dst = '']) => canonical(src) !== null && canonical(dst) !== null);
}

function canonical(text: string): string | null {
  const address = parseAddress(text);
  return address === null ? null : formatAddress(address.family, address.words);
}

function tupleOf(proto: number, src: string, dst: string, sport?: string, dport?: string, id?: string): string {
  const ports = sport !== undefined ? `${sport} ${dport}` : id !== undefined ? id : '';
  return `${proto} ${canonical(src)} ${canonical(dst)} ${proto === 33 && ports === '0 0' ? '' : ports}`.trimEnd();
}

function tuplesOf(rows: readonly FlowRow[]): Set<string> {
  return new Set(
    rows.map(({ proto, initiator, responder, initiatorPort, responderPort }) => {
      const ports = [initiatorPort, responderPort].filter((port) => port !== null).join(' ');
      return `${proto} ${initiator} ${responder} ${ports}`.trimEnd();
    }),
  );
}

/** Damage that stands for lines, one each. */
function isOfLines(reason: string): boolean {
  return reason !== 'events and lists in one dump';
}

function keyOf({ proto, initiator, initiatorPort, responder, responderPort }: FlowRow): string {
  return [proto, initiator, initiatorPort, responder, responderPort ?? ''].join(' ');
}

function rowsOfTruth(truth: Truth, rows: readonly FlowRow[]): { flow: TruthFlow; row: FlowRow | undefined }[] {
  const byKey = new Map<string, FlowRow[]>();
  for (const row of rows) byKey.set(keyOf(row), [...(byKey.get(keyOf(row)) ?? []), row]);
  return truth.flows.flatMap((flow) => {
    if (!flow.server_saw) return [];
    const [source, port] = flow.server_saw;
    const proto = { tcp: 6, udp: 17, icmp: flow.sip.includes(':') ? 58 : 1 }[flow.proto];
    const candidates =
      byKey.get([proto, source, port, flow.sip, flow.proto === 'icmp' ? '' : flow.sport].join(' ')) ?? [];
    const seen = (flow.server_t ?? flow.start) * 1e6;
    const away = ({ startUs, endUs }: FlowRow) =>
      startUs === null ? 0 : Math.max(startUs - seen, seen - (endUs ?? startUs), 0);
    return [{ flow, row: [...candidates].sort((a, b) => away(a) - away(b))[0] }];
  });
}

/** Every flow that a server saw: its uplink, who began it, and the client behind it. */
function faultsOf(truth: Truth, rows: readonly FlowRow[]): string[] {
  return rowsOfTruth(truth, rows).flatMap(({ flow, row }) => {
    if (row === undefined) return [`flow ${flow.fid} is missing`];
    const faults =
      row.uplink === nameOf({ id: flow.uplink }) ? [] : [`flow ${flow.fid}: on ${row.uplink}, not ${flow.uplink}`];
    if (row.origin !== flow.origin) faults.push(`flow ${flow.fid}: ${row.origin}, not ${flow.origin}`);
    const client = `${row.client} ${flow.proto === 'icmp' ? '' : row.clientPort}`;
    if (flow.origin === 'lan' && client !== `${flow.cip} ${flow.proto === 'icmp' ? '' : flow.cport}`) {
      faults.push(`flow ${flow.fid}: client ${client}, not ${flow.cip} ${flow.cport}`);
    }
    return faults;
  });
}

/** Of the flows that a snapshot holds. */
function uplinkFaults(truth: Truth, rows: readonly FlowRow[]): string[] {
  return rowsOfTruth(truth, rows).flatMap(({ flow, row }) =>
    row === undefined || row.uplink === nameOf({ id: flow.uplink }) ? [] : [`flow ${flow.fid}: on ${row.uplink}`],
  );
}

function countsOf({ uplinks }: Report): number[][] {
  return uplinks.map(({ flows: count, routerFlows, inboundFlows }) => [count, routerFlows, inboundFlows]);
}

/** Rows by uplink and origin: the report counts what the flow records hold. */
function countsOfTruth(truth: Truth, rows: readonly FlowRow[]): number[][] {
  const upkeep = new Set(truth.uplinks.flatMap(({ gw, gw6 }) => [gw, gw6]));
  return truth.uplinks.map((uplink) => {
    const own = rows.filter((row) => row.uplink === nameOf(uplink) && !upkeep.has(row.responder));
    return ['lan', 'router', 'inbound'].map((origin) => own.filter((row) => row.origin === origin).length);
  });
}

/** What a list tells of each flow, by what the flow is; of ICMP the identifier is left out, which XML does not have. */
function lifeOf(rows: readonly FlowRow[]): Map<string, string> {
  return new Map(
    rows.map((row) => {
      const { proto, initiator, initiatorPort, responder, responderPort, client, uplink, origin } = row;
      const port = proto === 1 || proto === 58 ? null : initiatorPort;
      const { state, packetsUp, packetsDown, ipBytesUp, ipBytesDown } = row;
      const course = [state, packetsUp, packetsDown, ipBytesUp, ipBytesDown].join(' ');
      return [[proto, initiator, port, responder, responderPort, client, uplink, origin].join(' '), course];
    }),
  );
}

/** Flows that lie whole in both, one on each side: the same counters, SYNs repeated, or anything else. */
function compareCounters(told: readonly FlowRow[], seen: readonly FlowRow[]) {
  const group = (rows: readonly FlowRow[]) => {
    const groups = new Map<string, FlowRow[]>();
    for (const row of rows) groups.set(keyOf(row), [...(groups.get(keyOf(row)) ?? []), row]);
    return groups;
  };
  const captured = group(seen);
  const result = { same: 0, repeated: 0, others: [] as string[] };
  for (const [key, [row, ...more]] of group(told)) {
    const [other, ...others] = captured.get(key) ?? [];
    if (row === undefined || other === undefined || more.length + others.length > 0) continue;
    const isOver = row.end !== 'tracked' || ['closed', 'reset', 'refused'].includes(row.state ?? '');
    if (row.uplink === null || row.packetsUp === null || row.startUs === null || !isOver) continue;
    const [a, b] = [row, other].map((one) =>
      [one.packetsUp, one.ipBytesUp, one.packetsDown, one.ipBytesDown].map(Number),
    );
    const [packets, bytes, packetsBack, bytesBack] = a.map((value, i) => b[i] - value);
    if (packets === 0 && bytes === 0 && packetsBack === 0 && bytesBack === 0) result.same++;
    else if (bytes === packets * 60 && packetsBack === 0 && bytesBack === 0) result.repeated++;
    else result.others.push(`${key}: ${a.join(' ')}, captured ${b.join(' ')}`);
  }
  return result;
}
