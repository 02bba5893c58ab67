// What the lab can tell without a kernel: scenarios are understood or refused in one line, and their flows are the same
// each time.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { UserError } from '#src/util/error.js';
import { projectDir } from '../shared.js';
import { uplinkAddresses, uplinkOfAddress } from './addresses.js';
import { readScenario } from './scenario.js';
import { planFlows } from './schedule.js';
import { question, shapeOf } from './wire.js';

const folder = join(projectDir, 'test', 'lab', 'scenarios');

const UPLINKS = [1, 2].map((id) => uplinkAddresses(id, 1, `line${id}`));

for (const file of readdirSync(folder)) {
  test(`${file} is a scenario, and each of its flows has a five-tuple of its own`, () => {
    const scenario = readScenario(readFileSync(join(folder, file), 'utf8'), file);
    const flows = planFlows(scenario, UPLINKS);
    assert.ok(flows.length > 20);
    assert.equal(new Set(flows.map(({ cport }) => cport)).size, flows.length);
    assert.ok(flows.every(({ at, cport }) => at < scenario.duration && cport < 46_000));
    assert.deepEqual(planFlows(scenario, UPLINKS), flows);
    assert.notDeepEqual(planFlows({ ...scenario, seed: scenario.seed + 1 }, UPLINKS), flows);
  });
}

test('flows from outside and of the router come beside those of the LAN, which stay as they are', () => {
  const plain = planFlows(readScenario('{"duration": 20}', 'x.json'), UPLINKS);
  const text = '{"duration": 20, "inbound": {"rate": 5}, "router_local": {"rate": 5}}';
  const flows = planFlows(readScenario(text, 'x.json'), UPLINKS);
  assert.deepEqual(flows.slice(0, plain.length), plain);
  const addresses = UPLINKS.map(({ ip }) => ip);
  for (const { origin, cip, sip } of flows.slice(plain.length)) {
    assert.ok(addresses.includes(origin === 'inbound' ? sip : cip), origin);
  }
  assert.deepEqual([...new Set(flows.map(({ origin }) => origin))], ['lan', 'router', 'inbound']);
  assert.equal(new Set(flows.map(({ cport }) => cport)).size, flows.length);
});

describe('mistakes are one line, with the place and what may stand there', () => {
  const cases: [string, RegExp][] = [
    ['{', /^x\.json is not JSON/],
    ['[]', /^x\.json must be an object/],
    ['{"durations": 3}', /durations is not known; there are .*duration/],
    ['{"duration": "3"}', /duration must be a number from 1 to 900: "3"/],
    ['{"uplinks": []}', /uplinks must be 1 to 8: 0 are given/],
    ['{"uplinks": [{"weight": 0}]}', /uplinks\[0\]: weight must be a whole number from 1 to 256: 0/],
    ['{"faults": [{"kind": "fire", "start": 1}]}', /faults\[0\]: kind must be link_down, .*: "fire"/],
    ['{"faults": [{"kind": "link_down", "uplink": 3, "start": 1}]}', /faults\[0\]: uplink must be .* to 2: 3/],
    ['{"faults": [{"kind": "link_down", "start": 5, "end": 4}]}', /faults\[0\]: end must be a number from 5/],
    ['{"faults": [{"kind": "weights", "start": 5, "weights": [1]}]}', /faults\[0\]\.weights must be 2 whole numbers/],
    ['{"duration": 900, "arrival": {"rate": 100}}', /at most 20000 flows/],
    ['{"mix": {"web": 0}}', /mix must name a kind of flow/],
    ['{"sysctl": {"kernel.panic": 1}}', /sysctl must be .*: kernel\.panic/],
  ];
  for (const [text, says] of cases) {
    test(text, () => {
      assert.throws(
        () => readScenario(text, 'x.json'),
        (error) => error instanceof UserError && says.test(error.message) && !error.message.includes('\n'),
      );
    });
  }
});

test('an address belongs to the uplink in whose network it is, for eight uplinks', () => {
  const uplinks = Array.from({ length: 8 }, (_, index) => uplinkAddresses(index + 1, 1, `line${index + 1}`));
  for (const uplink of uplinks) {
    for (const address of [uplink.ip, uplink.gw, uplink.next, uplink.ip6, uplink.next6]) {
      assert.equal(uplinkOfAddress(uplinks, address)?.id, uplink.id, address);
    }
  }
  for (const address of ['192.168.77.10', '198.18.3.4', '2001:db8:77::10', '2001:db8:ffff::1']) {
    assert.equal(uplinkOfAddress(uplinks, address), null, address);
  }
});

test('a server reads out of the first bytes what the client wants', () => {
  const shape = { fid: 100_017, rounds: 12, up: 1, down: 200_000, piece: 3000 };
  assert.deepEqual(shapeOf(question(shape)), shape);
  assert.equal(shapeOf(Buffer.from('GET / HTTP/1.1\r\n')), null);
});
