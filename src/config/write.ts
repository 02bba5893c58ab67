// A `Config` becomes the YAML that says the same, to be kept and edited. Read back it is the same `Config`.

import type { Capacity, Config, Prefix, UplinkConfig } from './config.js';

/** Words that YAML takes for something else, in any of its versions. */
const RESERVED = /^(?:y|n|yes|no|on|off|true|false|null|nan|inf|~)$/i;

/** Ends with a line break; fields that are not known are left out. */
export function writeConfig(config: Config): string {
  const { hashPolicy, hashPolicy6, keepaliveSec, macs } = config.router;
  const router = [
    ...field('hashPolicy', hashPolicy),
    ...field('hashPolicy6', hashPolicy6),
    ...field('keepalive', keepaliveSec === null ? null : writeDuration(keepaliveSec)),
    ...field('macs', macs.length === 0 ? null : flowList(macs.map(scalar))),
  ];
  return [
    'uplinks:',
    ...config.uplinks.flatMap((uplink) => uplinkLines(uplink).map((line, i) => `${i === 0 ? '  - ' : '    '}${line}`)),
    ...(config.lan.length === 0 ? [] : [`lan: ${prefixList(config.lan)}`]),
    ...(router.length === 0 ? [] : [`router: { ${router.join(', ')} }`]),
    '',
  ].join('\n');
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

function uplinkLines(uplink: UplinkConfig): string[] {
  const { mark } = uplink;
  return [
    `name: ${scalar(uplink.name)}`,
    ...field('interface', uplink.interface === null ? null : scalar(uplink.interface)),
    ...field('gateway', uplink.gateway === null ? null : scalar(uplink.gateway)),
    ...field('gatewayMac', uplink.gatewayMac === null ? null : scalar(uplink.gatewayMac)),
    ...field('vlan', uplink.vlan),
    `snat: ${prefixList(uplink.snat)}`,
    ...field('weight', uplink.weight),
    ...field('capacity', uplink.capacity === null ? null : writeCapacity(uplink.capacity)),
    ...field('mark', mark === null ? null : `0x${mark.value.toString(16)}/0x${mark.mask.toString(16)}`),
  ];
}

function field(name: string, value: string | number | null): string[] {
  return value === null ? [] : [`${name}: ${value}`];
}

function writeCapacity({ down, up }: Capacity): string {
  const parts = [
    ...field('down', down === null ? null : writeRate(down)),
    ...field('up', up === null ? null : writeRate(up)),
  ];
  return parts.length === 0 ? '{}' : `{ ${parts.join(', ')} }`;
}

/** Never in powers of ten: they are no duration when read back. */
function writeDuration(seconds: number): string {
  return `${Number.isInteger(seconds) ? seconds : seconds.toFixed(6).replace(/0+$/, '')}s`;
}

/** Host prefixes as bare addresses. */
function prefixList(prefixes: readonly Prefix[]): string {
  return flowList(
    prefixes.map(({ family, length, text }) =>
      scalar(length === (family === 4 ? 32 : 128) ? text.replace(/\/\d+$/, '') : text),
    ),
  );
}

function flowList(items: readonly string[]): string {
  return `[${items.join(', ')}]`;
}

/** Quoted unless nothing but text can be meant. JSON's quotes are YAML's, with the escapes that YAML asks for more. */
function scalar(text: string): string {
  const isPlain = /^[A-Za-z][\w.-]*$/.test(text) && !RESERVED.test(text);
  // Dotted decimal is text to YAML. A MAC address of digits alone is a number to YAML 1.1, and an IPv6 address that ends
  // in a colon a key.
  const isAddress =
    /^\d+\.\d+\.\d+\.\d+(?:\/\d+)?$/.test(text) || /^[0-9a-f:]*[0-9a-f]::[0-9a-f:]*[0-9a-f](?:\/\d+)?$/.test(text);
  if (isPlain || isAddress) return text;
  return JSON.stringify(text).replace(
    /[\u007f-\u009f\u2028\u2029\ufeff]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
