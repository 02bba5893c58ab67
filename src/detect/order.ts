// Times become the order in which they come: a radix sort, since a million events are sorted for each report. It runs once and
// so mostly on code that is not compiled yet: each loop is a function of its own, as small as can be.

/** Bits by which many and few events are told apart at once: as few passes as the counters' memory allows. */
const WIDE = 14;
const NARROW = 8;
const MANY = 4096;
/** Spans beyond 2^32 microseconds are sorted by their low bits first. */
const LOW = 26;

/** Places of `times` (whole microseconds, at most 2^53 apart) from the earliest to the latest; equal ones keep their order. */
export function orderOf(times: Float64Array): Uint32Array {
  const places = new Uint32Array(times.length);
  for (let i = 0; i < places.length; i++) places[i] = i;
  return inOrder(places, times);
}

/** As `orderOf`, of some places alone. What is given may be overwritten, and may be what is returned. */
export function inOrder(places: Uint32Array, times: Float64Array): Uint32Array {
  let least = Number.POSITIVE_INFINITY;
  let most = Number.NEGATIVE_INFINITY;
  let isSorted = true;
  for (let i = 0; i < places.length; i++) {
    const time = times[places[i]];
    if (time < most) isSorted = false;
    else most = time;
    if (time < least) least = time;
  }
  return isSorted ? places : sorted(places, times, least, most - least);
}

function sorted(places: Uint32Array, times: Float64Array, least: number, span: number): Uint32Array {
  if (span > Number.MAX_SAFE_INTEGER) return places.sort((a, b) => times[a] - times[b] || a - b);
  // By place; others are not read.
  const words = new Uint32Array(times.length);
  const spare = new Uint32Array(places.length);
  if (span < 2 ** 32) {
    fillWords(words, places, times, least);
    return sortBy(words, span, places, spare);
  }
  fillLow(words, places, times, least);
  const byLow = sortBy(words, 2 ** LOW - 1, places, spare);
  fillHigh(words, places, times, least);
  return sortBy(words, Math.floor(span / 2 ** LOW), byLow, byLow === places ? spare : places);
}

/** The places sorted anew by words of at most `most`; they stand in either of the two arrays. */
function sortBy(words: Uint32Array, most: number, places: Uint32Array, spare: Uint32Array): Uint32Array {
  const bits = 32 - Math.clz32(most);
  const passes = Math.ceil(bits / (places.length < MANY ? NARROW : WIDE));
  const width = Math.ceil(bits / passes);
  // All counted ahead, while the places stand in their own order: that of the memory.
  const starts = Array.from({ length: passes }, (_, pass) => startsOf(words, places, pass * width, 2 ** width));
  let from = places;
  let to = spare;
  for (let pass = 0; pass < passes; pass++) {
    place(words, from, pass * width, starts[pass], to);
    [from, to] = [to, from];
  }
  return from;
}

/** Where the places of each digit begin. */
function startsOf(words: Uint32Array, places: Uint32Array, shift: number, digits: number): Uint32Array {
  const starts = new Uint32Array(digits + 1);
  countDigits(words, places, shift, starts);
  addUp(starts);
  return starts;
}

/** One place further on. */
function countDigits(words: Uint32Array, places: Uint32Array, shift: number, starts: Uint32Array): void {
  const mask = starts.length - 2;
  for (let i = 0; i < places.length; i++) starts[((words[places[i]] >>> shift) & mask) + 1]++;
}

function addUp(starts: Uint32Array): void {
  for (let digit = 1; digit < starts.length; digit++) starts[digit] += starts[digit - 1];
}

function place(words: Uint32Array, from: Uint32Array, shift: number, starts: Uint32Array, to: Uint32Array): void {
  const mask = starts.length - 2;
  for (let i = 0; i < from.length; i++) {
    const at = from[i];
    to[starts[(words[at] >>> shift) & mask]++] = at;
  }
}

function fillWords(words: Uint32Array, places: Uint32Array, times: Float64Array, least: number): void {
  for (let i = 0; i < places.length; i++) words[places[i]] = times[places[i]] - least;
}

function fillLow(words: Uint32Array, places: Uint32Array, times: Float64Array, least: number): void {
  for (let i = 0; i < places.length; i++) {
    const offset = times[places[i]] - least;
    words[places[i]] = offset - Math.floor(offset / 2 ** LOW) * 2 ** LOW;
  }
}

function fillHigh(words: Uint32Array, places: Uint32Array, times: Float64Array, least: number): void {
  for (let i = 0; i < places.length; i++) words[places[i]] = Math.floor((times[places[i]] - least) / 2 ** LOW);
}
