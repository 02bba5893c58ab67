// Rows of TSV and CSV as objects: what the oracles are written in, and what `mlstat flows` writes.

export type Row = Record<string, string>;

/** Tab-separated with a header line; no quoting. */
export function parseTsv(text: string): Row[] {
  return withHeader(lines(text).map((line) => line.split('\t')));
}

/** RFC 4180 with a header line, as far as it is needed: quoted fields without line breaks. */
export function parseCsv(text: string): Row[] {
  return withHeader(lines(text).map(splitCsv));
}

function withHeader([header = [], ...rows]: string[][]): Row[] {
  return rows.map((cells) => Object.fromEntries(header.map((name, column) => [name, cells[column] ?? ''])));
}

function lines(text: string): string[] {
  return text.split('\n').filter((line) => line !== '');
}

function splitCsv(line: string): string[] {
  if (!line.includes('"')) return line.split(',');
  const fields = [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^",]*))/g)];
  return fields.map((match) => match[1]?.replaceAll('""', '"') ?? match[2] ?? '');
}
