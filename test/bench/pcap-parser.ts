// Counts the packets of a capture with the npm package pcap-parser and nothing else: what JavaScript had before.

import { createReadStream } from 'node:fs';
import { createRequire } from 'node:module';

interface Parser {
  on(event: 'packet' | 'end', handler: () => void): void;
}

const { parse } = createRequire(import.meta.url)('pcap-parser') as { parse(stream: NodeJS.ReadableStream): Parser };

let packets = 0;
const parser = parse(createReadStream(process.argv[2], { highWaterMark: 1 << 20 }));
parser.on('packet', () => packets++);
parser.on('end', () => console.log(`${packets} packets`));
