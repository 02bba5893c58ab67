// The text of conntrack and /proc: each field where the grammar puts it, nothing invented where it is torn.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { sharedDir, withoutShared } from '../shared.js';
import { cutAt, type PlainEntry, readPieces, readText } from './conntrack-read.js';

const LIST =
  'tcp      6 431982 ESTABLISHED src=192.168.1.2 dst=198.51.100.9 sport=34846 dport=993 packets=169 bytes=14322 ' +
  'src=198.51.100.9 dst=203.0.113.2 sport=993 dport=4001 packets=113 bytes=34787 [ASSURED] mark=256 use=1 id=7\n';

function one(line: string): PlainEntry {
  const { entries, skipped } = readText(`${line}\n`);
  assert.deepEqual(skipped, []);
  assert.equal(entries.length, 1, line);
  return entries[0] as PlainEntry;
}

function reasonOf(line: string): string {
  const { entries, skipped } = readText(`${line}\n`);
  assert.deepEqual(entries, []);
  assert.equal(skipped.length, 1, line);
  return skipped[0]?.reason as string;
}

test('a line of a list gives both tuples, their counters and what stands behind them', () => {
  const nothing = { icmpType: null, icmpCode: null, icmpId: null, srcKey: null, dstKey: null };
  assert.deepEqual(one(LIST.trim()), {
    family: 4,
    protocol: 6,
    event: null,
    timeUs: null,
    state: 'ESTABLISHED',
    timeoutSec: 431_982,
    original: {
      ...nothing,
      src: '192.168.1.2',
      dst: '198.51.100.9',
      sport: 34_846,
      dport: 993,
      packets: 169,
      bytes: 14_322,
    },
    reply: {
      ...nothing,
      src: '198.51.100.9',
      dst: '203.0.113.2',
      sport: 993,
      dport: 4001,
      packets: 113,
      bytes: 34_787,
    },
    unreplied: false,
    assured: true,
    offload: null,
    mark: 256,
    zone: 0,
    zoneOriginal: 0,
    zoneReply: 0,
    id: 7,
    startUs: null,
    stopUs: null,
    deltaSec: null,
  });
});

test('an event has its time to the microsecond, padded inside the bracket or not', () => {
  const rest =
    '\t    [NEW] udp      17 30 src=10.0.0.1 dst=10.0.0.2 sport=1 dport=2 [UNREPLIED] src=10.0.0.2 dst=10.0.0.1 sport=2 dport=1';
  for (const stamp of ['[1795368479.157444]', '[1795368479.157444     ]']) {
    const entry = one(stamp + rest);
    assert.equal(entry.event, 'new');
    assert.equal(entry.timeUs, 1_795_368_479_157_444);
    assert.equal(entry.unreplied, true);
    assert.equal(entry.original.packets, null, 'not measured is not 0');
  }
});

test('the identifier of an echo and that of its entry are told apart', () => {
  const entry = one(
    'icmp     1 30 src=10.0.0.1 dst=8.8.8.8 type=8 code=0 id=370 src=8.8.8.8 dst=203.0.113.2 type=0 code=0 id=371 id=99',
  );
  assert.deepEqual([entry.original.icmpId, entry.reply.icmpId, entry.id], [370, 371, 99]);
  assert.deepEqual([entry.original.icmpType, entry.reply.icmpType], [8, 0]);
});

test('both spellings of an IPv6 address are one', () => {
  const ports = 'sport=1 dport=2';
  const long = (last: string) => `2001:0db8:0000:0000:0000:0000:0000:${last}`;
  const kernel = one(
    `ipv6     10 tcp      6 9 CLOSE src=${long('0001')} dst=${long('0002')} ${ports} src=${long('0002')} dst=${long('0001')} ${ports} mark=0 zone=0 use=2`,
  );
  const tool = one(
    `ipv6     10 tcp      6 9 CLOSE src=2001:db8::1 dst=2001:db8::2 ${ports} src=2001:db8::2 dst=2001:db8::1 ${ports} mark=0 use=1`,
  );
  assert.deepEqual(kernel, tool);
});

test('timeout and state may each be missing', () => {
  const tuples = 'src=10.0.0.1 dst=10.0.0.2 sport=1 dport=2 src=10.0.0.2 dst=10.0.0.1 sport=2 dport=1';
  const seen = (head: string) => {
    const { event, protocol, state, timeoutSec } = one(`${head} ${tuples}`);
    return [event, protocol, timeoutSec, state];
  };
  assert.deepEqual(seen('[DESTROY] tcp      6'), ['destroy', 6, null, null]);
  assert.deepEqual(seen('[DESTROY] tcp      6 FIN_WAIT'), ['destroy', 6, null, 'FIN_WAIT']);
  assert.deepEqual(seen('[DESTROY] tcp      6 9 CLOSE'), ['destroy', 6, 9, 'CLOSE']);
  assert.deepEqual(seen('sctp     132 3'), [null, 132, 3, null]);
  assert.deepEqual(seen('unknown  136 3'), [null, 136, 3, null]);
  assert.deepEqual(seen('udp 29'), [null, 17, 29, null], 'a number that is not that of the name is the timeout');
  assert.deepEqual(seen('     2  ipv4     2 tcp      6 10 CLOSE'), [null, 6, 10, 'CLOSE'], 'cat -n');
  assert.deepEqual(seen('Jul 16 12:55:12 router logger[93]: [NEW] tcp      6 119 SYN_SENT'), [
    'new',
    6,
    119,
    'SYN_SENT',
  ]);
});

test('GRE has keys, other protocols nothing beside addresses', () => {
  const gre = one(
    'gre      47 17999 timeout=600, stream_timeout=18000 src=10.0.0.1 dst=10.0.0.2 srckey=0xa56c dstkey=0xa9a0 src=10.0.0.2 dst=10.0.0.3 srckey=0xa9a0 dstkey=0x6bd8 use=3',
  );
  assert.deepEqual([gre.original.srcKey, gre.original.dstKey, gre.reply.dstKey], [0xa56c, 0xa9a0, 0x6bd8]);
  assert.equal(gre.timeoutSec, 17_999);
  const vrrp = one(
    'ipv4     2 unknown  112 596 src=10.0.0.1 dst=10.0.0.2 src=10.0.0.2 dst=10.0.0.1 mark=0 zone=0 use=2',
  );
  assert.deepEqual([vrrp.protocol, vrrp.original.sport], [112, null]);
});

test('ports of 0 that kernels without DCCP make up are none', () => {
  const entry = one(
    'dccp     33 5 src=10.0.0.1 dst=10.0.0.2 sport=0 dport=0 src=10.0.0.2 dst=10.0.0.1 sport=0 dport=0',
  );
  assert.equal(entry.original.sport, null);
});

test('zones, marks, lengths of life and kernel times stand behind the tuples', () => {
  const entry = one(
    'tcp      6 117 TIME_WAIT src=10.0.0.1 dst=10.0.0.2 sport=1 dport=2 zone-orig=100 src=10.0.0.2 dst=10.0.0.1 sport=2 dport=1 ' +
      'zone-reply=7 [HW_OFFLOAD] mark=4294967295 zone=3 delta-time=15 [start=Sun Nov  2 17:27:59 2026] [stop=Sun Nov  2 17:28:14 2026] use=1',
  );
  assert.deepEqual([entry.zoneOriginal, entry.zoneReply, entry.zone], [100, 7, 3]);
  assert.deepEqual([entry.mark, entry.offload, entry.deltaSec], [0xffffffff, 'hardware', 15]);
  assert.equal(entry.startUs, Date.UTC(2026, 10, 2, 17, 27, 59) * 1000);
  assert.equal(entry.stopUs, Date.UTC(2026, 10, 2, 17, 28, 14) * 1000);
});

test('local times are read in the zone of the clock that printed them', () => {
  const line = `${LIST.trim()} [start=Sun Nov 22 17:27:59 2026]\n`;
  const { entries } = readText(line, { timezone: 'Europe/Berlin' });
  assert.equal(entries[0]?.startUs, Date.UTC(2026, 10, 22, 16, 27, 59) * 1000);
});

test('what makers of routers add does no harm', () => {
  const entry = one(
    'ipv4     2 tcp      6 1174 ESTABLISHED src=192.168.77.5 dst=8.8.8.8 sport=44836 dport=443 packets=1555 bytes=403810 src=8.8.8.8 ' +
      'dst=100.64.0.7 sport=443 dport=44836 packets=2098 bytes=284515 [ASSURED] [FASTNAT] [RTCACHE o33/r37] mark=5 nmark=256 sc=0 ifw=37 ' +
      'mac=00:00:5e:00:53:01 slan attrs= use=2',
  );
  assert.deepEqual([entry.assured, entry.mark, entry.reply.bytes], [true, 5, 284_515]);
});

test('a line that was cut or torn is told and gives no entry', () => {
  const whole = LIST.trim();
  assert.equal(reasonOf('ipv4     2 tcp'), 'entry cut short');
  assert.equal(reasonOf(whole.slice(0, whole.indexOf(' sport=993'))), 'entry cut short');
  assert.equal(reasonOf(whole.slice(0, whole.lastIndexOf(' src='))), 'entry cut short');
  assert.equal(reasonOf(`${whole} ${whole}`), 'two entries in one line');
  assert.equal(reasonOf(whole.replace(' dst=198.51.100.9', '')), 'two entries in one line');
  assert.equal(reasonOf(whole.replace('dport=993', 'dport=993 dport=994')), 'field given twice in one entry');
  assert.equal(reasonOf(whole.replace('sport=34846', 'sport=65536')), 'number out of range');
  assert.equal(reasonOf(whole.replace('bytes=14322', 'bytes=18446744073709551615')), 'number out of range');
  assert.equal(
    reasonOf(whole.replace('src=198.51.100.9', 'src=2001:db8::1')),
    'addresses of two families in one entry',
  );
  for (const wrong of ['569.1.1.1', '1.2.3', '1.2.3.4.5', '01.2.3.4', 'x.x.x.x', '1::2::3', '1:2:3:4:5:6:7', '']) {
    assert.equal(reasonOf(whole.replace('192.168.1.2', wrong)), 'address not readable', wrong);
  }
});

test('what is no list of flows is called by its name', () => {
  const seen = [
    '300 proto=6 src=10.0.0.1 dst=10.0.0.2 sport=0 dport=21 mask-src=255.255.255.255 mask-dst=255.255.255.255 class=0 helper=ftp',
    '294 l3proto = 2 proto=6 src=10.0.0.1 dst=10.0.0.2 sport=0 dport=21',
    'cpu=0   \tfound=0 invalid=1 insert=0',
    '-A -t 5 -u SEEN_REPLY,ASSURED -s 10.0.0.1 -d 10.0.0.2 -r 10.0.0.2 -n 10.0.0.1 -p tcp --sport 1 --dport 2',
    'udp,orig=(src=10.0.0.1,dst=10.0.0.2,sport=1,dport=2),reply=(src=10.0.0.2,dst=10.0.0.1,sport=2,dport=1),zone=6',
  ].map(reasonOf);
  assert.deepEqual(seen, [
    'expected connection, which is no flow',
    'expected connection, which is no flow',
    'statistics of conntrack -S, which name no flows',
    'command of conntrack -o save, which has no counters',
    'not printed by conntrack or the kernel',
  ]);
});

test('prompts, footers and empty lines are neither entries nor damage', () => {
  const text = `# conntrack -L | grep src=10\n\n${LIST}^Cconntrack v1.4.5 (conntrack-tools): 18 flow events have been shown.\r\n`;
  const { announced, entries, lines, other, skipped } = readText(text);
  assert.deepEqual(
    { announced, entries: entries.length, lines, other, skipped },
    { announced: 18, entries: 1, lines: 4, other: 3, skipped: [] },
  );
});

test('a last line without its end, CRLF and a byte order mark do no harm', () => {
  const whole = readText(LIST).entries;
  assert.deepEqual(readText(LIST.trimEnd()).entries, whole);
  assert.deepEqual(readText(LIST.replace('\n', '\r\n')).entries, whole);
  assert.deepEqual(readText(`\ufeff${LIST}`).entries, whole);
});

test('a line without an end is passed over, however long, and the next one is read', () => {
  const pieces = Array.from({ length: 300 }, () => Buffer.alloc(1 << 16, 'tcp      6 src='));
  const { entries, lines, skipped } = readPieces([...pieces, Buffer.from(`\n${LIST}`)], 'text');
  assert.deepEqual({ entries: entries.length, lines }, { entries: 1, lines: 2 });
  assert.deepEqual(skipped, [{ reason: 'line longer than 64 KiB', count: 1, offset: 0 }]);
});

test('damage is told with the place of its first line', () => {
  assert.deepEqual(readText(`${LIST}ipv4     2 tcp\n`).skipped, [
    { reason: 'entry cut short', count: 1, offset: LIST.length },
  ]);
});

test('any cut into chunks gives the same entries', () => {
  const text = Buffer.from(
    `\ufeff$ conntrack -L\n${LIST}ipv4     2 tcp\n\n${'x'.repeat(70_000)}\n${LIST.replace('id=7', 'id=8')}tcp 6 src=1.2.3.4`,
  );
  const whole = readPieces([text], 'text');
  assert.equal(whole.entries.length, 2);
  const place = fc.oneof(fc.nat(600), fc.nat(text.length));
  fc.assert(
    fc.property(fc.array(place, { maxLength: 12 }), (places) => {
      assert.deepEqual(
        readPieces(
          cutAt(
            text,
            places.map((at) => Math.min(at, text.length)),
          ),
          'text',
        ),
        whole,
      );
    }),
  );
});

test('lines of the words of entries in any order are read or told, one by one', () => {
  const word = fc.constantFrom(
    ...LIST.trim().split(/ +/),
    ...[
      '[NEW]',
      '[DESTROY]',
      '[1795368479.157444]',
      '[',
      ']',
      '=',
      'src=',
      'ipv6',
      '10',
      'constructor',
      '[start=',
      'type=8',
      'code=0',
      'id=3',
      '\t',
      '\u00a0',
    ],
  );
  fc.assert(
    fc.property(fc.array(fc.array(word, { maxLength: 24 }), { maxLength: 5 }), (lines) => {
      const { entries, other, skipped, ...rest } = readText(lines.map((words) => `${words.join(' ')}\n`).join(''));
      assert.equal(rest.lines, lines.length);
      assert.equal(entries.length + other + skipped.reduce((sum, { count }) => sum + count, 0), lines.length);
      for (const entry of entries)
        assert.ok(Number.isInteger(entry.protocol) && entry.protocol >= 0 && entry.protocol < 256);
    }),
  );
});

/** Another reading of a line, by patterns; null where it has no two full tuples. Grammar: conntrack/FORMAT.md. */
function byPatterns(line: string): object | null {
  const text = line.replaceAll('\u00a0', ' ');
  if (/mask-src=|l3proto|proto=|\(src=/.test(text)) return null;
  const address = '((?:\\d{1,3}\\.){3}\\d{1,3}|[\\da-f:]+:[\\da-f:]*)';
  const tuples = [...text.matchAll(new RegExp(`src=${address} +dst=${address}(?= |$)(.*?)(?=src=|$)`, 'g'))];
  if (tuples.length !== 2) return null;
  const number = (rest: string, name: string) => {
    const found = new RegExp(`(?:^| )${name}=(\\d+)`).exec(rest);
    return found === null ? null : Number(found[1]);
  };
  const [original, reply] = tuples.map(([, src, dst, rest = '']) => ({
    src: canonical(src as string),
    dst: canonical(dst as string),
    sport: number(rest, 'sport'),
    dport: number(rest, 'dport'),
    icmpType: number(rest, 'type'),
    icmpId: number(/code=\d+( id=\d+)/.exec(rest)?.[1] ?? '', 'id'),
    packets: number(rest, 'packets'),
    bytes: number(rest, 'bytes'),
  }));
  const numbers = [original, reply].flatMap((tuple) => [tuple?.sport, tuple?.dport, (tuple?.icmpType ?? 0) * 256]);
  const octets = `${original?.src}.${original?.dst}`.split(/[.:]/);
  if (numbers.some((value) => (value ?? 0) > 65_535)) return null;
  if (
    text.includes('.') &&
    octets.some((octet) => /^\d+$/.test(octet) && octet.length <= 3 && Number(octet) > 255 && !text.includes(':'))
  )
    return null;
  if ((original?.sport === null) !== (reply?.sport === null)) return null;
  return {
    original,
    reply,
    event: /\[(NEW|UPDATE|DESTROY)\]/.exec(text)?.[1]?.toLowerCase() ?? null,
    state: /(?: |^)([A-Z][A-Z_\d]+) src=/.exec(text)?.[1] ?? null,
    assured: text.includes('[ASSURED]'),
    unreplied: text.includes('[UNREPLIED]'),
    mark: number(text.replaceAll(']', '] '), 'mark'),
  };
}

/** The URL parser of the platform writes IPv6 in its short form. */
function canonical(address: string): string {
  return address.includes(':') ? new URL(`http://[${address}]/`).hostname.slice(1, -1) : address;
}

function asByPatterns({ original, reply, event, state, assured, unreplied, mark }: PlainEntry): object {
  const tuple = ({ src, dst, sport, dport, icmpType, icmpId, packets, bytes }: PlainEntry['original']) => ({
    src,
    dst,
    sport,
    dport,
    icmpType,
    icmpId,
    packets,
    bytes,
  });
  return { original: tuple(original), reply: tuple(reply), event, state, assured, unreplied, mark };
}

test("other people's routers: every line reads as patterns read it", { skip: withoutShared }, () => {
  const folder = `${sharedDir}/conntrack/collected`;
  let compared = 0;
  for (const name of readdirSync(folder).filter((file) => file.endsWith('.txt'))) {
    const lines = readFileSync(`${folder}/${name}`, 'utf8').split('\n');
    for (const line of lines) {
      const expected = byPatterns(line);
      const { entries } = readText(`${line}\n`);
      assert.deepEqual(entries.map(asByPatterns), expected === null ? [] : [expected], `${name}: ${line}`);
      compared += entries.length;
    }
    assert.equal(
      readText(lines.join('\n')).entries.length,
      lines.filter((line) => byPatterns(line) !== null).length,
      name,
    );
  }
  assert.ok(compared > 150, `${compared} entries`);
});

test("the lab's dumps: every line is an entry, and reads as patterns read it", { skip: withoutShared }, () => {
  for (const scenario of ['s0_tiny_full', 's6_leak_rehash', 's9_dualstack_masq']) {
    const folder = `${sharedDir}/routerlab/${scenario}/router`;
    const names = readdirSync(folder).filter((file) =>
      /conntrack-(E|L\d?|L-ktimestamp)\.txt$|proc_nf_conntrack/.test(file),
    );
    assert.ok(names.length >= 5, folder);
    for (const name of names) {
      const text = readFileSync(`${folder}/${name}`, 'utf8');
      const { entries, other, skipped } = readText(text);
      const expected = text.trimEnd().split('\n').map(byPatterns);
      assert.deepEqual({ other, skipped }, { other: 0, skipped: [] }, name);
      assert.deepEqual(entries.map(asByPatterns), expected, `${scenario}/${name}`);
    }
  }
});

test('hostile dumps give what is readable of them and say the rest', { skip: withoutShared }, () => {
  const seen = (name: string) => {
    const { entries, skipped } = readText(readFileSync(`${sharedDir}/hostile/${name}`));
    return [entries.length, ...skipped.map(({ count, reason }) => `${count} ${reason}`)];
  };
  assert.deepEqual(seen('ct_only_footer.txt'), [0]);
  assert.deepEqual(seen('ct_crlf.txt'), [32]);
  assert.deepEqual(seen('ct_missing_fields.txt'), [2, '7 entry cut short']);
  assert.deepEqual(seen('ct_regex_trap.txt'), [0, '3 line longer than 64 KiB']);
  assert.deepEqual(seen('ct_stats_S.txt'), [0, '2 statistics of conntrack -S, which name no flows']);
});

test('what a terminal was told beside the text is no part of a line', () => {
  const colour = '\u001b[0;32m';
  const off = '\u001b[m\u001b[K';
  const line = LIST.replace('tcp', `${colour}tcp${off}`)
    .replaceAll('src=', `${colour}src=${off}`)
    .replace('[ASSURED]', `\u001b[1m[ASSURED]${off}`);
  const prompt = '\u001b]0;root@router: ~\u0007\u001b[?2004hroot@router:~# conntrack -L\n\u001b[?2004l\r';
  const { entries } = readText(`${prompt}${line}`);
  assert.deepEqual(entries, [one(LIST.trim())]);
});

test('a log that is cut at both ends loses these two lines and invents nothing', () => {
  const event =
    '[1795369656.855306]\t    [NEW] udp      17 30 src=192.168.1.2 dst=198.51.100.9 sport=5353 dport=53 [UNREPLIED] ' +
    'src=198.51.100.9 dst=203.0.113.2 sport=53 dport=5353';
  const log = `${event} id=4001213488\n`;
  const begun = readText(`${log.slice(30)}${log}`);
  assert.deepEqual(begun.entries, [one(`${event} id=4001213488`)]);
  assert.deepEqual(begun.skipped, [{ reason: 'entry cut short', count: 1, offset: 0 }]);
  // A list whose first line is like that stays.
  assert.equal(readText(log.slice(30).repeat(2)).entries.length, 2);
  for (let length = 1; length < log.length - 1; length++) {
    const { entries, skipped } = readText(log + log.slice(0, length));
    const last = entries[1];
    assert.ok(last === undefined || skipped.length === 0);
    if (last === undefined) continue;
    assert.ok(length >= event.length, `${length}`);
    assert.deepEqual({ ...last, id: null }, { ...one(event), id: null });
    assert.ok(last.id === null);
  }
});

test('a counter at the missing end of a line may lack digits', () => {
  const removed =
    '[DESTROY] udp      17 src=192.168.1.2 dst=198.51.100.9 sport=5353 dport=53 packets=1 bytes=70 ' +
    'src=198.51.100.9 dst=203.0.113.2 sport=53 dport=5353 packets=1 bytes=1234';
  assert.equal(readText(`${removed}\n${removed}`).entries.length, 1);
  assert.equal(readText(`${removed}\n${removed} mark=2`).entries[1]?.mark, null);
  // Where no line has an end, nothing speaks for a cut.
  assert.equal(readText(removed).entries[0]?.reply.bytes, 1234);
});
