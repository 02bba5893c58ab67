// The memory is handed out from below upwards, and given back from above.

/** Where the next array will stand. */
let next: usize = (__heap_base + 7) & ~7;

export function top(): usize {
  return next;
}

/** Room for so many bytes, which hold whatever was there before. */
export function take(bytes: usize): usize {
  const at = next;
  next = at + ((bytes + 7) & ~7);
  const pages = memory.size();
  const missing = (((next + 0xffff) >> 16) as i32) - pages;
  // Much at a time, for pages that nobody writes to cost nothing.
  if (missing > 0 && memory.grow(max(missing, pages)) < 0 && memory.grow(missing) < 0) unreachable();
  return at;
}

/** What was taken since `top` was there is given back. */
export function release(to: usize): void {
  next = to;
}

export function takeWords(count: i32): StaticArray<i32> {
  return changetype<StaticArray<i32>>(take((count as usize) << 2));
}

export function takeZeros(count: i32): StaticArray<i32> {
  const words = takeWords(count);
  memory.fill(changetype<usize>(words), 0, (count as usize) << 2);
  return words;
}
