// Text of unknown origin becomes text that is safe on a terminal and whose width in columns is known.
//
// File and interface names, addresses of dumps, messages: anything from an input may hold escape sequences, line
// breaks, bidirectional overrides or characters of no width. `visible` turns those into backslash escapes; what is
// left is letters, marks, digits, punctuation and symbols, whose width `displayWidth` tells.

/**
 * Nothing but characters of one column that each stand for themselves and are safe: Latin, dashes and quotation marks,
 * arrows, boxes and blocks. Most text is, and need not wait for tables of all of Unicode.
 */
const SIMPLE = /^[\x20-\x7e\xa0-\xac\xae-\xff\u2010-\u2027\u2190-\u21ff\u2500-\u259f]*$/;

/** Control, format, surrogate, private, unassigned characters, line and paragraph separators: no safe appearance. */
const UNSAFE = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}]/gu;

/** Selects another look of the character before it and changes its width on some terminals only. */
const VARIATION_SELECTORS = /[\uFE00-\uFE0F\u{E0100}-\u{E01EF}]/gu;

/** A pile of marks over one letter runs over the lines above and below. */
const PILED_MARKS = /(\p{M}{3})\p{M}+/gu;

const NAMED: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t', '\u001b': '\\e' };

const ASCII: Readonly<Record<string, string>> = {
  '\u00a0': ' ',
  '–': '-',
  '—': '-',
  '−': '-',
  '‘': "'",
  '’': "'",
  '“': '"',
  '”': '"',
  '…': '...',
  '→': '->',
  '×': 'x',
  '≥': '>=',
  '≤': '<=',
  µ: 'u',
};

/** Text with every unsafe character as a visible escape: `\n`, `\e`, `\x07`, `\u202e`, `\u{e0041}`. One line. */
export function visible(text: string): string {
  if (SIMPLE.test(text)) return text;
  return text
    .normalize('NFC')
    .replace(VARIATION_SELECTORS, '')
    .replace(PILED_MARKS, '$1')
    .replace(UNSAFE, escapeCharacter);
}

/** As `visible` for terminals without Unicode: typographic characters as ASCII writes them, others as escapes. */
export function visibleAscii(text: string): string {
  return visible(text).replace(/[^\x20-\x7e]/gu, (character) => ASCII[character] ?? escapeCharacter(character));
}

/** Columns that safe text takes on a terminal: marks none, wide characters (UAX #11) and emoji two, others one. */
export function displayWidth(text: string): number {
  if (SIMPLE.test(text)) return text.length;
  let width = 0;
  for (const character of text) width += characterWidth(character);
  return width;
}

/** Text of at most `width` columns: its middle gives way to the mark, for names differ at their ends. */
export function clipMiddle(text: string, width: number, mark = '…'): string {
  if (displayWidth(text) <= width) return text;
  const room = width - displayWidth(mark);
  if (room <= 0) return takeStart(text, width);
  const tail = takeEnd(text, Math.floor(room / 2));
  return takeStart(text, room - displayWidth(tail)) + mark + tail;
}

/** Text of at most `width` columns: its start gives way to the mark, as for paths, whose end tells most. */
export function clipStart(text: string, width: number, mark = '…'): string {
  if (displayWidth(text) <= width) return text;
  const room = width - displayWidth(mark);
  return room <= 0 ? takeEnd(text, width) : mark + takeEnd(text, room);
}

/** Text of at most `width` columns: its end gives way to the mark. */
export function clipEnd(text: string, width: number, mark = '…'): string {
  if (displayWidth(text) <= width) return text;
  const room = width - displayWidth(mark);
  return room <= 0 ? takeStart(text, width) : takeStart(text, room) + mark;
}

/** Safe text broken at spaces into lines of at most `width` (2 or more) columns; a longer word is broken where it must be. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (let word of text.split(' ')) {
    if (word === '') continue;
    const joined = line === '' ? word : `${line} ${word}`;
    if (displayWidth(joined) <= width) {
      line = joined;
      continue;
    }
    if (line !== '') lines.push(line);
    while (displayWidth(word) > width) {
      // A cluster of several wide characters may not fit as a whole.
      const head = takeStart(word, width) || String.fromCodePoint(word.codePointAt(0) ?? 0);
      lines.push(head);
      word = word.slice(head.length);
    }
    line = word;
  }
  if (line !== '') lines.push(line);
  return lines;
}

/** A figure stays on one line with its unit or what it counts. */
export function unbroken(text: string): string {
  return text.replace(/(\d) (?=[\p{L}%])/gu, '$1\u00a0');
}

/** What a reader sees as characters: a letter with its marks is one. */
export function clusters(text: string): string[] {
  if (SIMPLE.test(text)) return [...text];
  segmenter ??= new Intl.Segmenter('en', { granularity: 'grapheme' });
  return Array.from(segmenter.segment(text), (part) => part.segment);
}

let segmenter: Intl.Segmenter | undefined;

function takeStart(text: string, width: number): string {
  let taken = '';
  let left = width;
  for (const cluster of clusters(text)) {
    left -= displayWidth(cluster);
    if (left < 0) break;
    taken += cluster;
  }
  return taken;
}

function takeEnd(text: string, width: number): string {
  let taken = '';
  let left = width;
  for (const cluster of clusters(text).reverse()) {
    left -= displayWidth(cluster);
    if (left < 0) break;
    taken = cluster + taken;
  }
  return taken;
}

function escapeCharacter(character: string): string {
  const named = NAMED[character];
  if (named !== undefined) return named;
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x100) return `\\x${code.toString(16).padStart(2, '0')}`;
  return code < 0x10000 ? `\\u${code.toString(16).padStart(4, '0')}` : `\\u{${code.toString(16)}}`;
}

function characterWidth(character: string): 0 | 1 | 2 {
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x300) return 1;
  // Hangul vowels and finals join the syllable before them.
  if (/[\p{Mn}\p{Me}]/u.test(character) || (code >= 0x1160 && code <= 0x11ff)) return 0;
  // One half of a flag: a pair takes two columns.
  if (code >= 0x1f1e6 && code <= 0x1f1ff) return 1;
  return isWide(code) || /\p{Emoji_Presentation}/u.test(character) ? 2 : 1;
}

/** Blocks of EastAsianWidth.txt that are W or F, rounded to whole blocks: too wide shifts a cell, too narrow a line. */
const WIDE: readonly (readonly [number, number])[] = [
  [0x1100, 0x115f],
  [0x2e80, 0x303e],
  [0x3041, 0xa4cf],
  [0xa960, 0xa97f],
  [0xac00, 0xd7a3],
  [0xf900, 0xfaff],
  [0xfe10, 0xfe19],
  [0xfe30, 0xfe6f],
  [0xff01, 0xff60],
  [0xffe0, 0xffe6],
  [0x16fe0, 0x18dff],
  [0x1aff0, 0x1b2ff],
  [0x1d300, 0x1d37f],
  [0x1f200, 0x1f2ff],
  [0x20000, 0x3fffd],
];

function isWide(code: number): boolean {
  return WIDE.some(([first, last]) => code >= first && code <= last);
}
