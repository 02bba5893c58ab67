// Records that the tests of windows are driven with, and the framer that reads them.

import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Fed } from '#src/input/window.js';

/** Records: length (4 bytes), then as many bytes, each the number of the record modulo 251. */
export class Records implements Fed {
  done = false;
  wants = 4;
  lengths: number[] = [];
  left = -1;
  ends = 0;
  /** Where the next record starts. */
  position: number;

  constructor(
    start = 0,
    private readonly limit = Number.POSITIVE_INFINITY,
    private readonly sayWants = true,
    private readonly firstNumber = 0,
  ) {
    this.position = start;
  }

  feed(bytes: Uint8Array, view: DataView, from: number, to: number): number {
    assert.equal(view.buffer, bytes.buffer);
    assert.ok(!this.done);
    let at = from;
    for (;;) {
      this.wants = this.sayWants ? 4 : 0;
      if (this.position >= this.limit) {
        this.done = true;
        return at;
      }
      if (to - at < 4) return at;
      const length = view.getUint32(at, true);
      if (this.sayWants) this.wants = 4 + length;
      if (to - at < 4 + length) return at;
      const number = (this.firstNumber + this.lengths.length) % 251;
      assert.ok(bytes.subarray(at + 4, at + 4 + length).every((byte) => byte === number));
      this.lengths.push(length);
      at += 4 + length;
      this.position += 4 + length;
    }
  }

  end(left: number): void {
    this.left = left;
    this.ends++;
  }
}

/** As `Records` reads them. */
export function records(lengths: readonly number[]): Buffer {
  return Buffer.concat(
    lengths.map((length, number) => {
      const record = Buffer.alloc(4 + length, number % 251);
      record.writeUInt32LE(length);
      return record;
    }),
  );
}

/** Of records, a few larger than any read. */
export const lengths = fc.array(
  fc.oneof(
    { weight: 5, arbitrary: fc.integer({ min: 0, max: 2000 }) },
    { weight: 1, arbitrary: fc.integer({ min: 0, max: 3_000_000 }) },
  ),
  { maxLength: 40 },
);
