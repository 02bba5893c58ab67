// Cuts JSON text into the items of its lists, each with its place, so that a damaged or cut-off file still gives the
// items before the damage, and an item can be pointed at where everything stands in one line.
// https://www.rfc-editor.org/rfc/rfc8259

/** One item of a list at the top, or of `{"nftables": […]}`; or a value that stands at the top itself. */
export interface JsonItem {
  value: unknown;
  line: number;
  column: number;
}

/** A route with hundreds of nexthops takes 100 KiB; nftables' large sets are left out with what is larger. */
const LARGEST_ITEM = 1024 * 1024;
const MOST_ITEMS = 500_000;

/** `broken` says where what could not be read begins, null where all was. Several documents may follow each other. */
export function jsonItems(text: string): { items: JsonItem[]; broken: { line: number; column: number } | null } {
  const items: JsonItem[] = [];
  let at = 0;
  let line = 1;
  let lineStart = 0;
  /** Whether `at` is within a list whose items are wanted, and what closes what stands around it. */
  let isInList = false;
  let wrapped = false;
  for (; at < text.length && items.length < MOST_ITEMS; ) {
    const code = text.charCodeAt(at);
    if (code === 10) {
      line++;
      lineStart = ++at;
      continue;
    }
    if (code === 32 || code === 9 || code === 13 || code === 44 || code === 0xfeff) {
      at++;
      continue;
    }
    const place = { line, column: at - lineStart + 1 };
    if (!isInList) {
      const opening = /^\{\s{0,80}"nftables"\s{0,80}:\s{0,80}\[|^\[/.exec(text.slice(at, at + 256))?.[0];
      if (opening !== undefined) {
        wrapped = opening.startsWith('{');
        isInList = true;
        for (let i = 0; i < opening.length; i++) {
          if (opening[i] !== '\n') continue;
          line++;
          lineStart = at + i + 1;
        }
        at += opening.length;
        continue;
      }
      if (wrapped && code === 125) {
        wrapped = false;
        at++;
        continue;
      }
    } else if (code === 93) {
      isInList = false;
      at++;
      continue;
    }
    const end = endOfValue(text, at);
    if (end < 0) return { items, broken: place };
    if (end - at <= LARGEST_ITEM) {
      try {
        items.push({ value: JSON.parse(text.slice(at, end)), ...place });
      } catch {
        return { items, broken: place };
      }
    }
    for (let i = at; i < end; i++) {
      if (text.charCodeAt(i) !== 10) continue;
      line++;
      lineStart = i + 1;
    }
    at = end;
  }
  return { items, broken: isInList ? { line, column: at - lineStart + 1 } : null };
}

/** Where the value that begins here ends, -1 where it doesn't. */
function endOfValue(text: string, from: number): number {
  const first = text.charCodeAt(from);
  if (first === 34) return endOfString(text, from);
  if (first !== 123 && first !== 91) {
    let at = from;
    while (at < text.length && !' \t\r\n,]}'.includes(text[at])) at++;
    return at > from ? at : -1;
  }
  let depth = 0;
  for (let at = from; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 34) {
      at = endOfString(text, at) - 1;
      if (at < 0) return -1;
    } else if (code === 123 || code === 91) depth++;
    else if ((code === 125 || code === 93) && --depth === 0) return at + 1;
  }
  return -1;
}

function endOfString(text: string, from: number): number {
  for (let at = from + 1; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 92) at++;
    else if (code === 34) return at + 1;
  }
  return -1;
}

/** The field of an object, whatever the value is. */
export function field(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, key)
    ? (value as Record<string, unknown>)[key]
    : undefined;
}

export function textOf(value: unknown, key: string): string | null {
  const found = field(value, key);
  return typeof found === 'string' ? found : typeof found === 'number' ? String(found) : null;
}

export function numberOf(value: unknown, key: string): number | null {
  const found = field(value, key);
  return typeof found === 'number' && Number.isFinite(found) ? found : null;
}

export function listOf(value: unknown, key: string): readonly unknown[] {
  const found = field(value, key);
  return Array.isArray(found) ? found : [];
}
