// A report becomes one JSON object (RFC 8259) that is safe to look at on a terminal as well.

import type { Report } from './report.js';

export interface JsonOptions {
  /** Print `series`, which may be long. */
  series: boolean;
}

/** Characters that JSON need not escape but a terminal acts on: DEL, C1, bidirectional and invisible ones. */
const UNSAFE = /[\u007f-\u009f\p{Cf}\p{Zl}\p{Zp}]/gu;

/** The object, indented, arrays of numbers on one line each, ending with a line break. */
export function renderJson(report: Report, options: JsonOptions): string {
  const { series, ...rest } = report;
  return `${write(options.series ? { ...rest, series } : rest, '')}\n`;
}

function write(value: unknown, indent: string): string {
  if (value === null || typeof value !== 'object') return jsonScalar(value);
  const inner = `${indent}  `;
  if (Array.isArray(value)) {
    if (value.every((item) => item === null || typeof item !== 'object'))
      return `[${value.map(jsonScalar).join(', ')}]`;
    return `[\n${value.map((item) => inner + write(item, inner)).join(',\n')}\n${indent}]`;
  }
  const members = Object.entries(value).filter(([, item]) => item !== undefined);
  if (members.length === 0) return '{}';
  return `{\n${members.map(([key, item]) => `${inner}${jsonScalar(key)}: ${write(item, inner)}`).join(',\n')}\n${indent}}`;
}

/** A string, number, boolean or null as JSON that no terminal acts on. */
export function jsonScalar(value: unknown): string {
  const text = JSON.stringify(value) ?? 'null';
  return text.replace(UNSAFE, (character) => {
    return Array.from({ length: character.length }, (_, i) => unit(character.charCodeAt(i))).join('');
  });
}

function unit(code: number): string {
  return `\\u${code.toString(16).padStart(4, '0')}`;
}
