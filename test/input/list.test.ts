// What the user names: files, directories, globs, standard input, names for uplinks, and mistakes.

import assert from 'node:assert/strict';
import { linkSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { matches, naturalOrder } from '#src/input/glob.js';
import { listInputs } from '#src/input/list.js';
import { tempFolder } from './files.js';

const { folder: cwd, write } = tempFolder();
for (const name of ['day', 'day/deep', '.hidden', 'empty', 'links']) mkdirSync(join(cwd, name));
for (const name of ['wan1.pcap', 'wan2.pcap', 'wan10.pcap', 'dsl1=x.pcap', '[odd].pcap', '.secret.pcap', 'notes.txt']) {
  write(name, name);
}
for (const name of [
  'day/f10.pcap',
  'day/f2.pcap',
  'day/f1.pcap.gz',
  'day/.f0.pcap',
  'day/deep/g.pcap',
  '.hidden/h.pcap',
]) {
  write(name, name);
}
symlinkSync('wan1.pcap', join(cwd, 'newest.pcap'));
linkSync(join(cwd, 'wan2.pcap'), join(cwd, 'hard.pcap'));
symlinkSync('loop', join(cwd, 'loop'));
symlinkSync('..', join(cwd, 'links/up'));

const list = (...args: string[]) => listInputs(args, { cwd });
const paths = async (...args: string[]) => (await list(...args)).map(({ path }) => path);
const errors = async (...args: string[]) => (await list(...args)).map(({ error }) => error);

describe('files', () => {
  test('as they are named, and where they are', async () => {
    assert.deepEqual(await list('wan2.pcap', join(cwd, 'wan1.pcap')), [
      { path: 'wan2.pcap', file: join(cwd, 'wan2.pcap'), label: null, named: true, error: null },
      { path: join(cwd, 'wan1.pcap'), file: join(cwd, 'wan1.pcap'), label: null, named: true, error: null },
    ]);
  });

  test('one that is named twice is listed once, however it is reached', async () => {
    assert.deepEqual(await paths('wan1.pcap', './wan1.pcap', 'newest.pcap', 'day/../wan1.pcap'), ['wan1.pcap']);
    assert.deepEqual(await paths('hard.pcap', 'wan2.pcap'), ['hard.pcap']);
    assert.deepEqual(await paths('-', '-'), ['-']);
  });

  test('standard input', async () => {
    assert.deepEqual(await list('-'), [{ path: '-', file: '-', label: null, named: true, error: null }]);
  });
});

describe('directories', () => {
  test('their files in natural order, neither hidden ones nor those below', async () => {
    assert.deepEqual(await paths('day'), ['day/f1.pcap.gz', 'day/f2.pcap', 'day/f10.pcap']);
    assert.deepEqual(await paths('day/'), ['day/f1.pcap.gz', 'day/f2.pcap', 'day/f10.pcap']);
    assert.ok((await list('day')).every(({ named }) => !named));
  });

  test('an empty one is said', async () => {
    assert.deepEqual(await errors('empty'), ['no files in the directory: "empty"']);
  });
});

describe('globs', () => {
  test('for shells that leave them alone', async () => {
    assert.deepEqual(await paths('wan*.pcap'), ['wan1.pcap', 'wan2.pcap', 'wan10.pcap']);
    assert.deepEqual(await paths('wan?.pcap'), ['wan1.pcap', 'wan2.pcap']);
    assert.deepEqual(await paths('wan[!1].pcap'), ['wan2.pcap']);
    assert.deepEqual(await paths('d*/f*.pcap'), ['day/f2.pcap', 'day/f10.pcap']);
    assert.deepEqual(await paths('**/g.pcap'), ['day/deep/g.pcap']);
    assert.deepEqual(await paths('day/**/*.pcap'), ['day/deep/g.pcap', 'day/f2.pcap', 'day/f10.pcap']);
    assert.deepEqual(await paths(join(cwd, 'wan1*.pcap')), [join(cwd, 'wan1.pcap'), join(cwd, 'wan10.pcap')]);
  });

  test('hidden files only where the dot is written', async () => {
    assert.deepEqual(await paths('*secret*'), ['*secret*']);
    assert.deepEqual(await paths('.*.pcap'), ['.secret.pcap']);
    assert.ok((await paths('**/*.pcap')).every((path) => !path.includes('/.')));
  });

  test('one that matches nothing', async () => {
    assert.deepEqual(await errors('*.pcapng'), [`no file matches: "*.pcapng" (seen from "${cwd}")`]);
  });

  test('what exists is meant, whatever signs its name has in it', async () => {
    assert.deepEqual(await paths('[odd].pcap'), ['[odd].pcap']);
  });

  test('a name matches as a regular expression says', () => {
    const name = fc.string({ unit: fc.constantFrom('a', 'b', '.', '-'), maxLength: 8 });
    const pattern = fc.array(fc.constantFrom('a', 'b', '.', '*', '?', '[ab]', '[!a]', '[a-b]', '[]-]'), {
      maxLength: 7,
    });
    const asRegExp: Record<string, string> = { '.': '\\.', '*': '.*', '?': '.', '[!a]': '[^a]', '[]-]': '[\\]-]' };
    fc.assert(
      fc.property(pattern, name, (parts, text) => {
        const expected =
          (!text.startsWith('.') || parts[0] === '.') &&
          new RegExp(`^${parts.map((part) => asRegExp[part] ?? part).join('')}$`, 's').test(text);
        assert.equal(matches(parts.join(''), text), expected);
      }),
      { numRuns: 2000 },
    );
  });

  test('many stars do not keep it busy for ever', () => {
    assert.equal(matches(`${'*a'.repeat(50)}b`, 'a'.repeat(5000)), false);
  });
});

describe('names', () => {
  test('name=path binds, unless such a file exists', async () => {
    const listed = await list('dsl2=wan2.pcap', 'dsl1=x.pcap');
    assert.deepEqual(
      listed.map(({ path, label }) => [path, label]),
      [
        ['wan2.pcap', 'dsl2'],
        ['dsl1=x.pcap', null],
      ],
    );
  });

  test('a directory, a glob and standard input can be bound too', async () => {
    assert.deepEqual(
      (await list('a=day', 'b=wan*.pcap', 'c=-')).map(({ label }) => label),
      ['a', 'a', 'a', 'b', 'b', 'b', 'c'],
    );
  });

  test('named twice, the name counts; two names for one file are a mistake', async () => {
    assert.deepEqual(
      (await list('wan1.pcap', 'dsl1=newest.pcap')).map(({ path, label }) => [path, label]),
      [['wan1.pcap', 'dsl1']],
    );
    assert.deepEqual(await errors('a=wan1.pcap', 'b=wan1.pcap'), [
      null,
      'bound to two names: "wan1.pcap" ("a" and "b": name it once)',
    ]);
  });

  test('a path with the sign in it stays a path', async () => {
    assert.match((await errors('day/x=y.pcap'))[0] ?? '', /^no such file: "day\/x=y\.pcap"/);
  });

  test('a name without a path', async () => {
    assert.deepEqual(await errors('dsl1='), ['no path after the name: "dsl1=" (write dsl1=FILE)']);
  });
});

describe('mistakes stop nothing else', () => {
  test('a misspelt file, with the one that was meant', async () => {
    assert.deepEqual(await errors('wan1.pacp', 'wan1.pcap'), [
      'no such file: "wan1.pacp" (did you mean "wan1.pcap"?)',
      null,
    ]);
    assert.deepEqual(await errors('dya/f2.pcap'), [
      'no such directory as "dya": "dya/f2.pcap" (did you mean "day/f2.pcap"?)',
    ]);
  });

  test('nothing like it', async () => {
    assert.deepEqual(await errors('something-else-entirely'), [
      `no such file: "something-else-entirely" (nothing of a similar name in "${cwd}")`,
    ]);
  });

  test('a file taken for a directory, a circle of links, no name', async () => {
    assert.deepEqual(await errors('wan1.pcap/x'), [
      'no such file: "wan1.pcap/x" ("wan1.pcap" is a file, not a directory)',
    ]);
    assert.deepEqual(await errors('loop'), ['cannot be read: "loop" (its symbolic links form a circle)']);
    assert.deepEqual(await errors(''), ['an input without a name: "" (an unset variable?)']);
  });

  test('a message stays one line, whatever the name', async () => {
    for (const error of await errors('a\nb', 'x=\x1b[2J*', 'c\u202ed')) {
      assert.ok(error !== null && [...error].every((sign) => sign >= ' ' && sign !== '\u202e'), error ?? '');
    }
  });
});

test('natural order', () => {
  const names = ['d.pcap10', 'd.pcap', 'd.pcap2', 'd.pcap1', 'D.pcap1', 'd.pcap01', 'e_00012_a', 'e_00002_b'];
  const sorted = [...names].sort(naturalOrder);
  assert.deepEqual(
    sorted.filter((name) => /^d\.pcap([1-9]\d*)?$/.test(name)),
    ['d.pcap', 'd.pcap1', 'd.pcap2', 'd.pcap10'],
  );
  assert.deepEqual([...names].reverse().sort(naturalOrder), sorted);
});
