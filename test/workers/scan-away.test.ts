// The scan in another thread: the same result as here, whether the thread does it, can't, or is gone.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MessageChannel, receiveMessageOnPort, Worker } from 'node:worker_threads';
import { beginDetection, detect } from '#src/detect/detect.js';
import type { Found } from '#src/detect/found.js';
import { type ScanInput, type Scanner, scan } from '#src/detect/scan.js';
import { measureTally } from '#src/measure/measure.js';
import { type ScanOrder, ScanThread, takeScan } from '#src/workers/scan-away.js';
import { inputOf } from '../detect/failover.js';
import { type Simulation, simulate, T0 } from '../detect/simulate.js';
import { measureInput, inputOf as spanOf } from '../measure/tallies.js';

const CALM: Simulation = { seed: 5, seconds: 120, rate: 100, weights: [2, 1, 1] };
const FAULTY: Simulation = {
  ...CALM,
  faults: [
    { kind: 'blackhole', uplink: 0, start: 30, end: 50 },
    { kind: 'link-down', uplink: 2, start: 70, end: 90 },
    { kind: 'brownout', uplink: 1, start: 60, end: 100, loss: 0.5 },
  ],
};

const MARK: Found = { outages: [], brownouts: [], thin: [], gaps: [{ startUs: 1, endUs: 2 }] };

/** What a detection hands to its scanner. */
function scanInputOf(spec: Simulation): ScanInput {
  let handed: ScanInput | null = null;
  const take: Scanner = (input) => {
    handed = input;
    return () => scan(input);
  };
  beginDetection({ ...inputOf(spec), tally: simulate(spec) }, take);
  assert.ok(handed !== null);
  return handed;
}

function reader(): Worker {
  return new Worker(new URL('../../dist/workers/worker.js', import.meta.url));
}

/** A thread of which nothing is known but what it does with an order. */
function strange(body: string): Worker {
  const code = `require('node:worker_threads').parentPort.on('message', (order) => { ${body} })`;
  return new Worker(code, { eval: true });
}

/** Hands over and waits, without asking for the result, until the thread has begun. */
function overTo(worker: Worker): Scanner {
  let claim: Int32Array;
  const post = worker.postMessage.bind(worker);
  worker.postMessage = (order: ScanOrder, ...rest) => {
    claim = order.claim;
    post(order, ...rest);
  };
  const thread = new ScanThread(worker);
  return (input) => {
    const find = thread.scan(input);
    Atomics.wait(claim, 0, 0, 60_000);
    assert.notEqual(claim[0], 0);
    // Here it can't be done any more.
    Object.assign(input, { flows: null });
    return find;
  };
}

async function within<T>(worker: Worker, use: (worker: Worker) => T | Promise<T>): Promise<T> {
  try {
    return await use(worker);
  } finally {
    await worker.terminate();
  }
}

describe('a scan that is handed over', () => {
  const input = scanInputOf(FAULTY);
  const here = scan(input);

  it('finds what it finds here', async () => {
    assert.ok(here.outages.length >= 2);
    assert.ok(here.brownouts.length >= 1);
    await within(reader(), (worker) => {
      const handOver = overTo(worker);
      for (const spec of [CALM, FAULTY]) {
        const some = scanInputOf(spec);
        const expected = scan(some);
        assert.deepEqual(handOver(some)(), expected);
      }
    });
  });

  it('is the thread’s once it has begun, however long it takes', async () => {
    const worker = strange(`
      if (Atomics.compareExchange(order.claim, 0, 0, 1) !== 0) return;
      Atomics.notify(order.claim, 0);
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 500);
      order.port.postMessage(${JSON.stringify(MARK)});
      Atomics.store(order.claim, 0, 2);
      Atomics.notify(order.claim, 0);`);
    await within(worker, () => {
      const find = overTo(worker)({ ...input });
      assert.deepEqual(find(), MARK);
    });
  });

  it('is done here where the thread is gone', async () => {
    const worker = strange('');
    await worker.terminate();
    assert.deepEqual(new ScanThread(worker).scan(input)(), here);
  });

  it('is done here where the thread has not begun, and then not there as well', async () => {
    const worker = strange(`
      const { parentPort } = require('node:worker_threads');
      if (order === 'sleep') Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1000);
      else parentPort.postMessage(Atomics.compareExchange(order.claim, 0, 0, 1) === 0);`);
    await within(worker, async () => {
      const begins = new Promise((resolve) => worker.once('message', resolve));
      worker.postMessage('sleep');
      assert.deepEqual(new ScanThread(worker).scan(input)(), here);
      worker.ref();
      assert.equal(await begins, false);
    });
  });

  it('is not begun by a thread that comes too late', () => {
    const { port1, port2 } = new MessageChannel();
    const claim = new Int32Array(new SharedArrayBuffer(4)).fill(2);
    takeScan({ type: 'scan', input, claim, port: port2 });
    assert.equal(receiveMessageOnPort(port1), undefined);
    takeScan({ type: 'scan', input, claim: claim.fill(0), port: port2 });
    assert.deepEqual(receiveMessageOnPort(port1), { message: here });
    assert.equal(claim[0], 2);
    port1.close();
  });

  it('is done here where the thread could not do it', async () => {
    const worker = strange(`
      if (Atomics.compareExchange(order.claim, 0, 0, 1) !== 0) return;
      Atomics.store(order.claim, 0, 2);
      Atomics.notify(order.claim, 0);`);
    await within(worker, () => {
      const some = { ...input };
      const find = overTo(worker)(some);
      some.flows = input.flows;
      assert.deepEqual(find(), here);
    });
  });

  it('tells here what is wrong with it', async () => {
    await within(reader(), (worker) => {
      const some = { ...input, flows: { ...input.flows, startUs: null as unknown as Float64Array } };
      assert.throws(overTo(worker)(some), TypeError);
    });
  });
});

describe('a report whose scan is handed over', () => {
  const measured = (spec: Simulation, aside: Scanner | null) => {
    const window = spanOf(T0, T0 + spec.seconds);
    return measureTally(measureInput(simulate(spec), spec.weights, { inputs: [window] }), aside);
  };

  it('is the same, with outages and without', async () => {
    await within(reader(), (worker) => {
      const handOver = overTo(worker);
      for (const spec of [CALM, FAULTY, { ...FAULTY, clientsVisible: true, pairs: true }]) {
        let times = 0;
        const aside: Scanner = (input) => {
          times++;
          return handOver(input);
        };
        const { report } = measured(spec, aside);
        assert.equal(times, 1);
        assert.equal(report.outages.length > 0, spec !== CALM);
        assert.equal(report.balance.regimes.length > 1, spec !== CALM);
        assert.deepEqual(report, measured(spec, null).report);
      }
    });
  });

  it('of few flows hands nothing over', () => {
    const never: Scanner = () => assert.fail('handed over');
    measured({ ...FAULTY, rate: 10 }, never);
  });

  it('finds what the detector alone finds', () => {
    const { report } = measured(FAULTY, (input) => () => scan(input));
    assert.deepEqual(report.outages, detect({ ...inputOf(FAULTY), tally: simulate(FAULTY) }).outages);
  });
});
