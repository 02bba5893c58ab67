// What the hot loop asks of the program around it, all of it seldom: once an unusual run, once a bin, once some hundred runs.

/** The lane of a new run; its key stands in the row. What is known is not asked for: see `laneFor`. */
export declare function laneOf(meta: i32, k0: i32, k1: i32, row: i32): i32;
/** A row that belongs to no flow. */
export declare function addOther(row: i32): void;
/** A packet that begins a bin, or lies outside the one that is open. */
export declare function addToBin(cell: i32, timeUs: f64, ipBytes: i32, wireBytes: i32): void;
/** So many runs in the outbox of this kind are to be taken. */
export declare function take(kind: i32, count: i32): void;
/** The recorder's clock was set back from this time. */
export declare function setBack(fromUs: f64): void;
/** See flows/doubts.ts. */
export declare function drainDoubts(): void;
export declare function nextDoubt(head: i32, end: i32, step: i32, before: i32, behind: i32, length: i32): i32;
