// The terminal page: reviewed samples, and what must hold for any report on any terminal.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import fc from 'fast-check';
import { renderTerminal } from '#src/report/terminal.js';
import { displayWidth } from '#src/report/text.js';
import { anyReport } from './arbitrary.js';
import { healthy, inferred, lanOnly, outage, reports } from './fixtures.js';
import { assertGolden } from './golden.js';

const plain = { width: 80, color: false, unicode: true, timezone: 'UTC' };

for (const [name, report] of Object.entries(reports)) {
  test(`${name}: 80 columns as reviewed`, () => assertGolden(`${name}-80.txt`, renderTerminal(report(), plain)));
}

test('60 columns of ASCII as reviewed', () => {
  assertGolden('outage-60-ascii.txt', renderTerminal(outage(), { ...plain, width: 60, unicode: false }));
});

test('colour as reviewed, and only beside the text', () => {
  const colored = renderTerminal(outage(), { ...plain, color: true });
  assertGolden('outage-80-color.txt', colored);
  assert.equal(stripVTControlCharacters(colored), renderTerminal(outage(), plain));
});

test('no line is wider than the terminal, whatever the report holds', () => {
  fc.assert(
    fc.property(
      anyReport,
      fc.integer({ min: 60, max: 200 }),
      fc.boolean(),
      fc.boolean(),
      (report, width, color, unicode) => {
        // The configuration to keep is the stated exception: it is there to be copied.
        const kept = { ...report, inference: report.inference && { ...report.inference, config: '' } };
        const page = renderTerminal(kept, { width, color, unicode, timezone: 'Europe/Berlin' });
        for (const line of stripVTControlCharacters(page).split('\n')) assert.ok(displayWidth(line) <= width, line);
      },
    ),
  );
});

test('nothing of an input reaches the terminal as a control character', () => {
  fc.assert(
    fc.property(anyReport, (report) => {
      const page = renderTerminal(report, plain);
      assert.doesNotMatch(page.replaceAll('\n', ''), /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]/u);
    }),
  );
});

test('without Unicode every character is ASCII', () => {
  fc.assert(
    fc.property(anyReport, (report) => {
      assert.match(renderTerminal(report, { ...plain, unicode: false }), /^[\x20-\x7e\n]*$/);
    }),
  );
});

test('narrow columns go before names, shares and expectations do', () => {
  const narrow = renderTerminal(healthy(), { ...plain, width: 60 });
  for (const text of ['dsl1', 'expected', '80.0 %', '79.1 %']) assert.ok(narrow.includes(text), text);
  assert.match(narrow, /Not shown at 60 columns: .*SNAT source/);
  assert.doesNotMatch(renderTerminal(healthy(), { ...plain, width: 160 }), /Not shown/);
});

test('a width below 60, or none at all, is laid out for 60', () => {
  const sixty = renderTerminal(healthy(), { ...plain, width: 60 });
  for (const width of [0, 10, -1, Number.NaN]) assert.equal(renderTerminal(healthy(), { ...plain, width }), sixty);
});

test('a LAN-only capture is explained, not filled with zeros', () => {
  const page = renderTerminal(lanOnly(), plain);
  assert.match(page, /Only the LAN side was captured/);
  assert.doesNotMatch(page, /^(Uplinks|Rates|Traffic)/m);
});

test('the inferred configuration is printed to the letter', () => {
  const report = inferred();
  const page = renderTerminal(report, { ...plain, width: 60 });
  for (const line of report.inference?.config.trimEnd().split('\n') ?? [])
    assert.ok(page.includes(`    ${line}\n`), line);
});

test('a long command goes on after a backslash, so that the shell reads it as one', () => {
  const page = renderTerminal(outage(), plain);
  const start = page.indexOf('→ ip route replace') + 2;
  const command = page.slice(start, page.indexOf('\n\n', start)).replace(/ \\\n\s+/g, ' ');
  const cure = outage().outages[0]?.explanations[0]?.cure ?? '';
  assert.ok(cure.endsWith(command), command);
});

test('times follow the zone', () => {
  assert.match(renderTerminal(outage(), { ...plain, timezone: 'Europe/Berlin' }), /dsl2 +blackhole +23:15:19/);
});

test('long lists are cut, and say by how much', () => {
  const report = healthy();
  const page = renderTerminal(
    { ...report, inputs: Array.from({ length: 30 }, () => report.inputs[0] ?? assert.fail()) },
    plain,
  );
  assert.match(page, /and 22 more inputs with 22,271,590 packets/);
  assert.match(page, /the first 10 by bytes; 830 more servers not shown/);
});
