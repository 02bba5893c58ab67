// Tells by its first bytes how an input is compressed.

/** How an input is compressed; null for not at all. */
export type Compression = 'gzip' | 'zstd' | 'xz' | 'lz4' | 'bzip2';

/** Bytes that decide it in any case. */
export const COMPRESSION_PREFIX_BYTES = 10;

const MAGIC = {
  /** RFC 8878, 3.1.1: little-endian 0xFD2FB528. */
  zstd: 0x28b52ffd,
  /** RFC 8878, 3.1.2, and LZ4 Frame Format, "Skippable Frames": 0x184D2A50 to 0x184D2A5F. */
  skippableTail: 0x2a4d18,
  /** LZ4 Frame Format Description: 0x184D2204; legacy frames (`lz4 -l`, Linux kernel): 0x184C2102. */
  lz4: 0x04224d18,
  lz4Legacy: 0x02214c18,
} as const;

/**
 * Names the compression of an input that starts with `prefix`, or null.
 *
 * Sources: RFC 1952 (gzip), RFC 8878 (zstd), The .xz File Format 2.1.1.1, LZ4 Frame Format, the bzip2 sources.
 * A skippable frame in front is shared by zstd and lz4: what follows it decides, zstd where that is out of sight.
 */
export function sniffCompression(prefix: Uint8Array): Compression | null {
  const view = new DataView(prefix.buffer, prefix.byteOffset, prefix.length);
  let at = 0;
  let skipped = false;
  for (;;) {
    if (at + 4 > prefix.length) return skipped ? 'zstd' : sniffGzip(prefix);
    const word = view.getUint32(at);
    if (word === MAGIC.zstd) return 'zstd';
    if (word === MAGIC.lz4 || word === MAGIC.lz4Legacy) return 'lz4';
    const skippable = (word & 0xffffff) === MAGIC.skippableTail && word >>> 28 === 0x5;
    if (!skippable) break;
    skipped = true;
    if (at + 8 > prefix.length) return 'zstd';
    at += 8 + view.getUint32(at + 4, true);
  }
  if (skipped) return null;
  if (view.getUint32(0) === 0xfd377a58 && prefix[4] === 0x5a && prefix[5] === 0x00) return 'xz';
  if (isBzip2(view)) return 'bzip2';
  return sniffGzip(prefix);
}

function sniffGzip(prefix: Uint8Array): Compression | null {
  // The method is always 8, and the three upper flags are reserved.
  const gzip = prefix.length >= 4 && prefix[0] === 0x1f && prefix[1] === 0x8b && prefix[2] === 8;
  return gzip && ((prefix[3] as number) & 0xe0) === 0 ? 'gzip' : null;
}

/** `BZh`, the block size 1 to 9, then the magic of a block (pi) or of the end (its square root). */
function isBzip2(view: DataView): boolean {
  if (view.byteLength < 10 || view.getUint32(0) >>> 8 !== 0x425a68) return false;
  const level = view.getUint8(3) - 0x30;
  if (level < 1 || level > 9) return false;
  const high = view.getUint32(4);
  const low = view.getUint16(8);
  return (high === 0x31415926 && low === 0x5359) || (high === 0x17724538 && low === 0x5090);
}
