// The shape of `Report.comparison` for machines: part of `schema.ts`, which holds the rest.

import * as z from 'zod';
import { VERDICTS } from './report.js';

const text = z.string();
const count = z.int().min(0);
const part = z.number().min(0).max(1);
const figure = z.number();
const figures = z.tuple([figure, figure]);

const pair = <T extends z.ZodType>(one: T) => z.strictObject({ before: one, after: one });
const byDirection = <T extends z.ZodType>(one: T) => z.strictObject({ up: one, down: one });

const span = z.strictObject({
  inputs: z.array(text),
  start: figure.nullable(),
  end: figure.nullable(),
  seconds: figure.nullable(),
  flows: count,
  verdict: z.enum(VERDICTS).nullable(),
  pValue: part.nullable(),
});

const change = z
  .strictObject({
    before: part.nullable(),
    after: part.nullable(),
    change: figure.nullable(),
    interval: figures.nullable(),
  })
  .meta({ id: 'change', description: 'Parts of one; the change is after less before, with its 95 % interval.' });

const known = pair(figure.min(0).nullable());
const rates = z.strictObject({ mean: known, p95: known, peak: known });

export const comparisonSchema = z.strictObject({
  before: span,
  after: span,
  splitAt: figure.nullable(),
  key: z.enum(['client-server', 'five-tuple', 'server']).nullable(),
  keys: z.strictObject({ before: count, after: count, both: count, moved: count }).nullable(),
  test: text.nullable(),
  statistic: figure.nullable(),
  df: count.nullable(),
  pValue: part.nullable(),
  maxChange: z.strictObject({ uplink: text, points: figure }).nullable(),
  verdict: z.enum(VERDICTS).nullable().meta({ description: 'deviates: the shares differ by more than chance.' }),
  detectablePoints: figure.nullable(),
  decisionsNeeded: count.nullable(),
  leftOut: pair(count),
  uplinks: z.array(
    z.strictObject({
      uplink: text,
      weight: pair(figure.nullable()),
      expected: pair(part.nullable()),
      flows: pair(count.nullable()),
      share: z.strictObject({ flows: change, decisions: change, bytes: change, packets: change }),
      rate: byDirection(rates),
      utilisation: byDirection(known),
      answered: change,
      handshakeMsP50: known,
      handshakeMsP95: known,
      outages: z.strictObject({ count: pair(count), seconds: pair(figure.min(0)) }),
    }),
  ),
  notes: z.array(text),
});
