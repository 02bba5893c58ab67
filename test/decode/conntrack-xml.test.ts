// The XML of conntrack says what its text says; torn, hostile and foreign XML says nothing.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { sharedDir, withoutShared } from '../shared.js';
import { cutAt, type PlainEntry, readPieces, readText, readXml } from './conntrack-read.js';

const FLOW =
  '<flow type="update"><meta direction="original"><layer3 protonum="2" protoname="ipv4"><src>192.168.1.2</src><dst>198.51.100.9</dst></layer3>' +
  '<layer4 protonum="6" protoname="tcp"><sport>34846</sport><dport>993</dport></layer4><counters><packets>169</packets><bytes>14322</bytes></counters></meta>' +
  '<meta direction="reply"><layer3 protonum="2" protoname="ipv4"><src>198.51.100.9</src><dst>203.0.113.2</dst></layer3>' +
  '<layer4 protonum="6" protoname="tcp"><sport>993</sport><dport>4001</dport></layer4><counters><packets>113</packets><bytes>34787</bytes></counters></meta>' +
  '<meta direction="independent"><state>ESTABLISHED</state><timeout>431982</timeout><mark>256</mark><id>7</id><assured/></meta></flow>';
const LINE =
  '[UPDATE] tcp      6 431982 ESTABLISHED src=192.168.1.2 dst=198.51.100.9 sport=34846 dport=993 packets=169 bytes=14322 ' +
  'src=198.51.100.9 dst=203.0.113.2 sport=993 dport=4001 packets=113 bytes=34787 [ASSURED] mark=256 id=7';
const ROOT = '<?xml version="1.0" encoding="utf-8"?>\n<conntrack>\n';

test('a flow is the entry that its line of text is', () => {
  assert.deepEqual(readXml(FLOW).entries, readText(LINE).entries);
});

test('root or none, pretty or not, several dumps in one, prompts between: the flows count', () => {
  const pretty = FLOW.replaceAll('><', '>\n\t\t<').replaceAll(/<id>7/g, '<id>  7  ');
  const { entries, skipped } = readXml(
    `# conntrack -L -o xml < /dev/null\n${ROOT}${FLOW} [USERSPACE] portid=5 progname=a&b\n</conntrack>\n^C${ROOT}${pretty}\n`,
  );
  assert.deepEqual(skipped, []);
  const [entry] = readText(LINE).entries;
  assert.deepEqual(entries, [entry, entry]);
});

test('event times are local to the second, kernel times are nanoseconds', () => {
  const when =
    '<when><hour>17</hour><min>46</min><sec>58</sec><wday>1</wday><day>22</day><month>11</month><year>2026</year></when>';
  const stamps = '<timestamp><start>1795369618819921123</start><stop>1795369620000000001</stop></timestamp>';
  const text = FLOW.replace('<assured/>', `<assured/>${stamps}<deltatime>2</deltatime>`).replace(
    '</flow>',
    `${when}</flow>`,
  );
  const [entry] = readXml(text, { timezone: 'Europe/Helsinki' }).entries;
  assert.equal(entry?.timeUs, Date.UTC(2026, 10, 22, 15, 46, 58) * 1000);
  assert.deepEqual([entry?.startUs, entry?.stopUs, entry?.deltaSec], [1_795_369_618_819_921, 1_795_369_620_000_000, 2]);
});

test('a flow that is cut, torn or contradicts itself is told', () => {
  const reasons = (text: string) => {
    const { entries, skipped } = readXml(text);
    return [entries.length, ...skipped.map(({ count, reason }) => `${count} ${reason}`)];
  };
  assert.deepEqual(reasons(`${FLOW}\n${FLOW.slice(0, 200)}`), [1, '1 entry cut short']);
  assert.deepEqual(reasons(`${FLOW.slice(0, 200)}${ROOT}${FLOW}`), [1, '1 entry cut short']);
  assert.deepEqual(reasons(FLOW.replace('</layer3>', '</layer4>')), [0, '1 XML not well-formed']);
  assert.deepEqual(reasons(FLOW.replace('<dport>993</dport>', '')), [0, '1 entry cut short']);
  assert.deepEqual(reasons(FLOW.replace('>993<', '>99399<')), [0, '1 number out of range']);
  assert.deepEqual(reasons(FLOW.replace('192.168.1.2', '2001:db8::1')), [
    0,
    '1 addresses of two families in one entry',
  ]);
  assert.deepEqual(reasons(FLOW.replace('<src>', '<src>1.2.3.4</src><src>')), [0, '1 field given twice in one entry']);
});

test('no entity is ever resolved', () => {
  const secret = 'file:///etc/hostname';
  for (const type of [
    `<!DOCTYPE c [<!ENTITY x SYSTEM "${secret}">]>`,
    '<!DOCTYPE c [<!ENTITY x "192.168.1.2">]>',
    '',
  ]) {
    const { entries, skipped } = readXml(`${type}${FLOW.replace('192.168.1.2', '&x;')}`);
    assert.deepEqual([entries.length, skipped.map(({ reason }) => reason)], [0, ['XML not well-formed']]);
  }
});

test('flows of nothing but faults take no longer than others', () => {
  const faults = ['<a>'.repeat(20_000), '&b;'.repeat(20_000), '</c>'.repeat(15_000)];
  const text = ROOT + faults.map((fault) => `<flow>${fault}</flow>\n`.repeat(20)).join('') + FLOW;
  const started = performance.now();
  const { entries, skipped } = readXml(text);
  // Fault by fault it were a million `Error`s.
  assert.ok(performance.now() - started < 3000, 'takes too long');
  assert.equal(entries.length, 1);
  assert.deepEqual(
    skipped.map(({ count, reason }) => `${count} ${reason}`),
    ['60 XML not well-formed'],
  );
});

test('a flow without an end is passed over, however long', () => {
  const long = Array.from({ length: 100 }, () => Buffer.alloc(1 << 16, 'x'));
  const { entries, skipped } = readPieces([Buffer.from('<flow>'), ...long, Buffer.from(FLOW)], 'xml');
  assert.deepEqual(skipped, [{ reason: 'flow longer than 64 KiB', count: 1, offset: 0 }]);
  assert.equal(entries.length, 1);
});

test('any cut into chunks gives the same entries', () => {
  const text = Buffer.from(
    `${ROOT}${FLOW}\n<flowers/>${FLOW.slice(0, 300)}<flow>${'y'.repeat(66_000)}${FLOW}\n</conntrack><flow type="n`,
  );
  const whole = readPieces([text], 'xml');
  assert.equal(whole.entries.length, 2);
  const place = fc.oneof(fc.nat(2000), fc.nat(text.length));
  fc.assert(
    fc.property(fc.array(place, { maxLength: 12 }), (places) => {
      assert.deepEqual(
        readPieces(
          cutAt(
            text,
            places.map((at) => Math.min(at, text.length)),
          ),
          'xml',
        ),
        whole,
      );
    }),
  );
});

test('pieces of markup in any order are read or told, flow by flow', () => {
  const pieces = fc.constantFrom(
    ...FLOW.split(/(?<=>)/),
    ...[
      '<flow>',
      '</flow>',
      '<flow',
      '</',
      '<![CDATA[',
      '<!--',
      '<?xml?>',
      '&#0;',
      '&lt;',
      '<meta',
      '"',
      '\u0000',
      '<flow>',
    ],
  );
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 40 }), (parts) => {
      const { entries, lines, skipped } = readXml(parts.join(''));
      assert.equal(entries.length + skipped.reduce((sum, { count }) => sum + count, 0), lines);
      assert.equal(readXml(`${parts.join('')}${FLOW}`).entries.length >= 1, true, 'the next flow is found again');
    }),
  );
});

const LAB = ['s0_tiny_full', 's6_leak_rehash', 's9_dualstack_masq', 's12_port_collisions'];

test('text, XML and /proc of one moment agree', { skip: withoutShared }, () => {
  for (const scenario of LAB) {
    const file = (name: string) => readFileSync(`${sharedDir}/routerlab/${scenario}/router/end.${name}`);
    const text = readText(file('conntrack-L.txt')).entries;
    const kernel = readText(file('proc_nf_conntrack.txt')).entries;
    const xml = readXml(file('conntrack-L.xml')).entries;
    assert.deepEqual(sorted(xml.map(endpoints)), sorted(text.map(endpoints)), scenario);
    assert.deepEqual(sorted(kernel.map(endpoints)), sorted(text.map(endpoints)), scenario);
    // The dumps are some milliseconds apart, so counters stand still for closed connections only.
    const closed = (entries: PlainEntry[]) => sorted(entries.filter(({ state }) => state === 'TIME_WAIT').map(whole));
    assert.deepEqual(closed(xml), closed(text), scenario);
    assert.deepEqual(
      closed(kernel.map((entry) => ({ ...entry, id: 0 }))),
      closed(text.map((entry) => ({ ...entry, id: 0 }))),
    );
    assert.ok(closed(text).length > 40, scenario);
  }
});

function endpoints({ family, protocol, original, reply, unreplied, mark }: PlainEntry): unknown {
  const tuple = ({ src, dst, sport, dport }: PlainEntry['original']) => [src, dst, sport, dport];
  return [family, protocol, tuple(original), tuple(reply), unreplied, mark];
}

/** Without what runs on from one dump to the next. */
function whole({ timeoutSec, deltaSec, ...rest }: PlainEntry): unknown {
  return rest;
}

function sorted(values: unknown[]): string[] {
  return values.map((value) => JSON.stringify(value)).sort();
}

test('hostile XML gives what is readable of it', { skip: withoutShared }, () => {
  const seen = (name: string) => readXml(readFileSync(`${sharedDir}/hostile/${name}`));
  assert.deepEqual([seen('ct_xml_no_root.xml').entries.length, seen('ct_xml_no_root.xml').skipped], [32, []]);
  assert.equal(seen('ct_xml_external_entity.xml').entries.length, 0);
  const collected = `${sharedDir}/conntrack/collected`;
  assert.equal(readXml(readFileSync(`${collected}/L_-o_xml_docker_host.xml`)).entries.length, 18);
  assert.equal(readXml(readFileSync(`${collected}/xml_E_turris_pretty.xml`)).entries.length, 3);
});
