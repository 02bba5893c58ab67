// Text of unknown origin becomes text that can stand in a one-line message.

/** Controls, formats (bidirectional overrides), line and paragraph separators, lone surrogates. */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

const LONGEST = 80;

/** In double quotes, one line, at most 80 characters of it. */
export function quote(text: string): string {
  const characters = Array.from(text.slice(0, 2 * LONGEST + 2));
  const clipped = characters.length > LONGEST ? `${characters.slice(0, LONGEST).join('')}…` : text;
  return `"${oneLine(clipped.replace(/["\\]/g, '\\$&'))}"`;
}

/** The same text with everything that could break a line or move the cursor as an escape. */
export function oneLine(text: string): string {
  return text.replace(INVISIBLE, (character) => {
    if (character === '\n') return '\\n';
    if (character === '\t') return '\\t';
    const code = (character.codePointAt(0) ?? 0).toString(16);
    return code.length > 4 ? `\\u{${code}}` : `\\u${code.padStart(4, '0')}`;
  });
}
