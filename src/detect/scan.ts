// Flows and marks become what is found in them: an instance of the scan (src/detect/hot, WebAssembly), made for once.

import { instanceOf, moduleOf, withRoom } from '../util/wasm.js';
import type { Flows, Marks } from './evidence.js';
import {
  BROWNOUT,
  type Brownout,
  CHANGE,
  type Change,
  FOUND,
  type Found,
  GAP,
  RECORD_FIELDS,
  SILENCE,
  type Silence,
  type SpanUs,
  THIN,
  type Thin,
} from './found.js';
import { CODE } from './hot/code.js';
import type { DetectorOptions } from './settings.js';

/** What the room offers: see hot/scan.ts. Columns are told by where they stand in its memory. */
interface ScanCalls {
  readonly memory: { readonly buffer: ArrayBuffer };
  roomFor(bytes: number): number;
  setFlows(
    count: number,
    keys: number,
    servers: number,
    startUs: number,
    uplink: number,
    key: number,
    server: number,
    demand: number,
    waitUs: number,
    draw: number,
  ): void;
  setMarks(count: number, times: number, codes: number): void;
  addHole(startUs: number, endUs: number): void;
  setOptions(
    uplinks: number,
    inView: number,
    shares: number,
    startUs: number,
    perFlow: number,
    clientsVisible: boolean,
    leastGapUs: number,
    isLog: boolean,
    alarmsPerYear: number,
  ): void;
  scan(endUs: number): void;
  watchGaps(count: number, times: number, leastGapUs: number): void;
  countOf(kind: number): number;
  tell(kind: number, n: number): number;
}

/** What the room has for null, and for an answer that is not known. */
const NULL = 0;
const NOT_KNOWN = -1;

let code: object | undefined;

export interface ScanInput {
  flows: Flows;
  marks: Marks;
  /** Spans that no input covers, in the order of time. */
  holes: readonly SpanUs[];
  options: DetectorOptions;
  /** What is looked at ends here, microseconds. */
  endUs: number;
}

/** Takes what is to be scanned, perhaps elsewhere; returns what waits for it and tells what was found, once. */
export type Scanner = (input: ScanInput) => () => Found;

/** Scans all flows and marks. */
export function scan({ flows, marks, holes, options, endUs }: ScanInput): Found {
  const room = new ScanRoom();
  room.takeFlows(flows);
  room.calls.setMarks(marks.times.length, room.put(marks.times), room.put(marks.codes));
  for (const hole of holes) room.calls.addHole(hole.startUs, hole.endUs);
  room.takeOptions(options);
  room.calls.scan(endUs);
  return {
    outages: room.all(FOUND.outage, silenceOf),
    brownouts: room.all(FOUND.brownout, brownoutOf),
    thin: room.all(FOUND.thin, thinOf),
    gaps: room.all(FOUND.gap, gapOf),
  };
}

/** Spans without an event that chance alone would not make; events in the order of time. See hot/gaps.ts. */
export function gapsIn(times: Float64Array, leastGapUs: number): SpanUs[] {
  const room = new ScanRoom();
  room.calls.watchGaps(times.length, room.put(times), leastGapUs);
  return room.all(FOUND.gap, gapOf);
}

/** Its memory is never given back: there is a new one each time. */
class ScanRoom {
  readonly calls: ScanCalls;

  constructor() {
    code ??= moduleOf(CODE);
    this.calls = instanceOf<ScanCalls>(code, { math: Math });
  }

  /** Copies an array into the room; returns where it stands there. */
  put({ buffer, byteOffset, byteLength }: Float64Array | Int32Array | Uint8Array): number {
    const at = withRoom(() => this.calls.roomFor(byteLength)) >>> 0;
    // The memory may have grown: arrays over it must be made anew.
    new Uint8Array(this.calls.memory.buffer, at, byteLength).set(new Uint8Array(buffer, byteOffset, byteLength));
    return at;
  }

  takeFlows(flows: Flows): void {
    const { count, keys, servers, startUs, uplink, key, server, demand, waitUs, draw } = flows;
    const serverAt = this.put(server);
    this.calls.setFlows(
      count,
      keys,
      servers,
      this.put(startUs),
      this.put(uplink),
      key === server ? serverAt : this.put(key),
      serverAt,
      this.put(demand),
      this.put(waitUs),
      this.put(draw),
    );
  }

  takeOptions(options: DetectorOptions): void {
    const { uplinks, inView, shares, startUs, perFlow, clientsVisible, leastGapUs, isLog, settings } = options;
    this.calls.setOptions(
      uplinks,
      this.put(Uint8Array.from(inView, Number)),
      shares === null ? NULL : this.put(Float64Array.from(shares)),
      startUs,
      perFlow === null ? NOT_KNOWN : Number(perFlow),
      clientsVisible,
      leastGapUs,
      isLog,
      settings.alarmsPerYear,
    );
  }

  /** What was found of one kind. */
  all<T>(kind: number, read: (record: Float64Array) => T): T[] {
    const { countOf, tell, memory } = this.calls;
    return Array.from({ length: countOf(kind) }, (_, n) => {
      const at = tell(kind, n);
      return read(new Float64Array(memory.buffer, at, RECORD_FIELDS));
    });
  }
}

function silenceOf(record: Float64Array): Silence {
  return { ...fieldsOf(SILENCE, record), fromStart: record[SILENCE.fromStart] === 1 };
}

function brownoutOf(record: Float64Array): Brownout {
  const { hasEnd, ...fields } = fieldsOf(BROWNOUT, record);
  const end = hasEnd === 1 ? changeOf(record.subarray(BROWNOUT.end)) : null;
  return { ...fields, start: changeOf(record.subarray(BROWNOUT.start)), end };
}

function changeOf(record: Float64Array): Change {
  return fieldsOf(CHANGE, record);
}

function thinOf(record: Float64Array): Thin {
  return { ...fieldsOf(THIN, record), idle: record[THIN.idle] === 1 };
}

function gapOf(record: Float64Array): SpanUs {
  return fieldsOf(GAP, record);
}

function fieldsOf<Name extends string>(places: Record<Name, number>, record: Float64Array): Record<Name, number> {
  const fields = {} as Record<Name, number>;
  for (const name of Object.keys(places) as Name[]) fields[name] = record[places[name]];
  return fields;
}
