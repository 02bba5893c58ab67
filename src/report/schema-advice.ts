// The shapes of `Report.capacity` and `Report.tuning` for machines: part of `schema.ts`, which holds the rest.

import * as z from 'zod';
import { FAILURE_VERDICTS } from './capacity.js';
import { TUNING_TARGETS, TUNING_VERDICTS } from './tuning.js';

const text = z.string();
const count = z.int().min(0);
const duration = z.number().min(0);
const part = z.number().min(0).max(1);
/** Of a capacity: above 1 where more is offered than the line can carry. */
const load = z.number().min(0);
const rate = z.number().min(0);
const date = z.string().meta({ description: 'YYYY-MM-DD.' });
const direction = z.enum(['up', 'down']);
const span = z.tuple([z.number(), z.number()]);

const line = z.strictObject({
  capacity: rate.nullable(),
  mean: rate.nullable(),
  p95: rate.nullable(),
  peak: rate.nullable(),
  utilisation: z.strictObject({ mean: load, p95: load, peak: load }).nullable(),
  headroom: z.number().nullable().meta({ description: 'Capacity less p95.' }),
  busyHour: z.strictObject({ hour: z.int().min(0).max(23), mean: rate }).nullable(),
  hours: z.array(rate.nullable()).length(24).meta({ description: 'Mean by hour of the day.' }),
  fullShare: part.nullable().meta({ description: 'Part of the bins above 90 % of the capacity.' }),
});

const failureLine = z.strictObject({
  p95: rate,
  p95Interval: span,
  peak: rate,
  utilisation: z.strictObject({ p95: load, peak: load }).nullable(),
  saturatedShare: part.nullable().meta({ description: 'Part of the time.' }),
  saturation: part.nullable().meta({ description: 'Part of the draws.' }),
});

export const capacitySchema = z.strictObject({
  binSeconds: duration,
  bins: count,
  quantileRule: z.literal('nearest rank'),
  timezone: text,
  uplinks: z.array(z.strictObject({ uplink: text, up: line, down: line })),
  failures: z
    .array(
      z.strictObject({
        fails: text,
        verdict: z.enum(FAILURE_VERDICTS),
        message: text,
        others: z.array(z.strictObject({ uplink: text, up: failureLine, down: failureLine })),
      }),
    )
    .meta({ description: 'N-1: what the others carry when one fails.' }),
  worstFailure: z.strictObject({ fails: text, uplink: text, direction, utilisation: load }).nullable(),
  repetitions: count,
  growth: z.strictObject({
    days: count,
    refused: text.nullable(),
    lines: z.array(
      z.strictObject({
        uplink: text,
        direction,
        days: z.array(z.strictObject({ date, p95: rate, workingDay: z.boolean() })),
        trend: z
          .strictObject({
            perDay: z.number(),
            interval: span,
            fit: z.array(z.strictObject({ date, p95: z.number() })),
          })
          .nullable(),
        exhaustion: z.strictObject({ date, earliest: date, latest: date.nullable() }).nullable(),
        refused: text.nullable(),
      }),
    ),
  }),
  notes: z.array(text),
});

const estimate = z
  .strictObject({ median: z.number(), low: z.number(), high: z.number() })
  .meta({ id: 'estimate', description: 'Median over the draws, and the bounds that hold 95 % of them.' });

const tuningLine = z.strictObject({
  p95: estimate,
  peak: estimate,
  utilisation: z.strictObject({ p95: estimate, peak: estimate }).nullable(),
  saturation: part.nullable(),
});

const candidate = z.strictObject({
  weights: z.array(count),
  sum: count,
  worst: estimate.nullable().meta({ description: 'Highest p95 utilisation of any uplink and direction.' }),
  loss: estimate.meta({ description: 'What the target minimises.' }),
  saturation: part.nullable(),
  beatsPresent: part.nullable(),
  atLeast: z.boolean(),
  uplinks: z.array(z.strictObject({ uplink: text, expected: part, bytes: estimate, up: tuningLine, down: tuningLine })),
});

export const tuningSchema = z.strictObject({
  target: z.strictObject({ kind: z.enum(TUNING_TARGETS), split: z.array(part).nullable(), metered: z.array(text) }),
  uplinks: z.array(text),
  binSeconds: duration,
  bins: count,
  quantileRule: z.literal('nearest rank'),
  repetitions: count,
  keys: z.strictObject({ all: count, single: count, groups: count }),
  maxSum: count,
  possible: count,
  present: candidate.nullable(),
  candidates: z.array(candidate),
  closedForm: z.array(part).nullable(),
  verdict: z.enum(TUNING_VERDICTS),
  recommended: z.array(count).nullable(),
  reason: text,
  gain: z
    .strictObject({ weights: z.array(count), beatsPresent: part, worstUtilisation: z.number().nullable() })
    .nullable(),
  commands: z.array(text),
  notes: z.array(text),
});
