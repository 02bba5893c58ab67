// A `Config` becomes the file that says the same, to be kept and edited. Read back it is the same `Config`.

import type { Config, Prefix, UplinkConfig } from './config.js';

/** Words that YAML takes for something else, in any of its versions. */
const RESERVED = /^(?:y|n|yes|no|on|off|true|false|null|nan|inf|~)$/i;

type Fields = Record<string, unknown>;

/** YAML, ending with a line break; what is not known is left out. */
export function writeConfig(config: Config): string {
  const { uplinks, ...rest } = plainConfig(config);
  const items = uplinks.flatMap((uplink) =>
    Object.entries(uplink).map(([key, value], i) => `${i === 0 ? '  - ' : '    '}${key}: ${write(value)}`),
  );
  return ['uplinks:', ...items, ...Object.entries(rest).map(([key, value]) => `${key}: ${write(value)}`), ''].join(
    '\n',
  );
}

/** The same as plain data in the words of the file: for JSON. */
export function plainConfig({ uplinks, lan, router, rules = [] }: Config): {
  uplinks: Fields[];
  lan?: string[];
  router?: Fields;
  rules?: string[];
} {
  const settings = known({
    hashPolicy: router.hashPolicy,
    hashPolicy6: router.hashPolicy6,
    keepalive: router.keepaliveSec === null ? null : writeDuration(router.keepaliveSec),
    macs: router.macs.length === 0 ? null : router.macs,
  });
  return {
    uplinks: uplinks.map(plainUplink),
    ...(lan.length === 0 ? {} : { lan: lan.map(writePrefix) }),
    ...(Object.keys(settings).length === 0 ? {} : { router: settings }),
    ...(rules.length === 0 ? {} : { rules: [...rules] }),
  };
}

/** Bits per second as written by hand: `20Mbit`, `512kbit`, `1234bit`. */
export function writeRate(bps: number): string {
  const units = ['bit', 'kbit', 'Mbit', 'Gbit'];
  let unit = 0;
  let value = bps;
  while (unit < units.length - 1 && value >= 1000 && value % 1000 === 0) {
    value /= 1000;
    unit++;
  }
  return `${value}${units[unit]}`;
}

function plainUplink({ capacity, mark, snat, ...uplink }: UplinkConfig): Fields {
  const rate = (bps: number | null) => (bps === null ? null : writeRate(bps));
  return known({
    name: uplink.name,
    interface: uplink.interface,
    gateway: uplink.gateway,
    gateway6: uplink.gateway6 ?? null,
    gatewayMac: uplink.gatewayMac,
    vlan: uplink.vlan,
    snat: snat.map(writePrefix),
    weight: uplink.weight,
    capacity: capacity === null ? null : known({ down: rate(capacity.down), up: rate(capacity.up) }),
    mark: mark === null ? null : `0x${mark.value.toString(16)}/0x${mark.mask.toString(16)}`,
  });
}

function known(fields: Fields): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null));
}

/** Host prefixes as bare addresses. */
function writePrefix({ family, length, text }: Prefix): string {
  return length === (family === 4 ? 32 : 128) ? text.slice(0, text.indexOf('/')) : text;
}

/** Never in powers of ten: they are no duration when read back. */
function writeDuration(seconds: number): string {
  return `${Number.isInteger(seconds) ? seconds : seconds.toFixed(6).replace(/0+$/, '')}s`;
}

/** One value in YAML's flow style. */
function write(value: unknown): string {
  if (typeof value === 'string') return scalar(value);
  if (Array.isArray(value)) return `[${value.map(write).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return String(value);
  const fields = Object.entries(value).map(([key, item]) => `${key}: ${write(item)}`);
  return fields.length === 0 ? '{}' : `{ ${fields.join(', ')} }`;
}

/** Quoted unless nothing but text can be meant. JSON's quotes are YAML's, with the escapes that YAML asks for more. */
function scalar(text: string): string {
  const isWord = /^[A-Za-z][\w.-]*$/.test(text) && !RESERVED.test(text);
  const isMeasure = /^[1-9]\d*(?:\.\d+)?[A-Za-z]+$/.test(text) && !/^[\d.]+[eE]\d/.test(text);
  const isMark = /^0x[0-9a-f]+\/0x[0-9a-f]+$/.test(text);
  // Dotted decimal is text to YAML. A MAC address of digits alone is a number to YAML 1.1, and an IPv6 address that ends
  // in a colon a key.
  const isAddress =
    /^\d+\.\d+\.\d+\.\d+(?:\/\d+)?$/.test(text) || /^[0-9a-f:]*[0-9a-f]::[0-9a-f:]*[0-9a-f](?:\/\d+)?$/.test(text);
  if (isWord || isMeasure || isMark || isAddress) return text;
  return JSON.stringify(text).replace(
    /[\u007f-\u009f\u2028\u2029\ufeff]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
