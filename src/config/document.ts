// The text of a configuration file (YAML, so JSON as well) becomes plain data that knows its places.
// https://yaml.org/spec/1.2.2/

import {
  CST,
  type Document,
  isAlias,
  isCollection,
  isMap,
  isPair,
  isScalar,
  Lexer,
  LineCounter,
  type Node,
  parseDocument,
  visit,
} from 'yaml';
import { UserError } from '../util/error.js';
import { quote } from '../util/quote.js';

/** What leads from the top to a value: keys and indices. */
export type Path = readonly PropertyKey[];

/** Parsed text: plain data, and where each part of it stands. */
export interface ConfigDocument {
  data: unknown;
  /** `file:line:column` of the value; of what holds it where there is none. */
  placeOf(path: Path): string;
  /** `file:line:column` of the key itself. */
  placeOfKey(path: Path, key: string): string;
  /** The value as written, to be quoted: numbers as their digits stand, collections by their kind. */
  written(path: Path): string;
}

/** Real configurations nest five deep. The parser recurses, and some hundred thousand brackets would end the process. */
const DEEPEST = 32;

/** Throws `UserError` with file, line and column where the text is no single, plain, unambiguous document. */
export function readDocument(text: string, source: string): ConfigDocument {
  const lines = new LineCounter();
  const place = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return `${source}:${line}:${col}`;
  };
  refuseDepth(text, source);
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    logLevel: 'error',
    stringKeys: true,
  });
  const [problem] = [...document.errors, ...document.warnings];
  if (problem !== undefined) {
    throw new UserError(`${explain(problem.code, problem.message, text, problem.pos)} (${place(problem.pos[0])})`);
  }
  refuseAmbiguity(document, place);
  return {
    data: toPlain(document, source),
    placeOf: (path) => place(startOf(nearest(document, path))),
    placeOfKey: (path, key) => place(startOf(keyNode(nearest(document, path), key))),
    written: (path) => writtenAs(document.getIn(path, true)),
  };
}

function refuseDepth(text: string, source: string): void {
  let flow = 0;
  let block = 0;
  let line = 1;
  for (const token of new Lexer().lex(text)) {
    const type = CST.tokenType(token);
    if (type === 'newline') block = 0;
    if (type === 'flow-seq-start' || type === 'flow-map-start') flow++;
    if (type === 'flow-seq-end' || type === 'flow-map-end') flow--;
    if (flow === 0 && (type === 'seq-item-ind' || type === 'explicit-key-ind' || type === 'map-value-ind')) block++;
    if (flow + block > DEEPEST)
      throw new UserError(`configuration is nested more than ${DEEPEST} deep (${source}:${line})`);
    line += token.split('\n').length - 1;
  }
}

function explain(code: string, message: string, text: string, [from, to]: readonly [number, number]): string {
  if (code === 'DUPLICATE_KEY') {
    const key = /^["']?([^"':\s]*)/.exec(text.slice(from, to + 64))?.[1] ?? '';
    return `duplicate key ${quote(key)}: leave one of them out`;
  }
  if (code === 'MULTIPLE_DOCS') return 'more than one document: leave only one in the file';
  if (code === 'TAB_AS_INDENT') return 'tabs are not allowed as indentation: use spaces';
  const [first = ''] = message.split('\n');
  return `not valid YAML: ${first.charAt(0).toLowerCase()}${first.slice(1)}`;
}

/** What readers of YAML disagree about, and what would fail later without its place. */
function refuseAmbiguity(document: Document, place: (offset: number) => string): void {
  visit(document, {
    Alias(_, node) {
      if (node.resolve(document) !== undefined) return;
      throw new UserError(`alias of an anchor that is not there: "*${node.source}" (${place(startOf(node))})`);
    },
    Scalar(_, node) {
      if (typeof node.value !== 'number' || !/^[-+]?0\d/.test(node.source ?? '')) return;
      const plain = (node.source ?? '').replace(/^([-+]?)0+(?=\d)/, '$1');
      throw new UserError(
        `leading zero, which some readers take for octal: ${node.source}; write ${plain} (${place(startOf(node))})`,
      );
    },
  });
}

function toPlain(document: Document, source: string): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 });
  } catch (error) {
    throw new UserError(`aliases that multiply without end: ${(error as Error).message} (${source})`);
  }
}

/** The node at the path, else the innermost one that holds it. */
function nearest(document: Document, path: Path): unknown {
  for (let length = path.length; length > 0; length--) {
    const node = document.getIn(path.slice(0, length), true);
    if (node !== undefined && node !== null) return node;
  }
  return document.contents;
}

function keyNode(holder: unknown, key: string): unknown {
  if (!isMap(holder)) return holder;
  return (
    holder.items.find((pair) => isPair(pair) && isScalar(pair.key) && String(pair.key.value) === key)?.key ?? holder
  );
}

function startOf(node: unknown): number {
  return (node as Node | null)?.range?.[0] ?? 0;
}

function writtenAs(node: unknown): string {
  if (isScalar(node)) return typeof node.value === 'string' ? quote(node.value) : node.source || 'nothing';
  if (isCollection(node) && node.items.length === 0) return isMap(node) ? '{}' : '[]';
  return isAlias(node) ? `*${node.source}` : isMap(node) ? 'a mapping' : 'a list';
}
