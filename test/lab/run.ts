// One run of the lab: the net is built, the router set up, flows and faults take their course, and what everyone saw
// is written down: FOLDER/{scenario,truth,truth_relay,summary,capture_stats}.json, router_setup.sh, pcap/, router/.

import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { release } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { clientAddress, type LabUplink, uplinkAddresses } from './addresses.js';
import { startCaptures } from './captures.js';
import { type Scene, switchFault, type TruthFault } from './faults.js';
import { Namespaces } from './namespaces.js';
import { buildNetwork, PARTS, partsOf } from './network.js';
import type { Scenario } from './scenario.js';
import { type Origin, type PlannedFlow, planFlows } from './schedule.js';
import { applySetUp, faultsOfSetUp } from './setup.js';
import { snapshot } from './snapshots.js';
import { summarise } from './summary.js';
import { Background, inside } from './tools.js';
import { joinFlows, type Truth, truthLan, truthUplinks } from './truth.js';
import type { Seen, Went } from './wire.js';
import { arrivedRows, forget, relayRows } from './witness.js';

export interface LabRun {
  truth: Truth;
  /** What was lacking or went wrong without spoiling the run, a line each. */
  remarks: string[];
}

/** Time for a neighbour to be found and everybody to be ready. */
const HEAD_START_MS = 500;
/** A snapshot of a fault is taken so long after it began. */
const SETTLED_SEC = 2;

/** Throws UserError where a tool or the set-up fails. Nothing is left of the net, however it ends. */
export async function runLab(
  scenario: Scenario,
  folder: string,
  say: (line: string) => void = () => {},
): Promise<LabRun> {
  for (const part of ['pcap', 'router']) mkdirSync(join(folder, part), { recursive: true });
  writeJson(folder, 'scenario.json', scenario);
  const uplinks = scenario.uplinks.map(({ weight, name }, index) => uplinkAddresses(index + 1, weight, name));
  const net = await Namespaces.create(partsOf(uplinks));
  try {
    return await course(scenario, folder, net, uplinks, say);
  } finally {
    await net.remove();
    for (const part of ['notes', 'setup-state']) rmSync(join(folder, part), { recursive: true, force: true });
  }
}

async function course(
  scenario: Scenario,
  folder: string,
  net: Namespaces,
  uplinks: LabUplink[],
  say: (line: string) => void,
): Promise<LabRun> {
  const router = net.name(PARTS.router);
  const setUp = { folder, router, scenario };
  const remarks = await buildNetwork(net, scenario, uplinks);
  await applySetUp(setUp, uplinks);
  const flows = planFlows(scenario, uplinks);
  const { servers, clients } = await startEnds(folder, net, scenario, flows);
  await snapshot(folder, router, 'start', scenario, true);
  if (scenario.keepalive > 0 && Object.keys(scenario.sysctl).length === 0) {
    remarks.push(...(await faultsOfSetUp(setUp)).map((fault) => `the set-up is not as it should be: ${fault}`));
  }
  const captures = await startCaptures(folder, router, scenario, uplinks, remarks);
  await forget(net, uplinks);

  const t0 = Date.now() + HEAD_START_MS;
  say(`${flows.length} flows in ${scenario.duration} s, then up to ${scenario.grace} s until the last has ended`);
  for (const one of clients) one.write(`${t0}\n`);
  const faults = scenario.faults.map(
    (fault, n): TruthFault => ({ ...fault, n, t_start_cmd: null, t_start: null, t_end_cmd: null, t_end: null }),
  );
  const scene: Scene = { net, scenario, uplinks: [...uplinks], applyAgain: () => applySetUp(setUp, scene.uplinks) };
  const timetable = new Timetable(t0, scenario.duration + scenario.grace);
  for (const fault of faults) planFault(timetable, scene, fault, folder, say);
  timetable.at(scenario.duration / 2, () => snapshot(folder, router, 'mid', scenario, false));
  const ends = clients.map((one) => one.end(scenario.duration + scenario.grace + 20));
  const [codes] = await Promise.all([Promise.all(ends), timetable.done()]);
  const failed = codes.findIndex((code) => code !== 0);
  if (failed >= 0) throw new Error(`clients ended with ${codes[failed]}: ${clients[failed].output.slice(0, 400)}`);

  await sleep(scenario.linger * 1000);
  await snapshot(folder, router, 'end', scenario, true);
  const [relayed, arrived] = [await relayRows(net, uplinks), await arrivedRows(net)];
  remarks.push(...(await captures.stop()));
  for (const one of servers) {
    one.endInput();
    if ((await one.end(10)) !== 0) throw new Error(`servers failed: ${one.output.slice(0, 400)}`);
  }

  const notes = {
    went: readNotes<Went>(folder, 'clients'),
    seen: readNotes<Seen>(folder, 'servers'),
    relayed,
    arrived,
  };
  const joined = joinFlows(notes, uplinks);
  const summary = summarise(joined, relayed, uplinks, faults);
  const truth: Truth = {
    scenario: scenario.name,
    desc: scenario.desc,
    clock: 'CLOCK_REALTIME seconds, same clock as the capture files',
    kernel: release(),
    t0: t0 / 1000,
    duration: scenario.duration,
    t_arrivals_end: t0 / 1000 + scenario.duration,
    config: scenario,
    uplinks: truthUplinks(uplinks),
    lan: truthLan(
      scenario,
      Array.from({ length: scenario.clients }, (_, index) => clientAddress(index, 4)),
    ),
    faults,
    flows: joined,
    summary: { ...summary },
  };
  writeJson(folder, 'truth.json', truth);
  writeJson(folder, 'truth_relay.json', relayed);
  writeJson(folder, 'summary.json', summary);
  return { truth, remarks };
}

/** Clients and servers, each a process in its namespace, ready to begin. */
async function startEnds(folder: string, net: Namespaces, scenario: Scenario, flows: readonly PlannedFlow[]) {
  const notes = join(folder, 'notes');
  mkdirSync(notes, { recursive: true });
  const worker = (script: 'servers' | 'clients', part: string, origins: readonly Origin[], ...args: number[]) => {
    const own = flows.filter(({ origin }) => origins.includes(origin));
    // The main ones stand for an empty schedule as well.
    if (own.length === 0 && !origins.includes('lan')) return [];
    const schedule = join(notes, `${part}-${script}-schedule.json`);
    writeFileSync(schedule, JSON.stringify(own));
    const path = fileURLToPath(new URL(`${script}.js`, import.meta.url));
    const command = [process.execPath, path, schedule, join(notes, `${part}-${script}.json`), ...args.map(String)];
    return [new Background(inside(net.name(part), command))];
  };
  const { retries, patience, grace } = scenario;
  const servers = [
    ...worker('servers', PARTS.internet, ['lan', 'router']),
    ...worker('servers', PARTS.clients, ['inbound']),
  ];
  // Retries have numbers and ports of their own, which one process alone gives out.
  const clients = [
    ...worker('clients', PARTS.clients, ['lan'], retries, patience, grace),
    ...worker('clients', PARTS.router, ['router'], 0, patience, grace),
    ...worker('clients', PARTS.internet, ['inbound'], 0, patience, grace),
  ];
  await Promise.all([...servers, ...clients].map((one) => one.saying(/ready/)));
  return { servers, clients };
}

function planFault(
  timetable: Timetable,
  scene: Scene,
  fault: TruthFault,
  folder: string,
  say: (line: string) => void,
): void {
  const router = scene.net.name(PARTS.router);
  const what = `${fault.kind} of uplink ${fault.uplink}`;
  const turn = async (on: boolean) => {
    const before = Date.now() / 1000;
    await switchFault(scene, fault, on);
    const after = Date.now() / 1000;
    if (on) Object.assign(fault, { t_start_cmd: before, t_start: after });
    else Object.assign(fault, { t_end_cmd: before, t_end: after });
    say(`${what} ${on ? 'begins' : 'ends'}`);
  };
  const { start, end, n } = fault;
  const { duration } = scene.scenario;
  timetable.at(start, () => turn(true));
  timetable.at(Math.min(start + SETTLED_SEC, ((end ?? duration) + start) / 2), () =>
    snapshot(folder, router, `fault${n}`, scene.scenario, false),
  );
  if (end !== null) timetable.at(end, () => turn(false));
}

/** Things to do at their times, in seconds after the first moment; one that fails fails the run. */
class Timetable {
  private readonly deeds: Promise<void>[] = [];

  constructor(
    private readonly t0Ms: number,
    private readonly lastSec: number,
  ) {}

  at(second: number, deed: () => Promise<void>): void {
    if (second > this.lastSec) return;
    const promise = sleep(Math.max(0, this.t0Ms + second * 1000 - Date.now())).then(deed);
    // Whoever waits for all hears of it; nobody else may.
    promise.catch(() => {});
    this.deeds.push(promise);
  }

  async done(): Promise<void> {
    await Promise.all(this.deeds);
  }
}

/** Of all processes of this kind. */
function readNotes<T>(folder: string, script: 'clients' | 'servers'): T[] {
  const notes = join(folder, 'notes');
  const files = readdirSync(notes).filter((name) => name.endsWith(`-${script}.json`));
  return files.flatMap((name) => JSON.parse(readFileSync(join(notes, name), 'utf8')) as T[]);
}

function writeJson(folder: string, name: string, value: unknown): void {
  writeFileSync(join(folder, name), `${JSON.stringify(value, null, 1)}\n`);
}
