// Which addresses lie at an uplink's own interface, and whose an address is.

import { parseAddress, parsePrefix } from '../config/address.js';
import type { Prefix } from '../config/config.js';
import { isLinkLocal, prefixContains, prefixesOverlap } from '../util/address.js';
import type { Facts, InterfaceAddress, Place } from './facts.js';
import type { Draft } from './uplinks.js';

export interface Own {
  prefix: Prefix;
  network: Prefix | null;
  isDynamic: boolean;
  place: Place;
}

export interface OwnAddresses {
  of(draft: Draft, family: 4 | 6): readonly Own[];
  /** The uplink at whose interface the address, or its network, lies. */
  ownerOf(prefix: Prefix): Draft | null;
}

export function ownAddresses(drafts: readonly Draft[], facts: Facts): OwnAddresses {
  const byDev = new Map<string, InterfaceAddress[]>();
  for (const one of facts.addresses) {
    const list = byDev.get(one.dev);
    if (list === undefined) byDev.set(one.dev, [one]);
    else list.push(one);
  }
  const own = new Map(
    drafts.map((draft) => {
      const all = [...ofInterface(draft, byDev.get(draft.dev ?? '') ?? []), ...ofSystem(draft)];
      return [draft, all.sort((a, b) => a.place.rank - b.place.rank)] as const;
    }),
  );
  const owners = new Map<string, Draft | null>();
  const findOwner = (prefix: Prefix): Draft | null => {
    // The very address first: networks of two uplinks may overlap.
    for (const isHost of [true, false]) {
      for (const [draft, list] of own) {
        const found = list.some((one) => {
          const block = isHost ? one.prefix : one.network;
          return block !== null && prefixesOverlap(block, prefix);
        });
        if (found) return draft;
      }
    }
    return null;
  };
  return {
    of: (draft, family) => (own.get(draft) ?? []).filter(({ prefix }) => prefix.family === family),
    ownerOf(prefix) {
      const known = owners.get(prefix.text);
      if (known !== undefined) return known;
      const found = findOwner(prefix);
      owners.set(prefix.text, found);
      return found;
    },
  };
}

/** Of an interface that carries several uplinks only those in the network of this one's gateway. */
function ofInterface(draft: Draft, addresses: readonly InterfaceAddress[]): Own[] {
  return addresses.flatMap(({ address, network, family, isDynamic, place }) => {
    const isNear = draft.key === '' || (network !== null && isNetworkOf(draft, family, network));
    const prefix = hostPrefix(address ?? '');
    return isNear && prefix !== null ? [{ prefix, network, isDynamic, place }] : [];
  });
}

function ofSystem({ addresses }: Draft): Own[] {
  return addresses.flatMap(({ value, place }) => {
    const prefix = hostPrefix(value);
    return prefix === null ? [] : [{ prefix, network: null, isDynamic: false, place }];
  });
}

/** Whether the uplink's gateway lies in the network. */
export function isNetworkOf(draft: Draft, family: 4 | 6, network: Prefix): boolean {
  return draft.gateways[family].some(({ value }) => {
    const gateway = parseAddress(value);
    return gateway !== null && prefixContains(network, gateway.family, gateway.words);
  });
}

/** Null for what is no address, and for link-local ones: no packet leaves with them. */
export function hostPrefix(address: string): Prefix | null {
  const prefix = parsePrefix(address);
  return 'error' in prefix || isLinkLocal(prefix.family, prefix.words) ? null : prefix;
}
