// The page: one file, nothing fetched, nothing of an input as markup, what it shows without scripts.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { type DefaultTreeAdapterMap, parse, parseFragment } from 'parse5';
import { CHARTS } from '#src/report/charts/charts.js';
import { pageAnswers } from '#src/report/html/answers.js';
import { bareSvg } from '#src/report/html/bare.js';
import { renderHtml } from '#src/report/html/html.js';
import { packed, prose, text } from '#src/report/html/markup.js';
import {
  balanceList,
  findingList,
  inferenceBlock,
  inputTable,
  outageTable,
  rateTable,
  unmeasuredList,
  uplinkTable,
} from '#src/report/html/tables.js';
import type { Report } from '#src/report/report.js';
import { visible } from '#src/report/text.js';
import { anyReport, anyText } from './arbitrary.js';
import { conntrack, eight, emptyReport, healthy, hostile, lanOnly, outage } from './fixtures.js';

type Node = DefaultTreeAdapterMap['node'];
type Element = DefaultTreeAdapterMap['element'];

const utc = { timezone: 'UTC' };

function* elements(node: Node): Generator<Element> {
  if ('tagName' in node) yield node;
  for (const child of 'childNodes' in node ? node.childNodes : []) yield* elements(child);
}

function contentOf(node: Node): string {
  if ('value' in node) return node.value;
  return ('childNodes' in node ? node.childNodes : []).map(contentOf).join('');
}

function attributesOf(element: Element): Record<string, string> {
  return Object.fromEntries(element.attrs.map(({ name, value }) => [name, value]));
}

/** What stands in the page by design. */
const TAGS = new Set(
  (
    'html head meta link title style body a header h1 h2 h3 p main section div span ul li table caption thead tbody tr th td ' +
    'pre code figure figcaption details summary footer script svg g path line text defs clippath rect tspan'
  ).split(' '),
);

test('any text stays text, to a real parser', () => {
  fc.assert(
    fc.property(
      fc.oneof(anyText, fc.constantFrom('</script>', '<!--', ']]>', '"\'><img src=x onerror=alert(1)>')),
      (unsafe) => {
        const fragment = parseFragment(`<p title="${text(unsafe)}">${text(unsafe)}</p>`);
        const all = [...elements(fragment)];
        assert.equal(all.length, 1);
        assert.equal(contentOf(all[0]), visible(unsafe));
        assert.deepEqual(attributesOf(all[0]), { title: visible(unsafe) });
      },
    ),
  );
});

test('sentences keep options of the command line whole, and nothing else becomes code', () => {
  assert.equal(
    prose('give --capacity, or <b>--min-flows</b> of 3 %'),
    'give <code>--capacity</code>, or &lt;b&gt;<code>--min-flows</code>&lt;/b&gt; of 3\u00a0%',
  );
  for (const name of ['a--b', '---', '--', `--${'a'.repeat(10_000)}`, '--a-b-c-d-e']) assert.equal(prose(name), name);
});

test('any data stay data within a script element', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (data) => {
      const [script, ...more] = elements(parseFragment(`<script type="application/gzip">${packed(data)}</script>`));
      assert.equal(more.length, 0);
      const plain = gunzipSync(Buffer.from(contentOf(script), 'base64')).toString();
      assert.deepEqual(JSON.parse(plain), JSON.parse(JSON.stringify(data)));
    }),
  );
});

test('no report brings an element of its own into the tables', () => {
  fc.assert(
    fc.property(anyReport, (report) => {
      const html = [
        uplinkTable(report),
        rateTable(report),
        outageTable(report, 'UTC'),
        findingList(report),
        unmeasuredList(report, 'UTC'),
        balanceList(report),
        inputTable(report, 'UTC'),
        inferenceBlock(report),
      ].join('');
      for (const element of elements(parseFragment(html))) {
        assert.ok(TAGS.has(element.tagName.toLowerCase()), element.tagName);
        const names = element.attrs.map(({ name }) => name);
        assert.ok(
          names.every((name) => /^(class|id|scope|tabindex|role|aria-[a-z]+)$/.test(name)),
          names.join(),
        );
      }
    }),
  );
});

test('pages with hostile names hold nothing but what stands in every page', async () => {
  for (const report of [hostile(), withEvilNames(outage())]) {
    const document = parse(await renderHtml(report, utc));
    const all = [...elements(document)];
    for (const element of all) {
      assert.ok(TAGS.has(element.tagName.toLowerCase()), element.tagName);
      assert.ok(
        element.attrs.every(({ name }) => !name.startsWith('on') && name !== 'style'),
        element.tagName,
      );
    }
    assert.deepEqual(all.filter(({ tagName }) => tagName === 'script').length, 2);
    assert.ok(contentOf(document).includes(visible(report.uplinks[0].name)));
  }
});

test('the content policy names the one script and the one style, and allows nothing else', async () => {
  const all = [...elements(parse(await renderHtml(outage(), utc)))];
  const meta = all.map(attributesOf).find((attributes) => attributes['http-equiv'] === 'Content-Security-Policy');
  const policy = Object.fromEntries(
    (meta?.content ?? '')
      .split('; ')
      .map((rule) => [rule.slice(0, rule.indexOf(' ')), rule.slice(rule.indexOf(' ') + 1)]),
  );
  const hash = (tag: string) => {
    const found = all.filter((one) => one.tagName === tag && attributesOf(one).type === undefined);
    assert.equal(found.length, 1);
    return `'sha256-${createHash('sha256').update(contentOf(found[0])).digest('base64')}'`;
  };
  assert.deepEqual(policy, {
    'default-src': "'none'",
    'script-src': hash('script'),
    'style-src': hash('style'),
    'img-src': 'data:',
    'base-uri': "'none'",
    'form-action': "'none'",
  });
});

test('nothing is fetched: no address of another place in any attribute', async () => {
  for (const element of elements(parse(await renderHtml(outage(), utc)))) {
    for (const { name, value } of element.attrs) {
      if (/^(href|src|srcset|action|data|poster|xlink:href)$/.test(name)) assert.match(value, /^(#|data:,$)/);
      if (name !== 'content') assert.doesNotMatch(value, /url\((?!#)/);
    }
  }
});

test('without scripts each chart is there as a picture, with its caption and its figures', async () => {
  const report = outage();
  const figures = [...elements(parse(await renderHtml(report, utc)))].filter(({ tagName }) => tagName === 'figure');
  const drawn = CHARTS.filter((chart) => chart.missing(report) === null);
  assert.deepEqual(
    figures.map((one) => attributesOf(one)['data-chart']),
    drawn.map(({ name }) => name),
  );
  for (const figure of figures) {
    const inside = [...elements(figure)];
    const count = (tag: string) => inside.filter(({ tagName }) => tagName === tag).length;
    assert.deepEqual([count('figcaption'), count('svg'), count('table')], [1, 2, 1]);
    const picture = inside.map(attributesOf).find(({ role }) => role === 'img');
    assert.ok((picture?.['aria-label']?.length ?? 0) > 30);
  }
});

test('ids are there once, and what refers to one finds it', async () => {
  const all = [...elements(parse(await renderHtml(outage(), utc)))].map(attributesOf);
  const ids = all.flatMap(({ id }) => (id === undefined ? [] : [id]));
  assert.equal(new Set(ids).size, ids.length);
  for (const attributes of all) {
    const refers = [
      attributes['aria-labelledby'],
      attributes.href?.replace('#', ''),
      /url\(#(.*)\)/.exec(attributes['clip-path'] ?? '')?.[1],
    ];
    for (const id of refers) assert.ok(id === undefined || id === 'data:,' || ids.includes(id), id);
  }
});

test('three answers where something was measured, one where nothing was', () => {
  assert.deepEqual(
    pageAnswers(outage()).map(({ about, mood }) => [about, mood]),
    [
      ['Balance', 'bad'],
      ['Outages', 'bad'],
      ['Capacity', 'bad'],
    ],
  );
  assert.match(pageAnswers(outage())[1].text, /^dsl2 was out for 30.4 s, lte was out for 19.5 s\. 112 new flows/);
  assert.equal(pageAnswers(healthy())[1].headline, 'No outage was found on any uplink.');
  assert.match(pageAnswers(healthy())[2].text, /dsl1 up: 941 kbit\/s, 94 % of its 1\.00 Mbit\/s/);
  const idle = healthy();
  for (const { availability } of idle.uplinks) availability.ratio = null;
  assert.match(pageAnswers(idle)[1].headline, /too little traffic to tell/);
  assert.match(pageAnswers(conntrack())[1].headline, /can’t be told without times/);
  for (const report of [emptyReport(), lanOnly()]) assert.equal(pageAnswers(report).length, 1);
});

test('an hour of two lines at a second a bin is a page of less than 1.2 MB, eight lines as well', async () => {
  const report = healthy();
  report.window = { start: 1_700_000_000, end: 1_700_003_600, seconds: 3600, binSeconds: 1 };
  // Neither smooth nor repeating: as heavy as pictures get.
  let seed = 1;
  const random = () => {
    seed = (seed * 48271) % 2147483647;
    return seed / 2147483647;
  };
  const noise = (most: number) => Array.from({ length: 3600 }, () => random() * most);
  const series = () => ({
    up: noise(1e6),
    down: noise(2e7),
    flows: noise(9).map(Math.round),
    unanswered: noise(2).map(Math.floor),
  });
  report.series = { binSeconds: 1, start: 1_700_000_000, uplinks: { dsl1: series(), dsl2: series() } };
  const two = (await renderHtml(report, utc)).length;
  assert.ok(two < 1.2e6, `${two}`);
  const many = (await renderHtml(eight(), utc)).length;
  assert.ok(many < 1.2e6, `${many}`);
});

test('a picture loses nothing that is seen when it becomes part of a page', () => {
  const svg =
    '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" version="1.1" class="marks" width="9"><g class="mark"><line x2="1" stroke="red" opacity="1"/><line x2="2.36" stroke="red" opacity="0.55"/></g><text fill="a"> class="b" fill="a"</text></svg>';
  assert.equal(
    bareSvg(svg),
    '<svg aria-hidden="true" focusable="false" width="9"><g stroke="red"><line x2="1"/><line x2="2.4" opacity="0.55"/></g><text fill="a"> class="b" fill="a"</text></svg>',
  );
});

/** Every uplink under a name that would be markup, in all places that name it. */
function withEvilNames(report: Report): Report {
  const evil = (name: string) => `</script><img src=x onerror="alert('${name}')">{{${name}}}`;
  return {
    ...report,
    inputs: report.inputs.map((input) => ({ ...input, path: evil(input.path) })),
    uplinks: report.uplinks.map((uplink) => ({ ...uplink, name: evil(uplink.name), interface: evil('eth') })),
    outages: report.outages.map((one) => ({ ...one, uplink: evil(one.uplink) })),
    series: {
      ...report.series,
      uplinks: Object.fromEntries(Object.entries(report.series.uplinks).map(([name, one]) => [evil(name), one])),
    },
    top: {
      ...report.top,
      servers: report.top.servers.map((host) => ({
        ...host,
        name: evil('host'),
        uplinks: Object.fromEntries(Object.entries(host.uplinks).map(([name, bytes]) => [evil(name), bytes])),
      })),
    },
  };
}
