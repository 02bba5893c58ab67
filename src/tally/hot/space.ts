// The memory is handed out from below upwards, and given back from above.

/** What can be addressed, less one page: an end of 2^32 would be 0. */
const MOST: u64 = 0xffff0000;

/** Where the next array will stand. */
let next: usize = (__heap_base + 7) & ~7;

export function top(): usize {
  return next;
}

/** Room for so many bytes, which hold whatever was there before; none is taken where it traps. */
export function take(bytes: usize): usize {
  const at = next;
  const end = (at as u64) + (((bytes as u64) + 7) & ~7);
  if (end > MOST) unreachable();
  const pages = memory.size();
  const missing = (((end + 0xffff) >> 16) as i32) - pages;
  // Much at a time, for pages that nobody writes to cost nothing.
  if (missing > 0 && memory.grow(max(missing, pages)) < 0 && memory.grow(missing) < 0) unreachable();
  next = end as usize;
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
