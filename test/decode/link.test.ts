// Every link type and header chain on the way to IP: one hand-made frame each, read by us and, where it is installed, by tshark.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join as joinPath } from 'node:path';
import { describe, test } from 'node:test';
import { FLAG } from '#src/decode/batch.js';
import { enhanced, ethernet, FROM, hex, iface, ipv4, join, MAC, pcap, section, TO, UDP } from './build.js';
import { FRAMES, type Frame } from './frames.js';
import { read } from './rows.js';

const tshark = spawnSync('tshark', ['--version'], { encoding: 'utf8' });
const withoutTshark = tshark.status === 0 ? false : 'tshark is not installed';

describe('link types', () => {
  for (const frame of FRAMES) {
    test(`${frame.name} (${frame.linkType})`, () => {
      const { rows, points, counts } = read(pcap([{ data: frame.bytes }], { linkType: frame.linkType }));
      assert.equal(rows.length, 1);
      assert.equal(rows[0].kind, 'flow');
      assert.deepEqual(rows[0].packet, expected(frame));
      assert.equal(points[rows[0].point].vlan, frame.vlan ?? 0);
      assert.deepEqual([...counts.unknownLink], []);
    });

    test(`${frame.name} (${frame.linkType}), cut anywhere`, () => {
      for (let length = 0; length < frame.bytes.length; length++) {
        const data = frame.bytes.subarray(0, length);
        const { rows } = read(pcap([{ data, original: frame.bytes.length }], { linkType: frame.linkType }));
        assert.equal(rows.length, 1);
        const { packet } = rows[0];
        // What was cut off is not made up: the packet as it is, or less of it.
        if (packet === null) continue;
        const whole = expected(frame);
        assert.equal(packet.from, whole.from, `cut to ${length}`);
        assert.equal(packet.to, whole.to, `cut to ${length}`);
        if (packet.fromPort !== null) assert.deepEqual(packet, whole, `cut to ${length}`);
      }
    });
  }
});

test('tshark finds the same five-tuple in each of these frames', { skip: withoutTshark }, () => {
  const frames = FRAMES.filter(({ notForTshark }) => notForTshark === undefined);
  const linkTypes = [...new Set(frames.map(({ linkType }) => linkType))];
  const capture = join(
    section(),
    ...linkTypes.map((linkType) => iface(linkType)),
    ...frames.map(({ linkType, bytes }) => enhanced({ data: bytes, iface: linkTypes.indexOf(linkType) })),
  );
  const folder = mkdtempSync(joinPath(tmpdir(), 'mlstat-'));
  try {
    const path = joinPath(folder, 'frames.pcapng');
    writeFileSync(path, capture);
    const fields = ['ip.src', 'ipv6.src', 'ip.dst', 'ipv6.dst', 'udp.srcport', 'udp.dstport'];
    const run = spawnSync('tshark', ['-r', path, '-T', 'fields', ...fields.flatMap((field) => ['-e', field])], {
      encoding: 'utf8',
    });
    const theirs = run.stdout.trimEnd().split('\n');
    const ours = frames.map(({ family }) =>
      family === 4 ? '10.0.0.1\t\t10.0.0.2\t\t1111\t2222' : '\t2001::1\t\t2001::2\t1111\t2222',
    );
    assert.deepEqual(
      theirs.map((line, at) => `${frames[at].name}: ${line}`),
      ours.map((line, at) => `${frames[at].name}: ${line}`),
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('addresses of the frame are the sender’s and the receiver’s, whichever way 802.11 orders them', () => {
  const macsOf = (linkType: number, data: Uint8Array) => read(pcap([{ data }], { linkType })).rows[0].macs;
  assert.deepEqual(macsOf(1, ethernet(0x0800, ipv4(17, UDP))), MAC);
  assert.deepEqual(macsOf(1, ethernet(0x8847, join(hex('00064140'), ipv4(17, UDP)))), MAC);
  const of = (name: string) => FRAMES.find((frame) => frame.name === name) as Frame;
  const third = '00:16:3e:00:00:03';
  assert.deepEqual(macsOf(105, of('802.11 to the access point').bytes), { from: MAC.from, to: third });
  assert.deepEqual(macsOf(105, of('802.11 from the access point').bytes), { from: third, to: MAC.to });
  assert.deepEqual(macsOf(105, of('802.11 between access points').bytes), { from: MAC.from, to: third });
  const none = '00:00:00:00:00:00';
  assert.deepEqual(macsOf(113, of('cooked v1').bytes), { from: MAC.from, to: none });
  assert.deepEqual(macsOf(101, ipv4(17, UDP)), { from: none, to: none });
});

test('the direction that a recorder notes is kept', () => {
  const flagsOf = (name: string) => {
    const { linkType, bytes } = FRAMES.find((frame) => frame.name === name) as Frame;
    return read(pcap([{ data: bytes }], { linkType })).rows[0].flags & (FLAG.incoming | FLAG.outgoing);
  };
  assert.equal(flagsOf('cooked v1'), FLAG.incoming);
  assert.equal(flagsOf('cooked v1, outgoing VLAN'), FLAG.outgoing);
  assert.equal(flagsOf('cooked v2'), FLAG.outgoing);
  assert.equal(flagsOf('cooked v2, point to point'), FLAG.incoming);
  assert.equal(flagsOf('PPP with direction'), FLAG.incoming);
  assert.equal(flagsOf('pktap'), FLAG.outgoing);
  assert.equal(flagsOf('Ethernet'), 0);
});

test('the interface index of cooked v2 makes a point of its own', () => {
  const cooked = (index: number) => join(hex(`0800 0000 0000000${index} 0001 00 06 00163e000002 0000`), ipv4(17, UDP));
  const { rows, points } = read(
    pcap(
      [3, 5, 3].map((index) => ({ data: cooked(index) })),
      { linkType: 276 },
    ),
  );
  assert.deepEqual(
    rows.map(({ point }) => points[point].ifindex),
    [3, 5, 3],
  );
  assert.equal(points.length, 2);
});

test('what is no IP is told apart', () => {
  const kindOf = (linkType: number, data: Uint8Array) => read(pcap([{ data }], { linkType })).rows[0].kind;
  assert.equal(kindOf(1, ethernet(0x0806, hex('0001 0800 06 04 0001'))), 'arp');
  assert.equal(kindOf(1, ethernet(0x8035, hex('0001 0800 06 04 0003'))), 'arp');
  assert.equal(kindOf(1, ethernet(0x88cc, hex('0207'))), 'other');
  assert.equal(kindOf(1, ethernet(38, hex('424203 0000 00'))), 'other');
  assert.equal(kindOf(105, hex('0841 0000')), 'other');
  // The protected bit: what follows is encrypted.
  assert.equal(
    kindOf(105, join(hex(`0841 0000 ${'00163e000001'.repeat(3)} 0000 aaaa03 000000 0800`), ipv4(17, UDP))),
    'other',
  );
  // MACsec that encrypts; a label stack without a bottom; VLAN in VLAN to the end.
  assert.equal(kindOf(1, ethernet(0x88e5, join(hex('0c00 00000001 0800'), ipv4(17, UDP)))), 'other');
  assert.equal(kindOf(1, ethernet(0x8847, hex('00064040'.repeat(40)))), 'other');
  assert.equal(kindOf(1, ethernet(0x8100, hex('0001 8100'.repeat(400)))), 'other');
});

test('an unknown link type is counted by its number, its packets are rows', () => {
  const { rows, counts } = read(pcap([{ data: hex('00') }, { data: hex('01') }], { linkType: 147 }));
  assert.deepEqual(
    rows.map(({ kind }) => kind),
    ['other', 'other'],
  );
  assert.deepEqual([...counts.unknownLink], [[147, 2]]);
  // Apple's pktap goes by 149; anything else under that number is unknown as well.
  assert.deepEqual([...read(pcap([{ data: hex('00') }], { linkType: 149 })).counts.unknownLink], [[149, 1]]);
});

function expected({ family }: Frame) {
  return {
    protocol: 17,
    from: family === 4 ? FROM.ipv4 : FROM.ipv6,
    to: family === 4 ? TO.ipv4 : TO.ipv6,
    fromPort: FROM.port,
    toPort: TO.port,
    ipBytes: (family === 4 ? 20 : 40) + UDP.length,
    payload: 4,
    ident: null,
    seq: null,
  };
}
