// Times become the order in which they come: a radix sort, since a million events are sorted for each report.

const DIGIT = 16;
const BUCKETS = 2 ** DIGIT;
/** Up to so many are sorted by comparing: that is faster than a walk over all buckets. */
const FEW = 2 ** 12;

/** Places of `times` (whole microseconds, at most 2^53) from the earliest to the latest; equal ones keep their order. */
export function orderOf(times: Float64Array): Uint32Array {
  const count = times.length;
  let order = new Uint32Array(count);
  if (count === 0) return order;
  let least = times[0];
  let most = times[0];
  let sorted = true;
  for (let i = 0; i < count; i++) {
    order[i] = i;
    if (times[i] < least) least = times[i];
    if (times[i] > most) most = times[i];
    if (i > 0 && times[i] < times[i - 1]) sorted = false;
  }
  if (sorted) return order;
  if (count <= FEW) return order.sort((a, b) => times[a] - times[b] || a - b);
  let spare = new Uint32Array(count);
  const digits = new Uint16Array(count);
  const starts = new Uint32Array(BUCKETS + 1);
  for (let scale = 1; scale <= most - least; scale *= BUCKETS) {
    starts.fill(0);
    for (let i = 0; i < count; i++) {
      const digit = Math.floor((times[i] - least) / scale) % BUCKETS;
      digits[i] = digit;
      starts[digit + 1]++;
    }
    for (let digit = 0; digit < BUCKETS; digit++) starts[digit + 1] += starts[digit];
    for (let i = 0; i < count; i++) spare[starts[digits[order[i]]]++] = order[i];
    [order, spare] = [spare, order];
  }
  return order;
}
