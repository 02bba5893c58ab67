// An SVG picture becomes PNG. resvg draws no letter for which it has no font, and says nothing of it: so the shipped
// font is always given, and the system's are asked only for letters that it doesn't have (another script, emoji).

import { Resvg } from '@resvg/resvg-js';
import { FONT_FILES } from '../assets.js';

/** Pixels of the picture for each of the drawing: sharp on paper and on dense screens. */
const ZOOM = 2;

/** All that the shipped subset covers. */
const COVERED =
  /^[\n\x20-\x7e\u00a0-\u024f\u02c6-\u02dd\u0370-\u03ff\u0400-\u045f\u05d0-\u05ea\u1e00-\u1eff\u2010-\u2027\u2030-\u203a\u2190-\u2193\u2212\u2260\u2264\u2265]*$/;

export function drawPng(svg: string): Uint8Array {
  const picture = new Resvg(svg, {
    fitTo: { mode: 'zoom', value: ZOOM },
    background: '#ffffff',
    font: { fontFiles: [...FONT_FILES], loadSystemFonts: !COVERED.test(svg), defaultFontFamily: 'Arimo' },
  });
  return picture.render().asPng();
}
