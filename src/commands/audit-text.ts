// What the audit found becomes a page for the terminal, or Markdown.

import pc from 'picocolors';
import { displayWidth, visible, visibleAscii } from '../report/text.js';
import { AUDIT_CODES, type AuditResult, SEVERITIES } from '../router/audit/rule.js';
import { formatNumberOf } from '../util/units.js';

export interface TextOptions {
  width: number;
  color: boolean;
  unicode: boolean;
}

const NARROWEST = 40;
const INDENT = '  ';
/** Where the figures in what breaks come from. */
const FIGURES = /\d of (?:a )?\d|\d+ flows|\d s\b|\d to \d/;
const ALSO = 'Also measured, and no finding above explains it:';
const SOURCE = 'Figures are those of a test network with a real kernel: docs/nano-howto.md.';

export function auditTable(result: AuditResult, { width, color, unicode }: TextOptions): string {
  const paint = pc.createColors(color);
  const colors = { error: paint.red, warning: paint.yellow, advice: paint.cyan };
  const safe = unicode ? visible : visibleAscii;
  const room = Math.max(NARROWEST, width);
  const lines: string[] = [...wrap(safe(answerOf(result)), room, ''), ''];
  for (const one of result.findings) {
    lines.push(`${colors[one.severity](one.severity.padEnd(9))}${paint.bold(one.code)}`);
    if (one.place !== null) lines.push(`${INDENT}${safe(one.place)}`);
    lines.push(...wrap(safe(sentence(one.what)), room, INDENT));
    lines.push(...wrap(safe(`Without a cure: ${sentence(one.breaks)}`), room, INDENT));
    for (const text of one.evidence) lines.push(...wrap(safe(`Measured: ${sentence(text)}`), room, INDENT));
    // Commands are never broken: they are there to be copied.
    lines.push(...one.cure.map((command) => paint.dim(`${INDENT}${INDENT}${safe(command)}`)), '');
  }
  if (result.findings.some(({ breaks }) => FIGURES.test(breaks))) lines.push(...wrap(SOURCE, room, ''), '');
  if (result.alsoMeasured.length > 0) lines.push(...wrap(ALSO, room, ''));
  for (const text of result.alsoMeasured) lines.push(...wrap(safe(sentence(text)), room, INDENT));
  if (result.alsoMeasured.length > 0) lines.push('');
  for (const text of result.notChecked) lines.push(...wrap(safe(`Not checked: ${text}.`), room, ''));
  return `${lines.join('\n').trimEnd()}\n`;
}

export function auditMarkdown(result: AuditResult): string {
  const lines = ['# Audit', '', escaped(answerOf(result)), ''];
  for (const one of result.findings) {
    lines.push(`## ${one.severity}: ${one.code}`, '', escaped(sentence(one.what)), '');
    if (one.place !== null) lines.push(`Where: ${escaped(one.place)}`, '');
    lines.push(`Without a cure: ${escaped(sentence(one.breaks))}`, '');
    for (const text of one.evidence) lines.push(`- measured: ${escaped(sentence(text))}`);
    if (one.evidence.length > 0) lines.push('');
    // Indented code: nothing in a command can end it.
    lines.push(...one.cure.map((command) => `    ${visible(command)}`), '');
  }
  if (result.findings.some(({ breaks }) => FIGURES.test(breaks))) lines.push(SOURCE, '');
  if (result.alsoMeasured.length > 0)
    lines.push(
      '## Also measured',
      '',
      ALSO,
      '',
      ...result.alsoMeasured.map((text) => `- ${escaped(sentence(text))}`),
      '',
    );
  if (result.notChecked.length > 0)
    lines.push('## Not checked', '', ...result.notChecked.map((text) => `- ${escaped(text)}`), '');
  return `${lines.join('\n').trimEnd()}\n`;
}

function answerOf({ findings, uplinks, notChecked }: AuditResult): string {
  const names =
    uplinks.length === 0 ? 'no uplink' : uplinks.slice(0, 16).join(', ') + (uplinks.length > 16 ? ' …' : '');
  if (findings.length === 0) {
    return notChecked.length === 0
      ? `The set-up of ${names} is as it should be.`
      : `Nothing found in what is known of ${names}.`;
  }
  const counts = SEVERITIES.flatMap((severity) => {
    const count = findings.filter((one) => one.severity === severity).length;
    return count === 0 ? [] : [severity === 'advice' ? `${count} of advice` : formatNumberOf(count, severity)];
  });
  const [first] = findings;
  return `The set-up of ${names}: ${counts.join(', ')}. First of all: ${AUDIT_CODES[first.code]}.`;
}

function sentence(text: string): string {
  const whole = text.charAt(0).toUpperCase() + text.slice(1);
  // What begins with a setting or a name keeps its letters.
  const kept = /^[a-z]+[._/\d]/.test(text) || /^[^ ]*\(/.test(text) ? text : whole;
  return /[.!?…]$/.test(kept) ? kept : `${kept}.`;
}

function escaped(text: string): string {
  return visible(text).replace(/[\\`*_{}[\]<>|#~&]/g, '\\$&');
}

function wrap(text: string, width: number, indent: string): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && displayWidth(indent) + displayWidth(line) + 1 + displayWidth(word) > width) {
      lines.push(indent + line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, indent + line];
}
