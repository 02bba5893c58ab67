// The cells of the calibration: routers and traffic that the measures are tried on.

import type { Cell } from './traffic.js';

export interface NamedCell extends Cell {
  name: string;
}

const WEIGHTS: readonly (readonly number[])[] = [
  [1, 1],
  [4, 1],
  [12, 1],
  [3, 2, 1],
  [12, 4, 2, 1],
];

/** Size and coverage: the router does what its weights say. */
export function nullCells(): NamedCell[] {
  const cells: NamedCell[] = [];
  for (const clientsVisible of [true, false]) {
    for (const [policy, family] of [
      ['l3', 4],
      ['l4', 4],
      ['l4', 6],
    ] as const) {
      for (const weights of family === 6 ? WEIGHTS.slice(1, 4) : WEIGHTS) {
        for (const flaps of [0, 10]) {
          const flows = policy === 'l3' && clientsVisible ? 800 : 400;
          cells.push(named({ policy, family, clientsVisible, weights, flows, flaps }));
        }
      }
    }
  }
  return cells;
}

/**
 * Power: as many connections as decisions are needed, and the first uplink five points off, to either side, the others in
 * proportion. Stated is 80 %: towards a half a share varies more than its weight says, away from it less.
 */
export function powerCells(): (NamedCell & { needed: number; points: number })[] {
  return (
    [
      [[1, 1], 785],
      [[4, 1], 502],
      [[3, 2, 1], 963],
      [[1, 1, 1, 1], 818],
    ] as const
  ).flatMap(([judged, needed]) =>
    [-0.05, 0.05].map((points) => {
      const sum = judged.reduce<number>((total, weight) => total + weight, 0);
      const [first, ...others] = judged.map((weight) => weight / sum);
      const off = first + points;
      const weights = [off, ...others.map((share) => (share * (1 - off)) / (1 - first))];
      const cell: Cell = { policy: 'l4', family: 4, clientsVisible: true, weights, judged, flows: needed, flaps: 0 };
      return { ...named({ ...cell, weights: judged }), ...cell, needed, points };
    }),
  );
}

/** Two spans of one router, of which the second meets many pairs of the first again. */
export function twoSpanCells(): NamedCell[] {
  return [true, false].flatMap((clientsVisible) =>
    (['l3', 'l4'] as const).flatMap((policy) =>
      [
        [1, 1],
        [12, 1],
        [3, 2, 1],
      ].map((weights) => named({ policy, family: 4, clientsVisible, weights, flows: 500, flaps: 0 })),
    ),
  );
}

function named(cell: Cell): NamedCell {
  const { policy, family, clientsVisible, weights, flaps } = cell;
  const key = policy === 'l3' ? 'policy 0' : family === 6 ? 'IPv6, by flow' : 'policy 1';
  const seen = clientsVisible ? 'clients seen' : 'clients hidden';
  return { ...cell, name: `${key}, ${seen}, ${weights.join(':')}${flaps > 0 ? `, ${flaps} outages` : ''}` };
}
