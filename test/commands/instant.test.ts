import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { readInstant } from '#src/commands/instant.js';
import { formatTime } from '#src/util/time.js';

const second = (year: number, month: number, day: number, hour = 0, minute = 0, s = 0) =>
  Date.UTC(year, month - 1, day, hour, minute, s) * 1000;

describe('readInstant', () => {
  const cases: [text: string, us: number, timezone?: string][] = [
    ['0', 0],
    ['1700000000', 1_700_000_000e6],
    ['1700000000.000001', 1_700_000_000_000_001],
    ['1700000000.1234567', 1_700_000_000_123_456],
    ['2026-01-31', second(2026, 1, 31)],
    ['2026-01-31T14:30', second(2026, 1, 31, 14, 30)],
    ['2026-01-31 14:30:05', second(2026, 1, 31, 14, 30, 5)],
    ['2026-01-31T14:30:05.25Z', second(2026, 1, 31, 14, 30, 5) + 250_000],
    ['2026-01-31T14:30:05,000001z', second(2026, 1, 31, 14, 30, 5) + 1],
    ['2026-01-31T14:30:00+01:00', second(2026, 1, 31, 13, 30)],
    ['2026-01-31T14:30:00-0530', second(2026, 1, 31, 20)],
    ['2026-01-31T14:30:00+01', second(2026, 1, 31, 13, 30)],
    ['2024-02-29', second(2024, 2, 29)],
    ['2016-12-31T23:59:60Z', second(2017, 1, 1)],
    ['2026-01-31T14:30', second(2026, 1, 31, 13, 30), 'Europe/Berlin'],
    ['2026-07-31T14:30', second(2026, 7, 31, 12, 30), 'Europe/Berlin'],
    ['2026-07-31T14:30Z', second(2026, 7, 31, 14, 30), 'Europe/Berlin'],
    ['2026-01-31T14:30', second(2026, 1, 31, 9), 'Asia/Kolkata'],
    // Clocks go back at 01:00 UTC on 25 October 2026: 02:30 comes twice, the first time in summer time.
    ['2026-10-25T02:30', second(2026, 10, 25, 0, 30), 'Europe/Berlin'],
    // They go forward at 01:00 UTC on 29 March 2026: 02:30 is skipped.
    ['2026-03-29T02:30', second(2026, 3, 29, 0, 30), 'Europe/Berlin'],
  ];
  for (const [text, us, timezone = 'UTC'] of cases) {
    it(`${text} ${timezone}`, () => assert.equal(readInstant('--since', text, timezone), us));
  }

  const refused = [
    '',
    'now',
    '-1',
    '1e9',
    '2026-02-29',
    '2026-13-01',
    '2026-01-00',
    '2026-01-31T24:01',
    '2026-01-31T14',
    '31.01.2026',
    '+30s',
    '14:30',
  ];
  for (const text of refused) {
    it(`refuses ${text || 'nothing'}`, () => {
      assert.throws(() => readInstant('--since', text, 'UTC'), {
        name: 'UserError',
        message: /^--since must be a time such as .*: "/,
      });
    });
  }

  it('reads what the report prints, in every zone', () => {
    const zone = fc.constantFrom('UTC', 'Europe/Berlin', 'America/St_Johns', 'Australia/Lord_Howe', 'Pacific/Apia');
    fc.assert(
      fc.property(fc.integer({ min: 946_684_800, max: 4_102_444_800 }), zone, (seconds, timezone) => {
        const printed = formatTime(seconds, timezone);
        const read = readInstant('--since', printed, timezone) / 1e6;
        // An hour that comes twice is read as its first.
        assert.equal(formatTime(read, timezone), printed);
        assert.ok(read <= seconds);
      }),
    );
  });
});
