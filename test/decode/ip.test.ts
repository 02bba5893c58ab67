// IP and transport headers into rows: lengths, fragments, extension headers, ICMP, canonical order.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { Batch, FLAG, foldAddress } from '#src/decode/batch.js';
import { PacketDecoder } from '#src/decode/packet.js';
import { ethernet, hex, ipv4, ipv6, join, numbers, pcap, TCP, UDP, zeros } from './build.js';
import { type Row, read } from './rows.js';

/** The row of one packet in an Ethernet frame, cut to `captured` bytes of the packet. */
function decode4(packet: Uint8Array, captured = packet.length): Row {
  const data = ethernet(0x0800, packet);
  return read(pcap([{ data: data.subarray(0, 14 + captured), original: data.length }])).rows[0];
}

function decode6(packet: Uint8Array, captured = packet.length): Row {
  const data = ethernet(0x86dd, packet);
  return read(pcap([{ data: data.subarray(0, 14 + captured), original: data.length }])).rows[0];
}

const decoders = [
  {
    family: 'IPv4',
    decode: (protocol: number, payload: Uint8Array, cut?: number) => decode4(ipv4(protocol, payload), cut),
    header: 20,
  },
  {
    family: 'IPv6',
    decode: (protocol: number, payload: Uint8Array, cut?: number) => decode6(ipv6(protocol, payload), cut),
    header: 40,
  },
];

for (const { family, decode, header } of decoders) {
  describe(family, () => {
    test('TCP: ports, flags, sequence number, payload', () => {
      const { kind, flags, packet } = decode(6, TCP);
      assert.equal(kind, 'flow');
      assert.equal(flags & 0xff, FLAG.syn | FLAG.ack);
      assert.equal(packet?.protocol, 6);
      assert.deepEqual([packet?.fromPort, packet?.toPort, packet?.seq], [1111, 2222, 7]);
      assert.deepEqual([packet?.ipBytes, packet?.payload], [header + 22, 2]);
    });

    test('TCP with options has their length taken off the payload', () => {
      const options = hex('0457 08ae 00000007 00000008 8010 0400 0000 0000 0101080a 00000001 00000002 61');
      assert.equal(decode(6, options).packet?.payload, 1);
    });

    test('TCP whose data offset can not be still has its ports, and no negative payload', () => {
      for (const offset of ['1', 'f']) {
        const { kind, packet } = decode(6, hex(`0457 08ae 00000007 00000008 ${offset}012 0400 0000 0000 6162`));
        assert.deepEqual([kind, packet?.fromPort], ['flow', 1111]);
        assert.equal(packet?.payload, offset === '1' ? 2 : 0);
      }
    });

    test('UDP, UDP-Lite, SCTP and DCCP have ports and their own headers', () => {
      const sctp = hex('0457 08ae 00000001 00000000 6162');
      const dccp = hex('0457 08ae 04 00 0000 02 00 0000 00000000 616263');
      for (const [protocol, payload, length] of [
        [17, UDP, 4],
        [136, UDP, 4],
        [132, sctp, 2],
        [33, dccp, 3],
      ] as const) {
        const { kind, packet } = decode(protocol, payload);
        assert.deepEqual(
          [kind, packet?.protocol, packet?.fromPort, packet?.toPort, packet?.payload],
          ['flow', protocol, 1111, 2222, length],
        );
      }
    });

    test('other protocols are flows without ports, tunnels stay closed', () => {
      for (const protocol of [4, 41, 47, 50, 89, 103, 112, 253]) {
        const { kind, packet } = decode(protocol, ipv4(17, UDP));
        assert.equal(kind, 'flow');
        assert.deepEqual([packet?.protocol, packet?.fromPort, packet?.payload], [protocol, null, 32]);
      }
    });

    test('ports that were not captured whole are no ports', () => {
      for (let bytes = 0; bytes < 4; bytes++) {
        const { kind, packet } = decode(17, UDP, header + bytes);
        assert.deepEqual([kind, packet?.fromPort, packet?.ipBytes, packet?.payload], ['flow', null, header + 12, 4]);
      }
      assert.equal(decode(17, UDP, header + 4).packet?.toPort, 2222);
    });

    test('TCP cut after its ports, its sequence number, its flags gives each as far as it goes', () => {
      assert.deepEqual([decode(6, TCP, header + 7).packet?.seq, decode(6, TCP, header + 8).packet?.seq], [null, 7]);
      assert.equal(decode(6, TCP, header + 13).flags & 0xff, 0);
      assert.equal(decode(6, TCP, header + 14).flags & 0xff, FLAG.syn | FLAG.ack);
    });

    test('cut before the addresses end, it is no IP', () => {
      assert.equal(decode(17, UDP, header - 1).kind, 'other');
      assert.equal(decode(17, UDP, header).kind, 'flow');
      assert.equal(decode(17, UDP, 0).kind, 'other');
    });
  });
}

describe('IPv4 only', () => {
  test('options are passed over', () => {
    const { packet } = decode4(join(hex('46 00 0024 0001 0000 40 11 0000 0a000001 0a000002 94040000'), UDP));
    assert.deepEqual([packet?.fromPort, packet?.ipBytes, packet?.payload], [1111, 36, 4]);
  });

  test('padding of a short frame is not part of the packet', () => {
    const { packet } = decode4(join(ipv4(17, zeros(2)), zeros(24)));
    assert.deepEqual([packet?.fromPort, packet?.ipBytes, packet?.payload], [null, 22, 0]);
  });

  test('a total length of zero is that of the frame (segmentation offload)', () => {
    const { packet } = decode4(ipv4(6, TCP, { total: 0 }), 40);
    assert.deepEqual([packet?.ipBytes, packet?.payload, packet?.fromPort], [42, 2, 1111]);
  });

  test('headers that contradict themselves are damaged', () => {
    const good = ipv4(17, UDP);
    const changed = (at: number, value: number) =>
      join(good.subarray(0, at), Uint8Array.of(value), good.subarray(at + 1));
    assert.equal(decode4(changed(0, 0x44)).kind, 'damaged');
    assert.equal(decode4(changed(0, 0x75)).kind, 'damaged');
    assert.equal(decode4(changed(0, 0x05)).kind, 'damaged');
    assert.equal(decode4(changed(3, 19)).kind, 'damaged');
    assert.equal(decode4(changed(3, 20)).kind, 'flow');
  });

  test('fragments: the first has ports and its identification, later ones the identification alone', () => {
    const first = decode4(ipv4(17, UDP, { fragment: 0x2000 }));
    assert.deepEqual([first.kind, first.flags & FLAG.firstFragment], ['flow', FLAG.firstFragment]);
    assert.deepEqual([first.packet?.ident, first.packet?.fromPort], [0x0102, 1111]);
    for (const fragment of [0x0001, 0x2001, 0x1fff]) {
      const later = decode4(ipv4(17, UDP, { fragment }));
      assert.deepEqual([later.kind, later.packet?.ident, later.packet?.fromPort], ['fragment', 0x0102, null]);
      assert.deepEqual([later.packet?.protocol, later.packet?.payload], [17, 12]);
    }
    // Don't fragment is no fragment.
    const whole = decode4(ipv4(17, UDP, { fragment: 0x4000 }));
    assert.deepEqual([whole.kind, whole.packet?.ident], ['flow', null]);
  });

  test('AH is where it ends', () => {
    assert.deepEqual(decode4(ipv4(51, join(hex('0604 0000'), zeros(20), TCP))).packet?.protocol, 51);
  });

  test('ICMP: echoes have their identifier, errors are told from the rest', () => {
    const of = (type: string) => decode4(ipv4(1, hex(`${type} 00 0000 1234 0001 6162`)));
    assert.deepEqual(
      [of('08').packet?.fromPort, of('08').packet?.toPort, of('08').packet?.payload],
      [0x1234, 0x1234, 2],
    );
    assert.equal(of('08').flags & (FLAG.echoRequest | FLAG.echoReply), FLAG.echoRequest);
    assert.equal(of('00').flags & (FLAG.echoRequest | FLAG.echoReply), FLAG.echoReply);
    for (const type of ['03', '04', '05', '0b', '0c']) assert.equal(of(type).kind, 'icmpError');
    for (const type of ['09', '0a', '0d', '0e', '11', '12']) {
      assert.deepEqual([of(type).kind, of(type).packet?.fromPort], ['flow', null]);
    }
    const cut = decode4(ipv4(1, hex('08 00 0000 1234 0001')), 25);
    assert.deepEqual([cut.kind, cut.packet?.fromPort], ['flow', null]);
  });
});

describe('IPv6 only', () => {
  const extension = (next: number, words = 0) => join(Uint8Array.of(next, words), zeros(6 + 8 * words));

  test('extension headers are walked, however many', () => {
    for (const type of [0, 43, 60, 140]) {
      const { packet } = decode6(ipv6(type, join(extension(17, 1), UDP)));
      assert.deepEqual([packet?.protocol, packet?.fromPort, packet?.ipBytes, packet?.payload], [17, 1111, 68, 4]);
    }
    const many = join(...Array.from({ length: 100 }, () => extension(60)), extension(17), UDP);
    assert.equal(decode6(ipv6(0, many)).packet?.fromPort, 1111);
    const authenticated = join(Uint8Array.of(17, 4), zeros(22), UDP);
    assert.deepEqual(
      [decode6(ipv6(51, authenticated)).packet?.protocol, decode6(ipv6(51, authenticated)).packet?.fromPort],
      [17, 1111],
    );
  });

  test('mobility and HIP are the last of their packet', () => {
    assert.equal(decode6(ipv6(135, extension(59))).packet?.protocol, 135);
    assert.equal(decode6(ipv6(139, extension(59, 4))).packet?.protocol, 139);
  });

  test('a chain that is cut off ends at the header that is not there', () => {
    const { kind, packet } = decode6(ipv6(0, join(extension(43), extension(17), UDP)), 49);
    assert.deepEqual([kind, packet?.protocol, packet?.fromPort], ['flow', 43, null]);
    assert.equal(decode6(ipv6(59, zeros(0))).packet?.protocol, 59);
  });

  test('fragments as in IPv4, with 32 bits of identification; atomic ones are whole', () => {
    const fragment = (word: number) => join(Uint8Array.of(17, 0), numbers(false, [2, word], [4, 0x01020304]), UDP);
    const first = decode6(ipv6(44, fragment(0x0001)));
    assert.deepEqual([first.kind, first.packet?.ident, first.packet?.fromPort], ['flow', 0x01020304, 1111]);
    const later = decode6(ipv6(44, fragment(0x0008)));
    assert.deepEqual([later.kind, later.packet?.ident, later.packet?.fromPort], ['fragment', 0x01020304, null]);
    assert.deepEqual([later.packet?.protocol, later.packet?.payload], [17, 12]);
    const atomic = decode6(ipv6(44, fragment(0)));
    assert.deepEqual(
      [atomic.kind, atomic.packet?.ident, atomic.packet?.fromPort, atomic.packet?.payload],
      ['flow', null, 1111, 4],
    );
  });

  test('a payload length of zero is a jumbogram, segmentation offload, or nothing', () => {
    const jumbo = join(hex('11 00 c204'), numbers(false, [4, 20]), UDP);
    assert.equal(decode6(ipv6(0, jumbo, 0)).packet?.ipBytes, 60);
    assert.equal(decode6(ipv6(6, TCP, 0)).packet?.ipBytes, 62);
    assert.equal(decode6(ipv6(17, UDP, 0)).packet?.ipBytes, 40);
    assert.equal(decode6(ipv6(59, zeros(0), 0)).packet?.ipBytes, 40);
    // TCP within a UDP tunnel: longer than the field can say.
    assert.equal(decode6(ipv6(17, join(UDP, zeros(65_536 - UDP.length)), 0)).packet?.ipBytes, 40 + 65_536);
    assert.equal(decode6(ipv6(17, join(UDP, zeros(65_535 - UDP.length)), 0)).packet?.ipBytes, 40);
  });

  test('ICMPv6: echoes, errors, neighbour discovery', () => {
    const of = (type: string) => decode6(ipv6(58, hex(`${type} 00 0000 1234 0001 6162`)));
    assert.equal(of('80').flags & (FLAG.echoRequest | FLAG.echoReply), FLAG.echoRequest);
    assert.equal(of('81').flags & (FLAG.echoRequest | FLAG.echoReply), FLAG.echoReply);
    assert.equal(of('81').packet?.fromPort, 0x1234);
    for (const type of ['01', '02', '03', '04', '7f']) assert.equal(of(type).kind, 'icmpError');
    for (const type of ['85', '87', '88', '8f'])
      assert.deepEqual([of(type).kind, of(type).packet?.fromPort], ['flow', null]);
  });
});

describe('canonical order', () => {
  const address4 = fc.uint8Array({ minLength: 4, maxLength: 4 });
  const address6 = fc.uint8Array({ minLength: 16, maxLength: 16 });
  const ports = fc.tuple(fc.nat(0xffff), fc.nat(0xffff));

  /** What stands in the columns after one packet. */
  function columns(frame: Uint8Array) {
    let seen: { k: number[]; ports: number[]; fromHigh: boolean; wide: number[] } | undefined;
    const flush = (batch: Batch) => {
      seen = {
        k: [batch.k0(0) >>> 0, batch.k1(0) >>> 0],
        ports: [batch.ports(0) >>> 16, batch.ports(0) & 0xffff],
        fromHigh: (batch.flags(0) & FLAG.fromHigh) !== 0,
        wide: [...batch.wide.subarray(0, 8)].map((word) => word >>> 0),
      };
    };
    const decoder = new PacketDecoder(new Batch(), { flush }, { macs: false });
    decoder.packet(frame, new DataView(frame.buffer), 0, frame.length, frame.length, 0, 1, 0);
    decoder.finish();
    return seen as NonNullable<typeof seen>;
  }

  const wordsOf = (bytes: Uint8Array): number[] => {
    const view = new DataView(bytes.buffer, bytes.byteOffset);
    return Array.from({ length: bytes.length / 4 }, (_, at) => view.getUint32(at * 4));
  };
  /** Address and port as one big number: what "compared as unsigned integers, address first" means. */
  const rank = (address: Uint8Array, port: number) =>
    BigInt(`0x${Buffer.from(address).toString('hex')}${port.toString(16).padStart(4, '0')}`);

  test('IPv4: the lower endpoint first, the sender told by the flag', () => {
    fc.assert(
      fc.property(
        address4,
        fc.oneof(address4, fc.constant(null)),
        ports,
        fc.constantFrom(6, 17, 132),
        (a, other, [p, q], protocol) => {
          const b = other ?? a;
          const payload = join(numbers(false, [2, p], [2, q]), TCP.subarray(4));
          const packet = join(
            numbers(false, [2, 0x4500], [2, 42], [4, 0], [1, 64], [1, protocol], [2, 0]),
            a,
            b,
            payload,
          );
          const seen = columns(ethernet(0x0800, packet));
          const fromHigh = rank(a, p) > rank(b, q);
          assert.equal(seen.fromHigh, fromHigh);
          const [wa, wb] = [wordsOf(a)[0], wordsOf(b)[0]];
          assert.deepEqual(seen.k, fromHigh ? [wb, wa] : [wa, wb]);
          assert.deepEqual(seen.ports, fromHigh ? [q, p] : [p, q]);
        },
      ),
    );
  });

  test('IPv6 likewise, with the fold of each address', () => {
    const near = fc.tuple(address6, fc.nat(15), fc.nat(255)).map(([bytes, at, value]) => {
      const changed = bytes.slice();
      changed[at] = value;
      return [bytes, changed] as const;
    });
    fc.assert(
      fc.property(near, ports, fc.constantFrom(6, 17, 132), ([a, b], [p, q], next) => {
        const payload = join(numbers(false, [2, p], [2, q]), TCP.subarray(4));
        const packet = join(numbers(false, [4, 0x60000000], [2, 22], [1, next], [1, 64]), a, b, payload);
        const seen = columns(ethernet(0x86dd, packet));
        const fromHigh = rank(a, p) > rank(b, q);
        assert.equal(seen.fromHigh, fromHigh);
        const [wa, wb] = [wordsOf(a), wordsOf(b)];
        assert.deepEqual(seen.wide, fromHigh ? [...wb, ...wa] : [...wa, ...wb]);
        const fold = (words: number[]) => foldAddress(words[0], words[1], words[2], words[3]) >>> 0;
        assert.deepEqual(seen.k, fromHigh ? [fold(wb), fold(wa)] : [fold(wa), fold(wb)]);
        assert.deepEqual(seen.ports, fromHigh ? [q, p] : [p, q]);
      }),
    );
  });
});
