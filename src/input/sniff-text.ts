// Tells which text an input is: the dumps of conntrack (8) and /proc, or something handed over by mistake.

import type { Sniffed } from './sniff.js';

/** Lines of conntrack are shorter; longer ones are looked at up to here. */
const LINE_CHARS = 2048;
const HEAD_CHARS = 4096;
/** Colours of a terminal that was recorded. */
const ESCAPES = new RegExp(`${String.fromCharCode(0x1b)}\\[[0-?]*[ -/]*[@-~]`, 'g');

/**
 * Names the text, or returns null where the bytes are not text. `end` says that no more will be seen.
 *
 * The grammar is that of libnetfilter_conntrack (snprintf_default.c, snprintf_xml.c) and the kernel's
 * nf_conntrack_standalone.c. The first line that is recognised decides: prompts and headings may stand before it.
 */
export function sniffText(prefix: Uint8Array, end: boolean): Sniffed | null {
  if (!looksLikeText(prefix)) return null;
  // One character a byte: a multi-byte character that is cut at the end of the prefix does no harm.
  const text = Buffer.from(prefix.buffer, prefix.byteOffset, prefix.length)
    .toString('latin1')
    .replace(/^\xef\xbb\xbf/, '')
    .replace(ESCAPES, '');
  const markup = sniffMarkup(text, end);
  if (markup !== null) return markup;
  let why = 'text, but not of conntrack: give a capture, or what conntrack -L or conntrack -E prints';
  let sure = false;
  for (let from = 0; from < text.length; ) {
    const newline = text.indexOf('\n', from);
    // A line that goes on behind the prefix may still say more.
    if (newline < 0 && !end) break;
    const to = newline < 0 ? text.length : newline;
    const found = sniffLine(text.slice(from, Math.min(to, from + LINE_CHARS)));
    if (found?.format) return { format: found.format, why: null, sure: true };
    if (found?.why && !sure) {
      why = found.why;
      sure = true;
    }
    from = to + 1;
  }
  return { format: 'unknown', why, sure: end || sure };
}

function sniffLine(
  line: string,
): { format?: 'conntrack-list' | 'conntrack-events' | 'conntrack-proc'; why?: string } | null {
  const source = line.indexOf('src=');
  const head = source < 0 ? line : line.slice(0, source);
  if (source >= 0 && line.includes(' dst=', source)) {
    if (head.includes('l3proto') || line.includes('mask-src=')) {
      return { why: 'a table of expected connections, which are no flows: use conntrack -L' };
    }
    if (/\[(NEW|UPDATE|DESTROY)\]/.test(head)) return { format: 'conntrack-events' };
    if (/^[ \t\d]*ipv[46] +\d+ /.test(head)) {
      // Both print the family; only the kernel prints a zone of 0, and no identifier behind it.
      return { format: /\bzone=(0\b|\d+ use=\d+\s*$)/.test(line) ? 'conntrack-proc' : 'conntrack-list' };
    }
    if (/^ *[a-z][a-z\d-]* +\d+ /.test(head)) return { format: 'conntrack-list' };
    return null;
  }
  if (line.includes('orig=(src=')) return { why: 'a dump of Open vSwitch, not of the kernel: use conntrack -L' };
  const footer = /^conntrack v\S+ \(conntrack-tools\): \d+ (flow entries|flow events|expectations)/.exec(line);
  if (footer) {
    if (footer[1] === 'expectations')
      return { why: 'a table of expected connections, which are no flows: use conntrack -L' };
    return { format: footer[1] === 'flow events' ? 'conntrack-events' : 'conntrack-list' };
  }
  if ((/^cpu=\d+\s/.test(line) && line.includes('found=')) || /^entries +(searched|clashres) +found/.test(line)) {
    return { why: 'the statistics of conntrack -S, which name no flows: use conntrack -L' };
  }
  if (/^-A .*-s \S+ -d \S+/.test(line)) {
    return { why: 'the commands of conntrack -o save, which hold no counters: use conntrack -L -o extended,id' };
  }
  if (/^\d\d:\d\d:\d\d\.\d+ (IP6?|ARP|ethertype)\b/.test(line)) {
    return { why: 'what tcpdump prints, not what it records: use tcpdump -w' };
  }
  return null;
}

function sniffMarkup(text: string, end: boolean): Sniffed | null {
  const head = text.slice(0, HEAD_CHARS).trimStart();
  if (head.startsWith('{') || head.startsWith('[{')) {
    return {
      format: 'unknown',
      why: 'JSON text: give a capture, or what conntrack -L prints',
      sure: true,
    };
  }
  if (!head.startsWith('<')) return null;
  if (/<(conntrack|flow)[\s>]/.test(head)) return { format: 'conntrack-xml', why: null, sure: true };
  if (/^<(!doctype html|html|head|body)\b/i.test(head)) {
    return { format: 'unknown', why: 'an HTML page, not a capture: download the file itself', sure: true };
  }
  const sure = end || text.length >= HEAD_CHARS;
  return { format: 'unknown', why: 'XML, but not of conntrack: use conntrack -L -o xml', sure };
}

/** Text has no zero bytes and next to no control characters; UTF-8 and Latin-1 both pass. */
function looksLikeText(prefix: Uint8Array): boolean {
  const length = Math.min(prefix.length, HEAD_CHARS);
  let odd = 0;
  for (let i = 0; i < length; i++) {
    const byte = prefix[i] as number;
    if (byte === 0) return false;
    if (byte < 0x20 && !(byte >= 0x09 && byte <= 0x0d) && byte !== 0x1b) odd++;
  }
  return odd * 50 <= length;
}
