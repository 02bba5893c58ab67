// `mlstat validate` as a script meets it: lines, exit codes, errors.

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { Report } from '#src/report/report.js';
import { healthy } from '../report/fixtures.js';
import { fakePipeline, folder, mlstat, noPipeline } from './world.js';

writeFileSync(join(folder, 'wan1.pcap'), '');
const CONFIG = join(folder, 'rules.yaml');

function configure(...rules: string[]): string {
  const uplinks = healthy().uplinks.map(
    ({ name }, n) => `  - { name: ${name}, snat: [203.0.113.${n + 2}], weight: 1 }`,
  );
  writeFileSync(CONFIG, ['uplinks:', ...uplinks, 'rules:', ...rules.map((rule) => `  - ${rule}`), ''].join('\n'));
  return CONFIG;
}

const check = (words: string[], report: Report = healthy()) =>
  mlstat(['validate', 'wan1.pcap', ...words], fakePipeline(report));

describe('validate', () => {
  it('prints a line a rule and ends with 0 where all hold', async () => {
    const { code, out } = await check(['--no-config', '--rule', 'balance consistent', '--rule', 'every uplink used']);
    assert.equal(code, 0);
    assert.match(out, /^✓ holds {7}balance consistent {2}p = [^\n]*\n✓ holds {7}every uplink used {3}/);
  });

  it('ends with 1 where one fails, and where one can’t be told if asked', async () => {
    const failing = healthy();
    failing.balance.verdict = 'deviates';
    assert.equal((await check(['--no-config', '--rule', 'balance consistent'], failing)).code, 1);
    const open = healthy();
    open.balance.verdict = 'too-few';
    assert.equal((await check(['--no-config', '--rule', 'balance consistent'], open)).code, 0);
    assert.equal((await check(['--no-config', '--rule', 'balance consistent', '--fail-on-unknown'], open)).code, 1);
  });

  it('takes the rules of the configuration, and the flags’ in their place', async () => {
    const config = configure('no leak', 'share within 50 points');
    const { out } = await check(['-c', config]);
    assert.match(out, /no leak[\s\S]*share within 50 points/);
    const flagged = await check(['-c', config, '--rule', 'balance consistent']);
    assert.doesNotMatch(flagged.out, /no leak/);
  });

  it('checks what is usual where nobody says what, and says so', async () => {
    const { out, err } = await check(['--no-config']);
    assert.match(err, /^mlstat: no rules are given: the usual ones are checked/);
    assert.match(out, /balance consistent[\s\S]*every uplink used[\s\S]*no leak[\s\S]*no outage/);
  });

  it('gives JSON with the report, and JUnit', async () => {
    const { out } = await check(['--no-config', '--rule', 'no leak', '--format', 'json']);
    const { validation, schema } = JSON.parse(out) as Report;
    assert.equal(schema, 'mlstat.report/1');
    assert.equal(validation?.rules[0].rule, 'no leak');
    assert.match(
      (await check(['--no-config', '--rule', 'no leak', '-f', 'junit'])).out,
      /^<\?xml[\s\S]*<\/testsuites>\n$/,
    );
  });

  it('refuses in one line, before anything is read, what can’t be checked', async () => {
    const refused = async (words: string[]) => {
      const error = await mlstat(['validate', 'wan1.pcap', ...words], noPipeline).then(
        () => '',
        (fault: Error) => fault.message,
      );
      assert.ok(!error.includes('\n'));
      return error;
    };
    assert.match(
      await refused(['--no-config', '--rule', 'share']),
      /^--rule "share" must be a rule.*every uplink used/,
    );
    const name = healthy().uplinks[0].name;
    assert.match(
      await refused(['-c', configure('no leak'), '--rule', `no leak for ${name}x`]),
      new RegExp(`for an uplink that is not there: "${name}x"; did you mean ${name}\\?`),
    );
    assert.match(await refused(['-c', configure('no leek')]), /^rules\[0\] must be a rule.*rules.yaml:\d+:5\)$/);
  });
});
