// What the detector takes for granted: the prior that it begins with, and how sure it wants to be.

export interface DetectSettings {
  /** Shorter outages are not told, seconds. */
  minOutageSec: number;
  /** How many false alarms healthy traffic may raise in a year, all uplinks together. */
  alarmsPerYear: number;
}

export interface DetectorOptions {
  uplinks: number;
  /** By uplink: whether its packets would be seen. */
  inView: readonly boolean[];
  /** What is looked at begins here, microseconds. */
  startUs: number;
  /** By uplink: its share by the weights; null where they are not known. */
  shares: readonly number[] | null;
  perFlow: boolean | null;
  clientsVisible: boolean;
  /** Silences of all uplinks shorter than this can't be seen. */
  leastGapUs: number;
  /** Connection tracking alone: what it tells of was perhaps never on the link. */
  isLog: boolean;
  settings: DetectSettings;
}

export const DEFAULT_SETTINGS: DetectSettings = { minOutageSec: 0, alarmsPerYear: 1 };

/** `--sensitivity` by word, as false alarms a year. */
export const SENSITIVITIES = { low: 0.01, normal: 1, high: 100 } as const;

export const YEAR_SEC = 31_557_600;

/** Look-ahead: an answer that comes later than this counts as none, so that live and at the end the verdicts are the same. */
export const PATIENCE_US = 60e6;

/** An open silence that outlasts this, and what it would take to decide it, is told as unmeasurable. */
export const THIN_US = 60e6;
