// A report becomes one HTML file for offline reading: the answers, the figures, the charts.
//
// Nothing is fetched from anywhere, and the content policy in it forbids that and every script and style but the two
// whose hashes it names (https://www.w3.org/TR/CSP3/). Without scripts it shows the same as static pictures.

import { createHash } from 'node:crypto';
import { formatDuration } from '../../util/time.js';
import { answerOf } from '../answer.js';
import { readPageScript } from '../assets.js';
import { windowText } from '../charts/time.js';
import type { Report } from '../report.js';
import { type PageAnswer, pageAnswers } from './answers.js';
import { drawFigures } from './figures.js';
import { code, type Html, list, packed, paragraph, section, text } from './markup.js';
import { STYLE } from './style.js';
import {
  balanceList,
  findingList,
  inferenceBlock,
  inputTable,
  outageTable,
  rateTable,
  swatch,
  unmeasuredList,
  uplinkTable,
} from './tables.js';

export interface HtmlOptions {
  /** `UTC` or an IANA name. */
  timezone: string;
}

const ICONS: Readonly<Record<PageAnswer['mood'], readonly [string, string]>> = {
  good: ['✓', 'good'],
  bad: ['✗', 'bad'],
  unsure: ['?', 'unsure'],
  note: ['•', 'note'],
};

export async function renderHtml(report: Report, { timezone }: HtmlOptions): Promise<string> {
  const figures = await drawFigures(report, timezone);
  const script = code(readPageScript());
  const span = windowText(report, timezone);
  const lasted = report.window.seconds === null ? '' : ` (${formatDuration(report.window.seconds)})`;
  const drawn = Object.keys(figures.specs).length > 0;
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy(script)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<link rel="icon" href="data:,">
<title>${text(`Uplinks${span === '' ? '' : `, ${span}`}`)}</title>
<style>${STYLE}</style>
</head>
<body>
<a class="skip" href="#charts">To the charts</a>
<header>
<h1>How the uplinks share the traffic</h1>
${paragraph(span + lasted, 'span')}</header>
<main>
${answers(report)}${uplinkTable(report)}${rateTable(report)}${outageTable(report, timezone)}${drawn ? charts(report, figures.html) : ''}${findingList(report)}${unmeasuredList(report, timezone)}${balanceList(report)}${inputTable(report, timezone)}${inferenceBlock(report)}${section('undrawn', 'Not drawn', list(figures.missing.map(text), 'plain'))}</main>
<footer>${paragraph(`${report.tool.name} ${report.tool.version}`)}</footer>
<script type="application/gzip" id="specs">${packed(figures.specs)}</script>
<script>${script}</script>
</body>
</html>
`;
}

/** Scripts and styles by their hashes; pictures only from the page itself. */
function policy(script: string): Html {
  const hash = (content: string) => `'sha256-${createHash('sha256').update(content, 'utf8').digest('base64')}'`;
  return [
    "default-src 'none'",
    `script-src ${hash(script)}`,
    `style-src ${hash(STYLE)}`,
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
}

function answers(report: Report): Html {
  const cards = pageAnswers(report).map(({ about, mood, headline, text: words }) => {
    const [icon, name] = ICONS[mood];
    return `<div class="answer ${name}"><p class="about">${text(about)}</p><p class="headline"><span class="icon" aria-hidden="true">${icon}</span> ${text(headline)}</p>${paragraph(words)}</div>`;
  });
  // Outages have a card of their own.
  const alerts = answerOf({ ...report, outages: [] }).alerts.map(text);
  return `<section aria-label="The answer" class="answers">\n${cards.join('\n')}\n</section>\n${list(alerts, 'alerts')}`;
}

function charts(report: Report, figures: Html): Html {
  const uplinks = report.uplinks.map(
    ({ name }, place) => `<span class="uplink" data-place="${place}">${swatch(report, name)}</span>`,
  );
  const tools = `<div class="tools">${list(uplinks, 'legend')}<div class="zoom" role="group" aria-label="Span of time" hidden></div></div>\n`;
  return section('charts', 'Charts', `${tools}<div class="figures">\n${figures}</div>\n`);
}
