// What the command line says of the router (`--uplink`, `--capacity`, `--pin` …) becomes parts of a `Config`.
// Errors are `UserError`s of one line that name the option, the value and the cure.

import { UserError } from '../util/error.js';
import { quote } from '../util/quote.js';
import { didYouMean, listChoices } from '../util/suggest.js';
import { parsePrefix } from './address.js';
import { checkUplinks } from './check.js';
import type { Capacity, Config, Prefix, UplinkConfig } from './config.js';
import { nameOf } from './explain.js';
import { type MarkConfig, parseMark } from './mark.js';
import { parseRate } from './measures.js';

const UPLINK_FORM = 'name=address[,address…][@weight], such as dsl1=203.0.113.2@4';
const LARGEST_WEIGHT = 65_536;

/** `dsl1=203.0.113.2,[2001:db8::2]@4`: SNAT sources (addresses or prefixes, IPv6 bare or in brackets) and a weight. */
export function parseUplinkFlag(text: string): UplinkConfig {
  const match = /^([^=,@\p{C}\p{Zl}\p{Zp}]{1,64})=([^@]*)(?:@(.*))?$/u.exec(text);
  const [, name = '', sources = '', weight] = match ?? [];
  if (match === null || sources === '') {
    throw new UserError(`--uplink must be ${UPLINK_FORM}: ${quote(text)}`);
  }
  if (weight !== undefined && !(/^[1-9]\d{0,4}$/.test(weight) && Number(weight) <= LARGEST_WEIGHT)) {
    throw new UserError(
      `weight after @ in --uplink must be a whole number from 1 to ${LARGEST_WEIGHT}: ${quote(text)}`,
    );
  }
  return {
    ...unknownUplink(name),
    snat: sources.split(',').map((source) => parseFlagPrefix('--uplink', withoutBrackets(source.trim()), text)),
    weight: weight === undefined ? null : Number(weight),
  };
}

/** `dsl1=20M/1M`: down, then up, in bits per second; one of them may be left out (`20M/`, `/1M`), one alone is both. */
export function parseCapacityFlag(text: string): { name: string; capacity: Capacity } {
  const match = /^([^=]+)=([^/]*)(?:\/([^/]*))?$/.exec(text);
  const [, name = '', down = '', up = match?.[2] ?? ''] = match ?? [];
  if (match === null || (down === '' && up === '')) {
    throw new UserError(`--capacity must be name=down/up, such as dsl1=20Mbit/1Mbit: ${quote(text)}`);
  }
  const rate = (value: string) => {
    if (value === '') return null;
    const bps = parseRate(value);
    if (typeof bps === 'number') return bps;
    throw new UserError(`${value === down ? 'down' : 'up'} in --capacity ${bps.error}: ${quote(text)}`);
  };
  return { name, capacity: { up: rate(up), down: rate(down) } };
}

/** `0x100/0xff00=dsl1`: the mark of connections that names an uplink. */
export function parseMarkFlag(text: string): { name: string; mark: MarkConfig } {
  const equals = text.indexOf('=');
  const name = text.slice(equals + 1);
  if (equals < 0 || name === '') {
    throw new UserError(`--mark must be mark=name or mark/mask=name, such as 0x100/0xff00=dsl1: ${quote(text)}`);
  }
  const mark = parseMark(text.slice(0, equals));
  if ('error' in mark) throw new UserError(`--mark ${mark.error}: ${quote(text)}`);
  return { name, mark };
}

/** `192.0.2.0/24,2001:db8::1`: addresses or prefixes, for `--pin`, `--client` and `--server`. */
export function parsePrefixFlag(option: string, text: string): Prefix[] {
  return text.split(',').map((part) => parseFlagPrefix(option, withoutBrackets(part.trim()), text));
}

/**
 * The configuration with the flags laid over it: an uplink of a known name changes its sources (and its weight, where
 * one is given), others are added. A mark of an unknown name makes an uplink of that name, which the mark alone tells.
 * Null where nothing is known.
 */
export function applyFlags(
  config: Config | null,
  uplinks: readonly UplinkConfig[],
  capacities: readonly { name: string; capacity: Capacity }[],
  marks: readonly { name: string; mark: MarkConfig }[] = [],
): Config | null {
  const [name] = capacities.map((flag) => flag.name);
  if (config === null && uplinks.length === 0 && marks.length === 0) {
    if (name === undefined) return null;
    throw new UserError(`--capacity of ${quote(name)} needs its uplink: give -c FILE or --uplink ${name}=ADDRESS`);
  }
  const byName = new Map((config?.uplinks ?? []).map((uplink) => [uplink.name, uplink]));
  const given = new Set<string>();
  for (const uplink of uplinks) {
    if (given.has(uplink.name)) {
      throw new UserError(`--uplink names ${quote(uplink.name)} twice: put its addresses behind one, with commas`);
    }
    given.add(uplink.name);
    const known = byName.get(uplink.name);
    const laidOver = known && { ...known, snat: uplink.snat, weight: uplink.weight ?? known.weight };
    byName.set(uplink.name, laidOver ?? uplink);
  }
  for (const { name, mark } of marks) byName.set(name, { ...(byName.get(name) ?? unknownUplink(name)), mark });
  for (const { name, capacity } of capacities) {
    const uplink = byName.get(name);
    if (uplink === undefined) {
      const names = [...byName.keys()];
      const cure = didYouMean(name, names) || `; there is ${listChoices(names)}`;
      throw new UserError(`--capacity of an uplink that is not there: ${quote(name)}${cure}`);
    }
    byName.set(name, { ...uplink, capacity });
  }
  const router = config?.router ?? { hashPolicy: null, hashPolicy6: null, keepaliveSec: null, macs: [] };
  const laid: Config = {
    source: config?.source ?? null,
    uplinks: [...byName.values()],
    lan: config?.lan ?? [],
    router,
  };
  refuseFaults(laid);
  return laid;
}

function unknownUplink(name: string): UplinkConfig {
  return {
    name,
    interface: null,
    gateway: null,
    gatewayMac: null,
    vlan: null,
    snat: [],
    weight: null,
    capacity: null,
    mark: null,
  };
}

function refuseFaults(config: Config): void {
  const fault = checkUplinks(config.uplinks);
  if (fault === null) return;
  const [, index] = fault.path;
  const { name, snat } = config.uplinks[Number(index)];
  const sources = snat.map((prefix) => prefix.text).join(', ');
  throw new UserError(`with --uplink, ${nameOf(fault.path)} (${name}) ${fault.message}: ${quote(sources)}`);
}

function parseFlagPrefix(option: string, part: string, text: string): Prefix {
  const prefix = parsePrefix(part);
  if (!('error' in prefix)) return prefix;
  const within = part === text ? '' : ` in ${quote(text)}`;
  throw new UserError(`${option} ${prefix.error}: ${quote(part)}${within}`);
}

/** `[2001:db8::]/48` and `[2001:db8::/48]` are the same. */
function withoutBrackets(part: string): string {
  return part.replace(/^\[([^[\]]*)\](\/\d+)?$/, '$1$2');
}
