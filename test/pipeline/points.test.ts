// A capture of thousands of interfaces, each with a host of its own: no router's, and no reason to take for ever.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join as joinPath } from 'node:path';
import { after, test } from 'node:test';
import { analyse } from '#src/index.js';
import { enhanced, ethernet, iface, ipv4, join, section, UDP } from '../decode/build.js';

const directory = mkdtempSync(joinPath(tmpdir(), 'mlstat-points-'));
after(() => rmSync(directory, { recursive: true }));

const INTERFACES = 3000;

test('no more uplinks are inferred than a router can have', async () => {
  const frames = Array.from({ length: INTERFACES }, (_, n) => {
    const packet = ipv4(17, UDP);
    const view = new DataView(packet.buffer);
    view.setUint16(14, n);
    view.setUint16(20, 1024 + n);
    return enhanced({ data: ethernet(0x0800, packet), iface: n, low: n });
  });
  const path = joinPath(directory, 'points.pcapng');
  writeFileSync(path, join(section(), ...frames.map(() => iface(1)), ...frames));

  const started = performance.now();
  const { inputs, uplinks } = await analyse({ inputs: [path] });
  assert.deepEqual([inputs[0].packets, inputs[0].damage, uplinks.length], [INTERFACES, [], 64]);
  assert.ok(performance.now() - started < 20_000, 'takes too long');
});
