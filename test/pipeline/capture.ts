// Writes small classic pcap files of raw IPv4 packets for the tests of the pipeline.

export interface Packet {
  /** Microseconds after the packet before. */
  gapUs: number;
  from: number;
  to: number;
  protocol: number;
  fromPort: number;
  toPort: number;
  /** TCP flags; for ICMP an even value is an echo request, an odd one a reply. */
  flags: number;
  seq: number;
  fragment: 'none' | 'first' | 'later';
  ident: number;
  /** Payload. */
  bytes: number;
}

const START_US = 1_700_000_000e6;
const LINKTYPE_RAW = 101;

/** The packets [from, to) of a capture; times are as in the whole. */
export function pcapFile(packets: readonly Packet[], from = 0, to = packets.length): Buffer {
  const header = Buffer.alloc(24);
  header.writeUInt32LE(0xa1b2c3d4, 0);
  header.writeUInt16LE(2, 4);
  header.writeUInt16LE(4, 6);
  header.writeUInt32LE(262144, 16);
  header.writeUInt32LE(LINKTYPE_RAW, 20);
  const records: Buffer[] = [header];
  let timeUs = START_US;
  packets.forEach((packet, n) => {
    timeUs += packet.gapUs;
    if (n < from || n >= to) return;
    const body = ipv4(packet);
    const record = Buffer.alloc(16);
    record.writeUInt32LE(Math.floor(timeUs / 1e6), 0);
    record.writeUInt32LE(timeUs % 1e6, 4);
    record.writeUInt32LE(body.length, 8);
    record.writeUInt32LE(body.length, 12);
    records.push(record, body);
  });
  return Buffer.concat(records);
}

function ipv4(packet: Packet): Buffer {
  const transport = packet.fragment === 'later' ? Buffer.alloc(packet.bytes) : transportOf(packet);
  const bytes = Buffer.alloc(20 + transport.length);
  bytes[0] = 0x45;
  bytes.writeUInt16BE(bytes.length, 2);
  bytes.writeUInt16BE(packet.ident, 4);
  bytes.writeUInt16BE(packet.fragment === 'first' ? 0x2000 : packet.fragment === 'later' ? 0x0003 : 0, 6);
  bytes[8] = 64;
  bytes[9] = packet.protocol;
  bytes.writeUInt32BE(packet.from >>> 0, 12);
  bytes.writeUInt32BE(packet.to >>> 0, 16);
  transport.copy(bytes, 20);
  return bytes;
}

function transportOf(packet: Packet): Buffer {
  if (packet.protocol === 6) {
    const tcp = Buffer.alloc(20 + packet.bytes);
    tcp.writeUInt16BE(packet.fromPort, 0);
    tcp.writeUInt16BE(packet.toPort, 2);
    tcp.writeUInt32BE(packet.seq, 4);
    tcp[12] = 0x50;
    tcp[13] = packet.flags;
    return tcp;
  }
  const bytes = Buffer.alloc(8 + packet.bytes);
  if (packet.protocol === 17) {
    bytes.writeUInt16BE(packet.fromPort, 0);
    bytes.writeUInt16BE(packet.toPort, 2);
    bytes.writeUInt16BE(bytes.length, 4);
  } else {
    bytes[0] = packet.flags % 2 === 0 ? 8 : 0;
    bytes.writeUInt16BE(packet.ident, 4);
  }
  return bytes;
}
