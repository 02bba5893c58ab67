// Places of flows, first in, first out: a ring in one small piece of memory, however many pass through it.

export class Queue {
  private places: StaticArray<i32> = new StaticArray<i32>(256);
  private taken: i32 = 0;
  private added: i32 = 0;

  get length(): i32 {
    return this.added - this.taken;
  }

  /** The place that is `n` behind the first; `n` is below `length`. */
  at(n: i32): i32 {
    const places = this.places;
    return places[(this.taken + n) & (places.length - 1)];
  }

  add(place: i32): void {
    if (this.length === this.places.length) this.grow();
    const places = this.places;
    places[this.added++ & (places.length - 1)] = place;
  }

  /** Takes out the first. */
  take(): void {
    this.taken++;
  }

  clear(): void {
    this.taken = this.added;
  }

  private grow(): void {
    const length = this.length;
    const places = new StaticArray<i32>(this.places.length * 2);
    for (let n = 0; n < length; n++) places[n] = this.at(n);
    this.places = places;
    this.taken = 0;
    this.added = length;
  }
}
