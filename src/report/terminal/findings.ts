// What the reader should know or do: a bullet a finding, coloured by its level, the cure on its own line.

import { formatCount, formatNumberOf } from '../../util/units.js';
import type { Finding, FindingLevel, Report } from '../report.js';
import { cureLines, heading, paragraph } from './page.js';
import type { Pen } from './pen.js';

const LISTED = 20;

export function findingLines({ findings }: Report, pen: Pen): string[] {
  if (findings.length === 0) return [];
  const more = findings.length - LISTED;
  return [
    heading(pen, 'Findings', summary(findings)),
    ...findings
      .slice(0, LISTED)
      .flatMap((finding) => [
        ...paragraph(
          pen,
          `${finding.message}${tag(finding)}`,
          2,
          mark(finding.level, pen),
          paintOf(finding.level, pen),
        ),
        ...(finding.cure === null ? [] : cureLines(pen, finding.cure, 4)),
      ]),
    ...(more > 0 ? [pen.paint.dim(`  and ${formatNumberOf(more, 'more finding')} in the JSON report`)] : []),
  ];
}

/** The code, so that it can be looked up, and how much it concerns. */
function tag({ code, flows, packets }: Finding): string {
  const figures = [
    flows === null ? '' : formatNumberOf(flows, 'flow'),
    packets === null ? '' : formatNumberOf(packets, 'packet'),
  ].filter((text) => text !== '');
  return ` [${[code, ...figures].join(', ')}]`;
}

function summary(findings: readonly Finding[]): string {
  const count = (level: FindingLevel) => findings.filter((finding) => finding.level === level).length;
  return [
    count('error') > 0 ? formatNumberOf(count('error'), 'error') : '',
    count('warning') > 0 ? formatNumberOf(count('warning'), 'warning') : '',
    count('info') > 0 ? `${formatCount(count('info'))} for information` : '',
  ]
    .filter((text) => text !== '')
    .join(', ');
}

function mark(level: FindingLevel, pen: Pen): string {
  return { error: pen.glyphs.bad, warning: pen.glyphs.warn, info: pen.glyphs.note }[level];
}

function paintOf(level: FindingLevel, pen: Pen) {
  return { error: pen.paint.bad, warning: pen.paint.warn, info: pen.paint.note }[level];
}
