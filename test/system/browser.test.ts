// The page as readers meet it: in a real Chromium, by day and night, on a telephone and on paper.

import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { renderHtml } from '#src/report/html/html.js';
import { conntrack, eight, emptyReport, healthy, hostile, outage } from '../report/fixtures.js';

const CHROMIUM = [
  process.env.CHROMIUM ?? '',
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
].find((path) => path !== '' && existsSync(path));

const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

/** What runs in the page: text, for this project's compiler knows no browser. */
const IN_PAGE = {
  overflow: 'document.documentElement.scrollWidth - document.documentElement.clientWidth',
  axe: "axe.run().then((found) => found.violations.filter(({ impact }) => impact === 'serious' || impact === 'critical').map(({ id, nodes }) => id + ': ' + nodes[0].html))",
};

describe('the page in Chromium', { skip: CHROMIUM === undefined && 'no Chromium here (CHROMIUM names one)' }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'mlstat-browser-'));
  const paths: Record<string, string> = {};
  let browser: Browser;
  before(async () => {
    for (const [name, report] of Object.entries({ healthy, outage, hostile, eight, conntrack, emptyReport })) {
      paths[name] = join(folder, `${name}.html`);
      writeFileSync(paths[name], await renderHtml(report(), { timezone: 'UTC' }));
    }
    browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] });
  });
  after(async () => {
    await browser?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Opens a page, and fails where it complains, fetches anything or doesn't come to life. */
  async function open(
    name: string,
    options: BrowserContextOptions,
    look: (page: Page) => Promise<void>,
  ): Promise<void> {
    const context = await browser.newContext({ viewport: { width: 1000, height: 800 }, ...options });
    const page = await context.newPage();
    const complaints: string[] = [];
    const requests: string[] = [];
    page.on('console', (message) => complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(String(error)));
    page.on('dialog', (dialog) => complaints.push(`dialog: ${dialog.message()}`));
    page.on('request', (request) => requests.push(request.url()));
    await page.goto(pathToFileURL(paths[name]).href);
    if (options.javaScriptEnabled !== false) await page.locator('html[data-ready=yes]').waitFor();
    await look(page);
    assert.deepEqual(complaints, []);
    assert.deepEqual(requests, [pathToFileURL(paths[name]).href]);
    await context.close();
  }

  for (const name of ['healthy', 'outage', 'hostile', 'eight', 'conntrack', 'emptyReport']) {
    test(`${name}: every chart is drawn, without a complaint or a request, and fits from 360 to 1400 pixels`, async () => {
      await open(name, {}, async (page) => {
        for (const figure of await page.locator('figure').all()) {
          assert.ok(await figure.locator('.live svg').isVisible());
          assert.ok((await figure.locator('.live svg [class*="role-mark"] :is(path, line)').count()) > 0);
          assert.equal(await figure.locator('.still:visible').count(), 0);
        }
        for (const width of [360, 800, 1400]) {
          await page.setViewportSize({ width, height: 800 });
          assert.equal(await page.evaluate(IN_PAGE.overflow), 0, `${width}`);
        }
      });
    });
  }

  for (const colorScheme of ['light', 'dark'] as const) {
    test(`accessible by axe-core, ${colorScheme}`, async () => {
      for (const name of colorScheme === 'light' ? ['outage', 'emptyReport'] : ['outage']) {
        // axe is a script of ours, not of the page: its policy would rightly refuse it.
        await open(name, { colorScheme, bypassCSP: true }, async (page) => {
          for (const summary of await page.locator('summary').all()) await summary.click();
          await page.addScriptTag({ path: AXE });
          assert.deepEqual(await page.evaluate(IN_PAGE.axe), []);
        });
      }
    });
  }

  test('dragging over one chart zooms all over time; a double click shows the whole again', async () => {
    await open('outage', {}, async (page) => {
      const told = page.locator('.zoom output');
      // Vega keeps labels in the order in which they came up.
      const ticks = async () =>
        (await page.locator('figure.time .live .role-axis-label text').allTextContents()).sort();
      assert.equal(await told.textContent(), '2023-11-14 22:13:20 – 22:23:20');
      const whole = await ticks();
      const plot = page.locator('[data-chart=timeline] .live path.background').first();
      await plot.scrollIntoViewIfNeeded();
      const box = (await plot.boundingBox()) ?? assert.fail();
      await page.mouse.move(box.x + box.width * 0.25, box.y + 20);
      await page.mouse.down();
      await page.mouse.move(box.x + box.width * 0.5, box.y + 20, { steps: 4 });
      await page.mouse.up();
      // A quarter to a half of ten minutes, to the pixel.
      assert.match((await told.textContent()) ?? '', /^2023-11-14 22:15:(49|50|51) – 22:18:(19|20|21)$/);
      await page.waitForTimeout(200);
      for (const chart of ['throughput', 'timeline', 'flows']) {
        const texts = await page.locator(`[data-chart=${chart}] .live .role-axis-label text`).allTextContents();
        assert.ok(
          texts.some((text) => text.startsWith('22:17')) && !texts.some((text) => text.startsWith('22:2')),
          chart,
        );
      }
      await page.mouse.dblclick(box.x + 5, box.y + 20);
      assert.equal(await told.textContent(), '2023-11-14 22:13:20 – 22:23:20');
      await page.waitForTimeout(200);
      assert.deepEqual(await ticks(), whole);
    });
  });

  test('the keyboard reaches everything and works it', async () => {
    await open('outage', {}, async (page) => {
      const reached: string[] = [];
      for (let i = 0; i < 60; i += 1) {
        await page.keyboard.press('Tab');
        reached.push(
          String(
            await page.evaluate(
              'document.activeElement.tagName + " " + (document.activeElement.ariaLabel || document.activeElement.textContent).slice(0, 30)',
            ),
          ),
        );
      }
      assert.equal(reached[0], 'A To the charts');
      for (const name of ['DIV Uplinks, table', 'BUTTON Zoom in', 'SUMMARY The figures of Throughput over']) {
        assert.ok(reached.includes(name), `${name}: ${reached.join('; ')}`);
      }
      await page.getByRole('button', { name: 'Zoom in' }).focus();
      await page.keyboard.press('Enter');
      assert.equal(await page.locator('.zoom output').textContent(), '2023-11-14 22:15:50 – 22:20:50');
    });
  });

  test('an uplink that is switched off leaves the charts and comes back', async () => {
    await open('outage', {}, async (page) => {
      const areas = () => page.locator('[data-chart=throughput] .live .mark-area path').count();
      const before = await areas();
      await page.getByRole('checkbox', { name: 'dsl2' }).uncheck();
      await page.waitForTimeout(200);
      assert.equal(await areas(), before - 2); // one each way
      await page.getByRole('checkbox', { name: 'dsl2' }).check();
      await page.waitForTimeout(200);
      assert.equal(await areas(), before);
    });
  });

  test('what lies under the pointer is told, names as text', async () => {
    await open('hostile', {}, async (page) => {
      const dot = page.locator('[data-chart=share] .live .mark-symbol path').nth(4);
      await dot.scrollIntoViewIfNeeded();
      await dot.hover();
      const tip = page.locator('.tip');
      assert.ok(await tip.isVisible());
      assert.match((await tip.textContent()) ?? '', /uplink__proto__share ofdecisions/);
    });
  });

  test('on paper the still pictures stand in, in the colours of paper', async () => {
    await open('outage', { colorScheme: 'dark' }, async (page) => {
      await page.emulateMedia({ media: 'print', colorScheme: 'dark' });
      assert.equal(await page.locator('.live:visible, .zoom:visible, details:visible, input:visible').count(), 0);
      assert.equal(await page.locator('.still.wide svg:visible').count(), await page.locator('figure').count());
      assert.equal(await page.evaluate('getComputedStyle(document.body).backgroundColor'), 'rgb(255, 255, 255)');
      assert.equal(await page.evaluate('getComputedStyle(document.querySelector("figure")).breakInside'), 'avoid');
      assert.ok((await page.pdf({ format: 'A4' })).length > 20_000);
    });
  });

  test('without scripts the same is there, still', async () => {
    await open('outage', { javaScriptEnabled: false, viewport: { width: 360, height: 800 } }, async (page) => {
      const figures = await page.locator('figure').count();
      assert.equal(await page.locator('.still.narrow svg:visible').count(), figures);
      assert.equal(await page.locator('.still.wide svg:visible').count(), 0);
      assert.equal(await page.locator('.zoom:visible').count(), 0);
      await page.setViewportSize({ width: 1000, height: 800 });
      assert.equal(await page.locator('.still.wide svg:visible').count(), figures);
    });
  });
});
