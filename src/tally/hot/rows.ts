// Loops over the ledger's rows: the room's way in, for tally/room.ts. Nothing is kept from call to call but what lies in the
// memory, and each array is told by where it stands there.

export { areNamed, askers, nextTie, numberPairs, tell } from './asking.js';
export { sortRows } from './order.js';
export { release, take, top } from './space.js';
