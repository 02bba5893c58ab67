// Parts that all sections of the terminal report share: headings, hanging paragraphs, commands that stay copyable.

import type { Paint, Pen } from '../pen.js';
import { clipEnd, wrap } from '../text.js';

/** Widest paragraph: longer lines are hard to read. */
const MEASURE = 100;

/** A bold title with a dim remark beside it, clipped to the width. */
export function heading(pen: Pen, title: string, remark = ''): string {
  const room = pen.width - title.length - 2;
  const aside = remark === '' ? '' : `  ${pen.paint.dim(clipEnd(pen.safe(remark), room, pen.glyphs.ellipsis))}`;
  return pen.paint.bold(title) + aside;
}

/** Text wrapped after a lead (a bullet, a level) that is printed once; further lines are indented as deep. */
export function paragraph(pen: Pen, text: string, indent: number, lead = '', paint: Paint = (line) => line): string[] {
  const depth = indent + (lead === '' ? 0 : lead.length + 1);
  const width = Math.min(pen.width, MEASURE) - depth;
  return wrap(pen.safe(text), width).map((line, i) => {
    const margin = i === 0 && lead !== '' ? `${' '.repeat(indent)}${paint(lead)} ` : ' '.repeat(depth);
    return margin + line;
  });
}

/** Programs that a cure may begin with: such a line is a command, and breaks only where the shell still reads one. */
const COMMAND = /^(?:sudo |ip |ip6?tables|nft |tc |sysctl |conntrack |echo |mlstat |npx |tcpdump |ethtool |cat )/;

/** What to do, each line of it on its own behind an arrow; a long command goes on after a backslash. */
export function cureLines(pen: Pen, cure: string, indent: number): string[] {
  return cure
    .split('\n')
    .filter((line) => line.trim() !== '')
    .flatMap((line) => {
      const { arrow } = pen.glyphs;
      if (!COMMAND.test(line)) return paragraph(pen, line, indent, arrow, pen.paint.good);
      const width = pen.width - indent - arrow.length - 1 - 2;
      const parts = wrap(pen.safe(line), width);
      return parts.map((part, i) => {
        const margin = i === 0 ? `${' '.repeat(indent)}${pen.paint.good(arrow)} ` : ' '.repeat(indent + arrow.length + 1);
        return margin + part + (i < parts.length - 1 ? ' \\' : '');
      });
    });
}
