// The shape of `Report.validation` for machines: part of `schema.ts`, which holds the rest.

import * as z from 'zod';
import { RULE_STATES } from './validation.js';

const text = z.string();
const count = z.int().min(0);

export const validationSchema = z.strictObject({
  rules: z.array(
    z.strictObject({
      rule: text.meta({ description: 'As written.' }),
      state: z.enum(RULE_STATES).meta({ description: "unknown: the inputs can't tell." }),
      figure: text,
      why: text.nullable().meta({ description: "Why it can't be told." }),
      uplink: text.nullable().meta({ description: 'The uplink that decides.' }),
    }),
  ),
  holds: count,
  fails: count,
  unknown: count,
});
