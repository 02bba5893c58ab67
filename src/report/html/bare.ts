// A picture that stands alone becomes part of a page, which names it, brings the fonts, and wants to be small.

import type { Html } from './markup.js';

/** What only a picture that stands alone needs, and what Vega writes for scripts that look at it. */
const UNNEEDED =
  / (?:class|role|aria-roledescription|aria-hidden|pointer-events|font-family)="[^"]*"| (?:fill-|stroke-)?opacity="1"/g;

/** Where things lie; a tenth of a pixel is seen by nobody on a screen. */
const PLACES = /(?<= (?:d|transform|[xy][12]?)=")[^"]*/g;

/** Elements of one kind in one group, closed or with text. */
const SIBLINGS = /<g([^>]*)>((?:<(?:path|line)[^>]*\/>){2,}|(?:<text[^>]*>[^<]*<\/text>){2,})<\/g>/g;
const INHERITED =
  / (?:fill|stroke|stroke-width|fill-opacity|stroke-opacity|stroke-dasharray|font-size|font-weight|text-anchor)="[^"]*"/g;

export function bareSvg(svg: string): Html {
  const [head = '', ...rest] = svg.split(/(?<=>)/);
  const body = rest
    .join('')
    .replace(/<(?:[^<>]*)>/g, (tag) => tag.replace(UNNEEDED, '').replace(PLACES, tenths))
    .replace(SIBLINGS, hoist)
    .replace(/<g><\/g>/g, '');
  return (
    head.replace(
      / xmlns="[^"]*" xmlns:xlink="[^"]*" version="1.1" class="marks"/,
      ' aria-hidden="true" focusable="false"',
    ) + body
  );
}

function tenths(places: string): string {
  return places.replace(/-?\d+\.\d{2,}/g, (number) => String(Number(Number(number).toFixed(1))));
}

/** What all siblings have in common stands once, at their group. */
function hoist(_: string, attributes: string, siblings: string): string {
  const tags = siblings.match(/<(?:path|line|text)[^>]*>/g) ?? [];
  const common = (tags[0]?.match(INHERITED) ?? []).filter(
    (one) => !attributes.includes(one.slice(0, one.indexOf('=') + 1)) && tags.every((tag) => tag.includes(one)),
  );
  const bare = siblings.replace(/<[^<>]*>/g, (tag) => common.reduce((text, one) => text.replace(one, ''), tag));
  return `<g${attributes}${common.join('')}>${bare}</g>`;
}
