// What a survey knows of one run: plain values, since it looks at the beginning of each input only.

import type { PointInfo } from '../decode/decoder.js';
import type { Words } from '../util/address.js';

/** A point of an input; `key` names it among all points of all inputs. */
export interface SurveyPoint extends PointInfo {
  input: number;
  key: number;
  /** Name given by the user (`name=path`), else null. */
  label: string | null;
  /** The file's name without its endings, for naming uplinks. */
  stem: string;
}

/** One run. Index 0 is the end that began, as far as can be told. */
export interface Sighting {
  point: SurveyPoint;
  family: 4 | 6;
  protocol: number;
  hasPorts: boolean;
  ends: readonly [SightedEnd, SightedEnd];
  startUs: number;
  packets: number;
  /** Initial sequence number of the SYN, null where none was seen. */
  isn: number | null;
}

export interface SightedEnd {
  /** Canonical text. */
  address: string;
  words: Words;
  port: number;
}
