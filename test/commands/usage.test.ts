import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { UserError } from '#src/util/error.js';
import { healthy } from '../report/fixtures.js';
import { fakePipeline, folder, mlstat, noPipeline } from './world.js';

writeFileSync(join(folder, 'wan1.pcap'), '');
writeFileSync(join(folder, 'bad.yaml'), 'uplinks:\n  - name: a\n    snat: [10.0.0.1]\n    weight: "x"\n');
writeFileSync(join(folder, 'good.yaml'), 'uplinks:\n  - name: dsl1\n    snat: [10.0.0.1]\n');

describe('every mistake is one line with the value and the cure', () => {
  const cases: [line: string, message: string][] = [
    // Verbs
    ['anaylse wan1.pcap', 'unknown command "anaylse"; did you mean analyse?'],
    ['flow wan1.pcap', 'unknown command "flow"; did you mean flows?'],
    ['balance wan1.pcap', 'unknown command "balance"; mlstat --help lists them'],
    [
      'tune wan1.pcap --target fair',
      '--target must be equal, split=dsl1:60,dsl2:40 (parts of the bytes) or metered=lte (used last): "fair"',
    ],
    [
      'tune wan1.pcap --target split=dsl1',
      '--target split must be name:part with commas, such as split=dsl1:60,dsl2:40: "dsl1" in "split=dsl1"',
    ],
    ['tune wan1.pcap --target split=a:1,a:2', '--target split names "a" twice: leave one out'],
    ['tune wan1.pcap --max-sum 1', '--max-sum must be a whole number from 2 to 256: "1"'],
    [
      'capacity wan1.pcap --timezone Mars/Here',
      '--timezone must be UTC, local or a name such as Europe/Berlin: "Mars/Here"',
    ],
    ['wna1.pcap', 'unknown command "wna1.pcap", and no such file (did you mean "wan1.pcap"?)'],
    ['other/place', 'unknown command "other/place", and no such file'],
    ['-q anaylse', 'unknown command "anaylse"; did you mean analyse?'],
    ['uplinks shw', 'unknown command "shw" of uplinks; did you mean show?'],
    // Options
    ['analyse --formt json wan1.pcap', 'unknown option "--formt" of analyse; did you mean --format?'],
    ['analyse --formt=json wan1.pcap', 'unknown option "--formt" of analyse; did you mean --format?'],
    ['--formt json wan1.pcap', 'unknown option "--formt" of analyse; did you mean --format?'],
    ['analyse --save - wan1.pcap', '--save needs the name of a file, such as day1.tally'],
    [
      'analyse --save x --anonymise wan1.pcap',
      '--save keeps every address as it is: leave --anonymise to what is made of the saved file',
    ],
    ['analyse -x wan1.pcap', 'unknown option "-x" of analyse; mlstat analyse --help lists them'],
    ['flows --no-uplink wan1.pcap', 'unknown option "--no-uplink" of flows; did you mean --no-uplinks?'],
    ['analyse wan1.pcap -c', 'option -c, --config <file> needs a value; mlstat analyse --help shows which'],
    ['uplinks show wan1.pcap', 'uplinks show takes fewer words than that; mlstat uplinks show --help shows which'],
    // Missing words
    ['analyse', 'analyse needs an input: a capture, a directory, a glob, or - for standard input'],
    ['-q', 'analyse needs an input: a capture, a directory, a glob, or - for standard input'],
    ['uplinks infer', 'uplinks infer needs an input: a capture, a directory, a glob, or - for standard input'],
    ['schema', 'schema needs report or config'],
    ['completion', 'completion needs bash, zsh or fish'],
    // Values
    ['schema reprot', 'schema must be report or config: "reprot"; did you mean report?'],
    ['completion tcsh', 'shell must be bash, zsh or fish: "tcsh"'],
    ['analyse wan1.pcap --format xlsx', '--format must be table, json, markdown or csv: "xlsx"'],
    ['analyse wan1.pcap --format jsno', '--format must be table, json, markdown or csv: "jsno"; did you mean json?'],
    ['flows wan1.pcap --format json', '--format must be csv or ndjson: "json"'],
    ['analyse wan1.pcap --jobs many', '--jobs must be a whole number from 1 to 256: "many"'],
    ['analyse wan1.pcap --jobs 0', '--jobs must be a whole number from 1 to 256: "0"'],
    ['analyse wan1.pcap --jobs 257', '--jobs must be a whole number from 1 to 256: "257"'],
    ['analyse wan1.pcap --jobs 1e1', '--jobs must be a whole number from 1 to 256: "1e1"'],
    ['analyse wan1.pcap --bin 7', '--bin must be 1s, 5s, 15s, 1m, 5m, 15m or 1h: "7"'],
    ['analyse wan1.pcap --reader quick', '--reader must be fast or reference: "quick"'],
    ['analyse wan1.pcap --progress yes', '--progress must be auto, always or never: "yes"'],
    ['analyse wan1.pcap --timezone Berlin', '--timezone must be UTC, local or a name such as Europe/Berlin: "Berlin"'],
    ['analyse wan1.pcap --timeout udp', '--timeout must be rule=seconds, such as udp=60,tcp=2h: "udp"'],
    ['analyse wan1.pcap --timeout upd=60', '--timeout of a rule that is not there: "upd"; did you mean udp?'],
    ['analyse wan1.pcap --timeout udp=60,tcp=x', '--timeout tcp must be from 1s to 30d: "x"'],
    ['analyse wan1.pcap --timeout udp=0', '--timeout udp must be from 1s to 30d: "0"'],
    [
      'analyse wan1.pcap --since yesterday',
      '--since must be a time such as 2026-01-31T14:30:00Z, 2026-01-31 14:30 or seconds since the epoch: "yesterday"',
    ],
    ['analyse wan1.pcap --since 20 --until 10', '--until must be later than --since: "10"'],
    ['analyse wan1.pcap --client 10.0.0', '--client must be an IPv4 or IPv6 address or prefix: "10.0.0"'],
    ['flows wan1.pcap --server 10.0.0.1/8', '--server has host bits set; write 10.0.0.0/8 or 10.0.0.1: "10.0.0.1/8"'],
    ['analyse wan1.pcap --pin x', '--pin must be an IPv4 or IPv6 address or prefix: "x"'],
    [
      'analyse wan1.pcap --uplink dsl1',
      '--uplink must be name=address[,address…][@weight], such as dsl1=203.0.113.2@4: "dsl1"',
    ],
    [
      'analyse wan1.pcap --capacity dsl1=1M',
      '--capacity of "dsl1" needs its uplink: give -c FILE or --uplink dsl1=ADDRESS',
    ],
    [
      'analyse wan1.pcap --reader reference --cross-check',
      '--cross-check holds the fast reader against the reference: leave --reader reference out',
    ],
    // Configuration
    [
      'analyse wan1.pcap -c no.yaml',
      'can\'t read the configuration "no.yaml": no such file; name one by -c, or leave -c out',
    ],
    ['analyse wan1.pcap -c bad.yaml', 'uplinks[0].weight must be a positive integer: "x" (bad.yaml:4:13)'],
    [
      'analyse wan1.pcap -c good.yaml --capacity dsl2=1M',
      '--capacity of an uplink that is not there: "dsl2"; did you mean dsl1?',
    ],
    ['uplinks show', 'no configuration here: name one by -c FILE, or make one by mlstat uplinks infer INPUT'],
    // Output
    ['analyse wan1.pcap -o wan1.pcap', '-o would overwrite an input: "wan1.pcap"; choose another name'],
    ['analyse wan1.pcap -o ./wan1.pcap', '-o would overwrite an input: "./wan1.pcap"; choose another name'],
    ['analyse wan1.pcap -c good.yaml -o good.yaml', '-o would overwrite an input: "good.yaml"; choose another name'],
    ['analyse wan1.pcap -o .', '-o must be a file, and is a folder: "."'],
    ['analyse wan1.pcap -o no/where.json', 'can\'t write "no/where.json": no such folder'],
  ];
  for (const [line, message] of cases) {
    it(`mlstat ${line}`, async () => {
      const failure = { name: 'UserError', message, exitCode: 2 };
      await assert.rejects(mlstat(line.split(' '), noPipeline), failure);
    });
  }

  it('a word with a line break and colours stays in one line', async () => {
    await assert.rejects(mlstat(['a\nb\u001bc'], noPipeline), (error) => {
      assert.ok(error instanceof UserError);
      assert.equal(error.message, 'unknown command "a\\nb\\u001bc"; mlstat --help lists them');
      return true;
    });
  });
});

describe('without a verb analyse is meant', () => {
  const lines = [
    'wan1.pcap',
    '*.pcap',
    '-',
    'dsl1=wan1.pcap',
    'dsl1=missing.pcap',
    '-q wan1.pcap',
    '--format json wan1.pcap',
  ];
  for (const line of lines) {
    it(`mlstat ${line}`, async () => {
      const pipeline = fakePipeline(healthy());
      const { code } = await mlstat(line.split(' '), pipeline);
      assert.equal(code, 0);
      assert.equal(pipeline.asked.length, 1);
    });
  }

  it('a folder is an input', async () => {
    mkdirSync(join(folder, 'rotated'));
    writeFileSync(join(folder, 'rotated', 'a.pcap'), '');
    const pipeline = fakePipeline(healthy());
    await mlstat(['rotated'], pipeline);
    assert.deepEqual(
      pipeline.asked[0]?.inputs.map((input) => input.path),
      ['rotated/a.pcap'],
    );
  });

  it('switches may stand before the verb', async () => {
    const { code, err } = await mlstat(['-q', '-v', 'flows', 'wan1.pcap'], fakePipeline(healthy()));
    assert.deepEqual([code, err], [0, '']);
  });
});

describe('help', () => {
  it('of nothing goes to standard error, with the code for wrong usage', async () => {
    const { code, out, err } = await mlstat([], noPipeline);
    assert.deepEqual([code, out], [2, '']);
    assert.match(err, /^Usage: mlstat /);
  });

  it('of a verb of verbs without one does, too', async () => {
    const { code, out, err } = await mlstat(['uplinks'], noPipeline);
    assert.deepEqual([code, out], [2, '']);
    assert.match(err, /infer[\s\S]*show/);
  });

  for (const line of [
    'analyse',
    'analyze',
    'flows',
    'validate',
    'compare',
    'uplinks infer',
    'uplinks show',
    'schema',
    'completion',
  ]) {
    it(`of ${line} has two examples, in 80 columns`, async () => {
      const { code, out, err } = await mlstat([...line.split(' '), '--help'], noPipeline);
      assert.deepEqual([code, err], [0, '']);
      const examples = out.split('Examples:\n')[1] ?? '';
      assert.equal(examples.match(/mlstat [a-z]/g)?.length, 2, out);
      const [first = ''] = line.split(' ');
      assert.ok(examples.includes(first === 'analyze' ? 'analyse' : first));
      assert.deepEqual(
        out.split('\n').filter((text) => text.length > 80 && !text.startsWith('  cd ')),
        [],
      );
    });
  }

  it('names the verbs that there are and no others', async () => {
    const { out } = await mlstat(['--help'], noPipeline);
    const verbs = [...(out.split('Commands:\n')[1] ?? '').matchAll(/^ {2}(\w+)/gm)].map((match) => match[1]);
    assert.deepEqual(verbs, [
      'analyse',
      'report',
      'flows',
      'validate',
      'compare',
      'tune',
      'capacity',
      'uplinks',
      'plan',
      'audit',
      'schema',
      'completion',
      'help',
    ]);
  });

  it('--version prints the version alone', async () => {
    assert.deepEqual(await mlstat(['--version'], noPipeline), { code: 0, out: '1.2.3\n', err: '' });
  });
});
