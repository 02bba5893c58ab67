// Plain pcap files are cut into parts, as many as there are threads or a multiple; any other input is one part.

import { PCAP_HEADER_BYTES, type PcapHeader, parsePcapHeader } from '../decode/pcap-header.js';
import { LEAST_KEY_BITS, MOST_KEY_BITS } from '../flows/layout.js';
import { areAddressesLimited } from '../workers/addresses.js';
import type { PartSpec } from '../workers/part.js';
import { readersOf } from '../workers/sample.js';
import { PART_BYTES } from '../workers/threads.js';
import type { EngineOptions } from './engine.js';
import type { Source } from './sources.js';

/** Larger parts would hold more open runs than memory should: where each thread has one and keeps them, and where they are copied. */
const MOST_HELD_BYTES = 1536 * 2 ** 20;
const MOST_PART_BYTES = 768 * 2 ** 20;
/** Bytes of a capture for each of the bits that stand for keys: one in a few dozens is set then. */
const BYTES_A_KEY_BIT = 64;

/** The parts of a source; `several` sources are read, and `settles` says that runs which are over may be settled apart. */
export function planParts(
  source: Source,
  options: EngineOptions,
  seed: number,
  several: boolean,
  settles: boolean,
): PartSpec[] {
  const { topology, rules, filter, jobs, reference, ledgerRows } = options;
  const base = { input: source.number, path: source.open.path, format: source.format, startClock: null };
  const shared = { ...base, topology, rules, filter, seed, reference, keyBits: 0 };
  // Only what is added first can be taken over, and each memory takes 10 GB of addresses.
  const shares = !several && !areAddressesLimited();
  const settle = (part: number, ended: boolean) =>
    settles ? { ledgerRows, ended, shares: shares && part === 0 } : null;
  const { size } = source.open;
  const header = cuttable(source);
  const least = options.partBytes ?? PART_BYTES;
  const uncut = header === null || size === null || reference || size < 2 * least;
  const readers = uncut ? 1 : readersOf(source.open.fd as number, size, jobs);
  if (uncut || (readers <= 1 && options.partBytes === undefined)) {
    // Too small for two threads to cut: too small to be worth another one's reading.
    const ahead = jobs > 1 && size !== null && size >= 2 * least;
    return [{ ...shared, ahead, settle: settle(0, !several), part: 0, segment: null, leftOpen: several }];
  }
  const fits = settles && !several && size <= readers * MOST_HELD_BYTES;
  const most = options.partBytes ?? (fits ? MOST_HELD_BYTES : MOST_PART_BYTES);
  const rounds = Math.max(1, Math.ceil(size / (readers * most)));
  const count = Math.max(1, Math.min(readers * rounds, Math.floor(size / least)));
  // More parts than threads would be more memory than there should be.
  const holds = settles && !several && (count <= readers || options.partBytes !== undefined);
  return Array.from({ length: count }, (_, part) => {
    const start = part === 0 ? PCAP_HEADER_BYTES : Math.floor((size * part) / count);
    const limit = part === count - 1 ? size : Math.floor((size * (part + 1)) / count);
    return {
      ...shared,
      ahead: readers < jobs,
      settle: settle(part, !several && part === count - 1),
      part,
      segment: { header, start, limit, fileEnd: size, known: null },
      leftOpen: several || part > 0,
      keyBits: holds ? keyBitsFor(size / count) : 0,
    };
  });
}

/** The header of a plain pcap file that can be read from anywhere, else null. */
function cuttable({ format, open }: Source): PcapHeader | null {
  if (format !== 'pcap' || open.fd === null) return null;
  const header = parsePcapHeader(open.prefix.subarray(0, PCAP_HEADER_BYTES));
  return 'error' in header ? null : header;
}

function keyBitsFor(partBytes: number): number {
  return Math.max(LEAST_KEY_BITS, Math.min(Math.round(Math.log2(partBytes / BYTES_A_KEY_BIT)), MOST_KEY_BITS));
}
