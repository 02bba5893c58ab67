// Test events into Node's own readable report, with the totals as the very last lines, below the failures.

import { Readable } from 'node:stream';
import { spec } from 'node:test/reporters';

/** @param {AsyncIterable<{ type: string, data: any }>} events */
export default async function* report(events) {
  const totals = [];
  async function* withoutTotals() {
    for await (const event of events) {
      // Totals are the diagnostics of no file in particular.
      if (event.type === 'test:diagnostic' && event.data.file === undefined) totals.push(event.data.message);
      else yield event;
    }
  }
  yield* Readable.from(withoutTotals()).pipe(new spec());
  for (const total of totals) yield `# ${total}\n`;
}
