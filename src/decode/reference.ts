// Classic pcap by way of the npm package pcap-parser: slow, and not ours, so that our own framer can be held against it.
// It believes every length and is silent about a cut file; a guard in front hands it nothing but whole, plausible records.

import pcapParser from 'pcap-parser';
import type { DamageLog } from '../util/error.js';
import type { PacketDecoder } from './packet.js';
import { MAX_MISSING, soundOriginal } from './record.js';
import { RecordGuard } from './record-guard.js';

/** One record as pcap-parser reads it. `data` is valid until the handler returns. */
export interface ReferencePacket {
  /** LINKTYPE number. */
  linkType: number;
  /** Whole microseconds since the epoch. */
  timeUs: number;
  /** Original length, made sound as the fast reader does. */
  wireBytes: number;
  data: Uint8Array;
}

const FILE_HEADER = 24;
const RECORD_HEADER = 16;

/**
 * Feeds every packet of a classic pcap input with microseconds (version 2.4, either byte order, uncompressed) to
 * `decoder`, as the fast reader does; `finish` is left to the caller. What can't be read is counted in `damage`, under
 * the fast reader's reasons. Throws `UserError` (exit 3) for any other format. `chunks` may be reused once they are
 * asked for the next one.
 */
export async function readReference(
  chunks: AsyncIterable<Uint8Array>,
  decoder: PacketDecoder,
  damage: DamageLog,
): Promise<void> {
  await forEachReferencePacket(chunks, damage, ({ linkType, timeUs, wireBytes, data }) => {
    const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
    decoder.packet(data, view, 0, data.length, wireBytes, timeUs, linkType, 0);
  });
}

/** The same packet by packet, for whoever decodes by other means. */
export async function forEachReferencePacket(
  chunks: AsyncIterable<Uint8Array>,
  damage: DamageLog,
  take: (packet: ReferencePacket) => void,
): Promise<void> {
  const stream = new Feed();
  const parser = pcapParser.parse(stream);
  let linkType = 0;
  let offset = FILE_HEADER;
  let parsed = 0;
  parser.on('error', (error) => {
    throw error;
  });
  parser.on('globalHeader', (header) => {
    // The upper half tells of frame check sequences.
    linkType = header.linkLayerType & 0xffff;
  });
  parser.on('packet', ({ header, data }) => {
    const { timestampSeconds, timestampMicroseconds: fraction, originalLength } = header;
    const missing = originalLength - data.length;
    if (missing < 0 || missing > MAX_MISSING) damage.add('bad-original-length', offset);
    if (fraction >= 1e6) damage.add('bad-timestamp', offset);
    offset += RECORD_HEADER + data.length;
    parsed++;
    take({
      linkType,
      timeUs: timestampSeconds * 1e6 + (fraction < 2e6 ? fraction : 0),
      wireBytes: soundOriginal(originalLength, data.length),
      data,
    });
  });
  const guard = new RecordGuard(damage);
  for await (const chunk of chunks) {
    const whole = guard.cut(chunk);
    if (whole.length > 0) stream.push(whole);
    if (guard.done) break;
  }
  const blank = guard.end();
  if (blank.length > 0) stream.push(blank);
  if (parsed !== guard.records) throw new Error(`pcap-parser found ${parsed} records, the guard ${guard.records}`);
}

/** The stream that pcap-parser takes its bytes from: pushed, not pulled. */
class Feed {
  private take: (chunk: Buffer) => void = () => {};

  on(event: string, handler: (chunk: Buffer) => void): void {
    if (event === 'data') this.take = handler;
  }

  pause(): void {}

  resume(): void {}

  push(bytes: Buffer): void {
    this.take(bytes);
  }
}
