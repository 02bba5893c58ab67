// Times of pcapng: 64-bit counts of an interface's own unit, to whole microseconds, exactly and without BigInt.
// https://datatracker.ietf.org/doc/draft-ietf-opsawg-pcapng/ (options if_tsresol and if_tsoffset)

const TWO_32 = 4294967296;

/** The unit and offset of one interface. */
export class NgClock {
  /** Power of ten a microsecond is multiplied or divided by, in steps that stay below 2^53; or the power of two. */
  private readonly binary: boolean;
  private readonly exponent: number;
  private readonly times: number;
  private readonly divide: number;
  private readonly divideAgain: number;
  private readonly offsetUs: number;
  /** False where 64 bits of the unit end before the present and no offset makes up for it: such times can't be right. */
  readonly sound: boolean;

  /**
   * @param resolution if_tsresol: 10^-n, or 2^-n with the high bit set
   * @param offsetSec if_tsoffset, seconds
   */
  constructor(resolution = 6, offsetSec = 0) {
    this.binary = (resolution & 0x80) !== 0;
    this.exponent = resolution & 0x7f;
    const n = this.exponent;
    this.times = n < 6 ? 10 ** (6 - n) : 1;
    this.divide = n > 6 ? 10 ** Math.min(n - 6, 6) : 1;
    this.divideAgain = n > 12 ? 10 ** (n - 12) : 1;
    this.offsetUs = offsetSec * 1e6;
    const spanSec = this.binary ? 2 ** (64 - n) : 2 ** 64 / 10 ** n;
    this.sound = spanSec > 1e9 || offsetSec !== 0;
  }

  /** Microseconds, floored; beyond 2^53 no longer exact, but finite. */
  toMicros(high: number, low: number): number {
    return (this.binary ? this.fromBinary(high, low) : this.fromDecimal(high, low)) + this.offsetUs;
  }

  private fromDecimal(high: number, low: number): number {
    const divide = this.divide;
    if (divide === 1) return (high * TWO_32 + low) * this.times;
    // Long division, a 32-bit digit at a time: the remainder stays below 10^6, so every step is exact.
    const quotient = Math.floor(high / divide);
    const rest = high - quotient * divide;
    const us = quotient * TWO_32 + Math.floor((rest * TWO_32 + low) / divide);
    return this.divideAgain === 1 ? us : Math.floor(us / this.divideAgain);
  }

  private fromBinary(high: number, low: number): number {
    const n = this.exponent;
    if (n <= 32) {
      const unit = 2 ** n;
      const whole = Math.floor(low / unit);
      const rest = low - whole * unit;
      return (high * 2 ** (32 - n) + whole) * 1e6 + Math.floor((rest * 1e6) / unit);
    }
    const unit = 2 ** (n - 32);
    const seconds = Math.floor(high / unit);
    const rest = high - seconds * unit;
    // Floors compose: dividing the floor by a power of two and flooring again gives the floor of the whole.
    return seconds * 1e6 + Math.floor((rest * 1e6 + Math.floor((low * 1e6) / TWO_32)) / unit);
  }
}
