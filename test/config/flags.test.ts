import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { applyFlags, parseCapacityFlag, parsePrefixFlag, parseUplinkFlag } from '#src/config/flags.js';
import { readConfig } from '#src/config/read.js';

const CONFIG = readConfig(
  `uplinks:
- {name: dsl1, interface: eth1, snat: [203.0.113.2], weight: 4}
- {name: dsl2, interface: eth2, snat: [198.51.100.2], weight: 1}
lan: [192.168.77.0/24]`,
  'mlstat.yaml',
);

describe('parseUplinkFlag', () => {
  const cases: [text: string, name: string, snat: string[], weight: number | null][] = [
    ['dsl1=203.0.113.2@4', 'dsl1', ['203.0.113.2/32'], 4],
    ['dsl1=203.0.113.2', 'dsl1', ['203.0.113.2/32'], null],
    ['a=203.0.113.0/29,2001:db8::2@1', 'a', ['203.0.113.0/29', '2001:db8::2/128'], 1],
    ['a=[2001:db8::2]@65536', 'a', ['2001:db8::2/128'], 65536],
    ['a=[2001:db8::]/48,[2001:db8:1::/48]', 'a', ['2001:db8::/48', '2001:db8:1::/48'], null],
    ['WAN 1=10.0.0.1', 'WAN 1', ['10.0.0.1/32'], null],
  ];
  for (const [text, name, snat, weight] of cases) {
    it(text, () => {
      const uplink = parseUplinkFlag(text);
      assert.deepEqual([uplink.name, uplink.snat.map((prefix) => prefix.text), uplink.weight], [name, snat, weight]);
      assert.equal(uplink.interface, null);
    });
  }

  const form = '--uplink must be name=address[,address…][@weight], such as dsl1=203.0.113.2@4';
  const weight = 'weight after @ in --uplink must be a whole number from 1 to 65536';
  const refusals: [text: string, message: string][] = [
    ['dsl1', `${form}: "dsl1"`],
    ['=10.0.0.1', `${form}: "=10.0.0.1"`],
    ['dsl1=', `${form}: "dsl1="`],
    ['dsl1=@4', `${form}: "dsl1=@4"`],
    ['dsl1=10.0.0.1@x', `${weight}: "dsl1=10.0.0.1@x"`],
    ['dsl1=10.0.0.1@0', `${weight}: "dsl1=10.0.0.1@0"`],
    ['dsl1=10.0.0.1@010', `${weight}: "dsl1=10.0.0.1@010"`],
    ['dsl1=10.0.0.1@65537', `${weight}: "dsl1=10.0.0.1@65537"`],
    ['dsl1=10.0.0.1@', `${weight}: "dsl1=10.0.0.1@"`],
    ['dsl1=10.0.0.1,', '--uplink must be an IPv4 or IPv6 address or prefix: "" in "dsl1=10.0.0.1,"'],
    ['dsl1=eth0', '--uplink must be an IPv4 or IPv6 address or prefix: "eth0" in "dsl1=eth0"'],
    ['dsl1=10.0.0.1/8', '--uplink has host bits set; write 10.0.0.0/8 or 10.0.0.1: "10.0.0.1/8" in "dsl1=10.0.0.1/8"'],
  ];
  for (const [text, message] of refusals) {
    it(`refuses ${text}`, () => assert.throws(() => parseUplinkFlag(text), { name: 'UserError', message }));
  }
});

describe('parseCapacityFlag', () => {
  const cases: [text: string, down: number | null, up: number | null][] = [
    ['dsl1=20M/1M', 20e6, 1e6],
    ['dsl1=1Gbit', 1e9, 1e9],
    ['dsl1=20M/', 20e6, null],
    ['dsl1=/512k', null, 512e3],
  ];
  for (const [text, down, up] of cases) {
    it(text, () => assert.deepEqual(parseCapacityFlag(text), { name: 'dsl1', capacity: { down, up } }));
  }

  const form = '--capacity must be name=down/up, such as dsl1=20Mbit/1Mbit';
  const refusals: [text: string, message: string][] = [
    ['dsl1', `${form}: "dsl1"`],
    ['dsl1=', `${form}: "dsl1="`],
    ['dsl1=/', `${form}: "dsl1=/"`],
    ['dsl1=1M/2M/3M', `${form}: "dsl1=1M/2M/3M"`],
    ['dsl1=fast/1M', 'down in --capacity must be a rate such as 20Mbit, 1Gbit or 512k: "dsl1=fast/1M"'],
    ['dsl1=1M/2MB', 'up in --capacity must be in bits per second, not bytes: write 8Mbit for 1 MB/s: "dsl1=1M/2MB"'],
  ];
  for (const [text, message] of refusals) {
    it(`refuses ${text}`, () => assert.throws(() => parseCapacityFlag(text), { name: 'UserError', message }));
  }
});

describe('prefixes of the command line', () => {
  it('come as lists, IPv6 with or without brackets', () => {
    const texts = parsePrefixFlag('--client', '10.0.0.0/8, [2001:db8::1],2001:db8:1::/48').map((prefix) => prefix.text);
    assert.deepEqual(texts, ['10.0.0.0/8', '2001:db8::1/128', '2001:db8:1::/48']);
  });

  it('are refused with their option', () => {
    assert.throws(() => parsePrefixFlag('--client', '10.0.0.0/8,x'), {
      message: '--client must be an IPv4 or IPv6 address or prefix: "x" in "10.0.0.0/8,x"',
    });
    assert.throws(() => parsePrefixFlag('--pin', '10.0.0.1/8'), {
      message: '--pin has host bits set; write 10.0.0.0/8 or 10.0.0.1: "10.0.0.1/8"',
    });
  });
});

describe('applyFlags', () => {
  it('makes a configuration of flags alone, and none of nothing', () => {
    assert.equal(applyFlags(null, [], []), null);
    const config = applyFlags(null, [parseUplinkFlag('a=10.0.0.1@3')], [parseCapacityFlag('a=20M/1M')]);
    assert.equal(config?.source, null);
    assert.deepEqual(config?.uplinks[0]?.capacity, { down: 20e6, up: 1e6 });
  });

  it('changes sources and weight of a known uplink and keeps the rest', () => {
    const config = applyFlags(CONFIG, [parseUplinkFlag('dsl1=203.0.113.9'), parseUplinkFlag('lte=100.64.0.2@1')], []);
    assert.deepEqual(
      config?.uplinks.map(({ name, interface: port, weight, snat }) => [name, port, weight, snat[0]?.text]),
      [
        ['dsl1', 'eth1', 4, '203.0.113.9/32'],
        ['dsl2', 'eth2', 1, '198.51.100.2/32'],
        ['lte', null, 1, '100.64.0.2/32'],
      ],
    );
    assert.deepEqual(config?.lan, CONFIG.lan);
  });

  const refusals: [name: string, uplinks: string[], capacities: string[], message: string][] = [
    [
      'a capacity of nobody',
      [],
      ['dls1=1M/1M'],
      '--capacity of an uplink that is not there: "dls1"; did you mean dsl1?',
    ],
    [
      'a capacity of a stranger',
      [],
      ['fibre=1M/1M'],
      '--capacity of an uplink that is not there: "fibre"; there is dsl1 or dsl2',
    ],
    [
      'an uplink twice',
      ['a=10.0.0.1', 'a=10.0.0.2'],
      [],
      '--uplink names "a" twice: put its addresses behind one, with commas',
    ],
    [
      'an address of two uplinks',
      ['b=203.0.113.2'],
      [],
      'with --uplink, uplinks[2].snat[0] (b) overlaps that of uplinks[0] (dsl1), so interface, gatewayMac, vlan or mark must differ: "203.0.113.2/32"',
    ],
  ];
  for (const [name, uplinks, capacities, message] of refusals) {
    it(`refuses ${name}`, () => {
      const apply = () => applyFlags(CONFIG, uplinks.map(parseUplinkFlag), capacities.map(parseCapacityFlag));
      assert.throws(apply, { name: 'UserError', message });
    });
  }

  it('refuses a capacity where no uplink is named', () => {
    assert.throws(() => applyFlags(null, [], [parseCapacityFlag('a=1M')]), {
      message: '--capacity of "a" needs its uplink: give -c FILE or --uplink a=ADDRESS',
    });
  });
});
