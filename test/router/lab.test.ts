// The folders of the router lab: what a real router printed and the script that set it up, held against the truth.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { readRouter } from '#src/router/read.js';
import { sharedDir, withoutShared } from '../shared.js';

interface Truth {
  uplinks: { dev: string; weight: number; gw: string; ip: string; ip6: string }[];
  lan: { net: string; net6: string | null };
  config: { nat?: string; mode?: string; hash_policy: number };
}

const lab = `${sharedDir}/routerlab`;
const scenarios =
  sharedDir === null ? [] : readdirSync(lab, { withFileTypes: true }).filter((entry) => entry.isDirectory());

test('the router lab is there', { skip: withoutShared }, () => {
  assert.ok(scenarios.length > 0);
});

for (const { name } of scenarios) {
  const folder = `${lab}/${name}`;
  for (const input of ['router', 'router_setup.sh', '.']) {
    test(`${name}/${input}: uplinks, gateways, SNAT sources, interfaces, weights, LAN`, async () => {
      const truth = JSON.parse(readFileSync(`${folder}/truth.json`, 'utf8')) as Truth;
      const { config, errors } = await readRouter([input], folder);
      assert.deepEqual(errors, []);
      const isDual = truth.lan.net6 !== null;
      assert.deepEqual(
        config?.uplinks.map(({ interface: dev, gateway, weight, snat }) => ({
          dev,
          gateway,
          weight,
          snat: snat.map(({ text }) => text),
        })),
        truth.uplinks.map(({ dev, gw, weight, ip, ip6 }) => ({
          dev,
          gateway: gw,
          weight,
          snat: isDual ? [`${ip}/32`, `${ip6}/128`] : [`${ip}/32`],
        })),
      );
      assert.deepEqual(
        config?.lan.map(({ text }) => text),
        isDual ? [truth.lan.net, truth.lan.net6] : [truth.lan.net],
      );
      assert.equal(config?.router.hashPolicy, truth.config.hash_policy);
      const marks = config?.uplinks.map(({ mark }) => mark?.value ?? null);
      assert.deepEqual(marks, truth.config.mode === 'connmark' ? [1, 2] : truth.uplinks.map(() => null));
    });
  }
}

/** Formats of one thing, each alone: the same answer. */
const alone: [files: string[], what: string][] = [
  [['start.route.txt', 'start.iptables-save.txt'], 'text'],
  [['start.route.json', 'start.nft.json'], 'JSON'],
  [['start.route.json', 'start.nft.txt', 'start.rule.json', 'start.addr.json'], 'mixed'],
];
for (const [files, what] of alone) {
  test(`routes and NAT as ${what} give the same uplinks`, { skip: withoutShared }, async () => {
    const { config } = await readRouter(files, `${lab}/s3_321_linkdown/router`);
    assert.deepEqual(
      config?.uplinks.map(({ name, gateway, weight, snat }) => [name, gateway, weight, snat[0]?.text]),
      [
        ['wan1', '203.0.113.1', 3, '203.0.113.2/32'],
        ['wan2', '198.51.100.1', 2, '198.51.100.2/32'],
        ['wan3', '192.0.2.1', 1, '192.0.2.2/32'],
      ],
    );
  });
}

test('a weight that a later snapshot changes is told, and the earlier taken', { skip: withoutShared }, async () => {
  const { config, notes } = await readRouter(['router'], `${lab}/s13_weight_change`);
  assert.deepEqual(
    config?.uplinks.map(({ weight }) => weight),
    [1, 1],
  );
  const told = notes.filter(({ kind, text }) => kind === 'contradiction' && text.startsWith('the weight of wan2 is 4'));
  assert.deepEqual(
    told.map(({ place }) => [place?.file, place?.line]),
    [['router/mid.route.txt', 7]],
  );
});

test('the later snapshot named alone gives its own weights', { skip: withoutShared }, async () => {
  const { config } = await readRouter(['end.route.txt', 'end.iptables-save.txt'], `${lab}/s13_weight_change/router`);
  assert.deepEqual(
    config?.uplinks.map(({ weight }) => weight),
    [1, 4],
  );
});
