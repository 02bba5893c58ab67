// Text of unknown origin becomes part of a page: visible, and never markup.

import { gzipSync } from 'node:zlib';
import { unbroken, visible } from '../text.js';

/** Markup that was made here and not by an input. */
export type Html = string;

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Text for content and for quoted attributes. */
export function text(unsafe: string): Html {
  return visible(unsafe).replace(/[&<>"']/g, (mark) => ESCAPES[mark] ?? mark);
}

/** An option of the command line: a browser would break it after its hyphens. No longer than a line of a telephone. */
const OPTION = /(?<![\w-])--[a-z]{2,12}(?:-[a-z]{2,12})?(?![\w-])/g;

/** Sentences: as `text`, with figures and their units kept together. Not for what is copied into a shell. */
export function prose(unsafe: string): Html {
  return unbroken(text(unsafe)).replace(OPTION, '<code>$&</code>');
}

/** Data within a script element: JSON, compressed, in base64, so that nothing in it can end the element. */
export function packed(data: unknown): Html {
  return gzipSync(JSON.stringify(data), { level: 9 }).toString('base64');
}

/** Code within a script or style element. */
export function code(source: string): Html {
  return source.replace(/<(?=\/script|\/style|!--|script)/gi, '\\x3c');
}

/** Nothing where there is no body. */
export function section(id: string, title: string, body: Html): Html {
  return body === '' ? '' : `<section aria-labelledby="${id}"><h2 id="${id}">${text(title)}</h2>\n${body}</section>\n`;
}

/** A column whose header ends with `>` is of numbers; the first cell of a row is its header. Cells are text or markup. */
export function table(caption: string, columns: readonly string[], rows: readonly (readonly Cell[])[]): Html {
  const right = columns.map((column) => column.endsWith('>'));
  const head = columns.map((column, i) => {
    const name = column.replace(/>$/, '');
    return name === '' ? '<td></td>' : `<th scope="col"${right[i] ? ' class="n"' : ''}>${text(name)}</th>`;
  });
  const body = rows.map((row) => {
    const cells = row.map((cell, i) => {
      const content = typeof cell === 'string' ? text(cell) : cell.html;
      const attributes = right[i] ? ' class="n"' : '';
      return i === 0 && content !== ''
        ? `<th scope="row"${attributes}>${content.length > 20 ? `<span class="name">${content}</span>` : content}</th>`
        : `<td${attributes}>${content}</td>`;
    });
    return `<tr>${cells.join('')}</tr>`;
  });
  return `<div class="scroll" role="region" aria-label="${text(caption)}, table" tabindex="0"><table><caption class="unseen">${text(caption)}</caption><thead><tr>${head.join('')}</tr></thead><tbody>\n${body.join('\n')}\n</tbody></table></div>\n`;
}

export type Cell = string | { html: Html };

export function paragraph(unsafe: string, className = ''): Html {
  return unsafe === '' ? '' : `<p${className === '' ? '' : ` class="${className}"`}>${prose(unsafe)}</p>\n`;
}

export function list(items: readonly Html[], className: string): Html {
  return items.length === 0
    ? ''
    : `<ul class="${className}">\n${items.map((item) => `<li>${item}</li>`).join('\n')}\n</ul>\n`;
}
