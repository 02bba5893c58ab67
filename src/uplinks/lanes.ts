// A lane: packets seen at one point with one uplink's SNAT source. Attribution is a pure function of the packet's own
// addresses and of the point; it runs once a run, since a run has one key.

import type { Prefix } from '../config/config.js';
import { META } from '../decode/batch.js';
import type { PointInfo } from '../decode/decoder.js';
import {
  type Block,
  isLinkLocal,
  isMulticast,
  isPrivate,
  maskWords,
  prefixContains,
  prefixesOverlap,
} from '../util/address.js';
import { ROLE, type Role, roleFinder, type Topology } from './topology.js';

/** What the packets of a lane are. */
export const CLASS = {
  /** They carry an uplink's SNAT source. */
  wan: 0,
  /** The same at a point whose packets are counted elsewhere. */
  second: 1,
  /** Before NAT: an end is a LAN host. */
  lan: 2,
  /** The router's own upkeep: link-local, multicast, neighbour discovery, keep-alive pings. */
  upkeep: 3,
  /** On an uplink's link, yet with a private source that is not its own. */
  stray: 4,
  /** None of these. */
  other: 5,
} as const;
export type LaneClass = (typeof CLASS)[keyof typeof CLASS];

export interface Lane {
  point: number;
  class: LaneClass;
  /** Uplink whose SNAT source it carries, -1 for none. */
  uplink: number;
  /** Uplink whose link it is seen on, -1 where that can't be told. */
  egress: number;
  /** The local end (SNAT source, LAN host) is the higher endpoint. */
  localHigh: boolean;
  /** A second sight from the LAN side: its local end is the client itself (IPv6 without NAT). */
  lanSide: boolean;
}

const MAX_LANES = 0xffff;
const PROTOCOL_ICMP = 1;
const PROTOCOL_ICMP6 = 58;

/** Gives out lane numbers for one input; `lanes[n]` describes them. */
export class LaneTable {
  readonly lanes: Lane[] = [];
  private readonly byKey = new Map<number, number>();
  private readonly roles: Role[] = [];
  private readonly low: [number, number, number, number] = [0, 0, 0, 0];
  private readonly high: [number, number, number, number] = [0, 0, 0, 0];

  private readonly findRole: (point: PointInfo) => Role;
  /** Gateways, or what is near the SNAT sources where an uplink's gateway of that family is not known. */
  private readonly neighbours: readonly Block[];
  private readonly snat4: Snat4;

  constructor(
    private readonly topology: Topology,
    input: number,
    private readonly points: readonly PointInfo[],
  ) {
    this.findRole = roleFinder(topology, input);
    this.snat4 = new Snat4(topology);
    this.neighbours = topology.uplinks.flatMap(({ snat, gateways }) => [
      ...gateways,
      ...snat
        .filter(({ family }) => !gateways.some((gateway) => gateway.family === family))
        .map(({ family, words, length }) => {
          const near = Math.min(length, family === 4 ? 24 : 64);
          return { family, words: maskWords({ family, words }, near), length: near };
        }),
    ]);
  }

  /** The lane of a key; arguments as in `LaneBook.laneOf`. Beyond 65,535 lanes the last one takes the rest. */
  laneOf(meta: number, k0: number, k1: number, wide: Int32Array, wideAt: number): number {
    const point = meta >>> META.pointShift;
    if (this.topology.asSeen) return this.intern(point, CLASS.other, -1, -1, false);
    const family = (meta & META.ipv6) !== 0 ? 6 : 4;
    const { low, high } = this;
    if (family === 6) {
      for (let i = 0; i < 4; i++) {
        low[i] = wide[wideAt + i] >>> 0;
        high[i] = wide[wideAt + 4 + i] >>> 0;
      }
    } else {
      low[3] = k0 >>> 0;
      high[3] = k1 >>> 0;
    }
    const role = this.roleAt(point);
    const link = role >= 0 ? role : -1;
    if (isUpkeepAddress(family, low) || isUpkeepAddress(family, high)) {
      return this.intern(point, CLASS.upkeep, -1, link, false);
    }
    const lowUplink = family === 4 ? this.snat4.uplinkOf(k0, link) : this.uplinkOf(family, low, link);
    const highUplink = family === 4 ? this.snat4.uplinkOf(k1, link) : this.uplinkOf(family, high, link);
    if (lowUplink >= 0 || highUplink >= 0) {
      // Between two of the router's own addresses the one of this link counts.
      const localHigh = lowUplink < 0 || (highUplink >= 0 && highUplink === link);
      const uplink = localHigh ? highUplink : lowUplink;
      if (this.isUpkeep(meta, family, localHigh ? low : high)) {
        return this.intern(point, CLASS.upkeep, uplink, link, localHigh);
      }
      const laneClass = role === ROLE.second || role === ROLE.lan ? CLASS.second : CLASS.wan;
      return this.intern(point, laneClass, uplink, link, localHigh, role === ROLE.lan);
    }
    if (family === 6 && (meta & META.protocolMask) === PROTOCOL_ICMP6 && (meta & META.hasPorts) === 0) {
      return this.intern(point, CLASS.upkeep, -1, link, false);
    }
    const lowLan = this.isLan(family, low);
    const highLan = this.isLan(family, high);
    if (link >= 0 && lowLan !== highLan) return this.intern(point, CLASS.stray, -1, link, highLan);
    if (lowLan || highLan) return this.intern(point, CLASS.lan, -1, link, !lowLan);
    return this.intern(point, CLASS.other, -1, link, false);
  }

  /** What `UsualLanes` of flows/instance.ts says, null where it can't be said. */
  get usual(): { sources: Int32Array; neighbours: Int32Array } | null {
    const { blocks } = this.snat4;
    if (blocks === null) return null;
    const near = this.neighbours.filter(({ family }) => family === 4);
    return { sources: blocks, neighbours: Int32Array.from(near.flatMap(blockOf4)) };
  }

  /** The uplink whose link a point is, -1 where it is none or several. */
  linkOf(point: number): number {
    return this.topology.asSeen ? -1 : Math.max(-1, this.roleAt(point));
  }

  private roleAt(point: number): Role {
    const known = this.roles[point];
    if (known !== undefined) return known;
    const info = this.points[point];
    const role = info === undefined ? ROLE.shared : this.findRole(info);
    this.roles[point] = role;
    return role;
  }

  /** Number of the uplink with this SNAT source, -1 for none; where several share it, the link decides. */
  private uplinkOf(family: 4 | 6, words: readonly number[], link: number): number {
    const { uplinks } = this.topology;
    let found = -1;
    for (let n = 0; n < uplinks.length; n++) {
      if (!contains(uplinks[n].snat, family, words)) continue;
      if (n === link) return n;
      if (found < 0) found = n;
    }
    return found;
  }

  private isLan(family: 4 | 6, words: readonly number[]): boolean {
    const { lan } = this.topology;
    return lan.length > 0 ? contains(lan, family, words) : isPrivate(family, words);
  }

  /** Neighbour discovery, and pings of a gateway, be it by another link (where none is known, of a neighbour in an uplink's /24 or /64). */
  private isUpkeep(meta: number, family: 4 | 6, remote: readonly number[]): boolean {
    const protocol = meta & META.protocolMask;
    if (protocol !== PROTOCOL_ICMP && protocol !== PROTOCOL_ICMP6) return false;
    if ((meta & META.hasPorts) === 0) return protocol === PROTOCOL_ICMP6;
    return this.neighbours.some((neighbour) => prefixContains(neighbour, family, remote));
  }

  private intern(
    point: number,
    laneClass: LaneClass,
    uplink: number,
    egress: number,
    localHigh: boolean,
    lanSide = false,
  ): number {
    const key = (point * 8 + laneClass) * 1024 + (uplink + 1) * 2 + (localHigh ? 1 : 0);
    const known = this.byKey.get(key);
    if (known !== undefined) return known;
    if (this.lanes.length > MAX_LANES) return MAX_LANES;
    const lane = this.lanes.length;
    this.lanes.push({ point, class: laneClass, uplink, egress, localHigh, lanSide });
    this.byKey.set(key, lane);
    return lane;
  }
}

/** The IPv4 SNAT sources of all uplinks as words and masks: asked for both ends of every new flow. */
class Snat4 {
  private readonly words: Int32Array;
  private readonly masks: Int32Array;
  private readonly owners: Int32Array;
  /** A word and a mask each; null where some overlap. */
  readonly blocks: Int32Array | null;

  constructor({ uplinks }: Topology) {
    const own = uplinks.flatMap(({ snat }, uplink) =>
      snat.filter(({ family }) => family === 4).map((prefix) => ({ prefix, uplink })),
    );
    const blocks = own.map(({ prefix }) => blockOf4(prefix));
    this.words = Int32Array.from(blocks, ([word]) => word);
    this.masks = Int32Array.from(blocks, ([, mask]) => mask);
    this.owners = Int32Array.from(own, ({ uplink }) => uplink);
    const overlap = own.some((one, n) => own.slice(n + 1).some((two) => prefixesOverlap(one.prefix, two.prefix)));
    this.blocks = overlap ? null : Int32Array.from(blocks.flat());
  }

  /** As `LaneTable.uplinkOf`. */
  uplinkOf(word: number, link: number): number {
    const { words, masks, owners } = this;
    let found = -1;
    for (let i = 0; i < words.length; i++) {
      if (((word ^ words[i]) & masks[i]) !== 0) continue;
      if (owners[i] === link) return link;
      if (found < 0) found = owners[i];
    }
    return found;
  }
}

function blockOf4({ words, length }: Block): [word: number, mask: number] {
  return [words[3] | 0, length === 0 ? 0 : -1 << (32 - length)];
}

function contains(prefixes: readonly Prefix[], family: 4 | 6, words: readonly number[]): boolean {
  for (const prefix of prefixes) if (prefixContains(prefix, family, words)) return true;
  return false;
}

/** Link-local, multicast, broadcast, unspecified: never forwarded, so never balanced. */
function isUpkeepAddress(family: 4 | 6, words: readonly number[]): boolean {
  if (isLinkLocal(family, words) || isMulticast(family, words)) return true;
  if (family === 4) return words[3] === 0 || words[3] === 0xffffffff;
  return words[0] === 0 && words[1] === 0 && words[2] === 0 && words[3] === 0;
}
