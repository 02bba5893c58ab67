// What a flow that starts elsewhere says against a silent uplink: nothing, where its decision key belongs elsewhere anyway.

/** Pairs seen again before the hash policy can be told from them. */
const LEAST_REPEATS = 30;
const NOBODY = -1;
const SEVERAL = -2;

export class Keys {
  private readonly owner: Int16Array;
  private readonly lastUs: Float64Array;
  private repeats = 0;
  private same = 0;
  private byChance = 0;
  private perFlowNow = false;
  private ownerNow = NOBODY;
  private lastNow = 0;

  /** `perFlow`: each connection is a decision of its own (hash policy 1); null where that is not known. */
  constructor(
    keys: number,
    private readonly perFlow: boolean | null,
    private readonly clientsVisible: boolean,
  ) {
    this.owner = new Int16Array(keys).fill(NOBODY);
    this.lastUs = new Float64Array(keys).fill(Number.NEGATIVE_INFINITY);
  }

  /** By whom a key was used so far, and when last; to be asked before `started`. */
  look(key: number): void {
    this.perFlowNow = this.isPerFlow;
    this.ownerNow = this.owner[key];
    this.lastNow = this.lastUs[key];
  }

  /**
   * Whether a flow of the key looked at that starts elsewhere might as well have started on `uplink`: the key is new, or has been
   * there, or connections are decided one by one; and it was not counted since `sinceUs`.
   */
  speaksAgainst(uplink: number, sinceUs: number): boolean {
    if (this.perFlowNow) return true;
    return (this.ownerNow < 0 || this.ownerNow === uplink) && !(this.lastNow > sinceUs);
  }

  started(key: number, uplink: number, timeUs: number, share: number): void {
    const owner = this.owner[key];
    if (owner !== NOBODY && this.clientsVisible) {
      this.repeats++;
      this.byChance += share;
      if (owner === uplink) this.same++;
    }
    if (owner === NOBODY) this.owner[key] = uplink;
    else if (owner !== uplink) this.owner[key] = SEVERAL;
    this.lastUs[key] = timeUs;
  }

  /** Pairs came back to the same uplink hardly more often than by chance. */
  private get isPerFlow(): boolean {
    if (this.perFlow !== null) return this.perFlow;
    if (this.repeats < LEAST_REPEATS) return false;
    return this.same < (this.byChance + this.repeats) / 2;
  }
}
