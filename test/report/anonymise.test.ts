// Prefix-preserving addresses: the published vectors, the property they are named for, and no original left anywhere.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { FlowRow } from '#src/flows/row.js';
import { Anonymiser } from '#src/report/anonymise.js';
import { renderCsv } from '#src/report/csv.js';
import { renderJson } from '#src/report/json.js';
import { renderMarkdown } from '#src/report/markdown.js';
import type { Report } from '#src/report/report.js';
import { renderTerminal } from '#src/report/terminal.js';
import { formatAddress } from '#src/util/address.js';
import { PrefixPreserving } from '#src/util/prefix-preserving.js';
import { healthy, reports } from './fixtures.js';

/** Key and pairs of the sample trace in the source distribution of Crypto-PAn 1.0 (Fan, Xu, Ammar and Moon). */
const KEY = Uint8Array.of(
  ...[21, 34, 23, 141, 51, 164, 207, 128, 19, 10, 91, 22, 73, 144, 125, 16],
  ...[216, 152, 143, 131, 121, 121, 101, 39, 98, 87, 76, 45, 42, 132, 34, 2],
);
const IPV4 = [
  ['128.11.68.132', '135.242.180.132'],
  ['129.118.74.4', '134.136.186.123'],
  ['130.132.252.244', '133.68.164.234'],
  ['141.223.7.43', '141.167.8.160'],
  ['152.163.225.39', '151.140.114.167'],
  ['192.102.249.13', '252.138.62.131'],
  ['198.200.171.101', '249.199.68.213'],
  ['24.0.250.221', '100.15.198.226'],
  ['4.3.88.225', '124.60.155.63'],
  ['63.14.55.111', '95.9.215.7'],
  ['64.14.118.196', '0.255.183.58'],
  ['10.185.25.118', '117.161.29.118'],
] as const;
/** The same construction over 128 bits, as other implementations publish it for that key (Yawning/cryptopan). */
const IPV6 = [
  ['::1', '78ff:f001:9fc0:20df:8380:b1f1:704:ed'],
  ['::2', '78ff:f001:9fc0:20df:8380:b1f1:704:ef'],
  ['2001:db8::1', '4401:2bc:603f:d91d:27f:ff8e:e6f1:dc1e'],
  ['2001:db8::2', '4401:2bc:603f:d91d:27f:ff8e:e6f1:dc1c'],
] as const;

const address4 = fc.integer({ min: 1, max: 2 ** 32 - 1 }).map((word) => formatAddress(4, [0, 0, 0, word]));
const address6 = fc
  .tuple(...Array.from({ length: 4 }, () => fc.integer({ min: 1, max: 2 ** 32 - 1 })))
  .map((words) => formatAddress(6, words));
const mac = fc
  .array(fc.integer({ min: 0, max: 255 }), { minLength: 6, maxLength: 6 })
  .map((bytes) => bytes.map((byte) => byte.toString(16).padStart(2, '0')).join(':'));

test('addresses of the published sample', () => {
  const anonymiser = new Anonymiser(KEY);
  for (const [plain, other] of [...IPV4, ...IPV6]) assert.equal(anonymiser.text(plain), other);
});

test('as many leading bits are common afterwards as before', () => {
  const mapping = new PrefixPreserving(KEY);
  const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
  const pairs = fc.oneof(
    ...[4, 16].map((length) =>
      fc.tuple(bytes(length), fc.integer({ min: 0, max: length * 8 - 1 })).map(([one, bit]) => {
        const other = one.slice();
        other[bit >> 3] ^= 0x80 >> (bit & 7);
        return [one, other] as const;
      }),
    ),
  );
  fc.assert(
    fc.property(pairs, ([one, other]) => {
      assert.equal(commonBits(mapping.map(one), mapping.map(other)), commonBits(one, other));
    }),
  );
});

test('a prefix stays a prefix: its host bits are zero, and its addresses lie in it', () => {
  const anonymiser = new Anonymiser(KEY);
  const prefix = anonymiser.text('192.168.77.0/24');
  const host = anonymiser.text('192.168.77.8');
  assert.match(prefix, /^\d+\.\d+\.\d+\.0\/24$/);
  assert.equal(host.split('.').slice(0, 3).join('.'), prefix.split('.').slice(0, 3).join('.'));
  assert.equal(anonymiser.text('0.0.0.0/0 and ::/0'), '0.0.0.0/0 and ::/0');
});

test('addresses are found in the middle of sentences, commands and lists; clocks and versions are left', () => {
  const anonymiser = new Anonymiser(KEY);
  const [a, b] = [anonymiser.text('203.0.113.2'), anonymiser.text('2001:db8::1')];
  const cases = [
    ['--uplink dsl1=203.0.113.2,[2001:db8::1]@4', `--uplink dsl1=${a},[${b}]@4`],
    ['Packets of 203.0.113.2: none. Of 2001:db8::1: some.', `Packets of ${a}: none. Of ${b}: some.`],
    ['snat: [203.0.113.2, "2001:db8::1"]', `snat: [${a}, "${b}"]`],
    ['at 17:47:36 by mlstat 0.1.0, 2023-11-14 22:13:20', 'at 17:47:36 by mlstat 0.1.0, 2023-11-14 22:13:20'],
    ['via 203.0.113.2 dev eth1.5 weight 4', `via ${a} dev eth1.5 weight 4`],
  ];
  for (const [plain = '', other] of cases) assert.equal(anonymiser.text(plain), other);
});

test('a link address is locally administered afterwards, and keeps nothing of its maker', () => {
  const anonymiser = new Anonymiser(KEY);
  const one = anonymiser.text('gatewayMac: 00:1b:21:3a:4f:01');
  const other = anonymiser.text('gatewayMac: 00:1b:21:3a:4f:02');
  assert.match(one, /^gatewayMac: [0-9a-f][26ae](:[0-9a-f]{2}){5}$/);
  assert.notEqual(one.slice(12, 20), other.slice(12, 20));
  assert.equal(one, anonymiser.text('gatewayMac: 00:1b:21:3a:4f:01'));
});

test('no original address, link address or path is left in any output of any report', () => {
  const planted = fc.record({
    four: fc.array(address4, { minLength: 3, maxLength: 3 }),
    six: fc.array(address6, { minLength: 2, maxLength: 2 }),
    mac,
    key: fc.uint8Array({ minLength: 32, maxLength: 32 }),
    make: fc.constantFrom(...Object.values(reports)),
  });
  fc.assert(
    fc.property(planted, ({ four, six, mac: link, key, make }) => {
      const report = plant(make(), four, six, link);
      const changed = new Anonymiser(key).report(report);
      const display = { width: 200, color: false, unicode: true, timezone: 'UTC' };
      const outputs = [
        renderJson(changed, { series: true }),
        renderTerminal(changed, display),
        renderMarkdown(changed, { timezone: 'UTC' }),
        renderCsv(changed),
      ];
      for (const secret of [...four, ...six, link, 'annas-laptop']) {
        for (const output of outputs) assert.ok(!contains(output, secret), `${secret} in ${output}`);
      }
      assert.deepEqual(
        changed.uplinks.map(({ name }) => name),
        report.uplinks.map(({ name }) => name),
      );
    }),
    { numRuns: 60 },
  );
});

test('flows: both ends and the client, the same address the same way as in the report', () => {
  const anonymiser = new Anonymiser(KEY);
  const row: FlowRow = {
    proto: 6,
    initiator: '128.11.68.132',
    initiatorPort: 40_000,
    responder: '129.118.74.4',
    responderPort: 443,
    client: '10.185.25.118',
    clientPort: 40_000,
    uplink: 'dsl1',
    egress: null,
    origin: 'lan',
    startUs: 1,
    endUs: 2,
    packetsUp: 1,
    packetsDown: 1,
    ipBytesUp: 1,
    ipBytesDown: 1,
    wireBytesUp: 1,
    wireBytesDown: 1,
    state: null,
    end: null,
  };
  const { initiator, responder, client, ...rest } = anonymiser.flow(row);
  assert.deepEqual([initiator, responder, client], ['135.242.180.132', '134.136.186.123', '117.161.29.118']);
  assert.deepEqual({ ...row, ...rest }, { ...row, uplink: 'dsl1' });
});

test('figures are left as they are', () => {
  const report = healthy();
  const { inputs, findings, top, uplinks, ...rest } = new Anonymiser(KEY).report(report);
  const { inputs: _i, findings: _f, top: _t, uplinks: before, ...plain } = report;
  assert.deepEqual(rest, plain);
  assert.deepEqual(
    uplinks.map(({ snat, gateway, ...one }) => one),
    before.map(({ snat, gateway, ...one }) => one),
  );
  assert.ok(inputs.every(({ path }, n) => path === `input-${n + 1}`));
});

/** The report with addresses wherever a report may hold them. */
function plant(report: Report, four: readonly string[], six: readonly string[], link: string): Report {
  const [a = '', b = '', c = ''] = four;
  const [d = '', e = ''] = six;
  return {
    ...report,
    inputs: report.inputs.map((input, n) => ({
      ...input,
      path: `/home/annas-laptop/${a}-${n}.pcap`,
      error: n === 0 ? `can't read "/home/annas-laptop/${a}-${n}.pcap"` : input.error,
    })),
    inference: {
      bytesRead: 1,
      evidence: [{ uplink: 'x', why: `${a} (${link}) is the local end of 3 flows` }],
      config: `uplinks:\n  - name: x\n    gateway: ${b}\n    gatewayMac: ${link}\n    snat: [${a}, "${d}/128"]\n`,
    },
    uplinks: report.uplinks.map((uplink) => ({ ...uplink, snat: [`${a}/32`, `${d}/128`], gateway: b })),
    findings: [
      {
        code: 'late-uplink',
        level: 'warning',
        message: `${c} is an end of 3 flows; so is ${e}.`,
        uplinks: [],
        flows: null,
        packets: null,
        first: null,
        last: null,
        cure: `mlstat analyse --uplink x=${a},${d}@4\nip route replace default via ${b} dev eth1`,
      },
    ],
    top: {
      ...report.top,
      clients: [{ address: c, name: null, flows: 1, ipBytes: { up: 1, down: 1 }, share: 0.5, uplinks: {} }],
      servers: [{ address: e, name: null, flows: 1, ipBytes: { up: 1, down: 1 }, share: 0.5, uplinks: {} }],
      clientCount: 1,
      serverCount: 1,
    },
  };
}

/** As a word of its own: 1.2.3.4 is not in 11.2.3.45. */
function contains(output: string, secret: string): boolean {
  for (let at = output.indexOf(secret); at >= 0; at = output.indexOf(secret, at + 1)) {
    const around = `${output[at - 1] ?? ' '}${output[at + secret.length] ?? ' '}`;
    if (!/[0-9a-f:]/i.test(around) || /\n/.test(around)) return true;
  }
  return false;
}

function commonBits(a: Uint8Array, b: Uint8Array): number {
  for (let bit = 0; bit < a.length * 8; bit++) {
    if ((((a[bit >> 3] as number) ^ (b[bit >> 3] as number)) & (0x80 >> (bit & 7))) !== 0) return bit;
  }
  return a.length * 8;
}
