// A prefix becomes the range of its addresses, as firewalls write pools.

import type { Prefix } from '../../config/config.js';
import { formatAddress, type Words } from '../../util/address.js';
import { prefixText } from './model.js';

/** `203.0.113.0-203.0.113.7`; one address alone as it is. */
export function rangeText(prefix: Prefix): string {
  const { family, words, length } = prefix;
  const whole = family === 4 ? 32 : 128;
  if (length === whole) return prefixText(prefix);
  const last = words.map((word, i) => {
    const free = Math.min(32, Math.max(0, (family === 4 ? length + 96 : length) - 32 * i));
    const host = free === 32 ? 0 : 0xffffffff >>> free;
    return (word | host) >>> 0;
  });
  return `${formatAddress(family, words)}-${formatAddress(family, last as unknown as Words)}`;
}
