// What the readers of all formats hold a record's lengths and times to.

/** Bytes of a packet that are held for decoding; what a record has beyond is passed over. */
export const HOLD_BYTES = 262_144;

/** So many records of nothing but zeros are no records: the rest of the file was never written. */
export const BLANK_RECORDS = 64;

/** Times beyond lose their microseconds as numbers (year 2255). */
export const MAX_TIME_US = Number.MAX_SAFE_INTEGER;

/** No packet is longer than what was captured of it by more; such a length stays, as all readers have it, but is told. */
export const MAX_MISSING = 0x7ffffff;

/**
 * Stands in for an original length that can't be: where it is no 31-bit number, or 0, the captured length; where it is
 * merely below the captured one it stays, as it is what the recorder took for the packet's length on the wire.
 */
export function soundOriginal(original: number, captured: number): number {
  return original > 0x7fffffff || original === 0 ? captured : original;
}

/** A captured length above this is no record's. As libpcap has it: 256 KiB, more where packets are messages of a bus. */
export function maxCapturedOf(linkType: number): number {
  switch (linkType) {
    case 189: // USB, Linux
    case 220: // USB, Linux, padded header
    case 231: // D-Bus
    case 249: // USBPcap
      return 128 * 1024 * 1024;
    case 279: // EBHSCR
      return 8 * 1024 * 1024;
    default:
      return HOLD_BYTES;
  }
}

/**
 * Whether the first 16 bytes of a "record" are the file header of a second capture, appended with cat: magic number,
 * version 2.4, zone and accuracy 0, in either byte order.
 */
export function isFileHeader(view: DataView, at: number): boolean {
  if ((view.getInt32(at + 8) | view.getInt32(at + 12)) !== 0) return false;
  const magic = view.getUint32(at);
  const version = view.getUint32(at + 4);
  if (version === 0x00020004) return FILE_MAGICS.includes(magic);
  // The same four bytes the other way round.
  return version === 0x02000400 && FILE_MAGICS.includes(view.getUint32(at, true));
}

const FILE_MAGICS: readonly number[] = [0xa1b2c3d4, 0xa1b23c4d, 0xa1b2cd34];
