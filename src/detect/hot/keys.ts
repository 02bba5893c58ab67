// What a flow that starts elsewhere says against a silent uplink: nothing, where its decision key belongs elsewhere anyway.

/** Pairs seen again before the hash policy can be told from them. */
const LEAST_REPEATS: f64 = 30;
const NOBODY: i16 = -1;
const SEVERAL: i16 = -2;

export class Keys {
  private readonly owner: StaticArray<i16>;
  private readonly lastUs: StaticArray<f64>;
  private repeats: f64 = 0;
  private same: f64 = 0;
  private byChance: f64 = 0;
  private perFlowNow: bool = false;
  private ownerNow: i32 = NOBODY;
  private lastNow: f64 = 0;

  /** `perFlow`: 1, each connection is a decision of its own (hash policy 1); 0, it is not; else that is not known. */
  constructor(
    keys: i32,
    private readonly perFlow: i32,
    private readonly clientsVisible: bool,
  ) {
    this.owner = new StaticArray<i16>(keys).fill(NOBODY);
    this.lastUs = new StaticArray<f64>(keys).fill(Number.NEGATIVE_INFINITY);
  }

  /** By whom a key was used so far, and when last; to be asked before `started`. */
  look(key: i32): void {
    this.perFlowNow = this.isPerFlow;
    this.ownerNow = this.owner[key];
    this.lastNow = this.lastUs[key];
  }

  /**
   * Whether a flow of the key looked at that starts elsewhere might as well have started on `uplink`: the key is new, or has been
   * there, or connections are decided one by one; and it was not counted since `sinceUs`.
   */
  speaksAgainst(uplink: i32, sinceUs: f64): bool {
    if (this.perFlowNow) return true;
    return (this.ownerNow < 0 || this.ownerNow === uplink) && !(this.lastNow > sinceUs);
  }

  started(key: i32, uplink: i32, timeUs: f64, share: f64): void {
    const owner = this.owner[key];
    if (owner !== NOBODY && this.clientsVisible) {
      this.repeats++;
      this.byChance += share;
      if (owner === uplink) this.same++;
    }
    if (owner === NOBODY) this.owner[key] = <i16>uplink;
    else if (owner !== uplink) this.owner[key] = SEVERAL;
    this.lastUs[key] = timeUs;
  }

  /** Pairs came back to the same uplink hardly more often than by chance. */
  private get isPerFlow(): bool {
    if (this.perFlow >= 0) return this.perFlow === 1;
    if (this.repeats < LEAST_REPEATS) return false;
    return this.same < (this.byChance + this.repeats) / 2;
  }
}
