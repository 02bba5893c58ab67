// The interfaces that a pcapng section describes, what it says of each, and what each is said to have dropped.

import { NgClock } from './ngclock.js';
import type { PacketDecoder } from './packet.js';
import { MAX_POINTS } from './points.js';

export interface NgInterface {
  /** Unique over the sections of an input; an interface that a later section describes again keeps its number. */
  readonly number: number;
  readonly linkType: number;
  /** Bytes; 0 for no limit. */
  readonly snaplen: number;
  readonly clock: NgClock;
  /** By the last statistics block, or null; and summed over the packets' own drop counts. */
  statedDrops: number | null;
  countedDrops: number;
}

const OPTION = { end: 0, name: 2, resolution: 9, offset: 14, ifDrop: 5, osDrop: 7 } as const;
/** Interfaces of a section; files have a handful, and a crafted one is not to fill the memory. */
const MAX_INTERFACES = 65_535;
/** Interfaces of an input that are told apart; further ones are taken for one. */
const MAX_NUMBERS = MAX_POINTS - 1;
/** IFNAMSIZ is 16 on Linux; Windows' device paths are the longest met. */
const MAX_NAME = 256;

const utf8 = new TextDecoder();

export class NgInterfaces {
  /** One that can't be read leaves a gap: the others keep their places. */
  private current: (NgInterface | undefined)[] = [];
  /** By name, link type and how many of these stand before it in its section; without a name by its place. */
  private readonly numbers = new Map<string, number>();
  /** Interfaces of the section by name and link type. */
  private readonly alike = new Map<string, number>();

  constructor(private readonly decoder: PacketDecoder) {}

  /** Interface numbers start again at 0. */
  newSection(): void {
    this.current = [];
    this.alike.clear();
  }

  get(index: number): NgInterface | undefined {
    return this.current[index];
  }

  /** The body of an interface description block, [from, to). Returns what is damaged of it, or null. */
  describe(bytes: Uint8Array, view: DataView, from: number, to: number, little: boolean): string | null {
    if (this.current.length >= MAX_INTERFACES) return 'too-many-interfaces';
    if (to - from < 8) {
      this.current.push(undefined);
      return 'bad-option';
    }
    let name = '';
    let resolution = 6;
    let offsetSec = 0;
    const sound = eachOption(view, from + 8, to, little, (code, at, size) => {
      if (code === OPTION.name && size > 0) {
        // Some writers count the terminating zero in.
        name = utf8.decode(bytes.subarray(at, at + Math.min(size, MAX_NAME))).replace(/\0.*$/s, '');
      } else if (code === OPTION.resolution && size === 1) {
        resolution = view.getUint8(at);
      } else if (code === OPTION.offset && size === 8) {
        const high = view.getInt32(little ? at + 4 : at, little);
        offsetSec = high * 4294967296 + view.getUint32(little ? at : at + 4, little);
      }
    });
    const linkType = view.getUint16(from, little);
    const number = this.numberOf(name, linkType);
    if (name !== '' && number < MAX_NUMBERS) this.decoder.nameIface(number, name);
    this.current.push({
      number,
      linkType,
      snaplen: view.getUint32(from + 4, little),
      clock: new NgClock(resolution, offsetSec),
      statedDrops: null,
      countedDrops: 0,
    });
    if (number === MAX_NUMBERS) return 'too-many-interfaces';
    return sound ? null : 'bad-option';
  }

  /** Files that were joined describe the same interfaces again. MAX_NUMBERS for those that are not told apart. */
  private numberOf(name: string, linkType: number): number {
    const kind = `${linkType} ${name}`;
    const before = this.alike.get(kind) ?? 0;
    this.alike.set(kind, before + 1);
    const key = `${name === '' ? this.current.length : before} ${kind}`;
    const known = this.numbers.get(key);
    if (known !== undefined) return known;
    if (this.numbers.size >= MAX_NUMBERS) return MAX_NUMBERS;
    this.numbers.set(key, this.numbers.size);
    return this.numbers.size - 1;
  }

  /** The same for an interface statistics block. */
  statistics(view: DataView, from: number, to: number, little: boolean): string | null {
    if (to - from < 12) return 'bad-option';
    const iface = this.current[view.getUint32(from, little)];
    if (iface === undefined) return null;
    let drops: number | null = null;
    const sound = eachOption(view, from + 12, to, little, (code, at, size) => {
      if ((code === OPTION.ifDrop || code === OPTION.osDrop) && size === 8) {
        drops = (drops ?? 0) + readUint64(view, at, little);
      }
    });
    if (drops !== null) this.tell(iface, drops, iface.countedDrops);
    return sound ? null : 'bad-option';
  }

  /** Adds what a packet says was lost before it. */
  dropped(iface: NgInterface, count: number): void {
    this.tell(iface, iface.statedDrops, iface.countedDrops + count);
  }

  /** Statistics of the whole interface stand above the packets' own counts. */
  private tell(iface: NgInterface, stated: number | null, counted: number): void {
    const before = iface.statedDrops ?? iface.countedDrops;
    iface.statedDrops = stated;
    iface.countedDrops = counted;
    const counts = this.decoder.counts;
    counts.dropped = (counts.dropped ?? 0) + (stated ?? counted) - before;
  }
}

/** Unsigned; no longer exact beyond 2^53. */
export function readUint64(view: DataView, at: number, little: boolean): number {
  const first = view.getUint32(at, little);
  const second = view.getUint32(at + 4, little);
  return little ? second * 4294967296 + first : first * 4294967296 + second;
}

/** False where an option runs past the end; those before it were told. */
export function eachOption(
  view: DataView,
  from: number,
  to: number,
  little: boolean,
  tell: (code: number, at: number, size: number) => void,
): boolean {
  let at = from;
  while (to - at >= 4) {
    const code = view.getUint16(at, little);
    const size = view.getUint16(at + 2, little);
    if (code === OPTION.end) return true;
    if (to - at - 4 < size) return false;
    tell(code, at + 4, size);
    at += 4 + ((size + 3) & ~3);
  }
  return true;
}
