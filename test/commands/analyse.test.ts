import assert from 'node:assert/strict';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { run } from '#src/commands/program.js';
import type { FlowRow } from '#src/flows/row.js';
import { renderCsv } from '#src/report/csv.js';
import { renderJson } from '#src/report/json.js';
import { renderMarkdown } from '#src/report/markdown.js';
import type { Report, ReportInput } from '#src/report/report.js';
import { renderTerminal } from '#src/report/terminal.js';
import { healthy } from '../report/fixtures.js';
import { createWorld, fakePipeline, folder, mlstat } from './world.js';

writeFileSync(join(folder, 'wan1.pcap'), 'capture');
const CONFIG =
  'uplinks:\n  - {name: dsl1, snat: [203.0.113.2], weight: 300}\n  - {name: dsl2, snat: [198.51.100.2], weight: 1}\n';
writeFileSync(join(folder, 'two.yaml'), CONFIG);

const page = { width: 80, color: false, unicode: true, timezone: 'UTC' };

function withInput(change: Partial<ReportInput>, report = healthy()): Report {
  const [first, ...rest] = report.inputs;
  return { ...report, inputs: [{ ...(first as ReportInput), ...change }, ...rest] };
}

async function analyse(words: string, report = healthy(), options = {}) {
  const pipeline = fakePipeline(report);
  const result = await mlstat(['analyse', 'wan1.pcap', ...words.split(' ').filter(Boolean)], pipeline, options);
  return { ...result, asked: pipeline.asked[0] };
}

describe('formats', () => {
  const report = healthy();
  const cases: [words: string, expected: string][] = [
    ['', renderTerminal(report, page)],
    ['--format table', renderTerminal(report, page)],
    ['--format json', renderJson(report, { series: false })],
    ['--format json --series', renderJson(report, { series: true })],
    ['--format markdown', renderMarkdown(report, { timezone: 'UTC' })],
    ['--format markdown --timezone Europe/Berlin', renderMarkdown(report, { timezone: 'Europe/Berlin' })],
    ['-f csv', renderCsv(report)],
  ];
  for (const [words, expected] of cases) {
    it(words || 'none given', async () => {
      const { code, out, err } = await analyse(words);
      assert.deepEqual([code, err], [0, '']);
      assert.equal(out, expected);
    });
  }
});

describe('the page suits the terminal', () => {
  const cases: [name: string, words: string, world: object, expected: Partial<typeof page>][] = [
    ['its width', '', { columns: 120 }, { width: 120, color: true }],
    ['COLUMNS before that', '', { columns: 120, env: { COLUMNS: '90' } }, { width: 90, color: true }],
    ['nonsense in COLUMNS', '', { columns: 120, env: { COLUMNS: 'wide' } }, { width: 120, color: true }],
    ['NO_COLOR', '', { columns: 80, env: { NO_COLOR: '1' } }, {}],
    ['an empty NO_COLOR is none', '', { columns: 80, env: { NO_COLOR: '' } }, { color: true }],
    ['--no-color', '--no-color', { columns: 80, env: { FORCE_COLOR: '1' } }, {}],
    ['FORCE_COLOR in a pipe', '', { env: { FORCE_COLOR: '1' } }, { color: true }],
    ['FORCE_COLOR=0', '', { columns: 80, env: { FORCE_COLOR: '0' } }, {}],
    ['NO_COLOR before FORCE_COLOR', '', { columns: 80, env: { FORCE_COLOR: '1', NO_COLOR: '1' } }, {}],
    ['TERM=dumb', '', { columns: 80, env: { TERM: 'dumb' } }, {}],
    ['a locale without UTF-8', '', { env: { LANG: 'C' } }, { unicode: false }],
    ['LC_ALL before LANG', '', { env: { LANG: 'C', LC_ALL: 'de_DE.UTF-8' } }, {}],
    ['a time zone', '--timezone local', { env: { TZ: 'Asia/Tokyo' } }, { timezone: 'Asia/Tokyo' }],
  ];
  for (const [name, words, world, expected] of cases) {
    it(name, async () => {
      const { out } = await analyse(`${words} --progress never`, healthy(), world);
      assert.equal(out, renderTerminal(healthy(), { ...page, ...expected }));
    });
  }
});

describe('what the pipeline is asked', () => {
  it('is nothing but the inputs, where nothing is said', async () => {
    const { asked } = await analyse('');
    const { inputs, config, signal, onProgress, ...rest } = asked ?? assert.fail();
    assert.deepEqual(
      inputs.map((input) => [input.path, input.file]),
      [['wan1.pcap', join(folder, 'wan1.pcap')]],
    );
    assert.deepEqual(
      [config, signal?.aborted, typeof onProgress, rest],
      [null, false, 'function', { timezone: 'UTC' }],
    );
  });

  it('is every option', async () => {
    const { asked } = await analyse(
      '--since 1700000000.25 --until 2023-11-15T00:00:00+01:00 --client 10.0.0.0/8 --client 10.1.0.1,10.2.0.1 --server 2001:db8::/32 ' +
        '--pin 192.0.2.1 --bin 5m --timeout udp=60,tcp=2h --timeout icmp=5 -j 3 --reader reference',
    );
    const {
      inputs: _inputs,
      config: _config,
      signal: _signal,
      onProgress: _progress,
      ...rest
    } = asked ?? assert.fail();
    const texts = (prefixes: readonly { text: string }[] = []) => prefixes.map((prefix) => prefix.text);
    assert.deepEqual(
      { ...rest, clients: texts(rest.clients), servers: texts(rest.servers), pins: texts(rest.pins) },
      {
        sinceUs: 1_700_000_000_250_000,
        untilUs: Date.UTC(2023, 10, 14, 23) * 1000,
        clients: ['10.0.0.0/8', '10.1.0.1/32', '10.2.0.1/32'],
        servers: ['2001:db8::/32'],
        pins: ['192.0.2.1/32'],
        binSec: 300,
        timeouts: { udp: 60, tcp: 7200, icmp: 5 },
        timezone: 'UTC',
        jobs: 3,
        reader: 'reference',
      },
    );
    assert.equal((await analyse('--cross-check')).asked?.crossCheck, true);
  });

  it('holds the configuration with the options laid over it', async () => {
    const { asked, err } = await analyse('-c two.yaml --uplink dsl2=198.51.100.9@2 --capacity dsl1=20M/1M');
    assert.deepEqual(
      asked?.config?.uplinks.map(({ name, snat, weight, capacity }) => [name, snat[0]?.text, weight, capacity]),
      [
        ['dsl1', '203.0.113.2/32', 300, { down: 20e6, up: 1e6 }],
        ['dsl2', '198.51.100.9/32', 2, null],
      ],
    );
    assert.equal(err, 'mlstat: weight 300 of dsl1: Linux before 6.12 takes at most 256\n');
  });

  it('binds an input to the uplink that it names', async () => {
    const pipeline = fakePipeline(healthy());
    await mlstat(['analyse', 'dsl1=wan1.pcap', '-c', 'two.yaml', '-q'], pipeline);
    assert.deepEqual(
      pipeline.asked[0]?.inputs.map((input) => [input.label, input.path]),
      [['dsl1', 'wan1.pcap']],
    );
  });
});

describe('the configuration that nobody named', () => {
  const user = join(folder, 'user');
  const env = { XDG_CONFIG_HOME: user };

  it('of the working directory is used without a word', async () => {
    writeFileSync(join(folder, 'mlstat.yaml'), CONFIG.replace('300', '3'));
    const { asked, err } = await analyse('');
    assert.deepEqual([asked?.config?.source, err], ['mlstat.yaml', '']);
    const verbose = await analyse('-v');
    assert.match(verbose.err, /^mlstat: configuration: mlstat\.yaml\n/);
    assert.equal((await analyse('--no-config')).asked?.config, null);
    rmSync(join(folder, 'mlstat.yaml'));
  });

  it('of the user is told, for it may be of another router', async () => {
    mkdirSync(join(user, 'mlstat'), { recursive: true });
    const path = join(user, 'mlstat', 'mlstat.yaml');
    writeFileSync(path, CONFIG.replace('300', '3'));
    const { asked, err } = await analyse('', healthy(), { env });
    assert.equal(asked?.config?.source, path);
    assert.equal(err, `mlstat: using "${path}" (-c names another, --no-config none)\n`);
    assert.equal((await analyse('-q', healthy(), { env })).err, '');
  });
});

describe('faults of the inputs', () => {
  const damaged = withInput({
    damage: [
      { reason: 'truncated-file', count: 1, offset: 42 },
      { reason: 'time-step', count: 2, offset: null },
    ],
  });
  const unreadable = withInput({ error: 'no such file: "wan1.pcap"', format: null });
  const warnings =
    'mlstat: "wan1.pcap" is damaged: truncated-file, 1 time, first at byte 42\nmlstat: "wan1.pcap" is damaged: time-step, 2 times\n';

  it('damage is a warning', async () => {
    const { code, out, err } = await analyse('--format csv', damaged);
    assert.deepEqual([code, out, err], [0, renderCsv(damaged), warnings]);
  });

  it('damage is code 4 under --strict, and the result is there all the same', async () => {
    const { code, out, err } = await analyse('--format csv --strict', damaged);
    assert.deepEqual([code, out, err], [4, renderCsv(damaged), warnings]);
  });

  it('-q says nothing of damage, and why nothing could be read', async () => {
    assert.deepEqual((await analyse('-q', damaged)).err, '');
    const { code, err } = await analyse('-q', unreadable);
    assert.equal(code, 3);
    assert.match(err, /^mlstat: [^\n]+\n$/);
  });

  it('an input that cannot be read is code 3, and the others are shown', async () => {
    const { code, out, err } = await analyse(
      '--format csv --strict',
      withInput({ error: 'no such file: "wan1.pcap"' }, damaged),
    );
    assert.deepEqual([code, out], [3, renderCsv(damaged)]);
    assert.match(err, /^mlstat: no such file: "wan1\.pcap"\n/);
  });

  it('where none can be read, there is no page, but the object is printed', async () => {
    const report = { ...healthy(), inputs: [{ ...(healthy().inputs[0] as ReportInput), error: 'not a capture' }] };
    assert.deepEqual(await mlstat(['analyse', 'wan1.pcap'], fakePipeline(report)), {
      code: 3,
      out: '',
      err: 'mlstat: "wan1.pcap": not a capture\n',
    });
    const json = await analyse('--format json', report);
    assert.deepEqual([json.code, json.out], [3, renderJson(report, { series: false })]);
  });

  it('strays that a folder brought in share a line, unless all are asked for', async () => {
    mkdirSync(join(folder, 'strays'));
    for (const name of ['a.txt', 'b.txt', 'c.txt']) writeFileSync(join(folder, 'strays', name), '');
    const report = healthy();
    const stray = (name: string): ReportInput => {
      const path = `strays/${name}`;
      return { ...(report.inputs[0] as ReportInput), path, format: null, error: `not a capture: "${path}"` };
    };
    report.inputs = [stray('a.txt'), stray('b.txt'), stray('c.txt')];
    const lines = async (...words: string[]) => {
      const { code, err } = await mlstat(['analyse', ...words], fakePipeline(report));
      assert.equal(code, 3);
      return err.split('\n').filter((line) => line.includes('not a capture'));
    };
    assert.deepEqual(await lines('strays'), [
      'mlstat: 3 files can\'t be read (-v lists them), the first: not a capture: "strays/a.txt"',
    ]);
    assert.equal((await lines('strays', '-v')).length, 3);
    assert.equal((await lines('strays/a.txt', 'strays/b.txt', 'strays/c.txt')).length, 3);
  });

  it('text of an input cannot move the cursor', async () => {
    const { err } = await analyse('', withInput({ path: 'a\u001b[2J\n', error: 'bad \u202e magic' }));
    assert.ok(!err.includes('\u001b') && !err.includes('\u202e'), err);
    assert.equal(err.split('\n').length, 2);
  });
});

describe('an interruption', () => {
  it('prints what is known, marked partial, with code 130', async () => {
    const world = createWorld();
    const report = { ...healthy(), partial: true };
    const pipeline = fakePipeline(report);
    const waiting = {
      ...pipeline,
      analyseInputs: (options: Parameters<typeof pipeline.analyseInputs>[0]) =>
        new Promise<Report>((resolve) => options.signal?.addEventListener('abort', () => resolve(report))),
    };
    const words = ['analyse', 'wan1.pcap', '--format', 'json', '--strict'];
    const code = run(words, '1.2.3', world.io, async () => waiting);
    setTimeout(world.interrupt, 50);
    assert.equal(await code, 130);
    assert.equal(world.out(), renderJson(report, { series: false }));
  });
});

describe('-o', () => {
  const path = join(folder, 'out.json');
  const leftovers = () => readdirSync(folder).filter((name) => name.endsWith('.tmp'));

  it('writes the file and nothing else, in the format of its ending', async () => {
    const { code, out, err } = await analyse('-o out.json', healthy(), { columns: 200, env: { FORCE_COLOR: '' } });
    assert.deepEqual([code, out, err.includes('mlstat'), leftovers()], [0, '', false, []]);
    assert.equal(readFileSync(path, 'utf8'), renderJson(healthy(), { series: false }));
    await analyse('-o page.txt', healthy(), { columns: 200 });
    assert.equal(readFileSync(join(folder, 'page.txt'), 'utf8'), renderTerminal(healthy(), page));
    await analyse('-o page.md');
    assert.equal(readFileSync(join(folder, 'page.md'), 'utf8'), renderMarkdown(healthy(), { timezone: 'UTC' }));
  });

  it('keeps what was there where the run fails', async () => {
    writeFileSync(path, 'before');
    const failing = { ...fakePipeline(healthy()), analyseInputs: () => Promise.reject(new Error('a bug')) };
    await assert.rejects(mlstat(['analyse', 'wan1.pcap', '-o', 'out.json'], failing), { message: 'a bug' });
    assert.equal(readFileSync(path, 'utf8'), 'before');
    assert.deepEqual(leftovers(), []);
  });

  it('keeps the mode of the file and the link to it', {
    skip: process.platform === 'win32' && 'no modes',
  }, async () => {
    writeFileSync(path, 'before');
    chmodSync(path, 0o640);
    symlinkSync('out.json', join(folder, 'link.json'));
    await analyse('-o link.json');
    assert.ok(lstatSync(join(folder, 'link.json')).isSymbolicLink());
    assert.equal(statSync(path).mode & 0o777, 0o640);
    assert.notEqual(readFileSync(path, 'utf8'), 'before');
  });

  it('- is standard output, and a device is written in place', {
    skip: process.platform === 'win32' && 'no devices',
  }, async () => {
    assert.equal((await analyse('--format csv -o -')).out, renderCsv(healthy()));
    assert.equal((await analyse('-o /dev/null')).code, 0);
    assert.ok(existsSync('/dev/null') && !statSync('/dev/null').isFile());
  });

  it('a process that ends half-way can take the temporary file away', async () => {
    const world = createWorld();
    const pipeline = { ...fakePipeline(healthy()), analyseInputs: () => new Promise<Report>(() => {}) };
    void run(['analyse', 'wan1.pcap', '-o', 'late.json'], '1.2.3', world.io, async () => pipeline);
    while (world.io.cleanups.size === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    assert.equal(leftovers().length, 1);
    for (const cleanup of world.io.cleanups) cleanup();
    assert.deepEqual(leftovers(), []);
    assert.ok(!existsSync(join(folder, 'late.json')));
  });
});

describe('progress', () => {
  it('is shown on a terminal, and never where it is not wanted', async () => {
    const shown = async (words: string, world: object) =>
      (await analyse(words, healthy(), world)).err.includes('packets');
    assert.deepEqual(
      await Promise.all([
        shown('', { columns: 80 }),
        shown('', {}),
        shown('-q', { columns: 80 }),
        shown('--progress never', { columns: 80 }),
        shown('--progress always', {}),
      ]),
      [true, false, false, false, true],
    );
  });
});

it('-v tells what was read', async () => {
  const { err } = await analyse('-v');
  assert.match(err, /^mlstat: configuration: none: uplinks are inferred\n/);
  assert.match(err, /^mlstat: "wan1\.pcap": pcap, EN10MB, 1,012,345 packets$/m);
  assert.match(err, /^mlstat: "rotated\/wan2-20231114\.pcap\.gz": pcap, gzip, EN10MB, 241,876 packets$/m);
  assert.match(err, /^mlstat: 1,254,221 packets, 1\.02 GB on the wire, in \d+\.\d\d s$/m);
});

describe('flows', () => {
  const row: FlowRow = {
    proto: 6,
    initiator: '203.0.113.2',
    initiatorPort: 40000,
    responder: '198.18.4.20',
    responderPort: 443,
    client: null,
    clientPort: null,
    uplink: 'dsl1',
    egress: 'dsl1',
    origin: 'lan',
    startUs: 1,
    endUs: 2,
    packetsUp: 1,
    packetsDown: 1,
    ipBytesUp: 40,
    ipBytesDown: 40,
    wireBytesUp: 60,
    wireBytesDown: 60,
    state: null,
    end: null,
  };
  const flows = async (words: string, rows = [row]) => {
    const pipeline = fakePipeline(healthy(), rows);
    return {
      ...(await mlstat(['flows', 'wan1.pcap', ...words.split(' ').filter(Boolean)], pipeline)),
      asked: pipeline.asked[0],
    };
  };
  const header =
    'proto,initiator,initiatorPort,responder,responderPort,client,clientPort,uplink,egress,origin,startUs,endUs,packetsUp,packetsDown,ipBytesUp,ipBytesDown,wireBytesUp,wireBytesDown,state,end\n';
  const line = '6,203.0.113.2,40000,198.18.4.20,443,,,dsl1,dsl1,lan,1,2,1,1,40,40,60,60,,\n';

  it('are CSV, or NDJSON', async () => {
    assert.equal((await flows('')).out, header + line);
    assert.deepEqual(JSON.parse((await flows('--format ndjson')).out), row);
    await flows('-o rows.ndjson');
    assert.deepEqual(JSON.parse(readFileSync(join(folder, 'rows.ndjson'), 'utf8')), row);
  });

  it('come whole and in order, however many there are', async () => {
    const { out } = await flows(
      '',
      Array.from({ length: 5000 }, (_, i) => ({ ...row, startUs: i })),
    );
    const starts = out
      .trimEnd()
      .split('\n')
      .slice(1)
      .map((text) => Number(text.split(',')[10]));
    assert.deepEqual(
      starts,
      Array.from({ length: 5000 }, (_, i) => i),
    );
  });

  it('--no-uplinks joins nothing', async () => {
    const asked = async (words: string) => (await flows(words)).asked as { noUplinks?: boolean } | undefined;
    assert.deepEqual([(await asked(''))?.noUplinks, (await asked('--no-uplinks'))?.noUplinks], [false, true]);
  });
});

describe('uplinks', () => {
  it('infer prints the configuration with its reasons', async () => {
    const { code, out, err } = await mlstat(['uplinks', 'infer', 'wan1.pcap'], fakePipeline(healthy()));
    assert.deepEqual([code, err], [0, '']);
    assert.equal(out, '# wan1: meets 40 hosts\nuplinks:\n  - name: wan1\n    snat: [203.0.113.2]\n');
  });

  it('infer that finds none says why', async () => {
    const report = healthy();
    const none = {
      ...fakePipeline(report),
      inferUplinks: async () => ({
        config: '',
        evidence: [{ uplink: '', why: 'only the LAN side was captured' }],
        report,
      }),
    };
    await assert.rejects(mlstat(['uplinks', 'infer', 'wan1.pcap'], none), {
      message: 'no uplink can be told from these inputs: only the LAN side was captured',
      exitCode: 3,
    });
  });

  const show = (words: string) => mlstat(['uplinks', 'show', ...words.split(' ')], fakePipeline(healthy()));

  it('show prints what was understood', async () => {
    const { out } = await show('--uplink a=203.0.113.2@2 --uplink b=198.51.100.2@1 --capacity a=20M/1M -f yaml');
    assert.equal(
      out,
      'uplinks:\n  - name: a\n    snat: [203.0.113.2]\n    weight: 2\n    capacity: { down: 20Mbit, up: 1Mbit }\n  - name: b\n    snat: [198.51.100.2]\n    weight: 1\n',
    );
    const json = await show('--uplink a=203.0.113.2@2 --format json');
    assert.deepEqual(JSON.parse(json.out), { uplinks: [{ name: 'a', snat: ['203.0.113.2'], weight: 2 }] });
  });

  it('show has the expected shares in its table', async () => {
    const { out } = await show('--uplink a=203.0.113.2@3 --uplink b=198.51.100.2@1');
    const lines = out.trimEnd().split('\n');
    assert.equal(lines.length, 3);
    assert.match(lines[1] ?? '', /^a\s.*203\.0\.113\.2\/32\s+3\s+75\.0 %/);
    assert.match(lines[2] ?? '', /^b\s.*198\.51\.100\.2\/32\s+1\s+25\.0 %/);
  });
});

it('schema prints a JSON Schema', async () => {
  for (const what of ['report', 'config']) {
    const { out } = await mlstat(['schema', what], fakePipeline(healthy()));
    assert.equal((JSON.parse(out) as { $schema: string }).$schema, 'https://json-schema.org/draft/2020-12/schema');
  }
});
