// A line a rule: whether it holds, and the figure that says so.

import { formatNumberOf } from '../../util/units.js';
import type { ReportValidation, RuleState } from '../validation.js';
import { createPen, type Pen, type TerminalOptions } from './pen.js';

const WORDS: Readonly<Record<RuleState, string>> = { holds: 'holds', fails: 'fails', unknown: "can't tell" };

/** The lines and a summary, ending with a line break. Lines are never broken: scripts read them. */
export function renderValidation(validation: ReportValidation, options: TerminalOptions): string {
  const pen = createPen(options);
  const { rules, holds, fails, unknown } = validation;
  const widest = Math.max(...rules.map(({ rule }) => pen.safe(rule).length));
  const lines = rules.map(({ rule, state, figure, why }) => {
    const { mark, paint } = looks(state, pen);
    const said = why === null ? figure : `${figure} (${why})`;
    return `${paint(`${mark} ${WORDS[state].padEnd(10)}`)}  ${pen.safe(rule).padEnd(widest)}  ${pen.safe(said)}`.trimEnd();
  });
  const summary = [
    `${formatNumberOf(rules.length, 'rule')}: ${holds} ${holds === 1 ? 'holds' : 'hold'}`,
    fails > 0 ? `${fails} ${fails === 1 ? 'fails' : 'fail'}` : '',
    unknown > 0 ? `${unknown} can't be told` : '',
  ].filter((text) => text !== '');
  const page = [...lines, '', pen.paint.dim(summary.join(', '))].join('\n');
  return `${options.unicode ? page : page.replace(/[–’]/g, (character) => (character === '–' ? '-' : "'"))}\n`;
}

function looks(state: RuleState, { glyphs, paint }: Pen) {
  if (state === 'holds') return { mark: glyphs.good, paint: paint.good };
  return state === 'fails' ? { mark: glyphs.bad, paint: paint.bad } : { mark: glyphs.unsure, paint: paint.warn };
}
