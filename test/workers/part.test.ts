// A part whose file is gone or can't be read is its input's fault: one line, and the other inputs go on.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parsePcapHeader } from '#src/decode/pcap-header.js';
import { DEFAULT_FLOW_RULES } from '#src/flows/rules.js';
import { UserError } from '#src/util/error.js';
import { readPart } from '#src/workers/part.js';

const header = Buffer.alloc(24);
header.writeUInt32LE(0xa1b2c3d4, 0);
header.writeUInt16LE(2, 4);
header.writeUInt16LE(4, 6);
header.writeUInt32LE(65_535, 16);
header.writeUInt32LE(1, 20);

// A folder can be opened and not read (EISDIR): what a device with a fault does as well.
for (const [path, words] of [
  ['/nowhere/at-all.pcap', /^can't read "\/nowhere\/at-all\.pcap": no such file$/],
  ['/', /^can't read "\/": it is a directory$/],
] as const) {
  test(`a segment of ${path} that can't be read is told in one line`, async () => {
    const parsed = parsePcapHeader(header);
    assert.ok(!('error' in parsed));
    const spec = {
      input: 0,
      part: 0,
      path,
      format: 'pcap' as const,
      segment: { header: parsed, start: 24, limit: 1000, fileEnd: 1000, known: null },
      ahead: false,
      leftOpen: false,
      topology: { asSeen: true, uplinks: [], lan: [], roles: [], macs: [], lanVisible: false },
      rules: DEFAULT_FLOW_RULES,
      filter: null,
      seed: 0,
      startClock: null,
      reference: false,
      settle: null,
      keyBits: 0,
    };
    const hooks = { closed: () => {}, progress: () => {}, aborted: false };
    await assert.rejects(readPart(spec, hooks), (error) => error instanceof UserError && words.test(error.message));
  });
}
