// Finished flows become rows for `mlstat flows`, in an order that no cut of the input changes.

import { FLOW } from '../flows/connection.js';
import { FLOW_COLUMNS, type FlowRow } from '../flows/row.js';
import type { ConnectionSink } from '../flows/stitch.js';
import { CLASS } from '../uplinks/lanes.js';
import type { Topology } from '../uplinks/topology.js';
import { formatAddress } from '../util/address.js';
import { Spool } from './spool.js';

const ROWS_AT_A_TIME = 4096;

export class FlowRows {
  private readonly rows = new Spool<FlowRow>({
    compare: compareRows,
    write: (row) => JSON.stringify(FLOW_COLUMNS.map((column) => row[column])),
    read: (line) => {
      const values: unknown[] = JSON.parse(line);
      return Object.fromEntries(FLOW_COLUMNS.map((column, n) => [column, values[n]])) as unknown as FlowRow;
    },
  });

  /** Takes flows; a LAN flow whose WAN copy stands for it is no row of its own. */
  taker(topology: Topology): ConnectionSink {
    const nameOf = (uplink: number) => (uplink < 0 ? null : topology.uplinks[uplink].name);
    return (flow, _duplicates, named) => {
      if (named && flow.class === CLASS.lan) return;
      const up = flow.initiator;
      const down = (1 - up) as 0 | 1;
      const echo = flow.protocol === 1 || flow.protocol === 58;
      const { told } = flow;
      const counted = (flow.knowledge & FLOW.uncounted) === 0;
      this.rows.add({
        proto: flow.protocol,
        initiator: formatAddress(flow.family, flow.words[up]),
        initiatorPort: flow.hasPorts ? flow.port(up) : null,
        responder: formatAddress(flow.family, flow.words[down]),
        responderPort: flow.hasPorts && !echo ? flow.port(down) : null,
        client: flow.client === null ? null : formatAddress(flow.family, flow.client),
        clientPort: flow.client === null || flow.clientPort < 0 ? null : flow.clientPort,
        uplink: nameOf(flow.uplink),
        egress: nameOf(flow.egress),
        origin: flow.origin,
        startUs: told === null ? flow.startUs : told.startUs,
        endUs: told === null ? flow.endUs : told.endUs,
        packetsUp: counted ? flow.packets[up] : null,
        packetsDown: counted ? flow.packets[down] : null,
        ipBytesUp: counted ? flow.ipBytes[up] : null,
        ipBytesDown: counted ? flow.ipBytes[down] : null,
        wireBytesUp: told === null ? flow.wireBytes[up] : null,
        wireBytesDown: told === null ? flow.wireBytes[down] : null,
        state: flow.flowState,
        end: flow.flowEnd,
      });
    };
  }

  /** All rows: by end, then start, then key. */
  async hand(emit: (rows: FlowRow[]) => void | Promise<void>): Promise<void> {
    let some: FlowRow[] = [];
    for (const row of this.rows.sorted()) {
      some.push(row);
      if (some.length < ROWS_AT_A_TIME) continue;
      await emit(some);
      some = [];
    }
    if (some.length > 0) await emit(some);
  }

  /** Gives up what was kept. */
  close(): void {
    this.rows.close();
  }
}

function compareRows(a: FlowRow, b: FlowRow): number {
  return (
    (a.endUs ?? 0) - (b.endUs ?? 0) ||
    (a.startUs ?? 0) - (b.startUs ?? 0) ||
    a.proto - b.proto ||
    order(a.initiator, b.initiator) ||
    order(a.responder, b.responder) ||
    (a.initiatorPort ?? -1) - (b.initiatorPort ?? -1) ||
    (a.responderPort ?? -1) - (b.responderPort ?? -1) ||
    // Equal in all of these they are sights at different points: told apart by what they hold.
    order(JSON.stringify(a), JSON.stringify(b))
  );
}

function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
