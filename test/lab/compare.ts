// What mlstat says of a capture, flow by flow, against what the far ends saw.

import type { FlowRow } from '#src/index.js';
import { rowKey, rowOf, type TruthFlow as SeenFlow, truthKey } from '../system/lab.js';
import type { Row } from '../system/tables.js';
import type { TruthFlow } from './truth.js';

/** A row as the command line writes it: everything is text. */
export function asText(row: FlowRow): Row {
  return Object.fromEntries(Object.entries(row).map(([column, value]) => [column, String(value ?? '')]));
}

/** What a reader would call wrong, by flow; empty is right. `clients`: the capture shows the LAN side as well. */
export function attributionFaults(
  flows: readonly TruthFlow[],
  rows: readonly Row[],
  uplinks: readonly { id: number; name: string }[],
  clients: boolean,
): string[] {
  const byKey = new Map<string, Row[]>();
  for (const row of rows) {
    const known = byKey.get(rowKey(row));
    if (known === undefined) byKey.set(rowKey(row), [row]);
    else known.push(row);
  }
  return flows.flatMap((flow) => {
    if (flow.server_saw === null) return [];
    const key = truthKey(flow as SeenFlow);
    const row = rowOf(flow as SeenFlow, byKey.get(key) ?? []);
    if (row === undefined) return [`flow ${flow.fid} (${key}) is missing`];
    const expected = uplinks.find(({ id }) => id === flow.uplink)?.name;
    // The LAN side tells who started it; a client is a LAN host.
    const isClient = row.client === flow.cip && row.clientPort === String(flow.cport);
    const clientIsRight = !clients || (row.origin === flow.origin && (flow.origin !== 'lan' || isClient));
    if (row.uplink === expected && clientIsRight) return [];
    return [
      `flow ${flow.fid} (${key}): ${row.uplink}, ${row.origin} ${row.client}; truth ${expected}, ${flow.origin} ${flow.cip}`,
    ];
  });
}

/** The key of a flow that came as far as a gateway, whether or not a server saw it; null where it didn't. */
export function relayKey(flow: TruthFlow): string | null {
  if (flow.relay_src === null) return null;
  return truthKey({ ...flow, server_saw: [flow.relay_src, flow.cport] } as SeenFlow);
}
