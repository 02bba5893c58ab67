// Flow rows become newline-delimited JSON, an object a line, its members in the order of the CSV columns.

import type { FlowRow } from '../flows/row.js';
import { jsonScalar } from './json.js';

/** One object with its line break; what is not known is null. */
export function formatFlowNdjson(row: FlowRow): string {
  return (
    `{"proto":${row.proto},"initiator":"${row.initiator}","initiatorPort":${row.initiatorPort},` +
    `"responder":"${row.responder}","responderPort":${row.responderPort},` +
    `"client":${word(row.client)},"clientPort":${row.clientPort},` +
    `"uplink":${name(row.uplink)},"egress":${name(row.egress)},"origin":"${row.origin}",` +
    `"startUs":${row.startUs},"endUs":${row.endUs},"packetsUp":${row.packetsUp},"packetsDown":${row.packetsDown},` +
    `"ipBytesUp":${row.ipBytesUp},"ipBytesDown":${row.ipBytesDown},` +
    `"wireBytesUp":${row.wireBytesUp},"wireBytesDown":${row.wireBytesDown},` +
    `"state":${word(row.state)},"end":${word(row.end)}}\n`
  );
}

/** Addresses and words of closed lists: nothing in them needs an escape. */
function word(text: string | null): string {
  return text === null ? 'null' : `"${text}"`;
}

/** Names of uplinks are the only free text, and few: each is made safe once. */
const known = new Map<string, string>();
const KNOWN = 10_000;

function name(text: string | null): string {
  if (text === null) return 'null';
  let json = known.get(text);
  if (json === undefined) {
    json = jsonScalar(text);
    if (known.size < KNOWN) known.set(text, json);
  }
  return json;
}
