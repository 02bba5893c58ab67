// Text of unknown origin on a terminal: nothing acts, and its width is known.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { clipEnd, clipMiddle, clipStart, displayWidth, visible, visibleAscii, wrap } from '#src/report/text.js';
import { anyText } from './arbitrary.js';

test('escape sequences, line breaks, overrides and invisible characters are shown, not obeyed', () => {
  const cases: [string, string][] = [
    ['a\u001b[31mb', 'a\\e[31mb'],
    ['a\nb\r\tc', 'a\\nb\\r\\tc'],
    ['\u0000\u007f\u009b', '\\x00\\x7f\\x9b'],
    ['\u202egnp.exe', '\\u202egnp.exe'],
    ['a\u200bb\ufeff', 'a\\u200bb\\ufeff'],
    ['\u2028', '\\u2028'],
    ['\ud800', '\\ud800'],
    ['\u{e0041}\ue000', '\\u{e0041}\\ue000'],
    ['e\u0301', '\u00e9'],
    ['naïve – 東京', 'naïve – 東京'],
  ];
  for (const [unsafe, safe] of cases) assert.equal(visible(unsafe), safe);
});

test('without Unicode typographic characters become ASCII and others escapes', () => {
  assert.equal(visibleAscii('a – b → “c” … 東'), 'a - b -> "c" ... \\u6771');
});

test('nothing that is made visible holds a control, format, private or lone surrogate character', () => {
  fc.assert(
    fc.property(anyText, (text) => {
      assert.doesNotMatch(visible(text), /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}]/u);
      assert.match(visibleAscii(text), /^[\x20-\x7e]*$/);
    }),
  );
});

test('widths are those of EastAsianWidth.txt, marks taking none', () => {
  const cases: [string, number][] = [
    ['', 0],
    ['abc', 3],
    ['é', 1],
    ['a\u0301\u0302', 1],
    ['東京', 4],
    ['ｱ', 1], // halfwidth katakana
    ['Ａ', 2], // fullwidth A
    ['한', 2],
    ['가', 2],
    ['👍', 2],
    ['☃', 1], // a snowman without emoji presentation
    ['⌚', 2], // a watch with it
    ['ไทย', 3],
    ['ที่', 1], // a consonant with two marks
    ['█│▁–…', 5],
  ];
  for (const [text, width] of cases) assert.equal(displayWidth(text), width, text);
});

test('clipped text keeps to its width and to the ends that it promises', () => {
  assert.equal(clipMiddle('branch-office-line-1', 11), 'branc…ine-1');
  assert.equal(clipStart('a/long/path/wan.pcap', 9), '…wan.pcap');
  assert.equal(clipEnd('abcdef', 4), 'abc…');
  assert.equal(clipMiddle('東京大阪', 5), '東…阪');
  fc.assert(
    fc.property(anyText.map(visible), fc.integer({ min: 0, max: 40 }), (text, width) => {
      for (const clip of [clipMiddle, clipStart, clipEnd]) {
        assert.ok(displayWidth(clip(text, width)) <= width);
        if (displayWidth(text) <= width) assert.equal(clip(text, width), text);
      }
    }),
  );
});

test('wrapped lines keep to their width and lose nothing but spaces', () => {
  assert.deepEqual(wrap('one two three', 8), ['one two', 'three']);
  assert.deepEqual(wrap('abcdefghij k', 4), ['abcd', 'efgh', 'ij k']);
  fc.assert(
    fc.property(anyText.map(visible), fc.integer({ min: 2, max: 40 }), (text, width) => {
      const lines = wrap(text, width);
      for (const line of lines) assert.ok(displayWidth(line) <= width);
      assert.equal(lines.join('').replaceAll(' ', ''), text.replaceAll(' ', ''));
    }),
  );
});
