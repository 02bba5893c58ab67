import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { validateReport } from '#src/advise/validate.js';
import { parseRule, RULE_FORMS, type Rule } from '#src/config/rules.js';
import { renderJunit } from '#src/report/junit.js';
import type { Report } from '#src/report/report.js';
import { reportSchema } from '#src/report/schema.js';
import { renderValidation } from '#src/report/terminal/validation.js';
import { healthy, reports } from '../report/fixtures.js';

function rule(text: string): Rule {
  const parsed = parseRule(text);
  assert.ok(!('error' in parsed), 'error' in parsed ? parsed.error : '');
  return parsed;
}

function check(report: Report, text: string) {
  return validateReport(report, [rule(text)]).rules[0];
}

/** A report changed here and there. */
function changed(change: (report: Report) => void): Report {
  const report = healthy();
  change(report);
  return report;
}

describe('a rule', () => {
  it('is read as it is written, case and blanks aside', () => {
    assert.deepEqual(rule('  Share  within 5 points ').check, { kind: 'share', points: 5, of: null });
    assert.deepEqual(rule('share within 2.5 points of bytes for dsl1'), {
      text: 'share within 2.5 points of bytes for dsl1',
      check: { kind: 'share', points: 2.5, of: 'bytes' },
      uplink: 'dsl1',
    });
    assert.deepEqual(rule('p95 below 80% of capacity').check, {
      kind: 'rate',
      figure: { quantile: 0.95 },
      below: { part: 0.8 },
      direction: null,
    });
    assert.deepEqual(rule('p99.9 down below 15 Mbit/s').check, {
      kind: 'rate',
      figure: { quantile: 0.9990000000000001 },
      below: { bps: 15e6 },
      direction: 'down',
    });
    assert.deepEqual(rule('no outage longer than 30 s').check, { kind: 'outage', what: 'outage', longerThanSec: 30 });
    assert.deepEqual(rule('no outage longer than 2 minutes').check, {
      kind: 'outage',
      what: 'outage',
      longerThanSec: 120,
    });
    assert.deepEqual(rule('every uplink used').check, { kind: 'used' });
    assert.deepEqual(rule('failover within 10s').check, { kind: 'failover', withinSec: 10 });
  });

  it('of every form that is listed can be read', () => {
    for (const form of RULE_FORMS) {
      const text = form
        .replace(/[[\]]/g, '')
        .replace('N points', '5 points')
        .replace('X %', '80 %')
        .replace('RATE', '15Mbit')
        .replace('TIME', '30 s')
        .replace('CODE', 'nat-leak');
      assert.equal(rule(text).text, text);
      assert.equal(rule(`${text} for dsl 1`).uplink, 'dsl 1');
    }
  });

  for (const text of [
    '',
    'share within',
    'p0 below 5 % of capacity',
    'p95 below 5 MB/s',
    'no outage longer than x',
    'answered above 101 %',
  ]) {
    it(`that can't be read says what could: ${JSON.stringify(text)}`, () => {
      const parsed = parseRule(text);
      assert.ok('error' in parsed && /^must /.test(parsed.error) && !parsed.error.includes('\n'));
    });
  }

  it('of any text is read or refused, quickly', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 400 }), (text) => {
        const parsed = parseRule(text);
        assert.ok('error' in parsed || parsed.text.length > 0);
      }),
    );
    assert.ok('error' in parseRule(`p95 below ${'1'.repeat(1e6)}`));
  });
});

describe('a report held against rules', () => {
  it('holds, fails, or leaves open; the figure names the uplink', () => {
    const balance = check(healthy(), 'balance consistent');
    assert.equal(balance.state, 'holds');
    assert.match(balance.figure, /p = /);
    const off = changed((report) => {
      report.balance.verdict = 'deviates';
    });
    assert.equal(check(off, 'balance consistent').state, 'fails');
    const few = changed((report) => {
      report.balance.verdict = 'too-few';
    });
    assert.equal(check(few, 'balance consistent').state, 'unknown');
    assert.match(check(few, 'balance consistent').why ?? '', /decisions that it takes/);
  });

  const shared = (share: number, interval: [number, number], detectable: number) =>
    changed((report) => {
      report.uplinks.forEach((uplink, n) => {
        uplink.share.expected = n === 0 ? 0.8 : 0.2 / (report.uplinks.length - 1);
        uplink.share.decisions = n === 0 ? share : uplink.share.expected;
        uplink.share.decisionsInterval = n === 0 ? interval : [uplink.share.expected, uplink.share.expected];
      });
      report.balance.detectablePoints = detectable;
    });

  it('judges a share by its decisions, where these would show the difference', () => {
    assert.equal(check(shared(0.83, [0.8, 0.86], 4), 'share within 5 points').state, 'holds');
    assert.equal(check(shared(0.86, [0.83, 0.89], 4), 'share within 5 points').state, 'fails');
    assert.equal(check(shared(0.83, [0.7, 0.95], 9), 'share within 5 points').state, 'unknown');
    // So far off that even few tell.
    assert.equal(check(shared(0.3, [0.1, 0.5], 20), 'share within 5 points').state, 'fails');
  });

  it('judges the fullest line, and says where no capacity is known', () => {
    const loaded = changed((report) => {
      for (const { capacity, rate } of report.uplinks.map((one) =>
        Object.assign(one, { capacity: { up: 1e6, down: 1e7 } }),
      )) {
        rate.up.p95 = capacity.up / 2;
        rate.down.p95 = capacity.down / 2;
      }
      report.uplinks[0].rate.up.p95 = 900_000;
    });
    const { state, figure, uplink } = check(loaded, 'p95 below 80 % of capacity');
    assert.deepEqual([state, uplink], ['fails', loaded.uplinks[0].name]);
    assert.match(figure, /up 90 % \(900 kbit\/s of 1.00 Mbit\/s\)/);
    assert.equal(check(loaded, 'p95 up below 95 % of capacity').state, 'holds');
    const unlimited = changed((report) => {
      for (const one of report.uplinks) one.capacity = null;
    });
    assert.equal(check(unlimited, 'p95 below 80 % of capacity').state, 'unknown');
    assert.equal(check(unlimited, 'peak below 1Tbit').state, 'holds');
  });

  it('tells outages by their length, and what could not be measured', () => {
    const { outages } = reports.outage();
    const longest = Math.max(...outages.map(({ seconds }) => seconds));
    assert.equal(
      check(reports.outage(), `no outage longer than ${Math.max(1, Math.floor(longest) - 1)} s`).state,
      'fails',
    );
    const dark = changed((report) => {
      report.outages = [];
      for (const { availability } of report.uplinks) availability.measuredSeconds = 600;
      report.unmeasurable = [{ uplink: report.uplinks[0].name, start: 0, end: 45, why: 'too thin' }];
    });
    assert.equal(check(dark, 'no outage longer than 30 s').state, 'unknown');
    assert.equal(check(dark, 'no outage longer than 60 s').state, 'holds');
  });

  it('fails a leak, and leaves it open where no capture shows links', () => {
    const leak = changed((report) => {
      report.findings = [
        {
          code: 'nat-leak',
          level: 'warning',
          message: '',
          uplinks: [report.uplinks[0].name],
          flows: 1,
          packets: 3,
          first: null,
          last: null,
          cure: null,
        },
      ];
    });
    assert.deepEqual([check(leak, 'no leak').state, check(leak, 'no finding nat-leak').state], ['fails', 'fails']);
    assert.equal(check(leak, `no leak for ${leak.uplinks[1].name}`).state, 'holds');
    const blind = changed((report) => {
      report.packets.attributed = 0;
    });
    assert.equal(check(blind, 'no leak').state, 'unknown');
  });

  it('knows an unused uplink from bad luck', () => {
    const unused = (decisions: number) =>
      changed((report) => {
        report.uplinks.forEach((uplink, n) => {
          uplink.decisions = n === 0 ? decisions : 0;
          if (n > 0) Object.assign(uplink, { flows: 0, routerFlows: 0, inboundFlows: 0 });
          uplink.share.expected = n === 0 ? 0.8 : 0.2 / (report.uplinks.length - 1);
        });
      });
    assert.equal(check(unused(500), 'every uplink used').state, 'fails');
    assert.equal(check(unused(3), 'every uplink used').state, 'unknown');
    assert.equal(check(unused(500), `every uplink used for ${healthy().uplinks[0].name}`).state, 'holds');
  });

  it('takes chance for an answer that few flows leave open', () => {
    const answered = (yes: number, no: number) =>
      changed((report) => {
        for (const uplink of report.uplinks) Object.assign(uplink, { answered: yes, unanswered: no });
        report.balance.designEffect = 1;
      });
    assert.equal(check(answered(980, 20), 'answered above 95 %').state, 'holds');
    assert.equal(check(answered(900, 100), 'answered above 95 %').state, 'fails');
    assert.equal(check(answered(9, 1), 'answered above 95 %').state, 'unknown');
  });

  it('holds nothing for certain after an interruption', () => {
    const partial = changed((report) => {
      report.partial = true;
    });
    assert.equal(check(partial, 'balance consistent').state, 'unknown');
  });

  it('gives one line a rule, and a report that holds to its schema', () => {
    for (const [name, report] of Object.entries(reports)) {
      const whole = report();
      const texts = RULE_FORMS.map((form) =>
        form
          .replace(/ ?\[.*?\]/g, '')
          .replace('N points', '5 points')
          .replace('X %', '80 %')
          .replace('RATE', '15Mbit')
          .replace('TIME', '30 s')
          .replace('CODE', 'nat-leak'),
      );
      whole.validation = validateReport(whole, texts.map(rule));
      const { validation } = whole;
      assert.equal(validation.holds + validation.fails + validation.unknown, texts.length);
      assert.deepEqual(reportSchema.safeParse(whole).error?.issues ?? [], [], name);
      const page = renderValidation(validation, { width: 80, color: false, unicode: true, timezone: 'UTC' });
      assert.equal(page.trimEnd().split('\n').length, texts.length + 2, name);
      for (const { state, why } of validation.rules) assert.equal(state === 'unknown', why !== null);
    }
  });

  it('is JUnit XML with nothing of an input that could become markup', () => {
    const report = changed((one) => {
      one.uplinks[0].name = '</testcase>"&\u0007\u202e';
      one.balance.maxDeviation = { uplink: one.uplinks[0].name, points: 9 };
      one.balance.verdict = 'deviates';
    });
    report.validation = validateReport(report, [rule('balance consistent'), rule('no brownout')]);
    const xml = renderJunit(report, { unknownFails: true });
    assert.match(xml, /^<\?xml version="1.0" encoding="UTF-8"\?>\n<testsuites [^>]*tests="2" failures="1"/);
    assert.ok(xml.includes('&lt;/testcase&gt;&quot;&amp;\\x07\\u202e'));
    assert.equal(xml.match(/<testcase /g)?.length, 2);
    assert.equal(xml.match(/<\/testcase>/g)?.length, 2);
  });

  it('counts an input that could not be read as an error of JUnit', () => {
    const report = changed((one) => {
      one.inputs = [{ ...one.inputs[0], path: 'a<b.pcap', error: '"a<b.pcap" is empty' }];
    });
    report.validation = validateReport(report, [rule('no brownout')]);
    const xml = renderJunit(report, { unknownFails: false });
    assert.match(xml, /<testsuites [^>]*tests="2" failures="0" errors="1"/);
    assert.ok(
      xml.includes('name="read a&lt;b.pcap"') && xml.includes('<error message="&quot;a&lt;b.pcap&quot; is empty"/>'),
    );
  });
});
