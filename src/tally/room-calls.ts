// What the room of rows offers, as the program around it sees it.

/** See hot/rows.ts and what it hands on. Arrays are told by where they stand in the room's memory. */
export interface RoomCalls {
  top(): number;
  take(bytes: number): number;
  release(to: number): void;
  sortRows(rows: number, count: number, times: number): void;
  askers(count: number, origin: number, course: number, rows: number): number;
  areNamed(rows: number, count: number, client: number): number;
  tell(
    from: number,
    to: number,
    rows: number,
    allStartUs: number,
    allUplinks: number,
    allServers: number,
    protocol: number,
    origin: number,
    course: number,
    answerUs: number,
    ipUp: number,
    packetsUp: number,
    demandOf: number,
    bare: number,
    unseen: number,
    patienceUs: number,
    startUs: number,
    uplink: number,
    server: number,
    demand: number,
    draw: number,
    waitUs: number,
  ): void;
  nextTie(startUs: number, from: number, count: number): number;
  numberPairs(count: number, rows: number, client: number, server: number, key: number): number;
  sumHosts(
    count: number,
    column: number,
    hosts: number,
    uplinks: number,
    origin: number,
    course: number,
    uplink: number,
    ipUp: number,
    ipDown: number,
    flows: number,
    up: number,
    down: number,
    counted: number,
    byUplink: number,
  ): number;
  nextHeavy(from: number, hosts: number, flows: number, up: number, down: number, least: number): number;
  sumListed(
    count: number,
    column: number,
    placeOf: number,
    uplinks: number,
    origin: number,
    uplink: number,
    ipUp: number,
    ipDown: number,
    byUplink: number,
  ): void;
  takeSizes(
    all: number,
    origin: number,
    course: number,
    ipUp: number,
    ipDown: number,
    sizes: number,
    flows: number,
    ipBytes: number,
  ): number;
  countHandshakes(
    all: number,
    protocol: number,
    origin: number,
    answerUs: number,
    uplink: number,
    counts: number,
  ): void;
  takeHandshakes(
    all: number,
    protocol: number,
    origin: number,
    answerUs: number,
    uplink: number,
    places: number,
    delays: number,
  ): void;
  takeRanks(values: number, count: number, ranks: number, wanted: number): number;
  balanceRows(
    all: number,
    origin: number,
    uplink: number,
    client: number,
    server: number,
    eligible: number,
    leftOut: number,
    isPinned: number,
    rows: number,
    found: number,
  ): void;
  numberServers(count: number, rows: number, server: number, hosts: number, keyOf: number, first: number): number;
  numberTuples(
    count: number,
    rows: number,
    client: number,
    server: number,
    ports: number,
    protocol: number,
    hashesPorts: number,
    sixOf: number,
    four: number,
    six: number,
    keyOf: number,
    first: number,
  ): number;
  sumKeys(
    count: number,
    rows: number,
    keyOf: number,
    regimeOf: number,
    keys: number,
    startUs: number,
    uplink: number,
    ports: number,
    protocol: number,
    ipUp: number,
    ipDown: number,
    packetsUp: number,
    packetsDown: number,
    first: number,
    keyFlows: number,
    keyBytes: number,
    keyPackets: number,
    summed: number,
  ): void;
  countByUplink(
    count: number,
    rows: number,
    keyOf: number,
    regimeOf: number,
    regime: number,
    uplink: number,
    placeOf: number,
    uplinks: number,
    counts: number,
  ): void;
  countPlaces(
    count: number,
    rows: number,
    regimeOf: number,
    uplink: number,
    placeOf: number,
    uplinks: number,
    counts: number,
  ): void;
  sumSizes(sizes: number, count: number, sums: number): void;
  sumOfSquares(sizes: number, count: number, most: number): number;
  countCells(
    count: number,
    rows: number,
    keyOf: number,
    regimeOf: number,
    stratumOf: number,
    uplink: number,
    placeOf: number,
    uplinks: number,
    cells: number,
    counts: number,
  ): void;
  sumClusters(counts: number, length: number, cells: number, used: number, sums: number, products: number): void;
  takeFirsts(
    keys: number,
    first: number,
    uplink: number,
    startUs: number,
    placeOf: number,
    places: number,
    startsUs: number,
  ): void;
  spanOf(all: number, codes: number, startsUs: number, span: number): void;
  packTimes(
    all: number,
    codes: number,
    startsUs: number,
    first: number,
    step: number,
    cells: number,
    packed: number,
  ): void;
  unpackTimes(
    count: number,
    packed: number,
    first: number,
    step: number,
    cells: number,
    startUs: number,
    codes: number,
  ): void;
  countBlocks(
    first: number,
    all: number,
    codes: number,
    regimes: number,
    places: number,
    full: number,
    open: number,
    regimeOf: number,
    lasts: number,
    sizes: number,
    counts: number,
    totals: number,
    sums: number,
  ): number;
  fillXLogX(count: number, table: number): void;
}
