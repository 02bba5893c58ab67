// The columns that a decoder fills and the flow table reads: one row a framed packet, no object per packet.

/** Rows a batch holds. Small enough for the second-level cache, large enough to overlap cache misses. */
export const BATCH_ROWS = 256;
/** All numbers of rows: what is masked with it stays as it is, and the compiler knows its bounds. */
export const ROW_MASK = BATCH_ROWS - 1;

/** What a row is; every framed packet becomes exactly one row. */
export const KIND = {
  /** An IP packet with its endpoints, ports where the protocol has them. */
  flow: 0,
  /** An IPv4 or IPv6 fragment after the first: addresses, protocol and `ident`, no ports. */
  fragment: 1,
  /** An ICMP or ICMPv6 error (not echo, not neighbour discovery): addresses of the outer header. */
  icmpError: 2,
  /** ARP, RARP. */
  arp: 3,
  /** Not IP, or IP cut off before its addresses. */
  other: 4,
  /** An IP header that contradicts itself (version, header length, total length): nothing in it is trusted. */
  damaged: 5,
} as const;

/** Bits of `flags`. The low eight are TCP's own (RFC 9293): FIN 1, SYN 2, RST 4, PSH 8, ACK 16, URG 32, ECE 64, CWR 128. */
export const FLAG = {
  fin: 0x01,
  syn: 0x02,
  rst: 0x04,
  psh: 0x08,
  ack: 0x10,
  /** Set where the sender is the endpoint in `k1` (the higher one). */
  fromHigh: 0x100,
  /** The first fragment of a datagram (more fragments, offset 0): `ident` is valid. */
  firstFragment: 0x200,
  /** ICMP(v6) echo request: the identifier is in both halves of `ports`. */
  echoRequest: 0x400,
  /** ICMP(v6) echo reply. */
  echoReply: 0x800,
  /** Cooked captures: the kernel says that the packet came in (`packet type` 0 to 3) or went out (4). */
  incoming: 0x1000,
  outgoing: 0x2000,
  /** TCP: `seq` was captured. */
  seqValid: 0x4000,
} as const;

/** Bits of `meta`: protocol (0–7), family (8), ports (9), kind of key (10–11), point (16–31). Part of the flow key. */
export const META = {
  protocolMask: 0xff,
  /** Set for IPv6. */
  ipv6: 0x100,
  /** Set where `ports` holds ports or an echo identifier. */
  hasPorts: 0x200,
  /** The key is a datagram's (addresses, protocol, ident in `ports`), not a flow's. Set by the flow table only. */
  datagram: 0x400,
  pointShift: 16,
} as const;

/** 32-bit words of a row: a cache line, in one array, since compiled code looks at an array's shape and length anew for each. */
export const ROW_WORDS = 16;
export const ROW_SHIFT = 4;

const ROWS_BYTES = BATCH_ROWS * ROW_WORDS * 4;
const BATCH_BYTES = ROWS_BYTES + BATCH_ROWS * 8 * 4;

/** Word numbers within a row; `time64` is its Float64 index. */
export const ROW = {
  /** Microseconds since the epoch, whole. */
  time64: 0,
  k0: 2,
  k1: 3,
  /** Lower endpoint's port in the high half, higher endpoint's in the low half; 0 without ports. */
  ports: 4,
  meta: 5,
  flags: 6,
  /** TCP sequence number; only with FLAG.seqValid. */
  seq: 7,
  /** Transport payload by the headers' own lengths, captured or not. */
  payload: 8,
  /**
   * Identification of fragments, 16 bits (IPv4) or 32 (IPv6): kind fragment, and first fragments. Kind icmpError: type in
   * the high byte, code in the low one. Kind arp: the operation.
   */
  ident: 9,
  /** Bytes of the IP packet as its header says (IPv6: payload length + 40). At most 2^31 − 1. */
  ipBytes: 10,
  /** The frame's original length on the wire. At most 2^31 − 1. */
  wireBytes: 11,
  kind: 12,
  /** The flow table's own: the key's hash, and the record of its run. */
  hash: 13,
  record: 14,
} as const;

/**
 * Up to BATCH_ROWS packets.
 *
 * Endpoints are canonical: the lower of (address, port) in `k0`, the higher in `k1`, compared as unsigned integers,
 * address first; `FLAG.fromHigh` tells the sender. IPv4: `k0`, `k1` are the addresses. IPv6: `k0`, `k1` are
 * `foldAddress` of the four words, and the words themselves stand in `wide` (row r: words 8r…8r+3 the lower
 * address, 8r+4…8r+7 the higher); `wide` is not written for IPv4.
 * For kinds arp, other and damaged only `time`, `wireBytes`, `kind`, `flags` and the point in `meta` are valid; for arp
 * also `ident` (the operation, 0 where it is not for IPv4), `k0` (sender) and `k1` (target), not ordered.
 *
 * The decoder owns the batch and overwrites it after each flush; who needs a value longer copies it. The hot loops read
 * and write `words` and `floats` themselves, all others ask by name.
 */
export class Batch {
  count = 0;
  /** Row r starts at word ROW_WORDS · r, ROW_WORDS / 2 · r of `floats`, which is the same memory. */
  readonly words: Int32Array;
  readonly floats: Float64Array;
  readonly wide: Int32Array;
  /** Low 32 and high 16 bits of the sender's and the receiver's link address; only where the decoder was asked for them, else 0. */
  readonly macFromLow = new Int32Array(BATCH_ROWS);
  readonly macFromHigh = new Int32Array(BATCH_ROWS);
  readonly macToLow = new Int32Array(BATCH_ROWS);
  readonly macToHigh = new Int32Array(BATCH_ROWS);

  /** Rows and wide addresses lie at these bytes of the memory that is given, else in memory of their own. */
  constructor(buffer: ArrayBufferLike = new ArrayBuffer(BATCH_BYTES), rowsAt = 0, wideAt = ROWS_BYTES) {
    this.words = new Int32Array(buffer, rowsAt, BATCH_ROWS * ROW_WORDS);
    this.floats = new Float64Array(buffer, rowsAt, (BATCH_ROWS * ROW_WORDS) / 2);
    this.wide = new Int32Array(buffer, wideAt, BATCH_ROWS * 8);
  }

  time(row: number): number {
    return this.floats[row * (ROW_WORDS / 2) + ROW.time64];
  }

  kind(row: number): number {
    return this.words[row * ROW_WORDS + ROW.kind];
  }

  k0(row: number): number {
    return this.words[row * ROW_WORDS + ROW.k0];
  }

  k1(row: number): number {
    return this.words[row * ROW_WORDS + ROW.k1];
  }

  ports(row: number): number {
    return this.words[row * ROW_WORDS + ROW.ports];
  }

  meta(row: number): number {
    return this.words[row * ROW_WORDS + ROW.meta];
  }

  flags(row: number): number {
    return this.words[row * ROW_WORDS + ROW.flags];
  }

  seq(row: number): number {
    return this.words[row * ROW_WORDS + ROW.seq];
  }

  payload(row: number): number {
    return this.words[row * ROW_WORDS + ROW.payload];
  }

  ident(row: number): number {
    return this.words[row * ROW_WORDS + ROW.ident];
  }

  ipBytes(row: number): number {
    return this.words[row * ROW_WORDS + ROW.ipBytes];
  }

  wireBytes(row: number): number {
    return this.words[row * ROW_WORDS + ROW.wireBytes];
  }
}

/** Takes full batches (and the last, partial one); the rows are read before it returns. */
export interface BatchSink {
  flush(batch: Batch): void;
}

/** 32 bits for an IPv6 address; equality of folds is not equality of addresses. */
export function foldAddress(w0: number, w1: number, w2: number, w3: number): number {
  let h = Math.imul(w0, 0x9e3779b1) ^ Math.imul(w1, 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 15), 0x2c1b3c6d) ^ Math.imul(w2, 0xc2b2ae35);
  h = Math.imul(h ^ (h >>> 13), 0x297a2d39) ^ w3;
  return h | 0;
}
