import assert from 'node:assert/strict';
import { it } from 'node:test';
import { oneLine, quote } from '#src/util/quote.js';
import { didYouMean, listChoices, suggest } from '#src/util/suggest.js';

it('a slip of the keyboard finds its word, another word none', () => {
  const words = ['analyse', 'flows', 'uplinks', 'schema'];
  const cases: [word: string, meant: string | null][] = [
    ['anaylse', 'analyse'],
    ['Analyse', 'analyse'],
    ['flow', 'flows'],
    ['flwos', 'flows'],
    ['uplink', 'uplinks'],
    ['x', null],
    ['', null],
    ['capture.pcap', null],
    ['a'.repeat(1_000_000), null],
  ];
  for (const [word, meant] of cases) assert.equal(suggest(word, words), meant, word.slice(0, 20));
  assert.equal(didYouMean('flow', words), '; did you mean flows?');
  assert.equal(didYouMean('x', words), '');
});

it('choices are listed as in a sentence', () => {
  assert.deepEqual([['a'], ['a', 'b'], ['a', 'b', 'c']].map(listChoices), ['a', 'a or b', 'a, b or c']);
});

it('quoted text is one short line that moves no cursor', () => {
  assert.equal(quote('a"b\\c'), '"a\\"b\\\\c"');
  assert.equal(quote('a\nb\u001b[31m\u202ex\u{e0041}'), '"a\\nb\\u001b[31m\\u202ex\\u{e0041}"');
  assert.equal(quote('é'.repeat(1000)), `"${'é'.repeat(80)}…"`);
  assert.equal(oneLine('a\tb\u2028c'), 'a\\tb\\u2028c');
});
