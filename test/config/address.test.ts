import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { IPv6 } from 'ip-num';
import { parseAddress, parsePrefix } from '#src/config/address.js';
import type { Prefix } from '#src/config/config.js';
import { formatAddress } from '#src/util/address.js';

const word = fc.nat(0xffffffff);
const words = fc.tuple(word, word, word, word);

function prefix(text: string): Prefix {
  const parsed = parsePrefix(text);
  assert.ok(!('error' in parsed), `${text} should be a prefix`);
  return parsed;
}

describe('parseAddress', () => {
  it('reads back what was written', () => {
    fc.assert(fc.property(words, (w) => assert.deepEqual(parseAddress(formatAddress(6, w)), { family: 6, words: w })));
    fc.assert(
      fc.property(word, (n) =>
        assert.deepEqual(parseAddress(formatAddress(4, [0, 0, 0, n])), { family: 4, words: [0, 0, 0, n] }),
      ),
    );
  });

  for (const text of [
    '',
    '010.1.2.3',
    '1.2.3',
    '1.2.3.4.5',
    '1.2.3.256',
    '0x1.2.3.4',
    '16909060',
    ' 1.2.3.4',
    '1.2.3.4\n',
    '1.2.3.4/32',
    '-1.2.3.4',
    '1.2.3.4%eth0',
    'fe80::1%eth0',
    '1::2::3',
    '1:2:3:4:5:6:7:8:9',
    '12345::',
    '::g',
    '[::1]',
    ':::',
    '::1.2.3',
    '::010.1.2.3',
    `${':'.repeat(100)}`,
    'example.net',
  ]) {
    it(`refuses ${JSON.stringify(text).slice(0, 30)}`, () => assert.equal(parseAddress(text), null));
  }

  it('reads what ip-num’s own numbers are, and refuses what they refuse', () => {
    const group = fc.oneof(fc.nat(0xffff), fc.constantFrom(0, 1, 0x10000)).map((n) => n.toString(16));
    const octet = fc.oneof(fc.nat(255), fc.constantFrom(256, 7)).map(String);
    const dotted = fc.array(octet, { minLength: 3, maxLength: 5 }).map((octets) => octets.join('.'));
    const part = fc.oneof({ weight: 20, arbitrary: group }, dotted, fc.constantFrom('', '0', 'A', '00ff', '012.1.1.1'));
    const text = fc
      .array(fc.tuple(part, fc.constantFrom(':', ':', ':', '::')), { minLength: 1, maxLength: 9 })
      .map((parts) => parts.flat().join('').replace(/:$/, ''));
    let read = 0;
    fc.assert(
      fc.property(
        fc.oneof(
          text,
          words.map((w) => formatAddress(6, w).toUpperCase()),
        ),
        (address) => {
          fc.pre(address.includes(':') && address.length <= 45);
          let value: bigint | null = null;
          try {
            value = new IPv6(address).getValue();
          } catch {}
          const parsed = parseAddress(address);
          assert.equal(parsed === null ? null : parsed.words.reduce((sum, w) => (sum << 32n) | BigInt(w), 0n), value);
          if (parsed !== null) read++;
        },
      ),
      { numRuns: 2000 },
    );
    assert.ok(read > 500, String(read));
  });

  it('never throws, whatever the text', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'0123456789abcf.:%/[] \u0663') }), (text) => {
        const address = parseAddress(text);
        assert.ok(address === null || address.words.every((w) => w >= 0 && w <= 0xffffffff));
        parsePrefix(text);
      }),
    );
  });
});

describe('parsePrefix', () => {
  it('gives an address its full length', () => {
    assert.deepEqual(prefix('203.0.113.2'), {
      family: 4,
      words: [0, 0, 0, 0xcb007102],
      length: 32,
      text: '203.0.113.2/32',
    });
    assert.equal(prefix('2001:DB8:0::1').text, '2001:db8::1/128');
  });

  it('takes the shortest and the longest length', () => {
    assert.equal(prefix('0.0.0.0/0').length, 0);
    assert.equal(prefix('::/0').text, '::/0');
    assert.equal(prefix('::1/128').length, 128);
  });

  const refusals: [string, string][] = [
    ['192.168.77.5/24', 'has host bits set; write 192.168.77.0/24 or 192.168.77.5'],
    ['2001:db8::1/32', 'has host bits set; write 2001:db8::/32 or 2001:db8::1'],
    ['fe80::1%eth0', 'has a zone id, which no packet carries; write fe80::1'],
    ['fe80::%eth0/10', 'has a zone id, which no packet carries; write fe80::'],
    ['010.1.2.3', 'must be an IPv4 or IPv6 address or prefix; leading zeros are ambiguous, write 10.1.2.3'],
    ['10.1.2', 'must be an IPv4 or IPv6 address or prefix'],
    ['[::1]', 'must be an IPv4 or IPv6 address or prefix without brackets'],
    ['10.0.0.0/33', 'must have a prefix length from 0 to 32'],
    ['10.0.0.0/08', 'must have a prefix length from 0 to 32'],
    ['10.0.0.0/', 'must have a prefix length from 0 to 32'],
    ['10.0.0.0/255.0.0.0', 'must have a prefix length from 0 to 32'],
    ['::/129', 'must have a prefix length from 0 to 128'],
    ['::/8/8', 'must have a prefix length from 0 to 128'],
  ];
  for (const [text, error] of refusals) {
    it(`refuses ${text}`, () => assert.deepEqual(parsePrefix(text), { error }));
  }
});
