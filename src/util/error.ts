// The two kinds of failure that a user may see: what they asked for can't be done (`UserError`), and
// what could not be read of an input (`Damage`, counted, never thrown across a room).

/** Process exit codes; of several the first in the order 130, 2, 3, 4, 1 wins. */
export const EXIT = {
  ok: 0,
  ruleFailed: 1,
  usage: 2,
  unreadable: 3,
  damaged: 4,
  interrupted: 130,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** A fault of the request or of an input as a whole: one line, lower case, naming value, place and cure. */
export class UserError extends Error {
  constructor(
    message: string,
    readonly exitCode: ExitCode = EXIT.usage,
  ) {
    super(message);
    this.name = 'UserError';
  }
}

/** Whether an input is at fault, so that others can be read: not so where the machine leaves no room, for that is everybody's. */
export function isInputFault(error: unknown): error is UserError {
  return error instanceof UserError && error.exitCode === EXIT.unreadable;
}

/** What could not be read of an input: why, how often, and where it happened first (byte offset, uncompressed). */
export interface Damage {
  reason: string;
  count: number;
  offset: number | null;
}

/** Counts damage by reason; keeps the lowest offset. A list of these merges by sum and minimum. */
export class DamageLog {
  private readonly byReason = new Map<string, Damage>();

  add(reason: string, offset: number | null, count = 1): void {
    const known = this.byReason.get(reason);
    if (known === undefined) {
      this.byReason.set(reason, { reason, count, offset });
      return;
    }
    known.count += count;
    if (offset !== null && (known.offset === null || offset < known.offset)) known.offset = offset;
  }

  merge(damages: readonly Damage[]): void {
    for (const damage of damages) this.add(damage.reason, damage.offset, damage.count);
  }

  /** Sorted by reason, so that the order of reading leaves no trace. */
  list(): Damage[] {
    return [...this.byReason.values()].sort((a, b) => (a.reason < b.reason ? -1 : 1));
  }
}
