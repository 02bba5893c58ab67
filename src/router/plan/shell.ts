// Text of a configuration becomes words and comments of a shell script, from which it can't break out.

/** One word, quoted unless nothing in it means anything to a shell. */
export function word(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/** For a comment: one line, nothing that moves the cursor or turns the writing round. */
export function comment(text: string): string {
  return text.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, '?');
}

/** For a place that knows no quoting (comments of nftables, names of sections): letters, digits, `_`, at most 32. */
export function identifier(text: string): string {
  return text.replace(/\W/g, '_').slice(0, 32);
}

export function indent(lines: readonly string[], by = '  '): string[] {
  return lines.map((line) => (line === '' ? '' : by + line));
}

/** Text with its margin (that of its first line) taken away: scripts stand indented in the source. */
export function trimMargin(text: string): string {
  const lines = text.replace(/^\n/, '').trimEnd().split('\n');
  const margin = /^ */.exec(lines[0])?.[0].length ?? 0;
  return lines.map((line) => line.slice(Math.min(margin, line.length - line.trimStart().length))).join('\n');
}
