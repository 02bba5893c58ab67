// A validation as JUnit XML, which continuous integration shows: a test case a rule.
//
// There is no standard but habit: https://github.com/testmoapp/junitxml says what readers take.

import type { Report } from './report.js';
import { visible } from './text.js';

/**
 * The document, ending with a line break. A rule that can't be told is skipped, or an error where `unknownFails`. An input
 * that could not be read is an error: what looks at the document alone must not take the rest for the whole.
 */
export function renderJunit(report: Report, options: { unknownFails: boolean }): string {
  const { rules = [], fails = 0, unknown = 0 } = report.validation ?? {};
  const untold = options.unknownFails ? unknown : 0;
  const unread = report.inputs.filter(({ error }) => error !== null);
  const errors = untold + unread.length;
  const tests = rules.length + unread.length;
  const totals = `tests="${tests}" failures="${fails}" errors="${errors}" skipped="${unknown - untold}"`;
  const inputs = unread.flatMap(({ path, error }) => [
    `    <testcase classname="mlstat" name="${escaped(`read ${path}`)}" time="0">`,
    `      <error message="${escaped(error ?? '')}"/>`,
    '    </testcase>',
  ]);
  const cases = rules.flatMap(({ rule, state, figure, why }) => {
    const head = `    <testcase classname="mlstat" name="${escaped(rule)}" time="0"`;
    const out = `      <system-out>${escaped(figure)}</system-out>`;
    const told = escaped(why === null ? figure : `${figure}: ${why}`);
    if (state === 'holds') return [`${head}>`, out, '    </testcase>'];
    if (state === 'fails') return [`${head}>`, `      <failure message="${told}"/>`, out, '    </testcase>'];
    const tag = options.unknownFails ? 'error' : 'skipped';
    return [`${head}>`, `      <${tag} message="${told}"/>`, out, '    </testcase>'];
  });
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="mlstat validate" ${totals}>`,
    `  <testsuite name="mlstat validate" ${totals} time="0">`,
    ...inputs,
    ...cases,
    '  </testsuite>',
    '</testsuites>',
    '',
  ].join('\n');
}

/** Text of any origin as an attribute or element may hold it (XML 1.0, 2.2 and 2.4). */
function escaped(text: string): string {
  const names: Readonly<Record<string, string>> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
    "'": '&apos;',
  };
  return visible(text).replace(/[&<>"']/g, (character) => names[character] ?? character);
}
