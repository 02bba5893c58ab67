import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { parsePrefix } from '#src/config/address.js';
import type { Config, Prefix } from '#src/config/config.js';
import { readConfig } from '#src/config/read.js';
import { writeConfig, writeRate } from '#src/config/write.js';
import { formatAddress, maskWords } from '#src/util/address.js';

const word = fc.oneof(fc.nat(0xffffffff), fc.constant(0));
const prefix: fc.Arbitrary<Prefix> = fc
  .tuple(fc.constantFrom(4 as const, 6 as const), word, word, word, word, fc.nat(128))
  .map(([family, a, b, c, d, bits]) => {
    const length = family === 4 ? bits % 33 : bits;
    const words = maskWords({ family, words: family === 4 ? [0, 0, 0, d] : [a, b, c, d] }, length);
    return parsePrefix(`${formatAddress(family, words)}/${length}`) as Prefix;
  });
const orNull = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: null });
const hex = (length: number) => fc.array(fc.nat(255), { minLength: length, maxLength: length });
const mac = hex(6).map((bytes) => bytes.map((byte) => byte.toString(16).padStart(2, '0')).join(':'));
const rate = fc.oneof(fc.integer({ min: 1, max: 1e12 }), fc.constantFrom(1e3, 20e6, 1e9, 999));
const text = fc.oneof(
  fc.string({ unit: 'binary', minLength: 1, maxLength: 20 }).filter((s) => !/\p{Cs}/u.test(s)),
  fc.constantFrom('yes', 'NULL', '010', '1e3', '0x1', '~', '#', '- a', 'a: b', '.inf', '<<', ' ', "'", '!x', '12:34'),
);
const name = fc.oneof(
  fc.constantFrom('dsl1', 'on', '010', '1:2', '- x', '__proto__', "l'un", 'a #b', '{x}', '*a', 'é', '1.5', '%x', '"'),
  fc.stringMatching(/^[a-z][a-z0-9.-]{0,9}$/),
);
const address = prefix.map(({ family, words }) => formatAddress(family, words));

const uplink = fc.record({
  name,
  interface: orNull(text),
  gateway: orNull(address),
  gatewayMac: orNull(mac),
  vlan: orNull(fc.integer({ min: 1, max: 4094 })),
  snat: fc.array(prefix, { minLength: 1, maxLength: 3 }),
  weight: orNull(fc.integer({ min: 1, max: 65_536 })),
  capacity: orNull(fc.record({ up: orNull(rate), down: orNull(rate) })),
  mark: orNull(fc.nat(0xffff).map((value) => ({ value, mask: 0xffffffff }))),
});

const config: fc.Arbitrary<Config> = fc.record({
  source: fc.constant('mlstat.yaml'),
  uplinks: fc.array(uplink, { minLength: 1, maxLength: 1 }),
  lan: fc.array(prefix, { maxLength: 3 }),
  router: fc.record({
    hashPolicy: orNull(fc.nat(3)),
    hashPolicy6: orNull(fc.nat(3)),
    keepaliveSec: orNull(fc.oneof(fc.integer({ min: 1, max: 3600 }), fc.constantFrom(0.25, 0.000001, 1.5))),
    macs: fc.array(mac, { maxLength: 2 }),
  }),
});

describe('writeConfig', () => {
  it('writes what reads back as the same', () => {
    fc.assert(
      fc.property(config, (value) =>
        assert.deepEqual(readConfig(writeConfig(value), 'mlstat.yaml'), structuredClone(value)),
      ),
    );
  });

  it('looks as written by hand', () => {
    const written = `uplinks:
  - name: dsl1
    interface: eth1
    gateway: 203.0.113.1
    snat: [203.0.113.2, 2001:db8::2, "2001:db8::/48"]
    weight: 4
    capacity: { down: 20Mbit, up: 512kbit }
  - name: dsl2
    interface: eth2
    snat: []
lan: [192.168.77.0/24]
router: { hashPolicy: 0, keepalive: 60s }
`;
    assert.equal(writeConfig(readConfig(written, 'mlstat.yaml')), written);
  });
});

it('writeRate keeps every bit', () => {
  assert.deepEqual([1, 999, 1000, 1500, 20e6, 1e9, 5e12].map(writeRate), [
    '1bit',
    '999bit',
    '1kbit',
    '1500bit',
    '20Mbit',
    '1Gbit',
    '5000Gbit',
  ]);
});
