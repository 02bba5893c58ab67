// What a terminal was told beside the text (colours, cursor, window title) is taken out of a line that was recorded from it.

const ESCAPE = 0x1b;
const BELL = 0x07;
/** A title ends with this after an escape. */
const BACKSLASH = 0x5c;

/**
 * A copy of bytes[from, to) without control sequences (ECMA-48, 5.4: `ESC [ … m`) and operating system commands
 * (`ESC ] … BEL`). Those that the line's end cuts off go too.
 */
export function withoutEscapes(bytes: Uint8Array, from: number, to: number): Uint8Array {
  const plain = new Uint8Array(to - from);
  let length = 0;
  for (let at = from; at < to; ) {
    if (bytes[at] === ESCAPE) at = behindEscape(bytes, at + 1, to);
    else plain[length++] = bytes[at++];
  }
  return plain.subarray(0, length);
}

function behindEscape(bytes: Uint8Array, from: number, to: number): number {
  const kind = bytes[from];
  let at = from + 1;
  if (kind === 0x5b) {
    // Parameters and intermediate bytes, then the final one.
    while (at < to && bytes[at] >= 0x20 && bytes[at] < 0x40) at++;
    return Math.min(at + 1, to);
  }
  if (kind === 0x5d) {
    while (at < to && bytes[at] !== BELL && bytes[at - 1] !== ESCAPE) at++;
    return bytes[at] === BELL || bytes[at] === BACKSLASH ? Math.min(at + 1, to) : at;
  }
  return Math.min(at, to);
}
