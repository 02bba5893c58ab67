// The LAN of the lab, a process in its namespace that speaks from every client's address (or the router, or hosts of
// the internet, where the flows of the schedule are theirs): starts each flow of the
// schedule at its time and notes how it went. `node clients.js SCHEDULE OUT RETRIES PATIENCE_SEC GRACE_SEC`; says
// "ready", begins at the time (milliseconds since the epoch) that it is given, writes OUT when all is over.

import { readFileSync, writeFileSync } from 'node:fs';
import { askTcp } from './client-tcp.js';
import { askUdp, ping } from './client-udp.js';
import type { PlannedFlow } from './schedule.js';
import { nowSec, type Went } from './wire.js';

/** Retries have ports and numbers of their own. */
const RETRY_PORTS = { first: 46_000, count: 19_000 };
const FIRST_RETRY = 100_001;
const RETRY_AFTER_MS = 500;

const [schedule, out, ...figures] = process.argv.slice(2) as [string, string, ...string[]];
const [retries, patienceSec, graceSec] = figures.map(Number) as [number, number, number];
const flows = JSON.parse(readFileSync(schedule, 'utf8')) as PlannedFlow[];

const done: Went[] = [];
const open = new Map<number, Went>();
let retried = 0;
let pending = flows.length;

process.stdout.write('ready\n');
process.stdin.once('data', (text: Buffer) => begin(Number(text.toString('utf8'))));
// The lab is gone.
process.stdin.on('end', () => process.exit(1));

function begin(t0Ms: number): void {
  for (const flow of flows) setTimeout(() => start(flow, retries), t0Ms + flow.at * 1000 - Date.now());
  const last = flows.at(-1)?.at ?? 0;
  setTimeout(finish, t0Ms + (last + graceSec) * 1000 - Date.now());
  if (flows.length === 0) finish();
}

function start(flow: PlannedFlow, retriesLeft: number, retryOf?: number): void {
  const { fid, origin, proto, kind, cip, cport, sip, sport } = flow;
  const went: Went = {
    ...{ fid, origin, proto, kind, start: nowSec(), end: 0, cip, cport, sip, sport, up: 0, down: 0 },
    outcome: 'in_progress_at_end',
    ...(retryOf !== undefined && { retry_of: retryOf }),
  };
  open.set(fid, went);
  const ask = proto === 'tcp' ? askTcp : proto === 'udp' ? askUdp : ping;
  ask(flow, went, patienceSec, () => {
    if (!open.delete(fid)) return;
    went.end = nowSec();
    done.push(went);
    const again = went.outcome !== 'completed' && retriesLeft > 0;
    if (again) {
      const cport = RETRY_PORTS.first + (retried % RETRY_PORTS.count);
      const another = { ...flow, fid: FIRST_RETRY + retried, cport };
      retried++;
      setTimeout(() => start(another, retriesLeft - 1, fid), RETRY_AFTER_MS);
    } else if (--pending === 0) finish();
  });
}

function finish(): void {
  const unfinished = [...open.values()].map((went) => ({ ...went, end: nowSec() }));
  writeFileSync(out, JSON.stringify([...done, ...unfinished]));
  process.exit(0);
}
