// What we use of the npm package pcap-parser 0.2.1, which brings no types.

declare module 'pcap-parser' {
  export interface GlobalHeader {
    linkLayerType: number;
  }

  export interface ParsedPacket {
    header: {
      timestampSeconds: number;
      timestampMicroseconds: number;
      capturedLength: number;
      originalLength: number;
    };
    data: Buffer;
  }

  /** What the parser needs of a stream; it takes each chunk before the handler of `data` returns. */
  export interface ByteStream {
    on(event: 'data' | 'error' | 'end', handler: (chunk: Buffer) => void): void;
    pause(): void;
    resume(): void;
  }

  export interface Parser {
    on(event: 'globalHeader', handler: (header: GlobalHeader) => void): void;
    on(event: 'packet', handler: (packet: ParsedPacket) => void): void;
    on(event: 'error', handler: (error: Error) => void): void;
  }

  const pcapParser: { parse(stream: ByteStream): Parser };
  export default pcapParser;
}
