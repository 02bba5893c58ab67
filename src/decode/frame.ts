// The one place that knows all capture formats: a framer for each.

import type { Framer } from './decoder.js';
import { ErfFramer } from './erf.js';
import type { PacketDecoder } from './packet.js';
import { PcapFramer } from './pcap.js';
import { PcapngFramer } from './pcapng.js';
import { SnoopFramer } from './snoop.js';

export type CaptureFormat = 'pcap' | 'pcapng' | 'erf' | 'snoop';

/** A framer that reads an input of the format from its first byte to its end. */
export function createFramer(format: CaptureFormat, decoder: PacketDecoder): Framer {
  switch (format) {
    case 'pcap':
      return new PcapFramer(decoder, { startOffset: 0, limit: Number.POSITIVE_INFINITY });
    case 'pcapng':
      return new PcapngFramer(decoder);
    case 'erf':
      return new ErfFramer(decoder);
    case 'snoop':
      return new SnoopFramer(decoder);
  }
}
