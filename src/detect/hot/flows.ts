// What the scan is fed with, as it stands in the room's memory: see detect/evidence.ts, where the fields are told.

/** The length of a column is `count`, never its own: what was put in is bare numbers. */
export class Flows {
  constructor(
    readonly count: i32,
    readonly keys: i32,
    readonly servers: i32,
    readonly startUs: StaticArray<f64>,
    readonly uplink: StaticArray<u8>,
    readonly key: StaticArray<i32>,
    readonly server: StaticArray<i32>,
    readonly demand: StaticArray<u8>,
    readonly waitUs: StaticArray<i32>,
    readonly draw: StaticArray<u8>,
  ) {}
}

export class Marks {
  constructor(
    readonly count: i32,
    readonly times: StaticArray<f64>,
    readonly codes: StaticArray<i32>,
  ) {}
}

/** See detect/settings.ts. */
export class Options {
  constructor(
    readonly uplinks: i32,
    /** By uplink: 1 where its packets would be seen. */
    readonly inView: StaticArray<u8>,
    /** By uplink; null where no weights are known. */
    readonly shares: StaticArray<f64> | null,
    readonly startUs: f64,
    /** 1 or 0; less where it is not known. */
    readonly perFlow: i32,
    readonly clientsVisible: bool,
    readonly leastGapUs: f64,
    readonly isLog: bool,
    readonly alarmsPerYear: f64,
  ) {}
}
