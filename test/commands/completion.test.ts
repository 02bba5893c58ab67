import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { folder, mlstat, noPipeline } from './world.js';

const has = (shell: string) => spawnSync(shell, ['-c', 'exit 0']).status === 0;
const without = (shell: string) => !has(shell) && `no ${shell}`;

async function script(shell: string): Promise<string> {
  const { out } = await mlstat(['completion', shell], noPipeline);
  const path = join(folder, `mlstat.${shell}`);
  writeFileSync(path, out);
  return path;
}

for (const shell of ['bash', 'zsh', 'fish']) {
  it(`${shell} reads its script`, { skip: without(shell) }, async () => {
    const { status, stderr } = spawnSync(shell, ['-n', await script(shell)], { encoding: 'utf8' });
    assert.deepEqual([status, stderr], [0, '']);
  });

  it(`the script for ${shell} knows every verb and option`, async () => {
    const { out } = await mlstat(['completion', shell], noPipeline);
    for (const word of [
      'analyse',
      'analyze',
      'flows',
      'infer',
      'show',
      'report',
      'markdown',
      'ndjson',
      'cross-check',
    ]) {
      assert.ok(out.includes(word), word);
    }
  });
}

describe('bash completes', { skip: without('bash') }, () => {
  const cases: [words: string[], offered: string[]][] = [
    [['an'], ['analyse']],
    [
      ['analyse', '--ser'],
      ['--server', '--series'],
    ],
    [
      ['analyze', '--format', ''],
      ['table', 'json', 'markdown', 'csv'],
    ],
    [
      ['flows', '--format', ''],
      ['csv', 'ndjson'],
    ],
    [['analyse', '--format', '=', 'j'], ['json']],
    [['uplinks', 'sh'], ['show']],
    [['uplinks', 'show', '-f', 'y'], ['yaml']],
    [
      ['schema', ''],
      ['report', 'config'],
    ],
    [['analyse', 'a f'], ['a file.pcap']],
    [['analyse', '-c', 'a f'], ['a file.pcap']],
    [['a f'], ['a file.pcap']],
  ];
  for (const [words, offered] of cases) {
    it(`mlstat ${words.join(' ')}`, async () => {
      writeFileSync(join(folder, 'a file.pcap'), '');
      const program = `source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
        _mlstat; printf '%s\\n' "\${COMPREPLY[@]}"`;
      const args = ['--norc', '-c', program, 'bash', await script('bash'), 'mlstat', ...words];
      const { stdout } = spawnSync('bash', args, { encoding: 'utf8', cwd: folder });
      assert.deepEqual(stdout.trimEnd().split('\n').sort(), [...offered].sort());
    });
  }
});
