// What was read, kept in a file (`--save day1.tally`), and such a file read again: a line that says what it is, then,
// deflated, the length of a head of JSON, the head, and the columns of `tally/codec`.
//
// The file is input like any other: hostile until every part of it has been held against what it may be.

import { deflateSync, inflateSync } from 'node:zlib';
import { DEFAULT_FLOW_RULES } from '../flows/rules.js';
import { FINDING_LEVELS, type ReportInput } from '../report/report.js';
import { decodeTally, encodeTally, tallyOfData } from '../tally/codec.js';
import { dataOf } from '../tally/merge.js';
import { EXIT, UserError } from '../util/error.js';
import { quote } from '../util/quote.js';
import { count, flag, like, list, nullable, number, object, oneOf, optional, text, tuple } from '../util/shape.js';
import { version } from '../util/version.js';
import type { Reading } from './pipeline.js';

const MAGIC = 'mlstat-tally/1\n';
/** Unpacked; a full ledger and a year of bins take a third of it. */
const MOST_BYTES = 2 ** 29;
const MOST_HEAD = 2 ** 26;

/** The bytes of a file. */
export function encodeReading({ measureInput, inputs, findings }: Reading): Uint8Array {
  const { tally, config, inference, rules, partial, interfaces } = measureInput;
  const { head, body } = encodeTally(dataOf(tally));
  const meta = {
    tool: version(),
    tally: head,
    ...{ config, inference, rules, partial, interfaces, inputs, findings },
    covered: measureInput.inputs,
  };
  const json = Buffer.from(JSON.stringify(meta));
  const length = Buffer.alloc(8);
  length.writeUInt32LE(json.length, 0);
  return Buffer.concat([Buffer.from(MAGIC), deflateSync(Buffer.concat([length, json, body]))]);
}

/** Throws `UserError` (exit 3) of one line where the bytes are no such file, cut off, corrupt or of another version. */
export function decodeReading(bytes: Uint8Array, path: string): Reading {
  const broken = (why: string) => new UserError(`can't read ${quote(path)}: ${why}; save it again`, EXIT.unreadable);
  const start = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, MAGIC.length)).toString('latin1');
  if (start !== MAGIC) throw broken(`it begins with ${quote(start.trim())}, not with ${MAGIC.trim()}`);
  let plain: Buffer;
  try {
    plain = inflateSync(bytes.subarray(MAGIC.length), { maxOutputLength: MOST_BYTES });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ERR_BUFFER_TOO_LARGE') throw broken('it unpacks to more than any summary holds');
    throw broken(code === 'Z_BUF_ERROR' ? 'it is cut off' : 'it is corrupt');
  }
  const length = plain.length < 8 ? 0 : plain.readUInt32LE(0);
  if (length === 0 || length > MOST_HEAD || length + 8 > plain.length) throw broken('its head is corrupt');
  let meta: unknown;
  try {
    meta = JSON.parse(plain.subarray(8, 8 + length).toString());
  } catch {
    throw broken('its head is corrupt');
  }
  const tool = (meta as { tool?: unknown } | null)?.tool;
  const by = typeof tool === 'string' && tool !== version() ? ` (it was saved by mlstat ${quote(tool)})` : '';
  if (!isMeta(meta)) throw broken(`its head is not what this version writes${by}`);
  const data = decodeTally(meta.tally, plain.subarray(8 + length));
  if (data === null) throw broken(`its figures are not what this version writes${by}`);
  const { config, inference, rules, partial, interfaces, inputs, covered, findings } = meta;
  const names = data.topology.uplinks.map(({ name }) => name);
  const isOfThese = config?.uplinks.length === names.length && config.uplinks.every(({ name }, n) => name === names[n]);
  if (!isOfThese) throw broken('its head is corrupt');
  return {
    measureInput: {
      tally: tallyOfData(data),
      ...{ config, inference, rules, partial, interfaces },
      inputs: covered,
      binSec: null,
      pins: [],
      version: version(),
    },
    inputs,
    findings,
  };
}

type Meta = Pick<Reading['measureInput'], 'config' | 'inference' | 'rules' | 'partial' | 'interfaces'> &
  Pick<Reading, 'inputs' | 'findings'> & { tally: unknown; covered: ReportInput[] };

const address = tuple(number, number, number, number);
const prefix = object({ family: oneOf(4, 6), words: address, length: count, text });
const capacity = object({ up: nullable(number), down: nullable(number) });

const config = object({
  uplinks: list(
    object({
      name: text,
      interface: nullable(text),
      gateway: nullable(text),
      gateway6: optional(nullable(text)),
      gatewayMac: nullable(text),
      vlan: nullable(count),
      snat: list(prefix),
      weight: nullable(count),
      capacity: nullable(capacity),
      mark: nullable(object({ value: count, mask: count })),
    }),
    254,
  ),
  lan: list(prefix),
  router: object({
    hashPolicy: nullable(count),
    hashPolicy6: nullable(count),
    keepaliveSec: nullable(number),
    macs: list(text),
  }),
});

const input = object({
  path: text,
  format: nullable(text),
  compression: nullable(text),
  linkTypes: list(text),
  packets: nullable(count),
  entries: nullable(count),
  wireBytes: nullable(count),
  dropped: nullable(count),
  first: nullable(number),
  last: nullable(number),
  damage: list(object({ reason: text, count, offset: nullable(count) })),
  error: nullable(text),
});

const finding = object({
  code: text,
  level: oneOf(...FINDING_LEVELS),
  message: text,
  uplinks: list(text),
  flows: nullable(count),
  packets: nullable(count),
  first: nullable(number),
  last: nullable(number),
  cure: nullable(text),
});

const shape = object({
  tool: text,
  config: nullable(config),
  inference: nullable(object({ bytesRead: count, evidence: list(object({ uplink: text, why: text })), config: text })),
  rules: like(DEFAULT_FLOW_RULES),
  partial: flag,
  interfaces: list(nullable(text), 254),
  inputs: list(input),
  covered: list(input),
  findings: object({ before: list(finding), after: list(finding) }),
});

function isMeta(value: unknown): value is Meta {
  return shape(value);
}
