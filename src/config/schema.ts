// What a configuration file may hold: the one source of its checks and of its published JSON Schema.
// Messages are predicates ("must be …"): `explain.ts` puts the name before and the value and place behind them.

import * as z from 'zod';
import { formatAddress } from '../util/address.js';
import { parseAddress, parsePrefix } from './address.js';
import type { Capacity, Prefix } from './config.js';
import { MARK_FORM, parseMark } from './mark.js';
import { parseDuration, parseRate } from './measures.js';
import { parseRule } from './rules.js';

/** One small file is checked: making code for that takes longer than it saves. */
z.config({ jitless: true });

/** Linux takes 1 to 256 for a nexthop, 65536 for nexthop objects since 6.12. */
export const LARGEST_WEIGHT = 65_536;

const ADDRESS = 'must be an IPv4 or IPv6 address or prefix';

/** A value that `read` turns into what the program uses, or says why not. */
function readBy<In extends z.ZodType, Out>(input: In, read: (value: z.output<In>) => Out | { error: string }) {
  return input.transform((value, context): Out => {
    const result = read(value);
    if (typeof result !== 'object' || result === null || !('error' in result)) return result as Out;
    context.addIssue({ code: 'custom', message: result.error });
    return z.NEVER;
  });
}

function text(what: string) {
  return z.string({ error: (issue) => (typeof issue.input === 'number' ? `${what}: quote it` : what) });
}

const list = (what: string) => ({ error: `must be a list of ${what}: write [ ] around it` });

const measure = (what: string) => z.union([z.string(), z.number()], { error: what });

const prefix = readBy(
  z.string({
    // `[2001:db8::]` is a mapping to YAML: the colon at its end is read as one of a key.
    error: ({ input }) => (typeof input === 'object' ? `${ADDRESS}; quote one that ends in a colon` : ADDRESS),
  }),
  (value): Prefix | { error: string } => parsePrefix(value),
).meta({ description: 'IPv4 or IPv6 address or prefix', examples: ['203.0.113.2', '2001:db8::/64'] });

const address = readBy(text('must be an IPv4 or IPv6 address'), (value) => {
  const parsed = parseAddress(value);
  if (parsed !== null) return formatAddress(parsed.family, parsed.words);
  if (value.includes('/')) return { error: 'must be an address alone, without a length' };
  const prefixed = parsePrefix(value);
  return { error: 'error' in prefixed ? prefixed.error.replace(' or prefix', '') : 'must be an IPv4 or IPv6 address' };
}).meta({ description: 'IPv4 or IPv6 address' });

const mac = readBy(text('must be a MAC address such as 02:00:5e:00:53:01'), (value) =>
  /^[0-9a-f]{2}([:-][0-9a-f]{2}){5}$/i.test(value)
    ? value.toLowerCase().replaceAll('-', ':')
    : { error: 'must be a MAC address such as 02:00:5e:00:53:01' },
).meta({ description: 'MAC address', examples: ['02:00:5e:00:53:01'] });

const rate = readBy(measure('must be a rate such as 20Mbit, 1Gbit or 512k'), parseRate).meta({
  description: 'Bits per second; a number, or with a unit',
  examples: ['20Mbit', '512k'],
});

const capacity = z
  .strictObject({ down: rate.nullish(), up: rate.nullish() }, { error: 'must be { down: …, up: … }' })
  .transform(({ down, up }): Capacity => ({ up: up ?? null, down: down ?? null }));

const mark = readBy(measure(MARK_FORM), (value) => parseMark(String(value))).meta({
  description: 'conntrack mark that names the uplink, value/mask',
  examples: ['0x100/0xff00'],
});

const NAME = 'must be a name of 1 to 64 characters without = , @';

const name = readBy(text(NAME), (value) =>
  /^[^=,@\p{C}\p{Zl}\p{Zp}]{1,64}$/u.test(value) && value.trim() === value ? value : { error: NAME },
).meta({ description: 'Name of the uplink; unique' });

function integer(from: number, to: number, what = `must be a whole number from ${from} to ${to}`) {
  return z.int({ error: what }).min(from, { error: what }).max(to, { error: what });
}

const hashPolicy = integer(0, 3);

const uplink = z.strictObject(
  {
    name,
    interface: text('must be the name of an interface').min(1, { error: 'must be the name of an interface' }).nullish(),
    gateway: address.nullish(),
    gateway6: address.nullish().meta({ description: 'IPv6 gateway, where gateway is that of IPv4' }),
    gatewayMac: mac.nullish(),
    vlan: integer(1, 4094).nullish().meta({ description: 'VLAN that the uplink travels in' }),
    snat: z
      .array(prefix, list('addresses'))
      .nullish()
      .meta({ description: 'SNAT sources: public addresses of the uplink; empty where dynamic' }),
    weight: z
      .int({ error: 'must be a positive integer' })
      .min(1, { error: 'must be a positive integer' })
      .max(LARGEST_WEIGHT, { error: `must be at most ${LARGEST_WEIGHT} (256 before Linux 6.12)` })
      .nullish()
      .meta({ description: 'Weight of the nexthop in the multipath route' }),
    capacity: capacity.nullish(),
    mark: mark.nullish(),
  },
  { error: 'must be an uplink: name, interface, gateway, snat, weight …' },
);

const router = z.strictObject(
  {
    hashPolicy: hashPolicy.nullish().meta({ description: 'net.ipv4.fib_multipath_hash_policy' }),
    hashPolicy6: hashPolicy.nullish().meta({ description: 'net.ipv6.fib_multipath_hash_policy' }),
    keepalive: readBy(measure('must be a positive time such as 60s, 5m or 1h'), parseDuration)
      .nullish()
      .meta({ description: 'Interval of the keep-alive pings; seconds, or with a unit', examples: ['60s'] }),
    macs: z.array(mac, list('MAC addresses')).nullish().meta({ description: 'MAC addresses of the router' }),
  },
  { error: 'must be settings: hashPolicy, hashPolicy6, keepalive, macs' },
);

const rule = text('must be a rule such as share within 5 points')
  .superRefine((value, context) => {
    const parsed = parseRule(value);
    if ('error' in parsed) context.addIssue({ code: 'custom', message: parsed.error });
  })
  .meta({ description: 'A rule', examples: ['share within 5 points', 'no outage longer than 30 s'] });

export const configSchema = z
  .strictObject(
    {
      uplinks: z
        .array(uplink, { error: 'must be a list of uplinks, each with a name' })
        .min(1, { error: 'must list at least one uplink' }),
      lan: z.array(prefix, list('prefixes')).nullish().meta({ description: 'Prefixes of the clients' }),
      router: router.nullish(),
      rules: z.array(rule, list('rules')).nullish().meta({ description: 'What mlstat validate checks' }),
    },
    { error: 'must hold uplinks: a list of them, each with a name' },
  )
  .meta({ title: 'mlstat configuration', description: 'What is known of a router with several uplinks' });

export type ConfigInput = z.output<typeof configSchema>;

/** JSON Schema (2020-12) of the configuration as a person writes it. */
export function configJsonSchema(): object {
  return z.toJSONSchema(configSchema, { io: 'input' });
}

/** The keys that the mapping at this path may hold. */
export function knownKeys(path: readonly PropertyKey[]): string[] {
  const [shape] = path.filter((part) => typeof part === 'string').slice(-1);
  if (shape === 'uplinks') return Object.keys(uplink.shape);
  if (shape === 'router') return Object.keys(router.shape);
  return shape === 'capacity' ? ['down', 'up'] : Object.keys(configSchema.shape);
}
