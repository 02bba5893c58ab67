// The Markdown report: reviewed samples, and no markup out of an input.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { renderMarkdown } from '#src/report/markdown.js';
import { anyReport } from './arbitrary.js';
import { hostile, lanOnly, outage } from './fixtures.js';
import { assertGolden } from './golden.js';

const utc = { timezone: 'UTC' };

test('samples as reviewed', () => {
  assertGolden('outage.md', renderMarkdown(outage(), utc));
  assertGolden('hostile.md', renderMarkdown(hostile(), utc));
  assertGolden('lan-only.md', renderMarkdown(lanOnly(), utc));
});

test('every row of a table has as many cells as its header', () => {
  fc.assert(
    fc.property(anyReport, (report) => {
      let cells = 0;
      for (const line of withoutCode(renderMarkdown(report, utc))) {
        if (!line.startsWith('|')) {
          cells = 0;
          continue;
        }
        // GFM splits a row at every pipe that no backslash escapes; an escaped backslash escapes nothing.
        const borders = line.replace(/\\./gu, '').split('|').length;
        if (cells === 0) cells = borders;
        assert.equal(borders, cells, line);
      }
    }),
  );
});

test('outside of code no input becomes HTML, code, emphasis, a link or a control character', () => {
  fc.assert(
    fc.property(anyReport, (report) => {
      for (const line of withoutCode(renderMarkdown(report, utc))) {
        const free = line
          .replace(/\\./gu, '')
          .replaceAll('<!-- -->', '')
          .replace(/^\*\*([^*]*)\*\*/, '$1');
        assert.doesNotMatch(free, /[<`*_[~]/, line);
        assert.doesNotMatch(free, /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u, line);
      }
    }),
  );
});

/** Lines outside of fenced blocks; a block ends with a fence at least as long as the one that began it. */
function withoutCode(markdown: string): string[] {
  let fence = '';
  return markdown.split('\n').filter((line) => {
    const ticks = /^ {0,2}(`{3,})/.exec(line)?.[1];
    if (fence === '') {
      if (ticks === undefined) return true;
      fence = ticks;
    } else if (ticks !== undefined && ticks.length >= fence.length && line.trim() === ticks) fence = '';
    return false;
  });
}
