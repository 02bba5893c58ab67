// What was read ahead of an input that can be read only once is replayed before the rest of it.

/** Exactly so many bytes of a stream, or all: what is told by them must not depend on how they come in. */
export async function* firstBytes(chunks: AsyncIterable<Uint8Array>, limit: number): AsyncGenerator<Uint8Array> {
  let left = limit;
  for await (const chunk of chunks) {
    yield chunk.subarray(0, left);
    left -= chunk.length;
    if (left <= 0) return;
  }
}

/** The same, with what was read copied into `kept` on the way; the stream stays open behind it. */
export async function* keep(
  rest: AsyncGenerator<Uint8Array, void>,
  kept: Uint8Array[],
  limit: number,
): AsyncGenerator<Uint8Array> {
  for (let read = 0; read < limit; ) {
    const next = await rest.next();
    if (next.done === true) return;
    // `slice` of a Buffer is a view, and would change under the next read.
    const copy = new Uint8Array(next.value);
    kept.push(copy);
    yield copy.subarray(0, limit - read);
    read += copy.length;
  }
}

export async function* replay(kept: Uint8Array[], rest: AsyncGenerator<Uint8Array, void>): AsyncGenerator<Uint8Array> {
  for (let chunk = kept.shift(); chunk !== undefined; chunk = kept.shift()) yield chunk;
  yield* rest;
}
