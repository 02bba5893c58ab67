// IEEE 802.11 data frames that are not encrypted, and the headers with which recorders prefix them: radiotap, AVS, Prism.
// IEEE 802.11-2020, 9.2 and 9.3.2; https://www.radiotap.org

import { walkLlc } from './ethernet.js';
import type { LinkWalk } from './walk.js';

/** Second byte of frame control. */
const CONTROL = { toDs: 0x01, fromDs: 0x02, protected: 0x40, order: 0x80 } as const;
const TYPE_DATA = 2;
const SUBTYPE = { noData: 0x4, qos: 0x8 } as const;
const AGGREGATE = 0x80;
const AVS_COOKIE = 0x80211000;
const PRISM_HEADER = 144;
const RADIOTAP = { flagsPresent: 2, timePresent: 1, padded: 0x20 } as const;

/** @param padded the recorder put padding between the header and the body, so that the body starts at a multiple of 4 */
export function walk80211(
  padded: boolean,
  bytes: Uint8Array,
  view: DataView,
  at: number,
  end: number,
  link: LinkWalk,
): void {
  if (end - at < 24) return;
  const first = bytes[at] as number;
  const control = bytes[at + 1] as number;
  if (((first >>> 2) & 3) !== TYPE_DATA || (first & 3) !== 0) return;
  const subtype = first >>> 4;
  const ds = control & (CONTROL.toDs | CONTROL.fromDs);
  const fourAddresses = ds === (CONTROL.toDs | CONTROL.fromDs);
  let size = fourAddresses ? 30 : 24;
  if (end - at < size) return;
  link.addresses(view, at + (fourAddresses ? 24 : ds === CONTROL.fromDs ? 16 : 10), at + (ds & CONTROL.toDs ? 16 : 4));
  // Encrypted, without a body, or a later fragment of its frame.
  if ((control & CONTROL.protected) !== 0 || (subtype & SUBTYPE.noData) !== 0) return;
  if ((view.getUint16(at + 22, true) & 0x0f) !== 0) return;
  let aggregate = false;
  if ((subtype & SUBTYPE.qos) !== 0) {
    if (end - at < size + 2) return;
    aggregate = ((bytes[at + size] as number) & AGGREGATE) !== 0;
    size += (control & CONTROL.order) !== 0 ? 6 : 2;
  }
  if (padded) size = (size + 3) & ~3;
  // Of several packets in one frame (A-MSDU) the first is taken: addresses and a length stand before each.
  walkLlc(bytes, view, at + size + (aggregate ? 14 : 0), end, link);
}

export function walkRadiotap(bytes: Uint8Array, view: DataView, at: number, end: number, link: LinkWalk): void {
  if (end - at < 8 || bytes[at] !== 0) return;
  const length = view.getUint16(at + 2, true);
  walk80211(isPadded(view, at, Math.min(end, at + length)), bytes, view, at + length, end, link);
}

/** AVS tells its length in network order; so do the Prism headers of some drivers, others in the machine's own. */
export function walkPrismOrAvs(bytes: Uint8Array, view: DataView, at: number, end: number, link: LinkWalk): void {
  if (end - at < 8) return;
  const avs = (view.getUint32(at) & 0xfffff000) >>> 0 === AVS_COOKIE - (AVS_COOKIE & 0xfff);
  walk80211(false, bytes, view, at + (avs ? view.getUint32(at + 4) : PRISM_HEADER), end, link);
}

/** Whether radiotap's flags field is there and says so. */
function isPadded(view: DataView, start: number, end: number): boolean {
  let at = start + 4;
  const present = view.getUint32(at, true);
  if ((present & RADIOTAP.flagsPresent) === 0) return false;
  // Bit 31 announces another word.
  for (;;) {
    if (end - at < 4) return false;
    const more = view.getUint32(at, true) >>> 31;
    at += 4;
    if (more === 0) break;
  }
  if ((present & RADIOTAP.timePresent) !== 0) at += ((8 - ((at - start) & 7)) & 7) + 8;
  return at < end && (view.getUint8(at) & RADIOTAP.padded) !== 0;
}
