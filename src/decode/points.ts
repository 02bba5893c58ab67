// Numbers the places where packets were seen, densely and in order of first sight.

import type { PointInfo } from './decoder.js';

/** Far more than anyone has; the point's 16 bits in `meta` would hold four times as many, the memory not. */
export const MAX_POINTS = 16_384;

/** Open addressing over the four fields of a point; grows with what is seen. */
export class PointTable {
  readonly points: PointInfo[] = [];
  private slots = new Int32Array(64).fill(-1);

  /** The point's number; MAX_POINTS if it is new and there is no room for it. */
  find(
    iface: number,
    ifindex: number,
    vlan: number,
    linkType: number,
    nameOf: (iface: number) => string | null,
  ): number {
    const points = this.points;
    let slots = this.slots;
    let slot = hash(iface, ifindex, vlan, linkType) & (slots.length - 1);
    for (;;) {
      const known = slots[slot] as number;
      if (known < 0) break;
      const point = points[known] as PointInfo;
      if (point.iface === iface && point.ifindex === ifindex && point.vlan === vlan && point.linkType === linkType) {
        return known;
      }
      slot = (slot + 1) & (slots.length - 1);
    }
    const number = points.length;
    if (number >= MAX_POINTS) return MAX_POINTS;
    points.push({ iface, name: nameOf(iface), ifindex, vlan, linkType });
    slots[slot] = number;
    if (points.length * 2 > slots.length) {
      slots = new Int32Array(slots.length * 2).fill(-1);
      points.forEach((point, at) => {
        let free = hash(point.iface, point.ifindex, point.vlan, point.linkType) & (slots.length - 1);
        while ((slots[free] as number) >= 0) free = (free + 1) & (slots.length - 1);
        slots[free] = at;
      });
      this.slots = slots;
    }
    return number;
  }
}

function hash(iface: number, ifindex: number, vlan: number, linkType: number): number {
  let h = Math.imul(iface, 0x9e3779b1) ^ Math.imul(ifindex, 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 15), 0x2c1b3c6d) ^ Math.imul((linkType << 12) ^ vlan, 0xc2b2ae35);
  return (h ^ (h >>> 13)) >>> 0;
}
