// Weights become the commands that set them (ip-route(8)): printed, never run.

import type { UplinkConfig } from '../config/config.js';
import type { AdviceInput, KnownUplink } from './traffic.js';

/** The Nano-Howto's table of the multipath route. */
const TABLE = 222;
/** Behind every other default route: used when the multipath route has gone. */
const BACKUP_METRIC = 1000;

/**
 * The multipath route with these weights; the backup route of uplinks with weight 0; the same by mlstat's own script. What
 * the configuration doesn't tell is named in angle brackets.
 */
export function applyCommands(
  weights: readonly number[],
  uplinks: readonly KnownUplink[],
  { config, tally, interfaces }: Pick<AdviceInput, 'config' | 'tally' | 'interfaces'>,
): string[] {
  const hops = uplinks.map(({ name }, n) => {
    const known = config?.uplinks.find((uplink) => uplink.name === name) ?? null;
    const device = interfaces[tally.topology.uplinks.findIndex((uplink) => uplink.name === name)] ?? null;
    return { name, weight: weights[n], known, device: known?.interface ?? device };
  });
  const used = hops.filter(({ weight }) => weight > 0);
  const spare = hops.filter(({ weight }) => weight === 0);
  const lines = [routeOf('ip route', used, ipv4Gateway)];
  if (used.every(({ known }) => ipv6Gateway(known) !== null)) lines.push(routeOf('ip -6 route', used, ipv6Gateway));
  spare.forEach((hop, n) => {
    const way = nexthop(hop, ipv4Gateway);
    lines.push(`ip route replace default table ${TABLE} proto static metric ${BACKUP_METRIC + n} ${way}`);
  });
  const flags = used.map(({ name, weight }) => `${name}=${weight}`).join(',');
  // A script of mlstat's has every uplink in its route.
  if (spare.length === 0) lines.push(`mlstat plan --weights ${word(flags)}`);
  return lines;
}

interface Hop {
  name: string;
  weight: number;
  known: UplinkConfig | null;
  device: string | null;
}

type GatewayOf = (uplink: UplinkConfig | null) => string | null;

function routeOf(command: string, hops: readonly Hop[], gatewayOf: GatewayOf): string {
  const [only] = hops;
  const ways =
    hops.length === 1 && only !== undefined
      ? nexthop(only, gatewayOf)
      : hops.map((hop) => `nexthop ${nexthop(hop, gatewayOf)} weight ${hop.weight}`).join(' ');
  return `${command} replace default table ${TABLE} proto static ${ways}`;
}

/** A point-to-point line has no gateway. */
function nexthop({ name, known, device }: Hop, gatewayOf: GatewayOf): string {
  const dev = device === null ? `<interface of ${name}>` : word(device);
  const gateway = gatewayOf(known);
  if (gateway === null && device !== null && /^(ppp|tun|wg|wwan|sit|gre)/.test(device)) return `dev ${dev}`;
  return `via ${gateway ?? `<gateway of ${name}>`} dev ${dev}`;
}

function ipv4Gateway(uplink: UplinkConfig | null): string | null {
  const gateway = uplink?.gateway ?? null;
  return gateway === null || gateway.includes(':') ? null : gateway;
}

function ipv6Gateway(uplink: UplinkConfig | null): string | null {
  if (uplink?.gateway6 != null) return uplink.gateway6;
  return uplink?.gateway?.includes(':') === true ? uplink.gateway : null;
}

/** A word of the shell. */
function word(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
