// Whatever stands in the files: no exception, and a configuration that can be read back unless it says itself that it
// is incomplete.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { readConfig } from '#src/config/read.js';
import { writeConfig } from '#src/config/write.js';
import { readRouterTexts } from '#src/router/read.js';

const WORDS = (
  'default 0.0.0.0/0 ::/0 via dev nexthop weight 1 4 99999999999 203.0.113.1 198.51.100.1 2001:db8::1 fe80::1 eth1 eth2 ' +
  'if3 table main 222 src proto static metric nhid id group 1,4/2 ip route add del append flush rule addr link from all ' +
  'lookup fwmark 0x1/0xff iptables -t nat -A POSTROUTING -o -s -j SNAT MASQUERADE CONNMARK --to-source --set-xmark ! ' +
  '*nat COMMIT table inet chain { } ; , type hook postrouting oifname snat to masquerade jump map : ct mark set config ' +
  "interface 'wan' option enabled '1' proto member policy RED_DEV=eth1 RED_ADDRESS=203.0.113.2 for in do done while f() " +
  '$1 $A $( ) ` " \\ A=1 [ {"dst": "default" } ] 1: <UP> inet 203.0.113.2/28 lladdr 02:00:00:00:00:01 #!/bin/sh'
)
  .split(' ')
  .concat('${', '${A');

const text = fc
  .array(fc.oneof({ weight: 12, arbitrary: fc.constantFrom(...WORDS) }, fc.string({ unit: 'binary', maxLength: 6 })), {
    maxLength: 60,
  })
  .chain((words) =>
    fc
      .array(fc.constantFrom(' ', ' ', ' ', '\n', '\n\t', ''), { minLength: words.length, maxLength: words.length })
      .map((gaps) => words.map((word, i) => word + gaps[i]).join('')),
  );

test('words of every format in any order', () => {
  fc.assert(
    fc.property(fc.array(text, { minLength: 1, maxLength: 4 }), (texts) => {
      const { config, notes } = readRouterTexts(texts.map((one, i) => ({ name: `${i}`, path: `/x/${i}`, text: one })));
      if (config === null) return;
      const isIncomplete = notes.some((note) => note.text.endsWith('complete it by hand'));
      if (!isIncomplete) assert.deepEqual({ ...readConfig(writeConfig(config), 'x'), source: null }, config);
    }),
    { numRuns: 1500 },
  );
});

test('a route that breaks off behind `dev` names no interface', () => {
  const { config } = readRouterTexts([{ name: 'x', path: '/x/x', text: 'default dev ' }]);
  assert.equal(config, null);
});

test('a million far routes, nested loops, endless recursion and braces end', () => {
  const far = Array.from({ length: 100_000 }, (_, i) => `10.${i >> 8}.${i & 255}.0/24 via 203.0.113.1 dev wan1\n`).join(
    '',
  );
  const loops = `#!/bin/sh\n${'for i in 1 2 3 4 5 6 7 8 9; do\n'.repeat(12)}ip route add default via 203.0.113.1 dev eth$i\n${'done\n'.repeat(12)}`;
  const texts = [
    `${far}default via 203.0.113.1 dev wan1\n`,
    loops,
    '#!/bin/sh\nf() {\n f; f\n}\nf\nip route add default via 203.0.113.1 dev eth1\n',
    `#!/bin/sh\n${'$('.repeat(100_000)}`,
    `table ip nat {\n${'{'.repeat(100_000)}`,
    `[${'['.repeat(100_000)}`,
  ];
  for (const one of texts) {
    const { config } = readRouterTexts([{ name: 'x', path: '/x/x', text: one }]);
    assert.ok((config?.uplinks.length ?? 0) <= 256);
  }
});
