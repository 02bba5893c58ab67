import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { FINDING_CODES } from '#src/measure/finding.js';
import { buildReport, type MeasureInput } from '#src/measure/measure.js';
import { seededRandom } from '#src/measure/random.js';
import type { Report } from '#src/report/report.js';
import { reportSchema } from '#src/report/schema.js';
import { CLASS } from '#src/uplinks/lanes.js';
import { type FlowSpec, inputOf, measureInput, prefixOf, T0, type TallySpec, tallyOf } from './tallies.js';

/** The report, held against its schema: every field there, no NaN, shares within 0 and 1. */
function report(spec: TallySpec, weights: readonly (number | null)[] | null, more: Partial<MeasureInput> = {}): Report {
  const built = buildReport(measureInput(tallyOf(spec), weights, more));
  const checked = reportSchema.safeParse(built);
  assert.ok(checked.success, checked.error?.message);
  for (const { code } of built.findings) assert.ok(code in FINDING_CODES, code);
  return built;
}

/** `count` flows of different pairs (or servers), evenly over 50 s. */
function flows(count: number, uplink: number, from: number, more: Partial<FlowSpec> = {}): FlowSpec[] {
  return Array.from({ length: count }, (_, n) => ({ uplink, server: from + n, at: (50 * n) / count, ...more }));
}

const codes = ({ findings }: Report) => findings.map(({ code }) => code);
const TWO = ['dsl1', 'dsl2'];

describe('nothing at all', () => {
  it('gives a whole report without figures', () => {
    const empty = report({ uplinks: [] }, null, { inputs: [inputOf(null, null)] });
    assert.deepEqual(empty.window, { start: null, end: null, seconds: null, binSeconds: 1 });
    assert.deepEqual([empty.uplinks, empty.findings, empty.flowSizes, empty.heatmap], [[], [], null, null]);
    assert.equal(empty.series.start, null);
    assert.equal(empty.balance.verdict, null);
  });

  it('on configured uplinks judges nothing', () => {
    const idle = report({ uplinks: TWO, captured: [0, 1] }, [4, 1]);
    assert.deepEqual(
      idle.uplinks.map(({ flows: count }) => count),
      [0, 0],
    );
    assert.deepEqual(
      idle.uplinks.map(({ share }) => share.flows),
      [null, null],
    );
    assert.deepEqual(
      idle.uplinks.map(({ share }) => share.expected),
      [0.8, 0.2],
    );
    assert.deepEqual(idle.uplinks[0].rate.up, { mean: 0, p95: 0, peak: 0 });
    assert.equal(idle.balance.verdict, null);
    assert.equal(idle.balance.key, null);
  });

  it('of one second still has rates', () => {
    const brief = report({ uplinks: ['one'], traffic: [{ uplink: 0, at: 0.25, bytes: 100 }] }, null, {
      inputs: [inputOf(T0 + 0.25, T0 + 0.25)],
    });
    assert.deepEqual(brief.uplinks[0].rate.up, { mean: 800, p95: 800, peak: 800 });
    assert.deepEqual(brief.series.uplinks.one.up, [800]);
  });
});

describe('packets, bytes and rates', () => {
  it('are by the link where it is seen, each way by the local end', () => {
    const { uplinks, packets } = report(
      {
        uplinks: TWO,
        traffic: [
          { uplink: 0, at: 0, bytes: 1000 },
          { uplink: 0, at: 0, bytes: 500 },
          { uplink: 0, up: false, at: 1, bytes: 4000 },
          { uplink: 1, at: 2, bytes: 70 },
          { uplink: 1, up: false, at: 2, bytes: 80 },
          // A leak: the source of dsl2 on the link of dsl1.
          { uplink: 1, egress: 0, at: 3, bytes: 60 },
          // The same packets at a second point are not counted again.
          { uplink: 1, at: 2, bytes: 70, class: CLASS.second },
        ],
      },
      [1, 1],
    );
    assert.equal(packets.attributed, 6);
    assert.deepEqual(uplinks[0].packets, { up: 3, down: 1 });
    assert.deepEqual(uplinks[0].ipBytes, { up: 1560, down: 4000 });
    assert.deepEqual(uplinks[1].packets, { up: 1, down: 1 });
    assert.deepEqual(uplinks[1].ipBytes, { up: 70, down: 80 });
  });

  it('are means over the window, and the 95th percentile by nearest rank over all its bins', () => {
    // 100 bins: 93 silent, 7 with 1,000 to 7,000 bytes. Rank 95 of 100 is the second of the seven.
    const traffic = Array.from({ length: 7 }, (_, n) => ({ uplink: 0, at: 10 * n, bytes: 1000 * (n + 1) }));
    const { uplinks, window } = report({ uplinks: TWO, traffic }, null, { inputs: [inputOf(T0, T0 + 99.5)] });
    assert.equal(window.seconds, 99.5);
    const bits = 28_000 * 8;
    assert.deepEqual(uplinks[0].rate.up, { mean: Number((bits / 99.5).toPrecision(6)), p95: 16_000, peak: 56_000 });
  });

  it('are summed into wider bins on request, aligned to the epoch', () => {
    const traffic = [0, 1, 2, 3, 4, 5, 9].map((at) => ({ uplink: 0, at, bytes: 1000 }));
    const { window, series, uplinks } = report({ uplinks: TWO, traffic }, null, {
      binSec: 5,
      inputs: [inputOf(T0, T0 + 9.9)],
    });
    assert.equal(T0 % 5, 0);
    assert.equal(window.binSeconds, 5);
    assert.equal(series.binSeconds, 5);
    assert.equal(series.start, T0);
    assert.deepEqual(series.uplinks.dsl1.up, [8000, 3200]);
    assert.equal(uplinks[0].rate.up.peak, 8000);
  });

  it('leave out what lies between captures of different days', () => {
    const day = 86_400;
    const traffic = [0, 1, day, day + 1].map((at) => ({ uplink: 0, at, bytes: 1000 }));
    const { uplinks, series, heatmap, window } = report({ uplinks: ['one'], traffic }, null, {
      inputs: [inputOf(T0 + day, T0 + day + 2), inputOf(T0, T0 + 2)],
    });
    assert.equal(window.seconds, day + 2);
    assert.equal(uplinks[0].rate.up.mean, (4000 * 8) / 4);
    assert.ok(series.uplinks.one.up.includes(null));
    assert.ok(series.uplinks.one.up.length <= 5000);
    const sum = series.uplinks.one.up.reduce<number>((total, rate) => total + (rate ?? 0), 0);
    assert.ok(Math.abs((sum * series.binSeconds) / 8 - 4000) < 0.01);
    // T0 is Tuesday, 14 November 2023, 22:13:20 UTC.
    assert.equal(heatmap?.timezone, 'UTC');
    assert.ok((heatmap?.hours[1][22] ?? 0) > 0 && (heatmap?.hours[2][22] ?? 0) > 0);
    assert.equal(heatmap?.hours.flat().filter((rate) => rate !== null).length, 2);
  });

  it('stay bounded where a bad clock makes the window a century', () => {
    const traffic = [
      { uplink: 0, at: 0, bytes: 1000 },
      { uplink: 0, at: 3e9, bytes: 1000 },
    ];
    const { series, window } = report({ uplinks: TWO, traffic }, null, { binSec: 1, inputs: [inputOf(T0, T0 + 3e9)] });
    assert.ok(series.uplinks.dsl1.up.length <= 2 ** 18);
    assert.ok(window.binSeconds % 3600 === 0);
  });
});

describe('flows', () => {
  const spec: TallySpec = {
    uplinks: TWO,
    lanVisible: true,
    flows: [
      { uplink: 0, server: 1, client: 10, at: 1, up: 100, down: 900, packets: [2, 3] },
      { uplink: 0, server: 1, client: 10, at: 2, ports: [40_001, 443], answered: false },
      { uplink: 0, server: 2, client: 10, at: 3 },
      { uplink: 1, server: 1, client: 11, at: 4, up: 300, down: 700, packets: [5, 5] },
      { uplink: 0, server: 3, origin: 'router' },
      { uplink: 1, server: 4, origin: 'inbound' },
    ],
  };

  it('are counted by who began them, and decisions once a pair', () => {
    const { uplinks, balance, top } = report(spec, [1, 1]);
    const [one, two] = uplinks;
    assert.deepEqual([one.flows, one.routerFlows, one.inboundFlows], [3, 1, 0]);
    assert.deepEqual([two.flows, two.routerFlows, two.inboundFlows], [1, 0, 1]);
    assert.deepEqual([one.answered, one.unanswered], [2, 1]);
    assert.deepEqual([one.decisions, two.decisions], [2, 1]);
    assert.deepEqual([one.clients, two.clients, one.servers, two.servers], [1, 1, 3, 1]);
    assert.deepEqual(balance.excluded, { inbound: 1, router: 1, pinned: 0, duringOutage: 0 });
    assert.equal(balance.key, 'client-server');
    assert.deepEqual([top.clientCount, top.serverCount], [2, 3]);
    assert.deepEqual(
      top.clients.map(({ address, flows: count }) => [address, count]),
      [
        ['0.0.0.10', 3],
        ['0.0.0.11', 1],
      ],
    );
  });

  it('have shares of those that clients began', () => {
    const { uplinks } = report(spec, [1, 1]);
    assert.equal(uplinks[0].share.flows, 0.75);
    assert.equal(uplinks[0].share.decisions, 0.666667);
    // 1,000, 300 and 1,000 bytes against 1,000; 5, 3 and 5 packets against 10.
    assert.equal(uplinks[0].share.bytes, Number((2300 / 3300).toPrecision(6)));
    assert.equal(uplinks[0].share.packets, Number((13 / 23).toPrecision(6)));
  });

  it('have a course: how many began, and how many of them were never answered', () => {
    const { series } = report(spec, [1, 1]);
    assert.deepEqual(series.uplinks.dsl1.flows.slice(0, 5), [0, 1, 1, 1, 0]);
    assert.deepEqual(series.uplinks.dsl1.unanswered.slice(0, 5), [0, 0, 1, 0, 0]);
  });

  it('have sizes in powers of two', () => {
    const sizes = report(
      { uplinks: ['one'], flows: [1, 2, 3, 1024, 1025].map((up, n) => ({ uplink: 0, server: n, up, down: 0 })) },
      null,
    );
    assert.deepEqual(sizes.flowSizes?.quantiles, { p10: 1, p50: 3, p90: 1025, p99: 1025, max: 1025 });
    const histogram = sizes.flowSizes?.histogram ?? [];
    assert.deepEqual(
      histogram.filter((bin) => bin.flows > 0),
      [
        { upTo: 1, flows: 1, ipBytes: 1 },
        { upTo: 2, flows: 1, ipBytes: 2 },
        { upTo: 4, flows: 1, ipBytes: 3 },
        { upTo: 1024, flows: 1, ipBytes: 1024 },
        { upTo: 2048, flows: 1, ipBytes: 1025 },
      ],
    );
    assert.equal(histogram.length, 12);
  });

  it('tell the handshake of TCP over each uplink', () => {
    const list = [10, 20, 30, 40].map((ms, n) => ({ uplink: 0, server: n, answerUs: ms * 1000 }));
    const { uplinks } = report(
      { uplinks: TWO, flows: [...list, { uplink: 0, server: 9, protocol: 17, answerUs: 5e6 }] },
      null,
    );
    assert.deepEqual(uplinks[0].quality, { handshakeMsP50: 20, handshakeMsP95: 40, retransmittedShare: null });
    assert.equal(uplinks[1].quality.handshakeMsP50, null);
  });
});

describe('the verdict', () => {
  const seen = (one: number, two: number): FlowSpec[] => [
    ...flows(one, 0, 1000, { client: 10 }),
    ...flows(two, 1, 100_000, { client: 10 }),
  ];

  it('is consistent where enough decisions follow the weights', () => {
    const { balance, uplinks } = report({ uplinks: TWO, flows: seen(640, 160) }, [4, 1]);
    assert.equal(balance.verdict, 'consistent');
    assert.deepEqual([balance.statistic, balance.pValue, balance.jain], [0, 1, 1]);
    assert.deepEqual([balance.decisionsNeeded, balance.effectiveDecisions, balance.designEffect], [502, 800, 1]);
    assert.deepEqual(
      uplinks.map(({ share }) => share.expected),
      [0.8, 0.2],
    );
    assert.deepEqual(balance.regimes, [{ spans: [[T0, T0 + 60]], eligible: TWO, weights: [4, 1], decisions: 800 }]);
  });

  it('is too few where they follow but are not enough', () => {
    const { balance } = report({ uplinks: TWO, flows: seen(80, 20) }, [4, 1]);
    assert.equal(balance.verdict, 'too-few');
    // 100·√(7.85·0.16/100)
    assert.equal(balance.detectablePoints?.toFixed(1), '11.2');
  });

  it('deviates where chance does not explain it, however few they are', () => {
    const { balance } = report({ uplinks: TWO, flows: seen(100, 100) }, [4, 1]);
    assert.equal(balance.verdict, 'deviates');
    assert.equal(Math.abs(balance.maxDeviation?.points ?? 0), 30);
  });

  it('does not deviate by less than a point, however sure it is', () => {
    const { balance } = report({ uplinks: TWO, flows: seen(20_300, 19_700) }, [1, 1]);
    assert.ok((balance.pValue ?? 1) < 0.05);
    assert.equal(balance.verdict, 'consistent');
  });

  it('counts a pair once, by its first flow, however many follow', () => {
    const many = flows(500, 0, 7, { client: 10 }).map((flow, n) => ({
      ...flow,
      server: 7,
      at: 2 + n / 10.5,
      ports: [n, 80] as [number, number],
    }));
    const first: FlowSpec = { uplink: 1, server: 7, client: 10, at: 1 };
    const { balance, uplinks } = report({ uplinks: TWO, flows: [...many, first, ...seen(50, 50)] }, [1, 1]);
    assert.deepEqual(
      uplinks.map(({ decisions }) => decisions),
      [50, 51],
    );
    assert.notEqual(balance.verdict, 'deviates');
    assert.ok((balance.designEffect ?? 0) > 100);
  });

  it('counts connections where the router chooses by them', () => {
    const random = seededRandom(5);
    const list = Array.from({ length: 900 }, (_, n) => ({
      uplink: random() < 0.5 ? 0 : 1,
      server: n % 100,
      client: 10,
      at: n / 18,
      ports: [n, 80] as [number, number],
    }));
    const { balance, uplinks } = report({ uplinks: TWO, flows: list }, [1, 1]);
    assert.equal(balance.policy.ipv4?.inferred, 'l4');
    assert.equal(balance.key, 'five-tuple');
    assert.equal((uplinks[0].decisions ?? 0) + (uplinks[1].decisions ?? 0), 900);
    assert.equal(balance.policy.ipv6, null);
  });

  it('tells the families apart', () => {
    const random = seededRandom(6);
    const list = Array.from({ length: 600 }, (_, n): FlowSpec => {
      const family = n % 2 === 0 ? 4 : 6;
      const server = n % 80;
      return {
        uplink: family === 4 ? (server >> 1) % 2 : random() < 0.5 ? 0 : 1,
        server,
        client: 10,
        family,
        at: n / 12,
        ports: [n, 80],
      };
    });
    const { balance } = report({ uplinks: TWO, flows: list }, [1, 1]);
    assert.equal(balance.policy.ipv4?.inferred, 'l3');
    assert.equal(balance.policy.ipv6?.inferred, 'l4');
    // 40 pairs and 300 connections.
    assert.equal(balance.regimes[0].decisions, 340);
    assert.equal(balance.key, 'five-tuple');
  });

  it('rests on servers where clients are hidden', () => {
    const { balance, uplinks, findings } = report(
      { uplinks: TWO, flows: [...flows(500, 0, 1000), ...flows(500, 1, 5000)] },
      [1, 1],
    );
    assert.equal(balance.key, 'server');
    assert.equal(balance.test, 'cluster score test, chi-square');
    assert.equal(balance.verdict, 'consistent');
    assert.deepEqual(
      uplinks.map(({ decisions, clients }) => [decisions, clients]),
      [
        [null, null],
        [null, null],
      ],
    );
    assert.deepEqual(balance.policy, { ipv4: null, ipv6: null });
    assert.ok(findings.some(({ code }) => code === 'router-not-told-apart'));
  });

  it('takes a busy server for one choice where clients are hidden', () => {
    const busy = flows(2000, 0, 7).map((flow, n) => ({ ...flow, server: 7, ports: [n, 80] as [number, number] }));
    const { balance } = report({ uplinks: TWO, flows: [...busy, ...flows(60, 0, 100), ...flows(60, 1, 500)] }, [1, 1]);
    assert.equal(balance.verdict, 'too-few');
    assert.ok((balance.effectiveDecisions ?? 99) < 2);
  });

  it('does not take the bad luck of twelve servers for a law', () => {
    // Ten of twelve were first met over dsl1, which happens once in 26 times; all that follows is even.
    const first = Array.from({ length: 12 }, (_, n): FlowSpec => ({ uplink: n < 10 ? 0 : 1, server: n, at: 0 }));
    const rest = Array.from({ length: 240 }, (_, n): FlowSpec => ({ uplink: n % 2, server: n % 12, at: 9 }));
    const unlucky = report({ uplinks: TWO, flows: [...first, ...rest] }, [1, 1]);
    assert.match(unlucky.balance.test ?? '', /first flow of each server/);
    assert.equal(unlucky.balance.verdict, 'too-few');
    // All of them for ever over dsl1 is another matter.
    const ruled = report({ uplinks: TWO, flows: [...flows(12, 0, 0), ...flows(12, 0, 0)], captured: [1] }, [1, 1]);
    assert.equal(ruled.balance.verdict, 'deviates');
  });

  it('leaves pinned destinations out', () => {
    const pinned = flows(300, 1, 0x08080808, { client: 10 }).map((flow, n) => ({
      ...flow,
      server: 0x08080808,
      ports: [n, 53] as [number, number],
    }));
    const { balance, uplinks } = report({ uplinks: TWO, flows: [...pinned, ...seen(400, 400)] }, [1, 1], {
      pins: [prefixOf(0x08080808)],
    });
    assert.equal(balance.excluded.pinned, 300);
    assert.equal(uplinks[1].flows, 700);
    assert.equal(uplinks[1].share.flows, 0.5);
    assert.equal(balance.verdict, 'consistent');
  });

  it('is left open without weights, of some or of all', () => {
    for (const weights of [null, [4, null]]) {
      const { balance, uplinks, findings } = report({ uplinks: TWO, flows: seen(40, 10) }, weights);
      assert.equal(balance.verdict, null);
      assert.equal(balance.pValue, null);
      assert.equal(balance.effectiveDecisions, 50);
      assert.deepEqual(
        uplinks.map(({ share }) => [share.expected, share.flows]),
        [
          [null, 0.8],
          [null, 0.2],
        ],
      );
      assert.ok(findings.some(({ code }) => code === 'no-weights'));
    }
  });

  it('deviates where a captured uplink is not used at all', () => {
    // Its gateway answers pings all the time.
    const alive = Array.from({ length: 120 }, (_, n) => ({ uplink: 1, up: n % 2 === 0, at: n / 2, bytes: 84 }));
    const unused = report({ uplinks: TWO, flows: seen(100, 0), traffic: alive }, [1, 1]);
    assert.equal(unused.balance.verdict, 'deviates');
    assert.ok(codes(unused).includes('uplink-unused'));
  });

  it('is left open where an uplink was not captured', () => {
    const partial = report({ uplinks: TWO, flows: seen(100, 0), traffic: [{ uplink: 0, at: 1, bytes: 100 }] }, [1, 1]);
    assert.equal(partial.balance.verdict, null);
    assert.deepEqual(
      codes(partial).filter((code) => code.startsWith('uplink')),
      ['uplink-not-captured'],
    );
    assert.deepEqual(partial.uplinks[1].packets, { up: null, down: null });
    assert.deepEqual(partial.uplinks[1].rate.up, { mean: null, p95: null, peak: null });
    assert.deepEqual(
      partial.uplinks.map(({ share }) => share.flows),
      [null, null],
    );
  });

  it('is about those that were captured where one of three was not', () => {
    const list = [...flows(600, 0, 1000, { client: 1 }), ...flows(400, 1, 9000, { client: 1 })];
    const { balance, uplinks } = report({ uplinks: ['a', 'b', 'c'], flows: list }, [3, 2, 5]);
    assert.deepEqual(
      uplinks.map(({ share }) => share.expected),
      [0.6, 0.4, null],
    );
    assert.equal(balance.verdict, 'consistent');
    assert.deepEqual(balance.regimes[0].eligible, ['a', 'b']);
  });
});

describe('findings', () => {
  it('say that only the LAN side was captured', () => {
    const lan = report(
      { uplinks: [], lanVisible: true, flows: flows(5, -1, 1, { client: 10, class: CLASS.lan }) },
      null,
    );
    assert.deepEqual(codes(lan), ['no-uplinks']);
    assert.match(lan.findings[0].message, /LAN side/);
    assert.match(lan.findings[0].cure ?? '', /tcpdump/);
  });

  it('say that no configured source was met', () => {
    const other = report({ uplinks: TWO, flows: flows(5, -1, 1, { class: CLASS.other }) }, [1, 1]);
    assert.deepEqual(codes(other), ['no-uplinks']);
    assert.match(other.findings[0].message, /203\.0\.113\.0\/32/);
  });

  it('tell leaks with their way, their flows and packets', () => {
    const leaky = report(
      {
        uplinks: TWO,
        flows: [
          ...flows(90, 0, 1, { client: 1 }),
          ...flows(10, 1, 500, { client: 1 }),
          { uplink: 1, server: 999, client: 1, egress: 0, leakedPackets: 4 },
        ],
      },
      [9, 1],
    );
    const leak = leaky.findings.find(({ code }) => code === 'nat-leak');
    assert.deepEqual([leak?.flows, leak?.packets, leak?.uplinks], [1, 4, ['dsl2', 'dsl1']]);
    assert.match(leak?.cure ?? '', /CONNMARK/);
  });

  it('doubt the binding where nearly everything leaks', () => {
    const swapped = report(
      { uplinks: TWO, flows: flows(30, 1, 1, { client: 1, egress: 0, leakedPackets: 3 }) },
      [1, 1],
    );
    assert.match(swapped.findings.find(({ code }) => code === 'nat-leak')?.message ?? '', /bound to the wrong/);
  });

  it('tell private sources, gravely only where the LAN is known', () => {
    const stray: TallySpec = {
      uplinks: TWO,
      flows: [...flows(9, 0, 1), ...flows(9, 1, 50), { uplink: -1, server: 5, class: CLASS.stray }],
    };
    const guessed = report(stray, [1, 1]).findings.find(({ code }) => code === 'private-source');
    assert.deepEqual([guessed?.packets, guessed?.level], [5, 'info']);
    const input = measureInput(tallyOf(stray), [1, 1]);
    const known = buildReport({
      ...input,
      config: { ...(input.config as NonNullable<typeof input.config>), lan: [prefixOf(1)] },
    });
    assert.equal(known.findings.find(({ code }) => code === 'private-source')?.level, 'warning');
  });

  it('tell LAN flows without a copy only where there are more than the few to the router itself', () => {
    const wan = [...flows(100, 0, 1, { client: 1 }), ...flows(100, 1, 500, { client: 1 })];
    const lanOf = (count: number) => flows(count, -1, 9000, { client: 1, class: CLASS.lan });
    assert.ok(!codes(report({ uplinks: TWO, flows: [...wan, ...lanOf(9)] }, [1, 1])).includes('lan-only-flows'));
    assert.ok(codes(report({ uplinks: TWO, flows: [...wan, ...lanOf(40)] }, [1, 1])).includes('lan-only-flows'));
  });

  it('are silent on a healthy router whose LAN side is there', () => {
    const list = [...flows(400, 0, 1000, { client: 1 }), ...flows(400, 1, 9000, { client: 1 })];
    assert.deepEqual(codes(report({ uplinks: TWO, lanVisible: true, flows: list }, [1, 1])), []);
  });

  it('are silent where five-tuples are wanted as seen', () => {
    const asSeen = report({ uplinks: [], asSeen: true, flows: flows(5, -1, 1, { class: CLASS.other }) }, null);
    assert.deepEqual(asSeen.findings, []);
  });
});

describe('a sample', () => {
  const list = Array.from({ length: 4000 }, (_, n): FlowSpec => {
    return { uplink: n % 4 === 0 ? 1 : 0, server: 1000 + n, client: n % 50, up: 100, down: 900, at: n / 80 };
  });
  const whole = report({ uplinks: TWO, flows: list }, [3, 1]);
  const part = report({ uplinks: TWO, flows: list, ledgerRows: 2000 }, [3, 1]);

  it('says so, and keeps exact what is exact', () => {
    assert.equal(part.sampled, true);
    assert.ok(codes(part).includes('sampled'));
    assert.deepEqual(
      part.uplinks.map((uplink) => uplink.flows),
      whole.uplinks.map((uplink) => uplink.flows),
    );
    assert.deepEqual(
      part.uplinks.map(({ share }) => share.flows),
      [0.75, 0.25],
    );
    assert.deepEqual(part.series.uplinks, whole.series.uplinks);
  });

  it('scales what it can and leaves open what it can not', () => {
    const decisions = part.uplinks.reduce((sum, uplink) => sum + (uplink.decisions ?? 0), 0);
    assert.ok(decisions > 3200 && decisions < 4800, String(decisions));
    assert.deepEqual([part.top.clientCount, part.uplinks[0].servers], [null, null]);
    // The test is on what is there: never more decisions than rows.
    assert.ok(part.balance.regimes[0].decisions <= 2000);
    assert.equal(part.balance.verdict, 'consistent');
  });
});

describe('any tally', () => {
  const flow = fc.record<FlowSpec>({
    uplink: fc.nat(2),
    server: fc.nat(30),
    client: fc.option(fc.nat(5), { nil: undefined }) as fc.Arbitrary<number>,
    origin: fc.constantFrom('lan', 'unknown', 'router', 'inbound'),
    at: fc.nat(59),
    ports: fc.tuple(fc.nat(3), fc.constantFrom(80, 443)),
    protocol: fc.constantFrom(1, 6, 17, 47),
    family: fc.constantFrom(4, 6),
    up: fc.oneof(fc.nat(2000), fc.nat(2 ** 31 - 1)),
    down: fc.oneof(fc.constant(0), fc.nat(2 ** 31 - 1)),
    answered: fc.boolean(),
    answerUs: fc.nat(5_000_000),
  });
  const weights = fc.option(fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 3, maxLength: 3 }), { nil: null });

  it('has shares that sum to one, within their intervals, and a valid report', () => {
    fc.assert(
      fc.property(fc.array(flow, { maxLength: 60 }), weights, (list, given) => {
        const { uplinks } = report({ uplinks: ['a', 'b', 'c'], flows: list, captured: [0, 1, 2] }, given);
        for (const of of ['flows', 'decisions', 'bytes', 'packets'] as const) {
          const shares = uplinks.map(({ share }) => share[of]);
          if (shares.some((share) => share === null)) continue;
          const sum = shares.reduce<number>((total, share) => total + (share ?? 0), 0);
          assert.ok(Math.abs(sum - 1) < 5e-6, `${of} ${sum}`);
          for (const { share } of uplinks) {
            const [low, high] = share[`${of}Interval`] ?? [2, -1];
            assert.ok(low <= (share[of] ?? -1) && (share[of] ?? 2) <= high);
          }
        }
      }),
      { numRuns: 40 },
    );
  });

  it('gives the same report in any order of its flows', () => {
    fc.assert(
      fc.property(fc.array(flow, { maxLength: 40 }), weights, fc.integer(), (list, given, seed) => {
        const random = seededRandom(seed);
        const shuffled = list
          .map((one) => ({ one, key: random() }))
          .sort((a, b) => a.key - b.key)
          .map(({ one }) => one);
        const spec = { uplinks: ['a', 'b', 'c'], captured: [0, 1, 2] };
        assert.deepEqual(report({ ...spec, flows: shuffled }, given), report({ ...spec, flows: list }, given));
      }),
      { numRuns: 40 },
    );
  });
});
