// Addresses become others that share their prefixes: Crypto-PAn (Xu, Fan, Ammar and Moon, "Prefix-preserving IP address
// anonymization", ICNP 2002) over AES-128 (FIPS 197). Two addresses that have their first n bits in common still have
// them afterwards, and without the key nobody knows which they were.

import { createCipheriv } from 'node:crypto';

/** Bytes of a key: 16 for AES, 16 of which the padding is made. */
export const KEY_BYTES = 32;
const BLOCK = 16;

export class PrefixPreserving {
  private readonly key: Uint8Array;
  private readonly pad: Uint8Array;

  /** `key` has 32 bytes. */
  constructor(key: Uint8Array) {
    if (key.length !== KEY_BYTES) throw new Error(`a key has ${KEY_BYTES} bytes, not ${key.length}`);
    this.key = key.slice(0, BLOCK);
    this.pad = this.encrypt(key.slice(BLOCK));
  }

  /** The other address: 4 bytes for 4, 16 for 16. */
  map(address: Uint8Array): Uint8Array {
    const bits = address.length * 8;
    const blocks = new Uint8Array(bits * BLOCK);
    for (let bit = 0; bit < bits; bit++) {
      // The bits before this one as they are, the padding behind them.
      const at = bit * BLOCK;
      blocks.set(this.pad, at);
      const whole = bit >> 3;
      blocks.set(address.subarray(0, whole), at);
      const mask = 0xff00 >> (bit & 7);
      blocks[at + whole] = (address[whole] & mask) | (this.pad[whole] & ~mask & 0xff);
    }
    const flips = this.encrypt(blocks);
    const mapped = address.slice();
    for (let bit = 0; bit < bits; bit++) mapped[bit >> 3] ^= (flips[bit * BLOCK] >> 7) << (7 - (bit & 7));
    return mapped;
  }

  /** A link address: locally administered, and nothing of the first one left (not even the maker). */
  mapMac(address: Uint8Array): Uint8Array {
    const block = this.pad.slice();
    block.set(address, BLOCK - address.length);
    block[0] ^= 0xff;
    const mapped = this.encrypt(block).slice(0, address.length);
    mapped[0] = (mapped[0] & 0xfc) | 0x02;
    return mapped;
  }

  private encrypt(blocks: Uint8Array): Uint8Array {
    const cipher = createCipheriv('aes-128-ecb', this.key, null).setAutoPadding(false);
    return new Uint8Array(cipher.update(blocks));
  }
}
