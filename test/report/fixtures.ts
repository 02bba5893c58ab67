// Reports of made-up routers, one for each thing that a renderer must be able to tell. Figures agree with each other.

import type {
  Finding,
  Outage,
  Report,
  ReportBalance,
  ReportInput,
  ReportUplink,
  TopHost,
  UplinkSeries,
} from '#src/report/report.js';

const T0 = 1_700_000_000;

export function emptyReport(): Report {
  return {
    schema: 'mlstat.report/1',
    tool: { name: 'mlstat', version: '0.1.0' },
    partial: false,
    sampled: false,
    flowRules: {
      tcp: 3600,
      tcpMidstream: 300,
      tcpClosed: 120,
      tcpReset: 10,
      udp: 30,
      udpReplied: 120,
      icmp: 30,
      other: 600,
    },
    inference: null,
    inputs: [input({ path: 'empty.pcap', packets: 0, wireBytes: 0, first: null, last: null })],
    window: { start: null, end: null, seconds: null, binSeconds: 1 },
    packets: { attributed: 0, duplicates: 0, lan: 0, router: 0, other: 0, damaged: 0 },
    uplinks: [],
    balance: balance({ key: null, verdict: null }),
    outages: [],
    unmeasurable: [],
    captureGaps: [],
    findings: [],
    top: { clients: [], servers: [], clientCount: null, serverCount: null },
    flowSizes: null,
    heatmap: null,
    series: { binSeconds: 1, start: null, uplinks: {} },
  };
}

/** Two uplinks, 4:1, everything as it should be. */
export function healthy(): Report {
  return {
    ...emptyReport(),
    inputs: [
      input({ path: 'wan1.pcap', packets: 1_012_345, wireBytes: 812_345_678 }),
      input({ path: 'rotated/wan2-20231114.pcap.gz', compression: 'gzip', packets: 241_876, wireBytes: 203_456_789 }),
    ],
    window: { start: T0, end: T0 + 600, seconds: 600, binSeconds: 1 },
    packets: { attributed: 1_250_117, duplicates: 0, lan: 0, router: 1_204, other: 2_900, damaged: 0 },
    uplinks: [
      uplink('dsl1', {
        interface: 'eth1',
        gateway: '203.0.113.1',
        snat: ['203.0.113.2/32'],
        weight: 4,
        capacity: { up: 1e6, down: 2e7 },
        flows: 7_912,
        answered: 7_880,
        unanswered: 32,
        decisions: 1_250,
        share: shares(0.8, 0.7912, 0.02, 0.8013, 0.831),
        ipBytes: { up: 45_123_456, down: 761_234_567 },
        packets: { up: 401_000, down: 608_231 },
        rate: {
          up: { mean: 601_646, p95: 941_000, peak: 998_000 },
          down: { mean: 10_149_794, p95: 15_400_000, peak: 19_100_000 },
        },
      }),
      uplink('dsl2', {
        interface: 'eth2',
        gateway: '198.51.100.1',
        snat: ['198.51.100.2/32'],
        weight: 1,
        capacity: { up: 1e6, down: 2e7 },
        flows: 2_088,
        answered: 2_079,
        unanswered: 9,
        decisions: 310,
        share: shares(0.2, 0.2088, 0.02, 0.1987, 0.169),
        ipBytes: { up: 9_423_456, down: 154_234_567 },
        packets: { up: 91_000, down: 149_886 },
        rate: {
          up: { mean: 125_646, p95: 401_000, peak: 698_000 },
          down: { mean: 2_056_460, p95: 6_400_000, peak: 9_870_000 },
        },
      }),
    ],
    balance: balance({
      key: 'client-server',
      policy: { ipv4: { inferred: 'l3', pairsSeen: 912, pairsOnOneUplink: 912 }, ipv6: null },
      test: 'G test, chi-square',
      statistic: 0.0164,
      df: 1,
      pValue: 0.898,
      designEffect: 6.41,
      effectiveDecisions: 1_560,
      jain: 0.999_8,
      maxDeviation: { uplink: 'dsl1', points: 0.13 },
      verdict: 'consistent',
      regimes: [{ spans: [[T0, T0 + 600]], eligible: ['dsl1', 'dsl2'], weights: [4, 1], decisions: 1_560 }],
      detectablePoints: 2.8,
      decisionsNeeded: 502,
    }),
    findings: [
      finding({
        code: 'router-flows-unseen',
        message:
          'The router’s own flows can’t be told from those of clients on a capture of the uplinks alone; they are in the shares.',
        cure: 'capture the LAN side as well: tcpdump -i any -w all.pcap',
      }),
    ],
    top: {
      clients: [],
      servers: [
        host('198.18.4.20', 412, 1_200_000, 301_000_000, 0.311, { dsl1: 302_200_000 }),
        host('198.18.7.9', 1_290, 9_100_000, 121_000_000, 0.134, { dsl1: 100_100_000, dsl2: 30_000_000 }),
        host('2001:db8:ffff::1c', 88, 120_000, 64_000_000, 0.066, { dsl2: 64_120_000 }),
        ...Array.from({ length: 17 }, (_, i) => {
          return host(`198.18.9.${i + 1}`, 90 - i, 40_000 - i, 900_000 - 9_000 * i, 0.001, { dsl1: 939_999, dsl2: 1 });
        }),
      ],
      clientCount: null,
      serverCount: 840,
    },
    flowSizes: {
      quantiles: { p10: 240, p50: 5_400, p90: 81_000, p99: 1_900_000, max: 120_400_000 },
      histogram: [
        { upTo: 1_024, flows: 3_100, ipBytes: 1_100_000 },
        { upTo: 1_048_576, flows: 6_700, ipBytes: 301_000_000 },
        { upTo: 134_217_728, flows: 200, ipBytes: 668_000_000 },
      ],
    },
    series: { binSeconds: 10, start: T0, uplinks: { dsl1: wave(60, 19_100_000, 1), dsl2: wave(60, 9_870_000, 4) } },
  };
}

/** 3:2:1, the second uplink a black hole for half a minute, and the shares off because of a pinned host. */
export function outage(): Report {
  const base = healthy();
  const hole: Outage = {
    uplink: 'dsl2',
    kind: 'blackhole',
    start: { earliest: T0 + 119.1, latest: T0 + 120.4, best: T0 + 119.75 },
    end: { earliest: T0 + 149.9, latest: T0 + 150.3, best: T0 + 150.1 },
    seconds: 30.35,
    reaction: { lastFlowInto: T0 + 149.2, seconds: 29.45, avoided: false },
    blackholedFlows: 112,
    cutFlows: 31,
    clientsHit: 9,
    bytesCut: 31_400_000,
    failback: { firstFlow: T0 + 151.3, seconds: 1.2 },
    strandedFlows: 3,
    retried: { flows: 90, waitP50: 3.1, waitP95: 12 },
    answeredBefore: 0.98,
    answeredDuring: 0,
    explanations: [
      {
        code: 'blackhole-unseen',
        message:
          'The gateway went on answering ARP, so the kernel had no reason to avoid the uplink: a failure behind the gateway is invisible to multipath routing.',
        cure: 'watch a host behind the gateway and take the nexthop out when it is silent:\nip route replace default table 222 nexthop via 203.0.113.1 dev eth1 weight 3 nexthop via 192.0.2.1 dev eth3 weight 1',
      },
    ],
    evidence: [{ what: 'unanswered', count: 44, servers: 21 }],
    confidence: 0.999,
  };
  const down: Outage = {
    ...hole,
    uplink: 'lte',
    kind: 'link-down',
    start: { earliest: T0 + 580, latest: T0 + 581, best: T0 + 580.5 },
    end: null,
    seconds: 19.5,
    reaction: null,
    blackholedFlows: 0,
    cutFlows: 4,
    failback: null,
    explanations: [],
  };
  const [first, second] = base.uplinks as [ReportUplink, ReportUplink];
  return {
    ...base,
    partial: true,
    uplinks: [
      { ...first, weight: 3, flows: 5_950, decisions: 890, share: shares(0.5, 0.595, 0.03, 0.601, 0.66) },
      { ...second, weight: 2, flows: 2_600, decisions: 401, share: shares(0.3333, 0.26, 0.03, 0.2707, 0.23) },
      uplink('lte', {
        interface: 'wwan0',
        snat: [],
        weight: 1,
        flows: 1_450,
        answered: 1_401,
        unanswered: 49,
        decisions: 190,
        share: shares(0.1667, 0.145, 0.02, 0.1283, 0.11),
        ipBytes: { up: 7_000_000, down: 90_000_000 },
        packets: { up: 40_000, down: 70_000 },
        rate: {
          up: { mean: 93_300, p95: 200_000, peak: 398_000 },
          down: { mean: 1_200_000, p95: 3_000_000, peak: 4e6 },
        },
      }),
    ],
    balance: {
      ...base.balance,
      verdict: 'deviates',
      pValue: 0.000_02,
      statistic: 21.6,
      df: 2,
      maxDeviation: { uplink: 'dsl1', points: 10.1 },
      excluded: { inbound: 12, router: 120, pinned: 0, duringOutage: 112 },
    },
    outages: [hole, down],
    unmeasurable: [{ uplink: 'lte', start: T0 + 300, end: T0 + 340, why: '3 decisions only while it was silent' }],
    captureGaps: [{ start: T0 + 200, end: T0 + 204.5 }],
    findings: [
      finding({
        code: 'nat-leak',
        level: 'error',
        message:
          'dsl1 carried packets with the source of dsl2 (198.51.100.2): replies to them are lost or dropped by the provider.',
        uplinks: ['dsl1', 'dsl2'],
        flows: 12,
        packets: 31,
        cure: 'ip rule add from 198.51.100.2 lookup 202',
      }),
      finding({
        code: 'late-uplink',
        level: 'warning',
        message: '192.0.2.77 looks like one more uplink; it was first seen after the survey.',
        packets: 5,
        cure: 'mlstat analyse --uplink lte2=192.0.2.77 wan1.pcap',
      }),
      finding({ code: 'weights-changed', level: 'info', message: 'The weights changed at 22:18:02.', cure: null }),
    ],
    top: {
      ...base.top,
      clients: [
        host('192.168.77.10', 4_120, 31_000_000, 501_000_000, 0.5, {
          dsl1: 400_000_000,
          dsl2: 100_000_000,
          lte: 32_000_000,
        }),
        host('192.168.77.11', 1, 100, 0, 0, { dsl1: 100 }),
      ],
      clientCount: 2,
    },
    series: {
      binSeconds: 10,
      start: T0,
      uplinks: {
        dsl1: wave(60, 19e6, 1),
        dsl2: hollow(wave(60, 9e6, 4), 12, 15),
        lte: hollow(wave(60, 4e6, 2), 58, 60),
      },
    },
  };
}

/** Without a configuration: uplinks told from the capture, no weights. */
export function inferred(): Report {
  const base = healthy();
  return {
    ...base,
    inference: {
      bytesRead: 67_108_864,
      evidence: [
        {
          uplink: 'uplink1',
          why: '203.0.113.2 is the local end of 7,912 flows to 801 hosts, behind the gateway 52:54:00:12:34:56',
        },
        {
          uplink: 'uplink2',
          why: '198.51.100.2 is the local end of 2,088 flows to 320 hosts, behind the gateway 52:54:00:12:34:57',
        },
      ],
      config:
        'uplinks:\n  - name: uplink1\n    interface: eth1\n    snat: [203.0.113.2]\n  - name: uplink2\n    interface: eth2\n    snat: [198.51.100.2]\n',
    },
    uplinks: base.uplinks.map((known, i) => ({
      ...known,
      name: `uplink${i + 1}`,
      origin: 'inferred',
      weight: null,
      gateway: null,
      capacity: null,
      share: { ...known.share, expected: null },
    })),
    balance: balance({ key: 'client-server', effectiveDecisions: 1_560, verdict: null }),
    series: { binSeconds: 10, start: T0, uplinks: { uplink1: wave(60, 19e6, 1), uplink2: wave(60, 9e6, 4) } },
    top: {
      ...base.top,
      servers: base.top.servers.map((server) => ({ ...server, uplinks: { uplink1: 5, uplink2: 1 } })),
    },
  };
}

/** Only the LAN side was captured. */
export function lanOnly(): Report {
  return {
    ...emptyReport(),
    inputs: [input({ path: '-', packets: 55_121, wireBytes: 40_100_200 })],
    window: { start: T0, end: T0 + 60.5, seconds: 60.5, binSeconds: 1 },
    packets: { attributed: 0, duplicates: 0, lan: 55_021, router: 80, other: 20, damaged: 0 },
    findings: [
      finding({
        code: 'lan-only',
        level: 'error',
        message:
          'All 1,204 flows have clients of 192.168.77.0/24 as their source: this is the LAN side of the router, before NAT.',
        flows: 1_204,
        cure: 'capture on the uplinks’ interfaces: tcpdump -i any -w all.pcap',
      }),
    ],
  };
}

/** Names that try to take over the terminal, the table, the Markdown and the spreadsheet. */
export function hostile(): Report {
  const base = healthy();
  const names = [
    '=cmd|\u001b[31mred\u001b[0m',
    '__proto__',
    '\u202eevil|`x`\n<b>',
    '回線一号👩‍💻',
    'a\u0300\u0301\u0302\u0303\u0304b',
  ];
  return {
    ...base,
    inputs: [
      input({ path: 'a\nb\u001b]0;title\u0007.pcap' }),
      input({ path: '東京/大阪/キャプチャ.pcapng', format: 'pcapng', linkTypes: ['EN10MB', 'LINUX_SLL2'] }),
      input({
        path: `${'very-long-directory/'.repeat(12)}wan.pcap`,
        damage: [
          { reason: 'truncated-file', count: 1, offset: 7_654_000 },
          { reason: 'time-step', count: 3, offset: null },
        ],
        dropped: 12,
      }),
      {
        ...input({ path: '-notes.txt' }),
        format: null,
        packets: null,
        wireBytes: null,
        linkTypes: [],
        first: null,
        last: null,
        error: 'not a capture: begins with "\u001b[2J"',
      },
    ],
    uplinks: names.map((name, i) => ({ ...(base.uplinks[i % 2] as ReportUplink), name, interface: '+1+1|' })),
    findings: [
      finding({
        code: 'x',
        message: `| pipe *star* _under_ \`tick\` <script>\u0000\u009b31m ${'W'.repeat(300)}`,
        cure: `ip route ${'y'.repeat(200)}`,
      }),
    ],
    top: {
      ...base.top,
      clients: [
        {
          ...host(
            '@evil',
            1,
            1,
            1,
            null,
            Object.fromEntries([
              ['__proto__', 5],
              [names[2] ?? '', 3],
            ]),
          ),
          name: '\u2066x\u2069',
        },
      ],
    },
    series: {
      binSeconds: 10,
      start: T0,
      uplinks: Object.fromEntries(names.map((name, i) => [name, wave(60, 1e6 * (i + 1), i + 1)])),
    },
  };
}

/** Eight uplinks with long names that differ at their ends, all but one with IPv6 sources. */
export function eight(): Report {
  const base = healthy();
  const names = Array.from({ length: 8 }, (_, i) => `branch-office-berlin-provider-line-${i + 1}`);
  return {
    ...base,
    uplinks: names.map((name, i) => ({
      ...(base.uplinks[0] as ReportUplink),
      name,
      weight: 1,
      decisions: 37,
      snat: i === 0 ? ['203.0.113.0/29', '203.0.113.16/32'] : [`2001:db8:ffff:${i}00::2/128`],
      flows: 1_250 + (i % 3) * 30 - 30,
      share: shares(0.125, (1_250 + (i % 3) * 30 - 30) / 10_000, 0.01, 0.125, 0.125),
    })),
    balance: {
      ...base.balance,
      verdict: 'too-few',
      effectiveDecisions: 300,
      decisionsNeeded: 1_310,
      detectablePoints: 11.4,
      maxDeviation: { uplink: names[2] ?? '', points: 0.3 },
    },
    series: {
      binSeconds: 10,
      start: T0,
      uplinks: Object.fromEntries(names.map((name, i) => [name, wave(60, 1e6, i + 1)])),
    },
    window: { start: T0, end: T0 + 200_000, seconds: 200_000, binSeconds: 300 },
    heatmap: {
      timezone: 'UTC',
      hours: Array.from({ length: 7 }, (_, d) => Array.from({ length: 24 }, (_, h) => (d < 3 ? h * 1e6 : null))),
    },
  };
}

/** A conntrack dump without accounting: flows, and nothing about packets, bytes or time. */
export function conntrack(): Report {
  const base = healthy();
  return {
    ...base,
    inputs: [
      {
        ...input({ path: 'conntrack.txt' }),
        format: 'conntrack-list',
        linkTypes: [],
        packets: null,
        entries: 10_000,
        wireBytes: null,
        first: null,
        last: null,
      },
    ],
    window: { start: null, end: null, seconds: null, binSeconds: 1 },
    packets: { attributed: 0, duplicates: 0, lan: 0, router: 0, other: 0, damaged: 0 },
    uplinks: base.uplinks.map((known) => ({
      ...known,
      packets: { up: null, down: null },
      ipBytes: { up: null, down: null },
      share: { ...known.share, bytes: null, bytesInterval: null, packets: null, packetsInterval: null },
      rate: { up: { mean: null, p95: null, peak: null }, down: { mean: null, p95: null, peak: null } },
      clients: 17,
    })),
    flowSizes: null,
    series: { binSeconds: 1, start: null, uplinks: {} },
    top: { clients: [], servers: [], clientCount: 17, serverCount: 840 },
  };
}

export const reports: Readonly<Record<string, () => Report>> = {
  empty: emptyReport,
  healthy,
  outage,
  inferred,
  'lan-only': lanOnly,
  hostile,
  eight,
  conntrack,
};

function input(known: Partial<ReportInput>): ReportInput {
  return {
    path: 'wan.pcap',
    format: 'pcap',
    compression: null,
    linkTypes: ['EN10MB'],
    packets: 1_000,
    entries: null,
    wireBytes: 1_000_000,
    dropped: null,
    first: T0,
    last: T0 + 600.25,
    damage: [],
    error: null,
    ...known,
  };
}

function uplink(name: string, known: Partial<ReportUplink>): ReportUplink {
  return {
    name,
    origin: 'config',
    interface: null,
    gateway: null,
    snat: [],
    weight: null,
    capacity: null,
    flows: 0,
    routerFlows: 0,
    inboundFlows: 0,
    answered: null,
    unanswered: null,
    decisions: null,
    packets: { up: 0, down: 0 },
    ipBytes: { up: 0, down: 0 },
    share: shares(null, null, 0, null, null),
    rate: { up: { mean: null, p95: null, peak: null }, down: { mean: null, p95: null, peak: null } },
    availability: { measuredSeconds: 600, outageSeconds: 0, unmeasurableSeconds: 0, ratio: 1 },
    quality: { handshakeMsP50: 21, handshakeMsP95: 80, retransmittedShare: 0.002 },
    clients: null,
    servers: 420,
    ...known,
  };
}

function shares(
  expected: number | null,
  flows: number | null,
  half: number,
  decisions: number | null,
  bytes: number | null,
) {
  const around = (share: number | null): [number, number] | null => {
    return share === null ? null : [Math.max(0, share - half), Math.min(1, share + half)];
  };
  return {
    expected,
    flows,
    flowsInterval: around(flows),
    decisions,
    decisionsInterval: around(decisions),
    bytes,
    bytesInterval: around(bytes),
    packets: bytes,
    packetsInterval: around(bytes),
  };
}

function balance(known: Partial<ReportBalance>): ReportBalance {
  return {
    key: null,
    policy: { ipv4: null, ipv6: null },
    test: null,
    statistic: null,
    df: null,
    pValue: null,
    designEffect: null,
    effectiveDecisions: null,
    jain: null,
    maxDeviation: null,
    verdict: null,
    excluded: { inbound: 0, router: 0, pinned: 0, duringOutage: 0 },
    regimes: [],
    detectablePoints: null,
    decisionsNeeded: null,
    ...known,
  };
}

function finding(known: Partial<Finding>): Finding {
  return {
    code: 'finding',
    level: 'info',
    message: '',
    uplinks: [],
    flows: null,
    packets: null,
    first: null,
    last: null,
    cure: null,
    ...known,
  };
}

function host(
  address: string,
  flows: number,
  up: number,
  down: number,
  share: number | null,
  uplinks: Record<string, number>,
): TopHost {
  return { address, name: null, flows, ipBytes: { up, down }, share, uplinks };
}

/** A smooth day of `count` bins, deterministic. */
function wave(count: number, peak: number, period: number): UplinkSeries {
  const bins = Array.from({ length: count }, (_, i) => Math.round((peak * (1 + Math.sin((i * period) / 9))) / 2));
  return {
    up: bins.map((rate) => Math.round(rate / 17)),
    down: bins,
    flows: bins.map((_, i) => i % 7),
    unanswered: bins.map(() => 0),
  };
}

function hollow(series: UplinkSeries, from: number, to: number): UplinkSeries {
  const empty = (values: (number | null)[]) => values.map((value, i) => (i >= from && i < to ? 0 : value));
  return { up: empty(series.up), down: empty(series.down), flows: empty(series.flows), unanswered: series.unanswered };
}
