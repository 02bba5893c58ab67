// CSV of the uplinks and of flows: read back by a parser of RFC 4180's grammar.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FLOW_COLUMNS, type FlowRow } from '#src/flows/row.js';
import { csvText, renderCsv } from '#src/report/csv.js';
import { FLOW_CSV_HEADER, formatFlowCsv } from '#src/report/flows-csv.js';
import { formatFlowNdjson } from '#src/report/flows-ndjson.js';
import { visible } from '#src/report/text.js';
import { anyReport, anyText } from './arbitrary.js';
import { conntrack, eight, hostile } from './fixtures.js';
import { assertGolden } from './golden.js';

/** Records of RFC 4180 with LF or CRLF between them. */
function parseCsv(text: string): string[][] {
  const records: string[][] = [];
  let fields: string[] = [];
  let rest = text;
  while (rest !== '') {
    const [whole, quoted, bare, end] = /^(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n)/.exec(rest) ?? assert.fail(rest);
    fields.push(quoted === undefined ? (bare ?? '') : quoted.replaceAll('""', '"'));
    rest = rest.slice(whole.length);
    if (end !== ',') {
      records.push(fields);
      fields = [];
    }
  }
  return records;
}

test('uplinks as reviewed', () => assertGolden('eight.csv', renderCsv(eight())));

test('each uplink is one record with a field a column, its name read back but for a guard', () => {
  fc.assert(
    fc.property(anyReport, (report) => {
      const [header = [], ...records] = parseCsv(renderCsv(report));
      assert.equal(records.length, report.uplinks.length);
      for (const [i, record] of records.entries()) {
        assert.equal(record.length, header.length);
        assert.equal(record[0]?.replace(/^'/, ''), visible(report.uplinks[i]?.name ?? '').replace(/^'/, ''));
      }
    }),
  );
});

test('figures are read back as they are, and unknown ones are empty', () => {
  const report = conntrack();
  const [header = [], first = []] = parseCsv(renderCsv(report));
  const field = (name: string) => first[header.indexOf(name)];
  assert.equal(Number(field('flowsShare')), report.uplinks[0]?.share.flows);
  assert.equal(Number(field('flows')), report.uplinks[0]?.flows);
  assert.equal(field('ipBytesUp'), '');
  assert.equal(field('rateDownP95'), '');
});

test('no name is a formula to a spreadsheet', () => {
  fc.assert(
    fc.property(anyText, fc.constantFrom('=', '+', '-', '@', '\t=', ' =', '\r@', '＝'), (text, sign) => {
      assert.doesNotMatch(csvText(sign + text), /^"?\s*[=+\-@＝]/u);
    }),
  );
  assert.equal(csvText('=cmd|x'), "'=cmd|x");
  assert.equal(csvText('-'), "'-");
  assert.equal(csvText('dsl-1'), 'dsl-1');
  assert.equal(csvText('a,"b"'), '"a,""b"""');
  assert.equal(renderCsv(hostile()).includes('\u001b'), false);
});

const flow: FlowRow = {
  proto: 6,
  initiator: '192.168.77.10',
  initiatorPort: 40_000,
  responder: '2001:db8::1',
  responderPort: 443,
  client: '192.168.77.10',
  clientPort: 40_000,
  uplink: 'dsl1',
  egress: null,
  origin: 'lan',
  startUs: 1_700_000_000_000_001,
  endUs: 1_700_000_060_500_000,
  packetsUp: 12,
  packetsDown: 0,
  ipBytesUp: 3_400,
  ipBytesDown: 0,
  wireBytesUp: 3_568,
  wireBytesDown: null,
  state: 'established',
  end: 'fin',
};

test('a flow is one line in the order of the contract', () => {
  assert.equal(
    FLOW_CSV_HEADER,
    'proto,initiator,initiatorPort,responder,responderPort,client,clientPort,uplink,egress,origin,startUs,endUs,' +
      'packetsUp,packetsDown,ipBytesUp,ipBytesDown,wireBytesUp,wireBytesDown,state,end\n',
  );
  assert.equal(
    formatFlowCsv(flow),
    '6,192.168.77.10,40000,2001:db8::1,443,192.168.77.10,40000,dsl1,,lan,1700000000000001,1700000060500000,' +
      '12,0,3400,0,3568,,established,fin\n',
  );
});

test('unknown values of a flow are empty in CSV and null in NDJSON', () => {
  const bare = Object.fromEntries(FLOW_COLUMNS.map((column) => [column, null])) as unknown as FlowRow;
  const row: FlowRow = { ...bare, proto: 47, initiator: '10.0.0.1', responder: '10.0.0.2', origin: 'unknown' };
  assert.equal(formatFlowCsv(row), '47,10.0.0.1,,10.0.0.2,,,,,,unknown,,,,,,,,,,\n');
  assert.deepEqual(JSON.parse(formatFlowNdjson(row)), row);
});

test('flows are read back from both formats, whatever their uplinks are called', () => {
  fc.assert(
    fc.property(anyText, anyText, (uplink, egress) => {
      const row = { ...flow, uplink, egress };
      const line = formatFlowNdjson(row);
      assert.deepEqual(JSON.parse(line), JSON.parse(JSON.stringify(row)));
      assert.deepEqual(Object.keys(JSON.parse(line)), [...FLOW_COLUMNS]);
      assert.equal(line.indexOf('\n'), line.length - 1);
      const [record = []] = parseCsv(formatFlowCsv(row));
      assert.equal(record.length, FLOW_COLUMNS.length);
      assert.equal(record[7]?.replace(/^'/, ''), visible(uplink).replace(/^'/, ''));
    }),
  );
});
