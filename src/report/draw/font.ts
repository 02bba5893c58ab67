// The shipped font becomes a measure of text: how wide a line is, the same on every machine.
//
// Vega asks a canvas in a browser and guesses elsewhere. Advance widths come from the tables `cmap` (format 4) and
// `hmtx` of the font: https://learn.microsoft.com/typography/opentype/spec/cmap and …/hmtx. The file is our own.

/** Width of a text in ems. */
export type MeasureText = (text: string) => number;

/** For a character that the font doesn't have: about that of a wide letter. */
const UNKNOWN_EM = 0.8;

export function readFont(bytes: Uint8Array): MeasureText {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const table = (name: string): number => {
    for (let i = 0; i < view.getUint16(4); i += 1) {
      const entry = 12 + 16 * i;
      const tag = String.fromCharCode(...bytes.subarray(entry, entry + 4));
      if (tag === name) return view.getUint32(entry + 8);
    }
    throw new Error(`the font has no table ${name}`);
  };
  const unitsPerEm = view.getUint16(table('head') + 18);
  const metrics = view.getUint16(table('hhea') + 34);
  const hmtx = table('hmtx');
  const glyphs = readGlyphs(view, table('cmap'));
  const advance = (code: number): number => {
    const glyph = glyphs.get(code);
    if (glyph === undefined) return UNKNOWN_EM;
    return view.getUint16(hmtx + 4 * Math.min(glyph, metrics - 1)) / unitsPerEm;
  };
  return (text) => {
    let ems = 0;
    for (const character of text) ems += /\p{M}/u.test(character) ? 0 : advance(character.codePointAt(0) ?? 0);
    return ems;
  };
}

/** Characters of the basic plane to glyphs. */
function readGlyphs(view: DataView, cmap: number): Map<number, number> {
  const glyphs = new Map<number, number>();
  for (let i = 0; i < view.getUint16(cmap + 2); i += 1) {
    const at = cmap + view.getUint32(cmap + 4 + 8 * i + 4);
    if (view.getUint16(at) === 4) addSegments(view, at, glyphs);
  }
  return glyphs;
}

function addSegments(view: DataView, at: number, glyphs: Map<number, number>): void {
  const twice = view.getUint16(at + 6);
  const ends = at + 14;
  const starts = ends + twice + 2;
  const deltas = starts + twice;
  const offsets = deltas + twice;
  for (let s = 0; s < twice; s += 2) {
    const offset = view.getUint16(offsets + s);
    for (let code = view.getUint16(starts + s); code <= view.getUint16(ends + s) && code < 0xffff; code += 1) {
      const delta = view.getUint16(deltas + s);
      const place = offsets + s + offset + 2 * (code - view.getUint16(starts + s));
      const glyph = offset === 0 ? code : view.getUint16(place);
      if (glyph !== 0) glyphs.set(code, (glyph + delta) & 0xffff);
    }
  }
}
