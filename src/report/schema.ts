// The shape of the report once more, for machines: a Zod schema becomes the published JSON Schema (draft 2020-12).
//
// `mlstat schema report` alone loads this file. That it says the same as the type `Report` is checked by the compiler
// at the end; that `docs/report.schema.json` is what it makes is checked by a test.

import * as z from 'zod';
import {
  COMPRESSIONS,
  FINDING_LEVELS,
  INPUT_FORMATS,
  OUTAGE_KINDS,
  REPORT_SCHEMA,
  type Report,
  VERDICTS,
} from './report.js';
import { capacitySchema, tuningSchema } from './schema-advice.js';
import { comparisonSchema } from './schema-comparison.js';
import { validationSchema } from './schema-validation.js';

/** Identifier of the published schema; it changes when the meaning of a field does. */
export const SCHEMA_ID = 'urn:mlstat:report:1';

const name = z.string();
const text = z.string();
const count = z.int().min(0).meta({ id: 'count', description: 'A whole number of things.' });
const bytes = z
  .number()
  .min(0)
  .meta({ id: 'bytes', description: 'Bytes; of IP packets unless the name says otherwise.' });
const time = z.number().meta({ id: 'time', description: 'Seconds since the epoch, with microseconds.' });
const duration = z.number().meta({ id: 'duration', description: 'Seconds.' });
const share = z.number().min(0).max(1).meta({ id: 'share', description: 'A part of one.' });
const rate = z.number().min(0).meta({ id: 'rate', description: 'Bits per second of IP bytes.' });
const points = z.number().meta({ id: 'points', description: 'Percentage points.' });
const interval = z.tuple([share, share]).meta({ id: 'interval', description: 'Low and high bound, 95 %.' });
const span = z.tuple([time, time]);

const byDirection = <T extends z.ZodType>(figure: T) => z.strictObject({ up: figure, down: figure });

const moment = z
  .strictObject({ earliest: time, latest: time, best: time })
  .meta({ id: 'moment', description: 'A moment known within bounds.' });

const input = z.strictObject({
  path: text.meta({ description: 'As given; - for standard input.' }),
  format: z.enum(INPUT_FORMATS).nullable(),
  compression: z.enum(COMPRESSIONS).nullable(),
  linkTypes: z.array(text),
  packets: count.nullable(),
  entries: count.nullable().meta({ description: 'conntrack: entries or events read.' }),
  wireBytes: bytes.nullable().meta({ description: 'Original lengths of the frames.' }),
  dropped: count.nullable().meta({ description: "By the recorder's own count, where the file tells." }),
  first: time.nullable(),
  last: time.nullable(),
  damage: z.array(z.strictObject({ reason: text, count, offset: count.nullable() })),
  error: text.nullable().meta({ description: 'Why the input could not be read at all.' }),
});

const reportRate = z.strictObject({ mean: rate.nullable(), p95: rate.nullable(), peak: rate.nullable() });

const uplink = z.strictObject({
  name,
  origin: z.enum(['config', 'inferred']),
  interface: name.nullable(),
  gateway: text.nullable(),
  snat: z.array(text).meta({ description: 'SNAT sources as prefixes.' }),
  weight: z.number().nullable(),
  capacity: byDirection(rate.nullable()).nullable(),
  flows: count.meta({ description: "Client-started flows with this uplink's SNAT source." }),
  routerFlows: count,
  inboundFlows: count,
  answered: count.nullable().meta({ description: 'Of flows.' }),
  unanswered: count.nullable().meta({ description: 'Of flows.' }),
  decisions: count.nullable().meta({ description: 'Choices of a nexthop; null where the decision key is not seen.' }),
  packets: byDirection(count.nullable()),
  ipBytes: byDirection(bytes.nullable()),
  share: z.strictObject({
    expected: share.nullable().meta({ description: 'By the weights, over the moments of eligibility.' }),
    flows: share.nullable(),
    flowsInterval: interval.nullable(),
    decisions: share.nullable(),
    decisionsInterval: interval.nullable(),
    bytes: share.nullable(),
    bytesInterval: interval.nullable(),
    packets: share.nullable(),
    packetsInterval: interval.nullable(),
  }),
  rate: byDirection(reportRate),
  availability: z.strictObject({
    measuredSeconds: duration,
    outageSeconds: duration,
    unmeasurableSeconds: duration,
    ratio: share.nullable(),
  }),
  quality: z.strictObject({
    handshakeMsP50: z.number().min(0).nullable(),
    handshakeMsP95: z.number().min(0).nullable(),
    retransmittedShare: share.nullable(),
  }),
  clients: count.nullable(),
  servers: count.nullable(),
});

const policy = z.strictObject({
  inferred: z.enum(['l3', 'l4', 'per-packet', 'unknown']),
  pairsSeen: count,
  pairsOnOneUplink: count,
});

const balance = z.strictObject({
  key: z.enum(['client-server', 'five-tuple', 'server']).nullable(),
  policy: z.strictObject({ ipv4: policy.nullable(), ipv6: policy.nullable() }),
  test: text.nullable(),
  statistic: z.number().nullable(),
  df: count.nullable(),
  pValue: share.nullable(),
  designEffect: z.number().nullable(),
  effectiveDecisions: z.number().nullable(),
  jain: share.nullable(),
  maxDeviation: z.strictObject({ uplink: name, points }).nullable(),
  verdict: z.enum(VERDICTS).nullable(),
  excluded: z.strictObject({ inbound: count, router: count, pinned: count, duringOutage: count }),
  regimes: z.array(
    z.strictObject({ spans: z.array(span), eligible: z.array(name), weights: z.array(z.number()), decisions: count }),
  ),
  detectablePoints: points.nullable(),
  decisionsNeeded: count.nullable(),
});

const outage = z.strictObject({
  uplink: name,
  kind: z.enum(OUTAGE_KINDS),
  start: moment,
  end: moment.nullable().meta({ description: 'Null: not over when the input ends.' }),
  seconds: duration,
  reaction: z.strictObject({ lastFlowInto: time, seconds: duration, avoided: z.boolean() }).nullable(),
  blackholedFlows: count,
  cutFlows: count,
  clientsHit: count.nullable(),
  bytesCut: bytes.nullable(),
  failback: z.strictObject({ firstFlow: time, seconds: duration }).nullable(),
  strandedFlows: count,
  retried: z.strictObject({ flows: count, waitP50: duration.nullable(), waitP95: duration.nullable() }).nullable(),
  answeredBefore: share.nullable(),
  answeredDuring: share.nullable(),
  explanations: z.array(z.strictObject({ code: text, message: text, cure: text.nullable() })),
  evidence: z.array(z.strictObject({ what: text, count, servers: count.nullable() })),
  confidence: share,
});

const finding = z.strictObject({
  code: text,
  level: z.enum(FINDING_LEVELS),
  message: text,
  uplinks: z.array(name),
  flows: count.nullable(),
  packets: count.nullable(),
  first: time.nullable(),
  last: time.nullable(),
  cure: text.nullable(),
});

const host = z
  .strictObject({
    address: text,
    name: text.nullable(),
    flows: count,
    ipBytes: byDirection(bytes.nullable()),
    share: share.nullable().meta({ description: 'Of all attributed bytes, both directions.' }),
    uplinks: z.record(name, bytes).meta({ description: 'Bytes, both directions, by uplink.' }),
  })
  .meta({ id: 'host' });

const perBin = z.array(z.number().nullable());

export const reportSchema = z.strictObject({
  schema: z.literal(REPORT_SCHEMA),
  tool: z.strictObject({ name: z.literal('mlstat'), version: text }),
  partial: z.boolean().meta({ description: 'Interrupted.' }),
  sampled: z.boolean().meta({ description: 'The ledger was thinned: figures from it are estimates.' }),
  flowRules: z.strictObject({
    tcp: duration,
    tcpMidstream: duration,
    tcpClosed: duration,
    tcpReset: duration,
    udp: duration,
    udpReplied: duration,
    icmp: duration,
    other: duration,
  }),
  inference: z
    .strictObject({
      bytesRead: bytes,
      evidence: z.array(z.strictObject({ uplink: name, why: text })),
      config: text.meta({ description: 'The configuration (YAML) that says the same.' }),
    })
    .nullable(),
  inputs: z.array(input),
  window: z.strictObject({
    start: time.nullable(),
    end: time.nullable(),
    seconds: duration.nullable(),
    binSeconds: duration,
  }),
  packets: z
    .strictObject({ attributed: count, duplicates: count, lan: count, router: count, other: count, damaged: count })
    .meta({ description: 'Every packet is in exactly one of these.' }),
  uplinks: z.array(uplink),
  balance,
  outages: z.array(outage),
  unmeasurable: z.array(z.strictObject({ uplink: name, start: time, end: time, why: text })),
  captureGaps: z.array(z.strictObject({ start: time, end: time })),
  findings: z.array(finding),
  top: z.strictObject({
    clients: z.array(host).max(100),
    servers: z.array(host).max(100),
    clientCount: count.nullable(),
    serverCount: count.nullable(),
  }),
  flowSizes: z
    .strictObject({
      quantiles: z.strictObject({ p10: bytes, p50: bytes, p90: bytes, p99: bytes, max: bytes }),
      histogram: z.array(z.strictObject({ upTo: bytes, flows: count, ipBytes: bytes })),
    })
    .nullable(),
  heatmap: z.strictObject({ timezone: text, hours: z.array(z.array(rate.nullable()).length(24)).length(7) }).nullable(),
  series: z
    .strictObject({
      binSeconds: duration,
      start: time.nullable(),
      uplinks: z.record(name, z.strictObject({ up: perBin, down: perBin, flows: perBin, unanswered: perBin })),
    })
    .meta({ description: 'Arrays aligned to start and binSeconds; printed with --series.' }),
  capacity: capacitySchema.optional(),
  comparison: comparisonSchema.optional(),
  tuning: tuningSchema.optional(),
  validation: validationSchema.optional(),
});

/**
 * JSON Schema of what `--format json` prints. Objects are open, for fields are added freely; `series` may be missing,
 * for it is printed with `--series` only.
 */
export function reportJsonSchema(): Record<string, unknown> {
  const schema = z.toJSONSchema(reportSchema.partial({ series: true }), {
    target: 'draft-2020-12',
    override: ({ jsonSchema }) => {
      if (jsonSchema.additionalProperties === false) delete jsonSchema.additionalProperties;
      if (jsonSchema.prefixItems !== undefined)
        jsonSchema.minItems = jsonSchema.maxItems = jsonSchema.prefixItems.length;
    },
  });
  const { $schema, ...rest } = schema;
  return { $schema, $id: SCHEMA_ID, title: 'mlstat report', ...rest };
}

type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false;

/** Does not compile where the schema and the type part ways. */
export const schemaIsReport: Same<z.infer<typeof reportSchema>, Report> = true;
