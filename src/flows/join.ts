// Runs of consecutive parts of one input become whole runs: what the first runs of a part continue is decided in WebAssembly
// (hot/join.ts); what is open between two parts is kept here, in lists.

import { EXIT, UserError } from '../util/error.js';
import { type Hot, RunHost } from './instance.js';
import { GONE, HOT, MEMORY, OUTBOX, RUN_BYTES, RUN_WORDS, STATE } from './layout.js';
import { lasted, lastSight } from './merge.js';
import type { Timeouts } from './rules.js';
import { RunChunks, RunList, type RunTaker } from './runs.js';
import { TOO_MANY } from './table.js';

/** Takes a whole run; the record is valid during the call. `at` is its first word. */
export type RunSink = (runs: RunList, at: number) => void;

/** The runs of a part that are not whole by themselves. */
export interface PartRuns {
  /** Whether there may be some whose past is unknown. */
  leftOpen: boolean;
  /** Ended, their past unknown: in the order in which they ended. */
  heads: RunList[];
  /** Live at the part's end, each the last of its key. */
  live: RunList[];
  /** What those with an unknown past are in doubt about: see `Doubts`. */
  doubts: Int32Array;
}

/** Takes lists of runs that are all over, when the clock stood at `clock`; which of them by silence is for it to mark (`endRuns`). */
export type ListSink = (list: RunList, clock: number) => void;

/** Joins the parts of one input, one after the other. */
export class Joiner {
  /** Runs open at the end of the parts joined so far. */
  private carried: RunList[] = [];
  private clock = Number.NEGATIVE_INFINITY;

  /**
   * What is open at the end of the input goes to `emitAll`, all else to `emit`, whose lists are lent. `room` is asked for
   * the instance in which parts are joined, when one is needed.
   */
  constructor(
    private readonly timeouts: Timeouts,
    private readonly room: () => Hot,
    private readonly emit: RunTaker,
    private readonly emitAll: ListSink,
  ) {}

  /**
   * Appends the next part, whose lists are taken over. `stepClock` is where the recorder's clock stood before it was first
   * set back, null where it never was; `clock` where it stood at the end. `last` says that the input ends here, so that
   * nothing need be held.
   */
  join(part: PartRuns, stepClock: number | null, clock: number, last: boolean): void {
    const { live } = part;
    this.clock = clock;
    // All of the past is known: there is nothing to decide.
    if (this.carried.length === 0 && !part.leftOpen) this.carried = live.splice(0);
    else this.carried = this.decide(part, stepClock, last);
    if (last) this.finish();
  }

  /** Ends the input: everything open is handed over. */
  finish(): void {
    for (const list of this.carried.splice(0)) this.emitAll(list, this.clock);
  }

  private decide({ heads, live, doubts }: PartRuns, stepClock: number | null, last: boolean): RunList[] {
    const { carried, clock, timeouts, emit } = this;
    const hot = this.room();
    const still = new RunChunks();
    const host = new RunHost(hot);
    host.hand(OUTBOX.rest, still);
    host.hand(OUTBOX.closed, emit);
    const counts = [carried, heads, live].map((lists) => lists.reduce((sum, { count }) => sum + count, 0));
    const [open, ended, alive] = counts;
    hot.begin(timeouts, 0, false, false, 0);
    const at = hot.calls.roomFor(open, ended, alive, doubts.length) >>> 0;
    if (at === 0) throw new UserError(TOO_MANY, EXIT.unreadable);
    hot.fillRuns(MEMORY.runs + RUN_BYTES, carried.splice(0));
    const next = hot.fillRuns(at, heads.splice(0));
    hot.fill(hot.fillRuns(next, live.splice(0)), doubts);
    hot.calls.join(open, ended, alive, stepClock ?? Number.POSITIVE_INFINITY, clock, last);
    return still.take().map((buffer) => RunList.of(buffer));
  }
}

/** Hands over the runs of a list that end with their input, where the clock stood at `clock`; those that are gone it passes over. */
export function endRuns(list: RunList, clock: number, timeouts: Timeouts, emit: RunSink): void {
  const { words, count } = list;
  for (let at = 0; at < count * RUN_WORDS; at += RUN_WORDS) {
    if (words[at + HOT.meta] === GONE) continue;
    markIdle(list, at, clock, timeouts);
    emit(list, at);
  }
}

/** Whether a run is over at the clock by its silence; it is then marked so. */
function markIdle(list: RunList, at: number, clock: number, timeouts: Timeouts): boolean {
  const { words } = list;
  const silence = clock - lastSight(list, at);
  if (silence <= timeouts.least) return false;
  const state = words[at + HOT.state];
  const idle = silence > timeouts.of(words[at + HOT.meta], state, lasted(list, at));
  if (idle) words[at + HOT.state] = state | STATE.idled;
  return idle;
}
