// The checksum of zstd frames: the low 32 bits of XXH64 with seed 0, over bytes that come in pieces.
// Specification: xxHash, "XXH64 algorithm description"; RFC 8878, 3.1.1 (Content_Checksum).

/** The five primes as (high, low) halves. */
const P1H = 0x9e3779b1;
const P1L = 0x85ebca87;
const P2H = 0xc2b2ae3d;
const P2L = 0x27d4eb4f;
const P3H = 0x165667b1;
const P3L = 0x9e3779f9;
const P4H = 0x85ebca77;
const P4L = 0xc2b2ae63;
const P5H = 0x27d4eb2f;
const P5L = 0x165667c5;

const STRIPE_BYTES = 32;

/** 64-bit words are pairs of halves here: BigInt would be ten times slower. `h` and `l` are the result of the last sum or product. */
let h = 0;
let l = 0;

export class Xxh64 {
  /** Four accumulators, high and low halves in turn. */
  private readonly lanes = new Int32Array(8);
  private readonly held = new Uint8Array(STRIPE_BYTES);
  private heldBytes = 0;
  private total = 0;

  constructor() {
    add(P1H, P1L, P2H, P2L);
    this.lanes.set([h, l, P2H, P2L, 0, 0, ~P1H, -P1L]);
  }

  update(bytes: Uint8Array): void {
    this.total += bytes.length;
    let at = 0;
    if (this.heldBytes > 0) {
      at = Math.min(STRIPE_BYTES - this.heldBytes, bytes.length);
      this.held.set(bytes.subarray(0, at), this.heldBytes);
      this.heldBytes += at;
      if (this.heldBytes < STRIPE_BYTES) return;
      this.stripes(this.held, 0, STRIPE_BYTES);
      this.heldBytes = 0;
    }
    const end = bytes.length - ((bytes.length - at) % STRIPE_BYTES);
    this.stripes(bytes, at, end);
    this.held.set(bytes.subarray(end));
    this.heldBytes = bytes.length - end;
  }

  /** The low half, as an unsigned number. */
  digest(): number {
    const { lanes } = this;
    if (this.total < STRIPE_BYTES) {
      h = P5H;
      l = P5L;
    } else {
      const rotations = [1, 7, 12, 18];
      let sumH = 0;
      let sumL = 0;
      for (let lane = 0; lane < 4; lane++) {
        rotate(lanes[2 * lane], lanes[2 * lane + 1], rotations[lane]);
        add(sumH, sumL, h, l);
        sumH = h;
        sumL = l;
      }
      for (let lane = 0; lane < 4; lane++) {
        round(0, 0, lanes[2 * lane], lanes[2 * lane + 1]);
        multiply(sumH ^ h, sumL ^ l, P1H, P1L);
        add(h, l, P4H, P4L);
        sumH = h;
        sumL = l;
      }
      h = sumH;
      l = sumL;
    }
    add(h, l, Math.floor(this.total / 2 ** 32), this.total | 0);
    this.tail();
    avalanche(33);
    multiply(h, l, P2H, P2L);
    avalanche(29);
    multiply(h, l, P3H, P3L);
    avalanche(32);
    return l >>> 0;
  }

  private stripes(bytes: Uint8Array, from: number, end: number): void {
    const { lanes } = this;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    for (let lane = 0; lane < 4; lane++) {
      let high = lanes[2 * lane];
      let low = lanes[2 * lane + 1];
      for (let at = from + 8 * lane; at < end; at += STRIPE_BYTES) {
        round(high, low, view.getInt32(at + 4, true), view.getInt32(at, true));
        high = h;
        low = l;
      }
      lanes[2 * lane] = high;
      lanes[2 * lane + 1] = low;
    }
  }

  /** The bytes that fill no stripe, mixed into (h, l). */
  private tail(): void {
    const view = new DataView(this.held.buffer);
    let at = 0;
    for (; at + 8 <= this.heldBytes; at += 8) {
      const [wasH, wasL] = [h, l];
      round(0, 0, view.getInt32(at + 4, true), view.getInt32(at, true));
      rotate(wasH ^ h, wasL ^ l, 27);
      multiply(h, l, P1H, P1L);
      add(h, l, P4H, P4L);
    }
    if (at + 4 <= this.heldBytes) {
      const [wasH, wasL] = [h, l];
      multiply(0, view.getInt32(at, true), P1H, P1L);
      rotate(wasH ^ h, wasL ^ l, 23);
      multiply(h, l, P2H, P2L);
      add(h, l, P3H, P3L);
      at += 4;
    }
    for (; at < this.heldBytes; at++) {
      const [wasH, wasL] = [h, l];
      multiply(0, this.held[at], P5H, P5L);
      rotate(wasH ^ h, wasL ^ l, 11);
      multiply(h, l, P1H, P1L);
    }
  }
}

/** An accumulator takes in one word. */
function round(accH: number, accL: number, wordH: number, wordL: number): void {
  multiply(wordH, wordL, P2H, P2L);
  add(accH, accL, h, l);
  rotate(h, l, 31);
  multiply(h, l, P1H, P1L);
}

function avalanche(bits: number): void {
  if (bits === 32) l ^= h;
  else if (bits > 32) l ^= h >>> (bits - 32);
  else {
    const low = (l >>> bits) | (h << (32 - bits));
    h ^= h >>> bits;
    l ^= low;
  }
}

function rotate(high: number, low: number, bits: number): void {
  h = (high << bits) | (low >>> (32 - bits));
  l = (low << bits) | (high >>> (32 - bits));
}

function add(aH: number, aL: number, bH: number, bL: number): void {
  const low = (aL >>> 0) + (bL >>> 0);
  l = low | 0;
  h = (aH + bH + (low > 0xffffffff ? 1 : 0)) | 0;
}

/** Modulo 2^64, of the low halves by way of 16-bit parts. */
function multiply(aH: number, aL: number, bH: number, bL: number): void {
  const a0 = aL & 0xffff;
  const a1 = aL >>> 16;
  const b0 = bL & 0xffff;
  const b1 = bL >>> 16;
  const low = a0 * b0;
  const middle = a1 * b0 + (low >>> 16);
  const other = a0 * b1 + (middle & 0xffff);
  l = (other << 16) | (low & 0xffff);
  h = (a1 * b1 + (middle >>> 16) + (other >>> 16) + Math.imul(aH, bL) + Math.imul(aL, bH)) | 0;
}
