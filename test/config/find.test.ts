import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { findConfig } from '#src/config/find.js';

const root = mkdtempSync(join(tmpdir(), 'mlstat-find-'));
after(() => rmSync(root, { recursive: true }));
const [cwd, xdg, home] = ['cwd', 'xdg', 'home'].map((name) => join(root, name)) as [string, string, string];
for (const folder of [cwd, join(xdg, 'mlstat'), join(home, '.config', 'mlstat')])
  mkdirSync(folder, { recursive: true });

/** Ordered from the last place that is looked at to the first, so that each beats those before it. */
test('the nearest configuration is found', async () => {
  const env = { XDG_CONFIG_HOME: xdg, HOME: home };
  assert.equal(await findConfig(cwd, env), null);
  assert.equal(await findConfig(cwd, {}), null);
  const places: [path: string, found: string, env: Record<string, string>][] = [
    [join(home, '.config/mlstat/mlstat.yaml'), join(home, '.config/mlstat/mlstat.yaml'), { HOME: home }],
    [join(xdg, 'mlstat/mlstat.json'), join(xdg, 'mlstat/mlstat.json'), env],
    [join(xdg, 'mlstat/mlstat.yaml'), join(xdg, 'mlstat/mlstat.yaml'), env],
    [join(cwd, 'mlstat.json'), 'mlstat.json', env],
    [join(cwd, 'mlstat.yml'), 'mlstat.yml', env],
    [join(cwd, 'mlstat.yaml'), 'mlstat.yaml', env],
  ];
  for (const [path, found, environment] of places) {
    writeFileSync(path, '');
    assert.equal(await findConfig(cwd, environment), found);
  }
});

test('a folder of that name and a relative XDG_CONFIG_HOME are passed over', async () => {
  const bare = join(root, 'bare');
  mkdirSync(join(bare, 'mlstat.yaml'), { recursive: true });
  assert.equal(await findConfig(bare, { XDG_CONFIG_HOME: 'xdg' }), null);
});
