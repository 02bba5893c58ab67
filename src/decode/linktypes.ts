// LINKTYPE numbers (https://www.tcpdump.org/linktypes.html) that can be decoded, and the names of those that can't.

export const LINKTYPE = {
  null: 0,
  ethernet: 1,
  ppp: 9,
  /** DLT_RAW of most systems, written by some programs in place of 101. */
  rawDlt12: 12,
  /** DLT_RAW of OpenBSD, likewise. */
  rawDlt14: 14,
  pppHdlc: 50,
  pppEther: 51,
  raw: 101,
  ciscoHdlc: 104,
  loop: 108,
  linuxSll: 113,
  ipv4: 228,
  ipv6: 229,
  linuxSll2: 276,
} as const;
