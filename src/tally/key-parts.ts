// What flows are told apart by where they are made into keys, as numbers that the room shares.

/** The server alone, client and server, or those with ports and protocol. */
export const KEY_OF = { server: 0, pair: 1, tuple: 2 } as const;

/** Sums of all keys by uplink: so many uplinks a column, for a ledger's numbers are bytes. */
export const SUMMED = { flows: 0, ipBytes: 256, packets: 512, numbers: 768 } as const;

/** What is counted while the rows of the balance are picked. */
export const BALANCED = { rows: 0, pinned: 1, unnamed: 2, numbers: 3 } as const;

/** Sums of sizes. */
export const SIZES = { most: 0, sum: 1, numbers: 2 } as const;

/** Exponents that sizes of flows are told by: the smallest n with size <= 2^n. */
export const EXPONENTS = 64;

/** What is asked of decisions before they are sorted. */
export const SPAN = { count: 0, first: 1, last: 2, numbers: 3 } as const;
