// The hash of a key, as the hot loop has it as well (`hashOf` in hot/store.ts).

/** Mixes a key to 32 bits (the finaliser of MurmurHash3). */
export function hashKey(a: number, b: number, ports: number, meta: number, seed: number): number {
  let h = Math.imul(a ^ seed, 0x85ebca6b) ^ b;
  h = Math.imul(h ^ (h >>> 15), 0xc2b2ae35) ^ ports;
  h = Math.imul(h ^ (h >>> 13), 0x85ebca6b) ^ meta;
  h = Math.imul(h ^ (h >>> 16), 0xc2b2ae35);
  return h ^ (h >>> 15);
}
