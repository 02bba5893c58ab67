// A mark of connections as a person writes it: `0x100/0xff00`, value and mask, decimal or hexadecimal.

import type { UplinkConfig } from './config.js';

export type MarkConfig = NonNullable<UplinkConfig['mark']>;

/** The form, as a predicate. */
export const MARK_FORM = 'must be a mark or mark/mask such as 0x100 or 0x100/0xff00';

/** Without a mask all 32 bits count. The error is a predicate without the value. */
export function parseMark(text: string): MarkConfig | { error: string } {
  const match = /^(0x[0-9a-f]{1,8}|0|[1-9]\d{0,9})(?:\/(0x[0-9a-f]{1,8}|[1-9]\d{0,9}))?$/i.exec(text);
  const value = Number(match?.[1]);
  const mask = Number(match?.[2] ?? 0xffffffff);
  if (!(value <= 0xffffffff && mask <= 0xffffffff && mask > 0)) return { error: MARK_FORM };
  if ((value & ~mask) !== 0) return { error: 'must lie within its mask, else no packet matches' };
  return { value, mask };
}
