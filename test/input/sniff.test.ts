// Sniffing: formats by their first bytes, and what people hand over by mistake.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { sniffCompression } from '#src/input/compression.js';
import { SNIFF_BYTES, sniff } from '#src/input/sniff.js';
import { sharedDir, withoutShared } from '../shared.js';

const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex');
const tcp = 'src=192.0.2.1 dst=192.0.2.2 sport=1 dport=2 src=192.0.2.2 dst=192.0.2.1 sport=2 dport=1';

describe('captures', () => {
  test('pcap: every magic in both byte orders', () => {
    for (const magic of ['a1b2c3d4', 'd4c3b2a1', 'a1b23c4d', '4d3cb2a1', 'a1b2cd34', '34cdb2a1']) {
      assert.deepEqual(sniff(hex(`${magic} 0002 0004`), false), { format: 'pcap', why: null, sure: true });
    }
  });

  test('pcapng: both byte orders, and a destroyed byte-order magic', () => {
    assert.equal(sniff(hex('0a0d0d0a 1c000000 4d3c2b1a')).format, 'pcapng');
    assert.equal(sniff(hex('0a0d0d0a 0000001c 1a2b3c4d')).format, 'pcapng');
    assert.match(sniff(hex('0a0d0d0a 0000001c 1a2b0d0a')).why ?? '', /byte-order magic is destroyed \(1a 2b 0d 0a\)/);
    assert.equal(sniff(hex('0a0d0d0a 1c000000'), false).sure, false);
  });

  test('snoop', () => {
    assert.equal(sniff(hex('736e6f6f70000000 00000002 00000004')).format, 'snoop');
  });

  test('others by name, with what to do', () => {
    assert.match(sniff(hex('1c0001ac 0002 0004 00000000')).why ?? '', /Ixia.*editcap/);
    assert.match(sniff(Buffer.from('GMBU\0\x01\0\0\0\0')).why ?? '', /Network Monitor.*editcap/);
    assert.match(sniff(Buffer.from('PK\x03\x04\x14\0\0\0')).why ?? '', /ZIP.*unpack/);
    assert.match(sniff(hex('89504e470d0a1a0a 0000000d')).why ?? '', /PNG/);
  });

  test('a capture behind other bytes', () => {
    const file = Buffer.concat([Buffer.from([1, 2, 0, 4, 5]), hex('d4c3b2a1 02000400'), Buffer.alloc(40)]);
    assert.match(sniff(file).why ?? '', /at byte 5: try tail -c \+6/);
  });
});

describe('ERF, which has no magic number', () => {
  const record = (sec: number, type = 2, bytes = 72) => {
    const one = Buffer.alloc(bytes, 0x5a);
    one.writeUInt32LE(123, 0);
    one.writeUInt32LE(sec, 4);
    one.writeUInt8(type, 8);
    one.writeUInt16BE(bytes, 10);
    one.writeUInt16BE(60, 14);
    return one;
  };

  test('three records that follow each other, or all there are', () => {
    assert.equal(
      sniff(Buffer.concat([record(1.7e9), record(1.7e9), record(1.7e9), record(1.7e9).subarray(0, 30)])).format,
      'erf',
    );
    assert.equal(sniff(record(1.7e9)).format, 'erf');
    assert.equal(sniff(record(1.7e9), false).format, 'unknown');
    assert.equal(sniff(record(1.7e9), false).sure, false);
  });

  test('extension headers', () => {
    const extended = record(1.7e9, 0x82);
    extended.writeUInt8(0x84, 16);
    extended.writeUInt8(0x04, 24);
    assert.equal(sniff(extended).format, 'erf');
    extended.fill(0xff, 16);
    assert.equal(sniff(extended).format, 'unknown');
  });

  test('a record that contradicts itself', () => {
    for (const wrong of [record(1.7e9, 26), record(1000), record(1.7e9, 2, 300)]) {
      assert.equal(sniff(Buffer.concat([record(1.7e9), wrong, record(1.7e9), record(1.7e9)])).format, 'unknown');
    }
    const sound = Array.from({ length: 8 }, () => record(1.7e9));
    assert.equal(sniff(Buffer.concat([...sound, Buffer.alloc(500, 0xee)])).format, 'erf');
    assert.equal(sniff(Buffer.concat([...sound.slice(1), Buffer.alloc(500, 0xee)])).format, 'unknown');
    assert.match(sniff(Buffer.concat([record(1.7e9), record(1.7e9).subarray(0, 20)])).why ?? '', /may be ERF/);
  });
});

describe('text', () => {
  const cases: [text: string, format: string][] = [
    [`tcp      6 431999 ESTABLISHED ${tcp} [ASSURED] mark=0 use=1`, 'conntrack-list'],
    [`    udp      17 42 ${tcp} use=2`, 'conntrack-list'],
    [`unknown  2 491 src=0.0.0.0 dst=224.0.0.1 [UNREPLIED] src=224.0.0.1 dst=0.0.0.0 mark=0 use=1`, 'conntrack-list'],
    [`ipv4     2 tcp      6 9 CLOSE ${tcp} mark=0 use=1 id=7`, 'conntrack-list'],
    [`ipv4     2 tcp      6 9 CLOSE ${tcp} mark=0 zone=0 use=2`, 'conntrack-proc'],
    [`    [NEW] tcp      6 120 SYN_SENT ${tcp}`, 'conntrack-events'],
    [`[1795368479.157444]\t[DESTROY] ipv4     2 tcp      6 ${tcp} packets=1`, 'conntrack-events'],
    [`# conntrack -E\r\n [UPDATE] tcp      6 60 FIN_WAIT ${tcp}\r\n`, 'conntrack-events'],
    [`\xef\xbb\xbfipv4     2 tcp      6 9 CLOSE ${tcp}`, 'conntrack-list'],
    ['conntrack v1.4.7 (conntrack-tools): 0 flow entries have been shown.\n', 'conntrack-list'],
    ['<?xml version="1.0" encoding="utf-8"?>\n<conntrack>\n<flow><meta direction="original">', 'conntrack-xml'],
    ['<flow type="new"><meta direction="original">', 'conntrack-xml'],
  ];
  for (const [text, format] of cases) {
    test(`${format}: ${text.slice(0, 50)}`, () => {
      assert.equal(sniff(Buffer.from(`${text}\n`, 'latin1'), false).format, format);
    });
  }

  const mistakes: [text: string, why: RegExp][] = [
    ['cpu=0   \tfound=0 invalid=1 insert=0\n', /conntrack -S.*use conntrack -L/],
    [
      '300 proto=6 src=1.1.1.1 dst=2.2.2.2 sport=0 dport=5 mask-src=255.255.255.255 mask-dst=255.255.255.255\n',
      /expected connections/,
    ],
    [
      'udp,orig=(src=10.1.1.1,dst=172.31.19.30,sport=2391,dport=80),reply=(src=172.31.19.30,dst=10.1.1.1)\n',
      /Open vSwitch/,
    ],
    ['-A -t 5 -u SEEN_REPLY -s 192.0.2.1 -d 192.0.2.2 -p tcp --sport 1 --dport 2\n', /-o save/],
    ['12:00:00.123456 IP 192.0.2.1.5 > 192.0.2.2.53: 1+ A? example.org. (29)\n', /tcpdump -w/],
    ['<!DOCTYPE html><html><head><title>404 Not Found</title></head></html>', /HTML/],
    ['  <HTML>', /HTML/],
    ['{"flows": []}', /JSON/],
    ['hello\n', /text, but not of conntrack/],
  ];
  for (const [text, why] of mistakes) {
    test(`by mistake: ${text.slice(0, 50).trim()}`, () => {
      const sniffed = sniff(Buffer.from(text));
      assert.equal(sniffed.format, 'unknown');
      assert.match(sniffed.why ?? '', why);
    });
  }

  test('UTF-16, either way', () => {
    const text = Buffer.from(`\ufefftcp      6 9 CLOSE ${tcp}`, 'utf16le');
    assert.match(sniff(text).why ?? '', /iconv/);
    assert.match(sniff(text.swap16()).why ?? '', /iconv/);
  });

  test('a line that is still coming may yet say what it is', () => {
    const line = Buffer.from(`    [NEW] tcp      6 120 SYN_SENT ${tcp}`);
    assert.equal(sniff(line.subarray(0, 30), false).sure, false);
    assert.equal(sniff(line, false).sure, false);
    assert.equal(sniff(Buffer.concat([line, Buffer.from('\n')]), false).sure, true);
  });

  test('lines without end, made to keep a regular expression busy for ever', () => {
    for (const trap of ['tcp      6 ', `-A ${'-s '.repeat(30_000)}`, ' ipv4'.repeat(10_000), '<'.repeat(60_000)]) {
      assert.equal(sniff(Buffer.from(trap.padEnd(SNIFF_BYTES))).format, 'unknown');
    }
  });
});

describe('nothing', () => {
  test('empty, too short, zeros, noise', () => {
    assert.equal(sniff(Buffer.alloc(0)).why, 'empty');
    assert.match(sniff(Buffer.from([0xa1, 0xb2])).why ?? '', /only 2 bytes/);
    assert.match(sniff(Buffer.alloc(SNIFF_BYTES), false).why ?? '', /zero bytes/);
    assert.match(sniff(hex('deadbeef 01020304 05060708')).why ?? '', /de ad be ef/);
  });

  test('no bytes at all make it throw', () => {
    let state = 7;
    for (let round = 0; round < 2000; round++) {
      const bytes = Buffer.alloc(round % 100);
      for (let i = 0; i < bytes.length; i++) {
        state = (Math.imul(state, 1664525) + 1013904223) | 0;
        bytes[i] = state >>> 24;
      }
      const sniffed = sniff(bytes, round % 2 === 0);
      assert.equal(sniffed.format === 'unknown', sniffed.why !== null);
      sniffCompression(bytes);
    }
  });
});

test('compressions by their first bytes', () => {
  const cases: [string, string | null][] = [
    ['1f8b0800 00000000 0003', 'gzip'],
    ['1f8b08ff 00000000 0003', null],
    ['1f9d9000 00000000 0003', null],
    ['28b52ffd 0458 d592 002a', 'zstd'],
    ['502a4d18 02000000 abcd 28b52ffd', 'zstd'],
    ['5f2a4d18 02000000 abcd 04224d18', 'lz4'],
    ['5f2a4d18 ffffffff abcd', 'zstd'],
    ['04224d18 6440a7', 'lz4'],
    ['02214c18 00000000', 'lz4'],
    ['fd377a585a00 0004', 'xz'],
    ['425a6839 314159265359', 'bzip2'],
    ['425a6839 177245385090', 'bzip2'],
    ['425a6830 314159265359', null],
    ['d4c3b2a1 02000400', null],
    ['', null],
  ];
  for (const [bytes, compression] of cases) assert.equal(sniffCompression(hex(bytes)), compression, bytes);
});

describe('captures and dumps of other projects', { skip: withoutShared }, () => {
  test('the format is the one in the manifest', () => {
    const rows = readFileSync(join(sharedDir ?? '', 'corpus/MANIFEST.tsv'), 'utf8')
      .trim()
      .split('\n')
      .slice(1);
    let seen = 0;
    for (const row of rows) {
      const fields = row.split('\t');
      const [file = '', format = '', compression = ''] = [fields[0], fields[7], fields[8]];
      if (compression !== '-' || format.startsWith('other:')) continue;
      const bytes = readFileSync(join(sharedDir ?? '', 'corpus', file));
      assert.equal(
        sniff(bytes.subarray(0, SNIFF_BYTES), bytes.length <= SNIFF_BYTES).format,
        format.split('-')[0],
        file,
      );
      seen++;
    }
    assert.ok(seen > 400);
  });

  test('dumps are what their names say', () => {
    const folder = join(sharedDir ?? '', 'conntrack/collected');
    // Old kernels, and vendors, leave out the zone that only /proc prints.
    const asList = /^proc_(ip_conntrack|keenetic|openwrt_packages|plume|pptp)/;
    for (const name of readdirSync(folder)) {
      const format = sniff(readFileSync(join(folder, name))).format;
      if (name.startsWith('E_')) assert.equal(format, 'conntrack-events', name);
      else if (name.endsWith('.xml')) assert.equal(format, 'conntrack-xml', name);
      else if (name.startsWith('L_') || asList.test(name)) assert.equal(format, 'conntrack-list', name);
      else if (name.startsWith('proc_')) assert.equal(format, 'conntrack-proc', name);
    }
  });
});
