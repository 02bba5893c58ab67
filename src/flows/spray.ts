// A flow is sprayed where its own link and another carried what the local end sent side by side: a choice anew for every
// packet.

/** Packets on each link, and the part of the flow's time in which both carried some, from which on it is sprayed. */
export const SPRAYED_PACKETS = 3;
const SPRAYED_SHARE = 0.5;

/** What one kind of link carried, all runs together. */
export class Span {
  packets = 0;
  firstUs = Number.POSITIVE_INFINITY;
  lastUs = Number.NEGATIVE_INFINITY;

  add(packets: number, firstUs: number, lastUs: number): void {
    this.packets += packets;
    this.firstUs = Math.min(this.firstUs, firstUs);
    this.lastUs = Math.max(this.lastUs, lastUs);
  }
}

export function isSprayed(own: Span, other: Span): boolean {
  if (Math.min(own.packets, other.packets) < SPRAYED_PACKETS) return false;
  const together = Math.min(own.lastUs, other.lastUs) - Math.max(own.firstUs, other.firstUs);
  const whole = Math.max(own.lastUs, other.lastUs) - Math.min(own.firstUs, other.firstUs);
  return together >= whole * SPRAYED_SHARE;
}
