// What the readers of all formats hold a record's lengths and times to.

/** Bytes of a packet that are held for decoding; what a record has beyond is passed over. */
export const HOLD_BYTES = 262_144;

/** So many records of nothing but zeros are no records: the rest of the file was never written. */
export const BLANK_RECORDS = 64;

/** Times beyond lose their microseconds as numbers (year 2255). */
export const MAX_TIME_US = Number.MAX_SAFE_INTEGER;

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
