// What better means: a target becomes a loss for each repetition of a candidate, and what counts as a difference.

import type { TuningTarget } from '../report/tuning.js';
import type { KnownUplink } from './traffic.js';

/** A line is to be loaded no higher: above it the wanted traffic is cut off, so figures say "at least". */
export const FULL = 0.9;
/** Losses nearer to each other than this are the same: of worst utilisation … */
export const LEAST_GAIN = 0.05;
/** … of a split, in percentage points … */
const LEAST_POINTS = 1;
/** … of the metered part of the bytes. */
const LEAST_METERED = 0.01;
/** What holds in this part of the draws is taken for sure. */
export const SURE = 0.95;

/** One candidate's draws, by uplink and repetition. */
export interface Outcome {
  /** By uplink: part of all bytes. */
  bytes: Float64Array[];
  /** By uplink: the higher of both directions' p95 against the capacity; null without one. */
  load: (Float64Array | null)[];
}

export interface Goal {
  /** By repetition; the lower, the better. */
  lossOf(outcome: Outcome): Float64Array;
  /** Whether it can be thought of at all. */
  isFit(outcome: Outcome): boolean;
  /** Losses that differ by this or less are as good as each other. */
  margin(loss: number): number;
  /** Shares that come nearest, were weights not whole numbers; null where they can't be told. */
  ideal: number[] | null;
  /** Lower for shares that promise more. */
  score(shares: readonly number[]): number;
}

/** `demand` are the bytes of all uplinks each way. */
export function goalOf(
  target: TuningTarget,
  uplinks: readonly KnownUplink[],
  demand: { up: number; down: number },
): Goal {
  const room = uplinks.map((uplink) => roomOf(uplink, demand));
  if (target.kind === 'split') return splitGoal(target.split as number[]);
  if (target.kind === 'metered') {
    return meteredGoal(
      uplinks.map(({ name }) => target.metered.includes(name)),
      room,
    );
  }
  return {
    lossOf: ({ load }) => highest(load),
    isFit: () => true,
    margin: (loss) => LEAST_GAIN * loss,
    ideal: proportions(room),
    score: (shares) => Math.max(...shares.map((share, n) => share / (room[n] ?? 1))),
  };
}

/** By repetition the highest load; 0 where none is known. */
export function highest(loads: readonly (Float64Array | null)[]): Float64Array {
  const known = loads.filter((load) => load !== null);
  const most = new Float64Array(known[0]?.length ?? 0);
  for (const load of known) for (let i = 0; i < most.length; i++) if (load[i] > most[i]) most[i] = load[i];
  return most;
}

function splitGoal(split: readonly number[]): Goal {
  return {
    lossOf: ({ bytes }) => {
      const loss = new Float64Array(bytes[0]?.length ?? 0);
      for (let i = 0; i < loss.length; i++) {
        for (let n = 0; n < bytes.length; n++) loss[i] = Math.max(loss[i], 100 * Math.abs(bytes[n][i] - split[n]));
      }
      return loss;
    },
    isFit: () => true,
    margin: () => LEAST_POINTS,
    ideal: [...split],
    score: (shares) => Math.max(...shares.map((share, n) => Math.abs(share - split[n]))),
  };
}

/** As little as may be by the metered uplinks, as long as none of the others is full. */
function meteredGoal(metered: readonly boolean[], room: readonly (number | null)[]): Goal {
  const rest = room.map((part, n) => (metered[n] ? 0 : part));
  return {
    lossOf: ({ bytes }) => {
      const loss = new Float64Array(bytes[0]?.length ?? 0);
      bytes.forEach((part, n) => {
        if (metered[n]) for (let i = 0; i < loss.length; i++) loss[i] += part[i];
      });
      return loss;
    },
    isFit: ({ load }) => {
      const worst = highest(load.filter((_, n) => !metered[n]));
      return worst.filter((part) => part <= FULL).length >= SURE * worst.length;
    },
    margin: () => LEAST_METERED,
    ideal: proportions(rest),
    score: (shares) =>
      shares.reduce((sum, share, n) => sum + (metered[n] ? share : 0), 0) * 1e3 +
      Math.max(...shares.map((share, n) => (metered[n] ? 0 : share / (room[n] ?? 1)))),
  };
}

/** What an uplink could take of the whole demand, by its tighter direction; null without a capacity. */
function roomOf({ capacity }: KnownUplink, demand: { up: number; down: number }): number | null {
  const rooms = (['up', 'down'] as const).flatMap((direction) => {
    const bps = capacity[direction];
    return bps === null ? [] : [bps / Math.max(1, demand[direction])];
  });
  return rooms.length === 0 ? null : Math.min(...rooms);
}

function proportions(parts: readonly (number | null)[]): number[] | null {
  const sum = parts.reduce<number>((total, part) => total + (part ?? 0), 0);
  return parts.some((part) => part === null) || sum <= 0 ? null : parts.map((part) => (part as number) / sum);
}
