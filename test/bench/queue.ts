// What happens next: a binary heap of (time, slot) over typed arrays.

/** Earliest first. Ties come in an order that depends on the calls alone, so equal seeds give equal captures. */
export class EventQueue {
  size = 0;
  private times = new Float64Array(4096);
  private slots = new Int32Array(4096);

  /** Time of the first event; only where `size` is above 0. */
  firstTime(): number {
    return this.times[0] as number;
  }

  firstSlot(): number {
    return this.slots[0] as number;
  }

  insert(time: number, slot: number): void {
    if (this.size === this.times.length) this.grow();
    const { times, slots } = this;
    let at = this.size++;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if ((times[parent] as number) <= time) break;
      times[at] = times[parent] as number;
      slots[at] = slots[parent] as number;
      at = parent;
    }
    times[at] = time;
    slots[at] = slot;
  }

  /** Puts the first event off to `time`. */
  replaceFirst(time: number, slot: number): void {
    const { times, slots, size } = this;
    let at = 0;
    for (let child = 1; child < size; child = 2 * at + 1) {
      if (child + 1 < size && (times[child + 1] as number) < (times[child] as number)) child++;
      if ((times[child] as number) >= time) break;
      times[at] = times[child] as number;
      slots[at] = slots[child] as number;
      at = child;
    }
    times[at] = time;
    slots[at] = slot;
  }

  removeFirst(): void {
    const last = --this.size;
    if (last > 0) this.replaceFirst(this.times[last] as number, this.slots[last] as number);
  }

  private grow(): void {
    const times = new Float64Array(this.size * 2);
    const slots = new Int32Array(this.size * 2);
    times.set(this.times);
    slots.set(this.slots);
    this.times = times;
    this.slots = slots;
  }
}
