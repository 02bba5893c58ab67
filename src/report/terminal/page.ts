// Parts that all sections of the terminal report share: headings, hanging paragraphs, commands that stay copyable.

import { displayWidth, wrap } from '../text.js';
import type { Paint, Pen } from './pen.js';

/** Widest paragraph: longer lines are hard to read. */
export const MEASURE = 100;

/** A bold title with dim remarks beside it, as many as find room. */
export function heading(pen: Pen, title: string, ...remarks: string[]): string {
  let aside = '';
  for (const remark of remarks) {
    const longer = aside === '' ? pen.safe(remark) : `${aside}; ${pen.safe(remark)}`;
    if (title.length + 2 + displayWidth(longer) <= pen.width) aside = longer;
  }
  return pen.paint.bold(title) + (aside === '' ? '' : `  ${pen.paint.dim(aside)}`);
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
const COMMAND = /^(?:sudo |ip |ip6?tables|nft |tc |sysctl |conntrack |echo |mlstat |npx |tcpdump |ethtool |cat |ping )/;

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
        const margin =
          i === 0 ? `${' '.repeat(indent)}${pen.paint.good(arrow)} ` : ' '.repeat(indent + arrow.length + 1);
        return margin + part + (i < parts.length - 1 ? ' \\' : '');
      });
    });
}
