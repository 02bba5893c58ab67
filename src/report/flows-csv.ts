// Flow rows become comma-separated values, a line a flow. A million rows take a second or two, so nothing is looked at twice.

import { FLOW_COLUMNS, type FlowRow } from '../flows/row.js';
import { csvText } from './csv.js';

/** The names of the columns, with a line break. */
export const FLOW_CSV_HEADER = `${FLOW_COLUMNS.join(',')}\n`;

/** One line with its line break; what is not known is an empty field. */
export function formatFlowCsv(row: FlowRow): string {
  return (
    `${row.proto},${row.initiator},${row.initiatorPort ?? ''},${row.responder},${row.responderPort ?? ''},` +
    `${row.client ?? ''},${row.clientPort ?? ''},${uplinkField(row.uplink)},${uplinkField(row.egress)},${row.origin},` +
    `${row.startUs ?? ''},${row.endUs ?? ''},${row.packetsUp ?? ''},${row.packetsDown ?? ''},` +
    `${row.ipBytesUp ?? ''},${row.ipBytesDown ?? ''},${row.wireBytesUp ?? ''},${row.wireBytesDown ?? ''},` +
    `${row.state ?? ''},${row.end ?? ''}\n`
  );
}

/** Names of uplinks are the only free text, and few: each is made safe once. */
const known = new Map<string, string>();
const KNOWN = 10_000;

function uplinkField(name: string | null): string {
  if (name === null) return '';
  let field = known.get(name);
  if (field === undefined) {
    field = csvText(name);
    if (known.size < KNOWN) known.set(name, field);
  }
  return field;
}
