// Variables of a shell script: what a word stands for where the script itself sets its variables. What it doesn't set,
// or what a command would print, is unknown. Nothing is run.

import type { Piece } from './shell.js';

const LONGEST_VALUE = 16 * 1024;
const MOST_WORDS = 2048;
/** `$NAME`, `${NAME}`, `${NAME:-word}`, `$1`; and `$()`, which stands for what a command prints. */
const VARIABLE =
  /\$(?:(\w+|[@*#?!$-])|\{([A-Za-z_]\w{0,63}|\d{1,2})(?::?([-=?+#%/])([^}]{0,400}))?\}|\(\)|\{[^}]{0,500}\}?)/g;

export interface Expanded {
  words: string[];
  /** The first variable that the script doesn't set, as written. */
  unknown: string | null;
}

export type Variables = Map<string, string>;

/** Words as a command gets them: variables in place, unquoted values split at spaces. */
export function expandWords(words: readonly (readonly Piece[])[], variables: Variables): Expanded {
  const result: Expanded = { words: [], unknown: null };
  for (const pieces of words) {
    let word = '';
    let isEmpty = true;
    for (const { text, quote } of pieces) {
      const { value, unknown } = quote === "'" ? { value: text, unknown: null } : expandText(text, variables);
      result.unknown ??= unknown;
      if (quote !== '' || value === text || !/\s/.test(value)) {
        word += value;
        isEmpty &&= quote === '' && value === '';
        continue;
      }
      const [first, ...rest] = value.split(/\s+/);
      word += first;
      for (const part of rest) {
        if (word !== '') result.words.push(word);
        word = part;
      }
      isEmpty &&= word === '';
    }
    if (!isEmpty && result.words.length < MOST_WORDS) result.words.push(word);
  }
  return result;
}

/** Text with its variables in place; one that isn't known stays as written. */
export function expandText(text: string, variables: Variables): { value: string; unknown: string | null } {
  if (!text.includes('$')) return { value: text, unknown: null };
  let unknown: string | null = null;
  const value = text.replace(VARIABLE, (written, plain, braced, operator, word) => {
    const name: string | undefined = plain ?? braced;
    const known = name === undefined ? undefined : variables.get(name);
    if (operator === '-' || operator === '=') {
      if (known !== undefined && known !== '') return known;
      const other = expandText(word ?? '', new Map());
      unknown ??= other.unknown;
      return other.value;
    }
    if (known !== undefined && (operator === undefined || operator === '?')) return known;
    unknown ??= written;
    return written;
  });
  return { value: value.slice(0, LONGEST_VALUE), unknown };
}
