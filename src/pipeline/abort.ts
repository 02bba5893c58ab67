// A pipe may stay silent for ever: who interrupts the reading must not have to wait for its next byte.

/** The chunks until the signal comes; then the stream ends as if it were over. It is left, not closed. */
export async function* untilAborted(
  chunks: AsyncGenerator<Uint8Array, void>,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array, void> {
  if (signal === undefined) {
    yield* chunks;
    return;
  }
  // One waiter at a time: racing every chunk against one promise would keep something of each for ever.
  let wake: (() => void) | null = null;
  const stop = () => wake?.();
  signal.addEventListener('abort', stop);
  try {
    while (!signal.aborted) {
      const next = await new Promise<IteratorResult<Uint8Array, void>>((resolve, reject) => {
        wake = () => resolve({ done: true, value: undefined });
        chunks.next().then(resolve, reject);
      });
      if (next.done === true) return;
      yield next.value;
    }
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
