// Loops over the ledger's rows: the room's way in, for tally/room.ts. Nothing is kept from call to call but what lies in the
// memory, and each array is told by where it stands there.

export { areNamed, askers, nextTie, numberPairs, tell } from './asking.js';
export { balanceRows } from './balance.js';
export { countBlocks, fillXLogX } from './blocks.js';
export { nextHeavy, sumHosts, sumListed } from './hosts.js';
export { countByUplink, countPlaces, numberServers, numberTuples, sumKeys } from './keys.js';
export { sortRows } from './order.js';
export { takeRanks } from './ranks.js';
export { countHandshakes, takeHandshakes, takeSizes } from './sizes.js';
export { release, take, top } from './space.js';
export { countCells, sumClusters, sumOfSquares, sumSizes } from './sums.js';
export { packTimes, spanOf, takeFirsts, unpackTimes } from './times.js';
