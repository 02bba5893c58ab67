// Builds captures and packets byte by byte, as the specifications have them.

/** Hexadecimal digits with any spacing, to bytes. */
export function hex(text: string): Uint8Array {
  return Uint8Array.from((text.replace(/\s/g, '').match(/../g) ?? []).map((pair) => Number.parseInt(pair, 16)));
}

export function join(...parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

export function zeros(count: number): Uint8Array {
  return new Uint8Array(count);
}

/** Numbers of the given widths in bytes. */
export function numbers(
  little: boolean,
  ...fields: readonly (readonly [width: 1 | 2 | 4, value: number])[]
): Uint8Array {
  const bytes = zeros(fields.reduce((sum, [width]) => sum + width, 0));
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const [width, value] of fields) {
    if (width === 1) view.setUint8(at, value);
    else if (width === 2) view.setUint16(at, value, little);
    else view.setUint32(at, value, little);
    at += width;
  }
  return bytes;
}

export interface PcapRecord {
  data: Uint8Array;
  seconds?: number;
  fraction?: number;
  captured?: number;
  original?: number;
}

export interface PcapOptions {
  linkType?: number;
  little?: boolean;
  magic?: number;
  major?: number;
  minor?: number;
  snaplen?: number;
}

export function pcap(records: readonly PcapRecord[], options: PcapOptions = {}): Uint8Array {
  const { linkType = 1, little = true, magic = 0xa1b2c3d4, major = 2, minor = 4, snaplen = 262144 } = options;
  const header = numbers(little, [4, magic], [2, major], [2, minor], [4, 0], [4, 0], [4, snaplen], [4, linkType]);
  const extra = magic === 0xa1b2cd34 ? zeros(8) : zeros(0);
  const parts = records.map(({ data, seconds = 1_700_000_000, fraction = 0, captured, original }) => {
    const lengths = [captured ?? data.length, original ?? data.length];
    if (minor < 3) lengths.reverse();
    const [first, second] = lengths as [number, number];
    return join(numbers(little, [4, seconds], [4, fraction], [4, first], [4, second]), extra, data);
  });
  return join(header, ...parts);
}

/** A block of pcapng: type and lengths around the body, padded. */
export function block(type: number, body: Uint8Array, little = true): Uint8Array {
  const padding = zeros((4 - (body.length & 3)) & 3);
  const length = body.length + padding.length + 12;
  return join(numbers(little, [4, type], [4, length]), body, padding, numbers(little, [4, length]));
}

export function section(little = true, major = 1, minor = 0): Uint8Array {
  const unknown = 0xffffffff;
  return block(
    0x0a0d0d0a,
    numbers(little, [4, 0x1a2b3c4d], [2, major], [2, minor], [4, unknown], [4, unknown]),
    little,
  );
}

export function option(code: number, value: Uint8Array, little = true): Uint8Array {
  return join(numbers(little, [2, code], [2, value.length]), value, zeros((4 - (value.length & 3)) & 3));
}

export function iface(linkType: number, options: readonly Uint8Array[] = [], little = true, snaplen = 0): Uint8Array {
  return block(1, join(numbers(little, [2, linkType], [2, 0], [4, snaplen]), ...options), little);
}

export interface EnhancedPacket {
  data: Uint8Array;
  iface?: number;
  high?: number;
  low?: number;
  original?: number;
  options?: readonly Uint8Array[];
}

export function enhanced(packet: EnhancedPacket, little = true): Uint8Array {
  const { data, iface = 0, high = 0, low = 0, original = data.length, options = [] } = packet;
  const fixed = numbers(little, [4, iface], [4, high], [4, low], [4, data.length], [4, original]);
  return block(6, join(fixed, data, zeros((4 - (data.length & 3)) & 3), ...options), little);
}

export const FROM = { ipv4: '10.0.0.1', ipv6: '2001:0:0:0:0:0:0:1', port: 1111 } as const;
export const TO = { ipv4: '10.0.0.2', ipv6: '2001:0:0:0:0:0:0:2', port: 2222 } as const;

/** From port 1111 to 2222, four bytes of payload. */
export const UDP = hex('0457 08ae 000c 0000 61626364');
/** The same ports, sequence number 7, flags SYN and ACK, two bytes of payload. */
export const TCP = hex('0457 08ae 00000007 00000008 5012 0400 0000 0000 6162');

/** From 10.0.0.1 to 10.0.0.2. */
export function ipv4(
  protocol: number,
  payload: Uint8Array,
  fields: { fragment?: number; total?: number } = {},
): Uint8Array {
  const { fragment = 0, total = 20 + payload.length } = fields;
  return join(
    numbers(false, [2, 0x4500], [2, total], [2, 0x0102], [2, fragment], [1, 64], [1, protocol], [2, 0]),
    hex('0a000001 0a000002'),
    payload,
  );
}

/** From 2001::1 to 2001::2. */
export function ipv6(next: number, payload: Uint8Array, length = payload.length): Uint8Array {
  return join(
    numbers(false, [4, 0x60000000], [2, length], [1, next], [1, 64]),
    hex('20010000000000000000000000000001 20010000000000000000000000000002'),
    payload,
  );
}

export const MAC = { to: '00:16:3e:00:00:01', from: '00:16:3e:00:00:02' } as const;

export function ethernet(type: number, payload: Uint8Array): Uint8Array {
  return join(hex('00163e000001 00163e000002'), numbers(false, [2, type]), payload);
}
