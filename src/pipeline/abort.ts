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
  let stop: () => void = () => {};
  const aborted = new Promise<{ done: true }>((resolve) => {
    stop = () => resolve({ done: true });
    signal.addEventListener('abort', stop, { once: true });
  });
  try {
    while (!signal.aborted) {
      const next = await Promise.race([chunks.next(), aborted]);
      if (next.done === true) return;
      yield next.value;
    }
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
