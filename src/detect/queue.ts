// Places of flows, first in, first out: a ring in one small piece of memory, however many pass through it.

export class Queue {
  private places = new Int32Array(256);
  private taken = 0;
  private added = 0;

  get length(): number {
    return this.added - this.taken;
  }

  /** The place that is `n` behind the first; `n` is below `length`. */
  at(n: number): number {
    return this.places[(this.taken + n) & (this.places.length - 1)];
  }

  add(place: number): void {
    if (this.added - this.taken === this.places.length) this.grow();
    this.places[this.added++ & (this.places.length - 1)] = place;
  }

  /** Takes out the first. */
  take(): void {
    this.taken++;
  }

  clear(): void {
    this.taken = this.added;
  }

  private grow(): void {
    const places = new Int32Array(this.places.length * 2);
    const { length } = this;
    for (let n = 0; n < length; n++) places[n] = this.at(n);
    this.places = places;
    this.taken = 0;
    this.added = length;
  }
}
