import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { parseAddress, parsePrefix } from '#src/config/address.js';
import type { Prefix } from '#src/config/config.js';
import {
  type Family,
  formatAddress,
  isLinkLocal,
  isMulticast,
  isPrivate,
  prefixContains,
  prefixesOverlap,
} from '#src/util/address.js';

const word = fc.nat(0xffffffff);
/** Zero words and halves often, so that runs of zero groups come in every length. */
const sparse = fc.oneof(
  word,
  fc.constant(0),
  fc.nat(0xffff),
  fc.nat(0xffff).map((n) => (n << 16) >>> 0),
);
const words = fc.tuple(sparse, sparse, sparse, sparse);

function prefix(text: string): Prefix {
  const parsed = parsePrefix(text);
  assert.ok(!('error' in parsed), `${text} should be a prefix`);
  return parsed;
}

function is(test: (family: Family, words: ArrayLike<number>) => boolean, text: string): boolean {
  const address = parseAddress(text);
  assert.ok(address, text);
  return test(address.family, address.words);
}

describe('formatAddress', () => {
  it('writes the examples of RFC 5952', () => {
    const examples: [string, string][] = [
      ['2001:0db8:0000:0000:0001:0000:0000:0001', '2001:db8::1:0:0:1'],
      ['2001:db8:0:0:0:0:2:1', '2001:db8::2:1'],
      ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
      ['2001:0:0:1:0:0:0:1', '2001:0:0:1::1'],
      ['2001:DB8::AAAA', '2001:db8::aaaa'],
      ['0:0:0:0:0:0:0:0', '::'],
      ['0:0:0:0:0:0:0:1', '::1'],
      ['1:0:0:0:0:0:0:0', '1::'],
      ['0:0:1:2:3:4:0:0', '::1:2:3:4:0:0'],
      ['::ffff:c000:201', '::ffff:192.0.2.1'],
    ];
    for (const [written, canonical] of examples) {
      const address = parseAddress(written);
      assert.ok(address, written);
      assert.equal(formatAddress(address.family, address.words), canonical);
    }
  });

  it('agrees with the URL standard on every IPv6 address, mapped ones aside', () => {
    fc.assert(
      fc.property(words, (w) => {
        fc.pre(!(w[0] === 0 && w[1] === 0 && w[2] === 0xffff));
        const groups = w.flatMap((n) => [(n >>> 16).toString(16), (n & 0xffff).toString(16)]);
        assert.equal(`[${formatAddress(6, w)}]`, new URL(`http://[${groups.join(':')}]/`).hostname);
      }),
    );
  });

  it('agrees with the URL standard on every IPv4 address', () => {
    fc.assert(fc.property(word, (n) => assert.equal(formatAddress(4, [0, 0, 0, n]), new URL(`http://${n}/`).hostname)));
  });

  it('takes signed words as their bits', () => {
    assert.equal(formatAddress(4, Int32Array.of(0, 0, 0, -1)), '255.255.255.255');
    assert.equal(formatAddress(6, Int32Array.of(-1, 0, 0, -2)), 'ffff:ffff::ffff:fffe');
  });
});

describe('prefixContains', () => {
  it('agrees with a comparison of bit strings', () => {
    const bits = (w: readonly number[]) => w.map((n) => n.toString(2).padStart(32, '0')).join('');
    fc.assert(
      fc.property(words, words, fc.nat(128), fc.boolean(), (a, b, length, near) => {
        const other = near ? (bits(a).slice(0, length) + bits(b)).slice(0, 128) : bits(b);
        const otherWords = [0, 32, 64, 96].map((i) => Number.parseInt(other.slice(i, i + 32), 2));
        const network = bits(a).slice(0, length).padEnd(128, '0');
        const networkWords = [0, 32, 64, 96].map((i) => Number.parseInt(network.slice(i, i + 32), 2));
        const block = prefix(`${formatAddress(6, networkWords)}/${length}`);
        assert.equal(prefixContains(block, 6, otherWords), other.slice(0, length) === network.slice(0, length));
      }),
    );
  });

  it('knows the edges of an IPv4 block and keeps the families apart', () => {
    const block = prefix('10.4.0.0/15');
    const contains = (text: string) => is((family, w) => prefixContains(block, family, w), text);
    assert.ok(contains('10.4.0.0') && contains('10.5.255.255'));
    assert.ok(!contains('10.3.255.255') && !contains('10.6.0.0') && !contains('::10.4.0.0'));
    assert.ok(is((family, w) => prefixContains(prefix('0.0.0.0/0'), family, w), '255.1.2.3'));
    assert.ok(!is((family, w) => prefixContains(prefix('::/0'), family, w), '255.1.2.3'));
  });
});

it('prefixesOverlap is true where one block holds the other', () => {
  assert.ok(prefixesOverlap(prefix('10.0.0.0/8'), prefix('10.1.0.0/16')));
  assert.ok(prefixesOverlap(prefix('10.1.0.0/16'), prefix('10.0.0.0/8')));
  assert.ok(!prefixesOverlap(prefix('10.0.0.0/16'), prefix('10.1.0.0/16')));
  assert.ok(!prefixesOverlap(prefix('0.0.0.0/0'), prefix('::/0')));
});

describe('the kinds of address', () => {
  const cases: [string, boolean, boolean, boolean][] = [
    // address, link-local, multicast, private
    ['169.254.0.1', true, false, false],
    ['169.253.255.255', false, false, false],
    ['fe80::1', true, false, false],
    ['febf:ffff::1', true, false, false],
    ['fec0::1', false, false, false],
    ['224.0.0.1', false, true, false],
    ['239.255.255.255', false, true, false],
    ['240.0.0.1', false, false, false],
    ['223.255.255.255', false, false, false],
    ['ff02::1', false, true, false],
    ['fe00::1', false, false, false],
    ['10.0.0.0', false, false, true],
    ['11.0.0.0', false, false, false],
    ['172.15.255.255', false, false, false],
    ['172.16.0.0', false, false, true],
    ['172.31.255.255', false, false, true],
    ['172.32.0.0', false, false, false],
    ['192.168.0.1', false, false, true],
    ['192.169.0.0', false, false, false],
    ['100.63.255.255', false, false, false],
    ['100.64.0.0', false, false, true],
    ['100.127.255.255', false, false, true],
    ['100.128.0.0', false, false, false],
    ['fc00::1', false, false, true],
    ['fdff::1', false, false, true],
    ['fbff::1', false, false, false],
    ['2001:db8::a00:1', false, false, false],
  ];
  for (const [text, linkLocal, multicast, local] of cases) {
    it(text, () => {
      assert.deepEqual(
        [is(isLinkLocal, text), is(isMulticast, text), is(isPrivate, text)],
        [linkLocal, multicast, local],
      );
    });
  }
});
