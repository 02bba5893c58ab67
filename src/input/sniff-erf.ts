// Tells whether bytes are ERF records (Endace), which have no magic number: only several that agree will do.

/** Seconds of 1990-01-01 and a year: a capture that jumps further between records is none. */
const EARLIEST_SEC = 631_152_000;
const YEAR_SEC = 31_536_000;

const HEADER_BYTES = 16;
const EXTENSION_BYTES = 8;
/** Records are padded to 8 bytes, and may carry a frame check sequence. */
const SLACK_BYTES = 16;
const ENOUGH_RECORDS = 3;
/** So many in a row are ERF, whatever damage follows them. */
const CERTAIN_RECORDS = 8;

/** Types that have been given out; 0 (legacy), 26 and 28 to 32 are not among them. */
const TYPE = { infinibandLink: 25, meta: 27, opaSnc: 33, opa9b: 34, pad: 48 } as const;

/**
 * `yes` where records follow each other, up to the end of `bytes`: three or more, or all there are if the input is
 * `whole`. `maybe` where there are fewer, `no` where one contradicts itself, unless eight before it were sound.
 *
 * Source: Endace, "ERF types reference guide"; the header is: timestamp (8 bytes, little-endian 32.32), type, flags,
 * record length, loss counter, wire length (big-endian).
 */
export function erfLooks(bytes: Uint8Array, whole: boolean): 'yes' | 'maybe' | 'no' {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let records = 0;
  let at = 0;
  let lastSec = 0;
  while (records < CERTAIN_RECORDS && at + HEADER_BYTES <= bytes.length) {
    const sec = view.getUint32(at + 4, true);
    const type = view.getUint8(at + 8);
    const recordBytes = view.getUint16(at + 10);
    const wireBytes = view.getUint16(at + 14);
    if (!isErfType(type & 0x7f) || recordBytes < HEADER_BYTES) return 'no';
    if (sec < EARLIEST_SEC || (records > 0 && Math.abs(sec - lastSec) > YEAR_SEC)) return 'no';
    const extensions = type & 0x80 ? countExtensions(bytes, at + HEADER_BYTES, at + recordBytes) : 0;
    if (extensions < 0) return 'no';
    const captured = recordBytes - HEADER_BYTES - extensions * EXTENSION_BYTES;
    if (captured < 0 || ((type & 0x7f) !== TYPE.pad && captured > wireBytes + SLACK_BYTES)) return 'no';
    at += recordBytes;
    lastSec = sec;
    records++;
  }
  if (records === 0) return 'no';
  return records >= ENOUGH_RECORDS || (whole && at === bytes.length) ? 'yes' : 'maybe';
}

/** Without the highest bit. */
export function isErfType(type: number): boolean {
  return (
    (type >= 1 && type <= TYPE.infinibandLink) ||
    type === TYPE.meta ||
    type === TYPE.opaSnc ||
    type === TYPE.opa9b ||
    type === TYPE.pad
  );
}

/** The top bit of each extension header says that another follows. -1 where they run past the record. */
function countExtensions(bytes: Uint8Array, from: number, end: number): number {
  let count = 0;
  for (let at = from; ; at += EXTENSION_BYTES) {
    if (at + EXTENSION_BYTES > end) return -1;
    count++;
    // Out of sight: the record lies at the end of the prefix, and its own length has been checked.
    if (at >= bytes.length || ((bytes[at] as number) & 0x80) === 0) return count;
  }
}
