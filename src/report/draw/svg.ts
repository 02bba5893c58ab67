// A Vega-Lite specification becomes an SVG picture, without a browser and the same on every machine.
//
// Expressions are interpreted and never compiled to code (`ast`); the loader refuses everything; text is measured by
// the shipped font. https://vega.github.io/vega/docs/api/view/

import { readFileSync } from 'node:fs';
import type * as Vega from 'vega';
import type { TopLevelSpec } from 'vega-lite';
import { FONT_FILES } from '../assets.js';
import type { Spec } from '../charts/chart.js';
import { type MeasureText, readFont } from './font.js';

/** Vega-Lite becomes Vega, which is what a page draws. Rejects on anything that Vega-Lite would only warn of. */
export async function compileSpec(spec: Spec): Promise<Vega.Spec> {
  const [vega, { compile }] = await Promise.all([import('vega'), import('vega-lite')]);
  return compile(spec as unknown as TopLevelSpec, { logger: strictLogger(vega) }).spec;
}

/** The picture as the text of an SVG file. `idPrefix` sets its ids apart from those of others on one page. */
export async function drawSvg(spec: Spec, idPrefix = 'clip'): Promise<string> {
  return titled(numbered(rounded(await drawVega(await compileSpec(spec))), idPrefix), spec);
}

/** A picture that stands alone says what it is, instead of calling each of its strokes a symbol. */
function titled(svg: string, { title, description }: Spec): string {
  const plain = svg.replace(/ role="graphics-[a-z]+"| aria-roledescription="[^"]*"/g, '');
  if (title === undefined) return plain;
  const words = (text: unknown) => String(text ?? '').replace(/[&<>]/g, (mark) => `&#${mark.charCodeAt(0)};`);
  const names = `<title>${words((title as { text?: unknown }).text)}</title><desc>${words(description)}</desc>`;
  return plain.replace(/^<svg([^>]*)>/, (_, attributes) => `<svg${attributes} role="img">${names}`);
}

/** A hundredth of a pixel is seen by nobody; sixteen digits are most of a file. */
function rounded(svg: string): string {
  return svg.replace(/(?<= (?:d|transform|[xy][12]?|width|height|opacity|fill-opacity)=")[^"]*/g, (numbers) =>
    numbers.replace(/-?\d+\.\d{3,}(?:e-\d+)?/g, (number) => String(Number(Number(number).toFixed(2)))),
  );
}

/** Vega numbers ids on from one picture to the next; the same picture must be the same text. */
function numbered(svg: string, prefix: string): string {
  const known = new Map<string, string>();
  return svg.replace(/(?<=\bid="|url\(#)clip\d+/g, (id) => {
    if (!known.has(id)) known.set(id, `${prefix}${known.size + 1}`);
    return known.get(id) ?? id;
  });
}

async function drawVega(spec: Vega.Spec): Promise<string> {
  const [vega, { expressionInterpreter }] = await Promise.all([import('vega'), import('vega-interpreter')]);
  measureByFont(vega);
  const runtime = vega.parse(spec, undefined, { ast: true });
  const view = new vega.View(runtime, {
    renderer: 'none',
    expr: expressionInterpreter,
    loader: noLoader(vega),
    // It warns of every layer that has no rows.
    logger: Object.assign(strictLogger(vega), { warn: () => {} }),
  });
  try {
    return await view.toSVG();
  } finally {
    view.finalize();
  }
}

/** Vega and Vega-Lite would only say what is wrong, and draw half a picture. */
function strictLogger(vega: typeof Vega): Vega.LoggerInterface {
  const refuse = (...words: unknown[]): never => {
    throw new Error(`a chart can't be drawn: ${words.join(' ')}`);
  };
  const logger = vega.logger(vega.Warn);
  return Object.assign(logger, { warn: refuse, error: refuse });
}

/** Data stand in the specification; nothing else is ever fetched. */
function noLoader(vega: typeof Vega): Vega.Loader {
  const refuse = (uri: string) => Promise.reject(new Error(`nothing is loaded for a picture: ${uri}`));
  return { ...vega.loader(), load: refuse, file: refuse, http: refuse, sanitize: refuse };
}

let measures: MeasureText[] | null = null;

/** What Vega exports for this: https://github.com/vega/vega/blob/main/packages/vega-scenegraph/src/util/text.js */
interface TextMetrics {
  width(item: { fontSize?: number; fontWeight?: string | number; limit?: number }, text: unknown): number;
}

function measureByFont(vega: typeof Vega): void {
  if (measures !== null) return;
  measures = FONT_FILES.map((file) => readFont(readFileSync(file)));
  const [regular, bold] = measures as [MeasureText, MeasureText];
  const { textMetrics } = vega as unknown as { textMetrics: TextMetrics };
  textMetrics.width = (item, text) => {
    const isBold = item.fontWeight === 'bold' || Number(item.fontWeight) >= 600;
    return (isBold ? bold : regular)(String(text ?? '')) * (item.fontSize ?? 11);
  };
}
