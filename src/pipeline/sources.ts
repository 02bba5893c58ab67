// The inputs of a run: opened, told by content, put in the order of their first packet; dumps of conntrack apart.

import { Batch } from '../decode/batch.js';
import { type CaptureFormat, createFramer } from '../decode/frame.js';
import { PacketDecoder } from '../decode/packet.js';
import type { InputSpec } from '../input/list.js';
import { type OpenInput, openInput } from '../input/open.js';
import { UserError } from '../util/error.js';

/** An input that can be read. */
export interface Source {
  /** Place in the order of first packets, ties by path: nothing depends on how inputs were named or ordered. */
  number: number;
  spec: InputSpec;
  open: OpenInput;
  format: CaptureFormat;
  /** Time of the first packet, Infinity where there is none. */
  firstUs: number;
  /** What may have been read of an input that can be read only once. */
  stream: AsyncIterable<Uint8Array> | null;
}

/** A dump of conntrack. */
export interface DumpSource {
  spec: InputSpec;
  open: OpenInput;
  format: DumpFormat;
  /** What may have been read of an input that can be read only once. */
  stream: AsyncIterable<Uint8Array> | null;
}

export type DumpFormat = 'conntrack-list' | 'conntrack-events' | 'conntrack-xml' | 'conntrack-proc';

/** A saved summary. */
export interface SavedSource {
  spec: InputSpec;
  open: OpenInput;
}

/** An input that can't. */
export interface Refused {
  spec: InputSpec;
  open: OpenInput | null;
  error: string;
}

const CAPTURES: readonly string[] = ['pcap', 'pcapng', 'erf', 'snoop'];

const DUMPS: readonly string[] = ['conntrack-list', 'conntrack-events', 'conntrack-xml', 'conntrack-proc'];

/** Dumps come in the order of their names: `pipeline/dumps` puts them in that of their times. */
export async function openSources(
  specs: readonly InputSpec[],
): Promise<{ sources: Source[]; dumps: DumpSource[]; saved: SavedSource[]; refused: Refused[] }> {
  const sources: Source[] = [];
  const dumps: DumpSource[] = [];
  const saved: SavedSource[] = [];
  const refused: Refused[] = [];
  for (const spec of specs) {
    if (spec.error !== null) {
      refused.push({ spec, open: null, error: spec.error });
      continue;
    }
    try {
      const open = await openInput(spec.stream === undefined ? spec.file : spec.path, spec.stream);
      const reason = whyNot(open);
      if (reason !== null) {
        refused.push({ spec, open, error: reason });
        open.close();
        continue;
      }
      if (open.format === 'tally') {
        saved.push({ spec, open });
        continue;
      }
      if (DUMPS.includes(open.format)) {
        dumps.push({ spec, open, format: open.format as DumpFormat, stream: null });
        continue;
      }
      const format = open.format as CaptureFormat;
      sources.push({ number: 0, spec, open, format, firstUs: firstTime(format, open.prefix), stream: null });
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      refused.push({ spec, open: null, error: error.message });
    }
  }
  sources.sort((a, b) => compare(a.firstUs, b.firstUs) || compare(a.spec.path, b.spec.path));
  sources.forEach((source, number) => {
    source.number = number;
  });
  dumps.sort((a, b) => compare(a.spec.path, b.spec.path));
  return { sources, dumps, saved, refused };
}

function whyNot(open: OpenInput): string | null {
  if (open.format === 'unknown') return `not a capture: "${open.path}" is ${open.why ?? 'of an unknown format'}`;
  return CAPTURES.includes(open.format) || DUMPS.includes(open.format) || open.format === 'tally'
    ? null
    : `"${open.path}" is ${open.format}, which can't be read here`;
}

function firstTime(format: CaptureFormat, prefix: Uint8Array): number {
  let first = Number.POSITIVE_INFINITY;
  const probe = new PacketDecoder(
    new Batch(),
    {
      flush(full) {
        if (first === Number.POSITIVE_INFINITY && full.count > 0) first = full.time(0);
        full.count = 0;
      },
    },
    { macs: false },
  );
  const framer = createFramer(format, probe);
  framer.feed(prefix, new DataView(prefix.buffer, prefix.byteOffset, prefix.byteLength), 0, prefix.byteLength);
  probe.finish();
  return first;
}

function compare<T>(a: T, b: T): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
