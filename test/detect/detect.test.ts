// The detector on simulated routers, where the truth is known: what must be found, and above all what must not.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { detect } from '#src/detect/detect.js';
import { MARK } from '#src/detect/evidence.js';
import { gapsIn, scan } from '#src/detect/scan.js';
import { DEFAULT_SETTINGS } from '#src/detect/settings.js';
import type { Outage } from '#src/report/report.js';
import { SIGNAL } from '#src/tally/signals.js';
import { detectIn, inputOf } from './failover.js';
import { type SimulatedFault, type Simulation, simulate, T0 } from './simulate.js';

const BASE: Simulation = { seed: 1, seconds: 600, rate: 10, weights: [1, 1] };

function during(fault: SimulatedFault, more: Partial<Simulation> = {}): Outage[] {
  return detectIn({ ...BASE, ...more, faults: [fault] }).outages;
}

function assertFound(outage: Outage | undefined, fault: SimulatedFault): void {
  assert.ok(outage !== undefined);
  assert.equal(outage.uplink, `line${fault.uplink + 1}`);
  assert.equal(outage.kind, fault.kind);
  assert.ok(outage.start.earliest - T0 <= fault.start && fault.start <= outage.start.latest - T0);
  assert.ok(outage.end !== null);
  assert.ok(outage.end.earliest - T0 <= fault.end && fault.end <= outage.end.latest - T0);
  assert.ok(Math.abs(outage.start.best - T0 - fault.start) < 1);
  assert.ok(Math.abs(outage.end.best - T0 - fault.end) < 1);
}

for (const kind of ['link-down', 'gateway-dead', 'blackhole', 'brownout'] as const) {
  for (const clientsVisible of [true, false]) {
    test(`${kind} for 40 s, ${clientsVisible ? 'clients seen' : 'the WAN alone'}`, () => {
      const fault = { kind, uplink: 1, start: 300.4, end: 340.4 };
      const outages = during(fault, { clientsVisible });
      assertFound(outages[0], fault);
      assert.equal(outages.length, 1);
    });
  }
}

test('half a second, where there is traffic enough', () => {
  const fault: SimulatedFault = { kind: 'blackhole', uplink: 2, start: 30.3, end: 30.8 };
  const outages = during(fault, { rate: 500, seconds: 60, weights: [1, 1, 1, 1] });
  assert.equal(outages.length, 1);
  assertFound(outages[0], fault);
});

test('several at once, one after the other, again and again', () => {
  const faults: SimulatedFault[] = [
    { kind: 'link-down', uplink: 0, start: 100, end: 140 },
    { kind: 'blackhole', uplink: 1, start: 110, end: 130 },
    { kind: 'link-down', uplink: 2, start: 200, end: 215 },
    { kind: 'link-down', uplink: 2, start: 230, end: 245 },
    { kind: 'link-down', uplink: 2, start: 260, end: 275 },
  ];
  const { outages } = detectIn({ ...BASE, seed: 3, rate: 40, seconds: 400, weights: [1, 1, 1], faults });
  assert.equal(outages.length, faults.length);
  for (const [n, fault] of faults.entries()) assertFound(outages[n], fault);
});

test('all uplinks at once, with demand: no capture gap', () => {
  const faults = [0, 1].map((uplink): SimulatedFault => ({ kind: 'blackhole', uplink, start: 300, end: 320 }));
  const { outages, captureGaps } = detectIn({ ...BASE, faults });
  assert.deepEqual(outages.map(({ uplink, kind }) => [uplink, kind]).sort(), [
    ['line1', 'blackhole'],
    ['line2', 'blackhole'],
  ]);
  assert.deepEqual(captureGaps, []);
});

test('all links down while the LAN asks: outages, and no gap; a few flows for nobody are no demand', () => {
  const faults = [0, 1].map((uplink): SimulatedFault => ({ kind: 'link-down', uplink, start: 300, end: 330 }));
  // Links without carrier show as much as a recorder that stopped: nothing.
  const spec: Simulation = { ...BASE, recorderStops: [300, 330] };
  const tally = simulate(spec);
  for (let at = 300.4; at < 329.9; at += 0.5) tally.signals.add(SIGNAL.lanUnanswered, (T0 + at) * 1e6, 0, 0);
  const { outages, captureGaps } = detect({ ...inputOf(spec), tally });
  assert.equal(outages.length, 2);
  for (const [n, fault] of faults.entries()) assertFound(outages[n], fault);
  assert.deepEqual(captureGaps, []);
  const quiet = simulate({ ...BASE, recorderStops: [300, 330] });
  for (const at of [310, 320]) quiet.signals.add(SIGNAL.lanUnanswered, (T0 + at) * 1e6, 0, 0);
  assert.deepEqual(detect({ ...inputOf(BASE), tally: quiet }).outages, []);
});

test('a recorder that stops is no outage', () => {
  const { outages, captureGaps, availability } = detectIn({ ...BASE, recorderStops: [300, 330] });
  assert.deepEqual(outages, []);
  assert.equal(captureGaps.length, 1);
  assert.ok(Math.abs(captureGaps[0].start - T0 - 300) < 1 && Math.abs(captureGaps[0].end - T0 - 330) < 1);
  assert.ok(Math.abs(availability[0].unmeasurableSeconds - 30) < 1);
  assert.equal(availability[0].ratio, 1);
});

test('a pause longer than all that was looked at before is no gap of the recorder', () => {
  const gapsAfter = (seconds: number) => {
    const times: number[] = [];
    for (let at = 0; at < seconds; at += 0.1) times.push(at * 1e6);
    for (let at = seconds + 8; at < seconds + 12; at += 0.1) times.push(at * 1e6);
    return gapsIn(Float64Array.from(times), 1.5e6).length;
  };
  assert.deepEqual([gapsAfter(7), gapsAfter(20)], [0, 1]);
});

test('at the beginning, where weights say what should be there; else nothing can be told', () => {
  const faults: SimulatedFault[] = [{ kind: 'link-down', uplink: 1, start: 0, end: 30 }];
  const { outages } = detectIn({ ...BASE, faults });
  assertFound(outages[0], faults[0]);
  assert.deepEqual(detectIn({ ...BASE, faults }, null).outages, []);
});

test('a new address, however soon the next flow comes', () => {
  const tally = simulate(BASE);
  const own = { uplink: 1, family: 4, flows: 100 } as const;
  const at = (seconds: number) => (T0 + seconds) * 1e6;
  tally.sources.merge([
    { ...own, address: '198.51.100.2', firstUs: at(0), lastUs: at(299.8), heardUs: at(300) },
    { ...own, address: '198.51.100.5', firstUs: at(300.05), lastUs: at(600), heardUs: at(600) },
  ]);
  const { outages } = detect({ ...inputOf(BASE), tally });
  assert.deepEqual(
    outages.map(({ kind, uplink }) => [kind, uplink]),
    [['address-change', 'line2']],
  );
  const { start, end } = outages[0];
  assert.ok(start.earliest <= T0 + 300 && (end?.latest ?? 0) >= T0 + 300.05);
  const settings = { minOutageSec: 1, alarmsPerYear: 1 };
  assert.deepEqual(detect({ ...inputOf(BASE), tally, settings }).outages, []);
});

test('a link that was down, though of the first flows after it many ask dead servers', () => {
  const fault: SimulatedFault = { kind: 'link-down', uplink: 1, start: 300.4, end: 320.4 };
  for (let seed = 1; seed <= 10; seed++) {
    const outages = during(fault, { seed, dead: 0.15 });
    assert.equal(outages.length, 1, `seed ${seed}`);
    assertFound(outages[0], fault);
  }
});

test('the usual time of an answer is not that of one to a demand that was sent again', () => {
  const count = 300;
  const places = Array.from({ length: count }, (_, n) => n);
  const server = Int32Array.from(places, (n) => n % 20);
  const flows = {
    count,
    startUs: Float64Array.from(places, (n) => n * 100_000),
    uplink: new Uint8Array(count),
    key: server,
    keys: 20,
    clientsVisible: false,
    server,
    servers: 20,
    demand: new Uint8Array(count),
    waitUs: Int32Array.from(places, (n) => (n >= 200 ? -1 : n % 50 === 0 ? 1_050_000 : 50_000)),
    draw: new Uint8Array(count).fill(1),
    row: Uint32Array.from(places),
  };
  const heard = places.filter((n) => flows.waitUs[n] === 50_000);
  const marks = {
    times: Float64Array.from(heard, (n) => flows.startUs[n] + 50_000),
    codes: new Int32Array(heard.length).fill(MARK.kinds + MARK.in),
  };
  const line = { uplinks: 1, inView: [true], shares: null, perFlow: null, clientsVisible: false };
  const options = { ...line, startUs: 0, leastGapUs: 1.5e6, isLog: false, settings: DEFAULT_SETTINGS };
  const { outages } = scan({ flows, marks, holes: [], options, endUs: 40e6 });
  assert.equal(outages.length, 1);
  assert.ok(outages[0].delayUs < 300_000, `${outages[0].delayUs}`);
});

test('at the beginning, though the gateway answers before the first flow', () => {
  const fault: SimulatedFault = { kind: 'link-down', uplink: 1, start: 0, end: 30 };
  for (const seed of [1, 2, 3, 4]) {
    const spec: Simulation = { ...BASE, seed, faults: [fault] };
    const tally = simulate(spec);
    for (const [kind, at] of [
      [SIGNAL.arpAsked, 30],
      [SIGNAL.arpAnswered, 30.001],
    ] as const)
      tally.signals.add(2 * SIGNAL.kinds + kind, (T0 + at) * 1e6, 0, 0);
    const { outages } = detect({ ...inputOf(spec), tally });
    assert.equal(outages.length, 1, `seed ${seed}`);
    assertFound(outages[0], fault);
  }
});

test('flows that only the LAN side shows went into the link that is down', () => {
  const spec: Simulation = { ...BASE, faults: [{ kind: 'link-down', uplink: 1, start: 300, end: 340 }] };
  const tally = simulate(spec);
  for (let at = 300.5; at < 339.9; at += 0.5) tally.signals.add(SIGNAL.lanUnanswered, (T0 + at) * 1e6, 0, 0);
  const { outages } = detect({ ...inputOf(spec), tally });
  assert.equal(outages.length, 1);
  assert.equal(outages[0].kind, 'link-down');
  assert.equal(outages[0].reaction?.avoided, false);
  assert.ok(Math.abs((outages[0].reaction?.lastFlowInto ?? 0) - T0 - 339.5) < 0.01);
  assert.equal(outages[0].blackholedFlows, 79);
});

test('to the end: no end, no failback', () => {
  const { outages } = detectIn({ ...BASE, faults: [{ kind: 'blackhole', uplink: 0, start: 560, end: 600 }] });
  assert.equal(outages.length, 1);
  assert.equal(outages[0].end, null);
  assert.equal(outages[0].failback, null);
  assert.ok(Math.abs(outages[0].seconds - 40) < 1);
});

test('an uplink that answers again and is not used: the end is known, and a finding tells it', () => {
  const faults: SimulatedFault[] = [{ kind: 'gateway-dead', uplink: 1, start: 200, end: 300, stays: true }];
  const { outages, findings, distortions } = detectIn({ ...BASE, faults });
  assert.equal(outages.length, 1);
  const { end, failback, reaction } = outages[0];
  assert.ok(end !== null && end.earliest - T0 <= 300 && 300 <= end.latest - T0);
  assert.equal(failback, null);
  assert.ok(reaction?.avoided === true && Math.abs(reaction.seconds - 33) < 1);
  assert.deepEqual(
    findings.map(({ code, uplinks }) => [code, uplinks]),
    [['uplink-not-back', ['line2']]],
  );
  assert.equal(distortions[0].endUs, (T0 + 600) * 1e6);
});

test('an uplink that is not used again does not go down with every packet of an old connection', () => {
  const fault: SimulatedFault = { kind: 'link-down', uplink: 1, start: 200, end: 240, stays: true };
  for (const keepalive of [0, 5]) {
    const spec: Simulation = { ...BASE, rate: 30, keepalive, faults: [fault] };
    const tally = simulate(spec);
    // What comes in on the link of the second: its lane is the third, its upper end the remote one.
    for (const at of [240.5, 252.2, 270.1, 330.4, 420.7]) tally.bins.add(2 * 2 + 1, (T0 + at) * 1e6, 100, 100);
    const { outages, findings } = detect({ ...inputOf(spec), tally });
    assert.deepEqual(
      outages.map(({ kind, uplink }) => [kind, uplink]),
      [['link-down', 'line2']],
      JSON.stringify(outages.map(({ start, end }) => [start.best - T0, (end?.best ?? 0) - T0])),
    );
    assert.ok(Math.abs((outages[0].end?.best ?? 0) - T0 - 240) < 1);
    assert.equal(outages[0].failback, null);
    assert.ok(findings.some(({ code }) => code === 'uplink-not-back'));
  }
});

test('a link that goes down at a thousand flows a second is seen, though answers to its last flows still come in', () => {
  const fault: SimulatedFault = { kind: 'link-down', uplink: 1, start: 20, end: 25 };
  for (const [seed, rtt] of [0.02, 0.1, 0.2].entries()) {
    const { outages } = detectIn({ ...BASE, seed, rtt, seconds: 40, rate: 1000, faults: [fault] });
    assert.deepEqual(
      outages.map(({ kind, uplink }) => [kind, uplink]),
      [['link-down', 'line2']],
    );
  }
});

test('an uplink that is never used and shows no sign of life is no outage: nothing shows that one began', () => {
  const { outages, distortions, availability } = detectIn({
    ...BASE,
    faults: [{ kind: 'link-down', uplink: 1, start: 0, end: 600 }],
  });
  assert.deepEqual(outages, []);
  assert.deepEqual(distortions, []);
  assert.ok(availability[1].unmeasurableSeconds > 590);
});

test('a hole from the beginning is one, with weights and without: demands go in and others are answered', () => {
  const fault: SimulatedFault = { kind: 'blackhole', uplink: 1, start: 0, end: 200 };
  for (const weights of [BASE.weights, null]) {
    const { outages } = detectIn({ ...BASE, faults: [fault] }, weights);
    assert.equal(outages.length, 1);
    assert.equal(outages[0].kind, 'blackhole');
    assert.ok(outages[0].start.best - T0 < 2 && Math.abs((outages[0].end?.best ?? 0) - T0 - 200) < 1);
  }
});

test('no answer to anything by any uplink is a recording of one direction', () => {
  const faults = [0, 1].map((uplink): SimulatedFault => ({ kind: 'blackhole', uplink, start: 0, end: 600 }));
  assert.deepEqual(detectIn({ ...BASE, faults }).outages, []);
});

// What looks like an outage and is none.
for (const [name, more] of Object.entries({
  'a burst of one moment': { burst: { at: 300, flows: 470 } },
  'a burst where there is little else': { rate: 1, burst: { at: 300, flows: 470 } },
  'a scan': { scan: { from: 200, to: 320, rate: 40 } },
  'a scan by pair': { scan: { from: 200, to: 320, rate: 40 }, pairs: true },
  'a scan where there is little else': { rate: 2, scan: { from: 100, to: 400, rate: 300 } },
  'a satellite': { rtt: 0.7 },
})) {
  test(`${name} is no outage`, () => {
    for (const seed of [1, 2, 3]) {
      for (const clientsVisible of [true, false]) {
        const { outages } = detectIn({ ...BASE, ...more, seed, clientsVisible });
        assert.deepEqual(outages, [], `seed ${seed}`);
      }
    }
  });
}

// Healthy traffic of all sorts: thin and dense, bursty, with day and night, few pairs, dead servers.
for (const [n, more] of [
  { rate: 0.1, seconds: 86_400, day: 86_400 },
  { rate: 0.5, seconds: 40_000, pages: true, keepalive: 0 },
  { rate: 2, seconds: 20_000, pairs: true, clients: 3, servers: 20 },
  { rate: 10, seconds: 3000, dead: 0.1, weights: [3, 2, 1] },
  { rate: 50, seconds: 900, pages: true, pairs: true, weights: [1, 1, 1, 1, 1, 1, 1, 1] },
].entries()) {
  test(`a healthy line has no outage: ${JSON.stringify(more)}`, () => {
    for (const clientsVisible of [true, false]) {
      const spec = { ...BASE, ...more, seed: 50 + n, clientsVisible };
      for (const weights of [spec.weights, null]) assert.deepEqual(detectIn(spec, weights).outages, []);
    }
  });
}
