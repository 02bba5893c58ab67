// What no single uplink shows: names that repeat, uplinks that no packet can tell apart.

import { prefixesOverlap } from '../util/address.js';
import type { Config, UplinkConfig } from './config.js';
import type { Path } from './document.js';

/** A fault of uplinks with each other: a predicate as the schema's, the path it is about, and the value's text. */
export interface ConfigFault {
  path: Path;
  message: string;
}

/** Fields that a packet shows beside its addresses; one that differs tells two uplinks apart. */
const TELLING = ['interface', 'gatewayMac', 'vlan'] as const;

/** The first fault in the order of the uplinks, else null. */
export function checkUplinks(uplinks: Config['uplinks']): ConfigFault | null {
  for (const [i, uplink] of uplinks.entries()) {
    if (uplink.snat.length === 0 && !isTold(uplink)) {
      const message = 'has no snat, so it needs interface, gatewayMac, vlan or mark for its packets to be known';
      return { path: ['uplinks', i], message };
    }
    for (const [j, earlier] of uplinks.slice(0, i).entries()) {
      if (earlier.name === uplink.name) {
        return { path: ['uplinks', i, 'name'], message: `must be unique, and is the name of uplinks[${j}] too` };
      }
      if (differ(earlier, uplink)) continue;
      const [overlap] = uplink.snat.filter((prefix) => earlier.snat.some((other) => prefixesOverlap(prefix, other)));
      if (overlap !== undefined) {
        const message = `overlaps that of uplinks[${j}] (${earlier.name}), so interface, gatewayMac, vlan or mark must differ`;
        return { path: ['uplinks', i, 'snat', uplink.snat.indexOf(overlap)], message };
      }
      if (uplink.snat.length === 0 && earlier.snat.length === 0) {
        const message = `can't be told from uplinks[${j}] (${earlier.name}): interface, gatewayMac, vlan or mark must differ`;
        return { path: ['uplinks', i], message };
      }
    }
  }
  return null;
}

/** What is allowed but may surprise: one line each. */
export function configNotes({ uplinks }: Config): string[] {
  return uplinks
    .filter(({ weight }) => weight !== null && weight > 256)
    .map(({ name, weight }) => `weight ${weight} of ${name}: Linux before 6.12 takes at most 256`);
}

function isTold(uplink: UplinkConfig): boolean {
  return TELLING.some((field) => uplink[field] !== null) || uplink.mark !== null;
}

function differ(a: UplinkConfig, b: UplinkConfig): boolean {
  if (TELLING.some((field) => a[field] !== null && b[field] !== null && a[field] !== b[field])) return true;
  if (a.mark === null || b.mark === null) return false;
  return ((a.mark.value ^ b.mark.value) & a.mark.mask & b.mark.mask) !== 0;
}
