import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { configJsonSchema, loadConfig, readConfig } from '#src/config/read.js';
import { UserError } from '#src/util/error.js';

/** The configuration that the command line's documentation shows. */
const DOCUMENTED = `uplinks:
  - name: dsl1
    interface: eth1
    gateway: 203.0.113.1
    snat: [203.0.113.2]          # addresses or prefixes
    weight: 4
    capacity: { down: 20Mbit, up: 1Mbit }
  - name: dsl2
    interface: eth2
    gateway: 198.51.100.1
    snat: [198.51.100.2]
    weight: 1
lan: [192.168.77.0/24]
router: { hashPolicy: 0, hashPolicy6: 0, keepalive: 60s }
`;

/** One uplink that is right, for what is put behind it. */
const ONE = 'uplinks:\n  - name: dsl1\n    snat: [203.0.113.2]\n';

function refusal(text: string): string {
  try {
    readConfig(text, 'mlstat.yaml');
  } catch (error) {
    assert.ok(error instanceof UserError, String(error));
    assert.equal(error.exitCode, 2);
    return error.message;
  }
  return assert.fail('was accepted');
}

describe('readConfig', () => {
  it('reads the documented example', () => {
    const config = readConfig(DOCUMENTED, 'mlstat.yaml');
    const host = (text: string, word: number) => ({ family: 4, words: [0, 0, 0, word], length: 32, text });
    const unknown = { gatewayMac: null, vlan: null, mark: null };
    assert.deepEqual(config, {
      source: 'mlstat.yaml',
      uplinks: [
        {
          ...unknown,
          name: 'dsl1',
          interface: 'eth1',
          gateway: '203.0.113.1',
          snat: [host('203.0.113.2/32', 0xcb007102)],
          weight: 4,
          capacity: { down: 20e6, up: 1e6 },
        },
        {
          ...unknown,
          name: 'dsl2',
          interface: 'eth2',
          gateway: '198.51.100.1',
          snat: [host('198.51.100.2/32', 0xc6336402)],
          weight: 1,
          capacity: null,
        },
      ],
      lan: [{ family: 4, words: [0, 0, 0, 0xc0a84d00], length: 24, text: '192.168.77.0/24' }],
      router: { hashPolicy: 0, hashPolicy6: 0, keepaliveSec: 60, macs: [] },
    });
  });

  it('reads JSON, indented by tabs as well', () => {
    const json = JSON.stringify(
      { uplinks: [{ name: 'a', interface: 'eth1', snat: [], weight: null, mark: '0x100/0xff00' }] },
      null,
      '\t',
    );
    const [uplink] = readConfig(json, 'mlstat.json').uplinks;
    assert.deepEqual([uplink?.mark, uplink?.weight, uplink?.snat], [{ value: 0x100, mask: 0xff00 }, null, []]);
  });

  it('brings MAC addresses and gateways into one form', () => {
    const text = `${ONE}    gateway: 2001:DB8:0::1\n    gatewayMac: 02-00-5E-00-53-0A\nrouter: { macs: ["02:00:5E:00:53:01"] }`;
    const { uplinks, router } = readConfig(text, 'mlstat.yaml');
    assert.deepEqual([uplinks[0]?.gateway, uplinks[0]?.gatewayMac], ['2001:db8::1', '02:00:5e:00:53:0a']);
    assert.deepEqual(router.macs, ['02:00:5e:00:53:01']);
  });

  it('lets uplinks share an address where the interface, MAC, VLAN or mark differs', () => {
    const pairs = [
      ['interface: eth1', 'interface: eth2'],
      ['gatewayMac: 02:00:5e:00:53:01', 'gatewayMac: 02:00:5e:00:53:02'],
      ['vlan: 7', 'vlan: 8'],
      ['mark: 0x100/0xff00', 'mark: 0x200/0xff00'],
    ];
    for (const [a, b] of pairs) {
      const text = `uplinks:\n- {name: a, snat: [10.0.0.2], ${a}}\n- {name: b, snat: [10.0.0.0/24], ${b}}`;
      assert.equal(readConfig(text, 'mlstat.yaml').uplinks.length, 2);
    }
  });

  it('takes a name that objects have already', () => {
    assert.equal(readConfig('uplinks: [{name: __proto__, vlan: 7}]', 'mlstat.yaml').uplinks[0]?.name, '__proto__');
  });
});

describe('readConfig refuses', () => {
  const cases: [name: string, text: string, message: string][] = [
    [
      'text for a weight',
      DOCUMENTED.replace('weight: 4', 'weight: "x"'),
      'uplinks[0].weight must be a positive integer: "x" (mlstat.yaml:6:13)',
    ],
    ['weight 0', `${ONE}    weight: 0`, 'uplinks[0].weight must be a positive integer: 0 (mlstat.yaml:4:13)'],
    ['half a weight', `${ONE}    weight: 1.5`, 'uplinks[0].weight must be a positive integer: 1.5 (mlstat.yaml:4:13)'],
    [
      'a weight that no kernel takes',
      `${ONE}    weight: 65537`,
      'uplinks[0].weight must be at most 65536 (256 before Linux 6.12): 65537 (mlstat.yaml:4:13)',
    ],
    [
      'octal-looking numbers',
      `${ONE}    weight: 010`,
      'leading zero, which some readers take for octal: 010; write 10 (mlstat.yaml:4:13)',
    ],
    [
      'a key twice',
      `${ONE}    weight: 1\n    weight: 2`,
      'duplicate key "weight": leave one of them out (mlstat.yaml:5:5)',
    ],
    [
      'a misspelt key',
      `${ONE}    wieght: 1`,
      'unknown key "wieght" in uplinks[0] (mlstat.yaml:4:5); did you mean weight?',
    ],
    ['an unknown key', `${ONE}qos: 1`, 'unknown key "qos" (mlstat.yaml:4:1); it may hold uplinks, lan, router, rules'],
    [
      'a merge key',
      `${ONE}<<: {lan: []}`,
      'unknown key "<<" (mlstat.yaml:4:1); it may hold uplinks, lan, router, rules',
    ],
    [
      'a name twice',
      'uplinks:\n- {name: a, snat: [10.0.0.1]}\n- {name: a, snat: [10.0.0.2]}',
      'uplinks[1].name must be unique, and is the name of uplinks[0] too: "a" (mlstat.yaml:3:10)',
    ],
    [
      'sources that overlap',
      'uplinks:\n- {name: a, snat: [10.0.0.1]}\n- {name: b, snat: [10.9.0.1, 10.0.0.0/24]}',
      'uplinks[1].snat[1] overlaps that of uplinks[0] (a), so interface, gatewayMac, vlan or mark must differ: "10.0.0.0/24" (mlstat.yaml:3:30)',
    ],
    [
      'sources that overlap on one interface',
      'uplinks:\n- {name: a, interface: e, snat: [10.0.0.1]}\n- {name: b, interface: e, snat: [10.0.0.1]}',
      'uplinks[1].snat[0] overlaps that of uplinks[0] (a), so interface, gatewayMac, vlan or mark must differ: "10.0.0.1" (mlstat.yaml:3:34)',
    ],
    [
      'dynamic uplinks that look alike',
      'uplinks:\n- {name: a, interface: e}\n- {name: b, interface: e}',
      "uplinks[1] can't be told from uplinks[0] (a): interface, gatewayMac, vlan or mark must differ (mlstat.yaml:3:3)",
    ],
    [
      'an uplink that no packet can show',
      'uplinks:\n- {name: a, weight: 4}',
      'uplinks[0] has no snat, so it needs interface, gatewayMac, vlan or mark for its packets to be known (mlstat.yaml:2:3)',
    ],
    [
      'no name',
      'uplinks:\n- vlan: 7',
      'uplinks[0].name is missing: it must be a name of 1 to 64 characters without = , @ (mlstat.yaml:2:3)',
    ],
    [
      'a number for a name',
      'uplinks:\n- name: 1',
      'uplinks[0].name must be a name of 1 to 64 characters without = , @: quote it: 1 (mlstat.yaml:2:9)',
    ],
    [
      'a name that hides itself',
      'uplinks:\n- name: "a\\u202e"',
      'uplinks[0].name must be a name of 1 to 64 characters without = , @: "a\\u202e" (mlstat.yaml:2:9)',
    ],
    [
      'a source without brackets',
      'uplinks:\n- {name: a, snat: 10.0.0.1}',
      'uplinks[0].snat must be a list of addresses: write [ ] around it: "10.0.0.1" (mlstat.yaml:2:19)',
    ],
    [
      'octal-looking addresses',
      'uplinks:\n- {name: a, snat: [010.0.0.1]}',
      'uplinks[0].snat[0] must be an IPv4 or IPv6 address or prefix; leading zeros are ambiguous, write 10.0.0.1: "010.0.0.1" (mlstat.yaml:2:20)',
    ],
    [
      'host bits',
      `${ONE}lan: [192.168.77.5/24]`,
      'lan[0] has host bits set; write 192.168.77.0/24 or 192.168.77.5: "192.168.77.5/24" (mlstat.yaml:4:7)',
    ],
    [
      'zone ids',
      'uplinks:\n- {name: a, snat: ["fe80::1%eth0"]}',
      'uplinks[0].snat[0] has a zone id, which no packet carries; write fe80::1: "fe80::1%eth0" (mlstat.yaml:2:20)',
    ],
    [
      'an address that YAML takes for a key',
      'uplinks:\n- {name: a, snat: [2001:db8::]}',
      'uplinks[0].snat[0] must be an IPv4 or IPv6 address or prefix; quote one that ends in a colon: a mapping (mlstat.yaml:2:20)',
    ],
    [
      'a gateway with a length',
      `${ONE}    gateway: 203.0.113.1/24`,
      'uplinks[0].gateway must be an address alone, without a length: "203.0.113.1/24" (mlstat.yaml:4:14)',
    ],
    [
      'half a MAC address',
      `${ONE}    gatewayMac: "00:11"`,
      'uplinks[0].gatewayMac must be a MAC address such as 02:00:5e:00:53:01: "00:11" (mlstat.yaml:4:17)',
    ],
    [
      'a mark outside its mask',
      `${ONE}    mark: 0x101/0xff00`,
      'uplinks[0].mark must lie within its mask, else no packet matches: "0x101/0xff00" (mlstat.yaml:4:11)',
    ],
    [
      'VLAN 4095',
      `${ONE}    vlan: 4095`,
      'uplinks[0].vlan must be a whole number from 1 to 4094: 4095 (mlstat.yaml:4:11)',
    ],
    [
      'bytes per second',
      `${ONE}    capacity: { down: 20MB }`,
      'uplinks[0].capacity.down must be in bits per second, not bytes: write 8Mbit for 1 MB/s: "20MB" (mlstat.yaml:4:23)',
    ],
    [
      'one capacity for two directions',
      `${ONE}    capacity: 20M`,
      'uplinks[0].capacity must be { down: …, up: … }: "20M" (mlstat.yaml:4:15)',
    ],
    [
      'hash policy 4',
      `${ONE}router: { hashPolicy: 4 }`,
      'router.hashPolicy must be a whole number from 0 to 3: 4 (mlstat.yaml:4:23)',
    ],
    [
      'no pause between pings',
      `${ONE}router: { keepalive: 0 }`,
      'router.keepalive must be a positive time such as 60s, 5m or 1h: 0 (mlstat.yaml:4:22)',
    ],
    ['no uplinks', 'lan: []', 'uplinks is missing: it must be a list of uplinks, each with a name (mlstat.yaml:1:1)'],
    ['an empty list of uplinks', 'uplinks: []', 'uplinks must list at least one uplink: [] (mlstat.yaml:1:10)'],
    [
      'uplinks left blank',
      'uplinks:\n',
      'uplinks must be a list of uplinks, each with a name: nothing (mlstat.yaml:1:9)',
    ],
    ['an empty file', '# nothing yet\n', 'configuration is empty: list its uplinks (mlstat.yaml)'],
    ['a list', '- a', 'configuration must hold uplinks: a list of them, each with a name: a list (mlstat.yaml:1:1)'],
    ['two documents', `${ONE}---\n${ONE}`, 'more than one document: leave only one in the file (mlstat.yaml:4:1)'],
    ['tabs', 'uplinks:\n\t- a', 'tabs are not allowed as indentation: use spaces (mlstat.yaml:2:1)'],
    ['an alias of nothing', 'uplinks: *a', 'alias of an anchor that is not there: "*a" (mlstat.yaml:1:10)'],
    ['brackets without end', '['.repeat(200_000), 'configuration is nested more than 32 deep (mlstat.yaml:1)'],
    ['dashes without end', '- '.repeat(100_000), 'configuration is nested more than 32 deep (mlstat.yaml:1)'],
  ];
  for (const [name, text, message] of cases) it(name, () => assert.equal(refusal(text), message));

  it('aliases that multiply', () => {
    const levels = Array.from({ length: 12 }, (_, i) => `a${i + 1}: &a${i + 1} [${`*a${i},`.repeat(9)}]`);
    assert.match(
      refusal(['a0: &a0 [1]', ...levels].join('\n')),
      /^aliases that multiply without end: .*\(mlstat\.yaml\)$/,
    );
  });
});

describe('loadConfig', () => {
  const inFolder = async (use: (folder: string) => Promise<void>) => {
    const folder = await mkdtemp(join(tmpdir(), 'mlstat-config-'));
    try {
      await use(folder);
    } finally {
      await rm(folder, { recursive: true });
    }
  };

  it('names the file as it was given', () =>
    inFolder(async (folder) => {
      await writeFile(join(folder, 'x.yaml'), `\ufeff${ONE}    vlan: 0\n`);
      const message = 'uplinks[0].vlan must be a whole number from 1 to 4094: 0 (x.yaml:4:11)';
      await assert.rejects(loadConfig(join(folder, 'x.yaml'), 'x.yaml'), { name: 'UserError', message });
    }));

  it('refuses what is no text, no file, or no end', () =>
    inFolder(async (folder) => {
      const path = join(folder, 'capture.pcap');
      await writeFile(path, Buffer.from('d4c3b2a1020004000000000000000000ffff000001000000', 'hex'));
      await assert.rejects(loadConfig(path, 'c'), {
        message: 'configuration is not text in UTF-8: "c" (is it a capture?)',
      });
      await writeFile(path, Buffer.alloc(300_000));
      await assert.rejects(loadConfig(path, 'c'), {
        message: 'configuration is larger than 256 KiB: "c" (is it a capture?)',
      });
      await assert.rejects(loadConfig(join(folder, 'none'), 'n'), {
        message: 'can\'t read the configuration "n": no such file; name one by -c, or leave -c out',
      });
      await assert.rejects(loadConfig(folder, 'f'), {
        message: 'can\'t read the configuration "f": is a folder; name the file in it',
      });
    }));
});

it('the JSON Schema knows every key and no other', () => {
  const schema = configJsonSchema() as { properties: object; additionalProperties: boolean; required: string[] };
  assert.deepEqual(Object.keys(schema.properties), ['uplinks', 'lan', 'router', 'rules']);
  assert.equal(schema.additionalProperties, false);
  assert.deepEqual(schema.required, ['uplinks']);
  const { items } = (schema.properties as { uplinks: { items: { properties: object; required: string[] } } }).uplinks;
  assert.deepEqual(Object.keys(items.properties).sort(), [
    'capacity',
    'gateway',
    'gateway6',
    'gatewayMac',
    'interface',
    'mark',
    'name',
    'snat',
    'vlan',
    'weight',
  ]);
  assert.deepEqual(items.required, ['name']);
});
