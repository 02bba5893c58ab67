// When one flow ends and the next one with the same key begins: timeouts near to what the router's own connection
// tracking does (nf_conntrack-sysctl, kernel documentation), as pure functions of a run's state.

import { META } from '../decode/batch.js';
import { SILENCE, STATE } from './layout.js';

/** Idle times in seconds after which a flow is over. */
export interface FlowRules {
  /** TCP whose opening was seen. */
  tcp: number;
  /** TCP that the capture found under way. */
  tcpMidstream: number;
  /** TCP after a FIN from both sides. */
  tcpClosed: number;
  /** TCP after a RST. */
  tcpReset: number;
  /** UDP and UDP-Lite, one side silent. */
  udp: number;
  udpReplied: number;
  /** ICMP and ICMPv6 echo. */
  icmp: number;
  /** Every other protocol. */
  other: number;
}

export const DEFAULT_FLOW_RULES: Readonly<FlowRules> = {
  tcp: 3600,
  tcpMidstream: 300,
  tcpClosed: 120,
  tcpReset: 10,
  udp: 30,
  udpReplied: 120,
  icmp: 30,
  other: 600,
};

/** An answered UDP flow of this age is a stream. */
export const STREAM_US = 2e6;
/** How long the fragments of one datagram may be apart (RFC 8200 4.5: 60 s; Linux `ipfrag_time`: 30 s). */
const DATAGRAM_US = 30e6;

export const PROTOCOL = { icmp: 1, tcp: 6, udp: 17, icmp6: 58, sctp: 132, dccp: 33, udpLite: 136 } as const;

/** The rules in microseconds, with the bounds that decide at a glance. */
export class Timeouts {
  readonly tcp: number;
  readonly tcpMidstream: number;
  readonly tcpClosed: number;
  readonly tcpReset: number;
  readonly udp: number;
  readonly udpReplied: number;
  readonly icmp: number;
  readonly other: number;
  /** No rule splits a gap that is not longer than this. */
  readonly least: number;
  /** None splits one of UDP that is not longer than this. */
  readonly leastUdp: number;

  constructor(readonly rules: Readonly<FlowRules> = DEFAULT_FLOW_RULES) {
    this.tcp = rules.tcp * 1e6;
    this.tcpMidstream = rules.tcpMidstream * 1e6;
    this.tcpClosed = rules.tcpClosed * 1e6;
    this.tcpReset = rules.tcpReset * 1e6;
    this.udp = rules.udp * 1e6;
    this.udpReplied = rules.udpReplied * 1e6;
    this.icmp = rules.icmp * 1e6;
    this.other = rules.other * 1e6;
    this.least = Math.min(...Object.values(rules).map((sec) => sec * 1e6), DATAGRAM_US);
    this.leastUdp = Math.min(this.udp, this.udpReplied, DATAGRAM_US);
  }

  /**
   * Microseconds of silence that a run in this state survives, all of its past being known. `lastedUs` is the time from
   * its first to its last packet: the kernel takes an answered UDP flow for a stream only once it is two seconds old
   * (`udp_timeout_stream` in nf_conntrack_proto_udp.c), so that a query's five-tuple is free again after 30 s.
   */
  of(meta: number, state: number, lastedUs: number): number {
    if ((meta & META.datagram) !== 0) return DATAGRAM_US;
    switch (meta & META.protocolMask) {
      case PROTOCOL.tcp:
        if ((state & STATE.anyRst) !== 0) return this.tcpReset;
        if ((state & STATE.bothFin) === STATE.bothFin) return this.tcpClosed;
        return (state & STATE.anyOpening) !== 0 ? this.tcp : this.tcpMidstream;
      case PROTOCOL.udp:
      case PROTOCOL.udpLite:
        return (state & STATE.bothWays) === STATE.bothWays && lastedUs >= STREAM_US ? this.udpReplied : this.udp;
      case PROTOCOL.icmp:
      case PROTOCOL.icmp6:
        return this.icmp;
      default:
        return this.other;
    }
  }

  /** What `of`, `leastOf` and `mostOf` say in each state of SILENCE, as the hot loop reads it. */
  table(): Float64Array {
    const table = new Float64Array(3 * SILENCE.states);
    const tell = (silence: number, meta: number, state: number, lastedUs: number) => {
      const said = [
        this.of(meta, state, lastedUs),
        this.leastOf(meta, state, lastedUs),
        this.mostOf(meta, state, lastedUs),
      ];
      table.set(said, 3 * silence);
    };
    tell(SILENCE.datagram, META.datagram, 0, 0);
    tell(SILENCE.tcpReset, PROTOCOL.tcp, STATE.anyRst, 0);
    tell(SILENCE.tcpClosed, PROTOCOL.tcp, STATE.bothFin, 0);
    tell(SILENCE.tcpOpened, PROTOCOL.tcp, STATE.synLow, 0);
    tell(SILENCE.tcpMidstream, PROTOCOL.tcp, 0, 0);
    const fresh = STATE.synLow | STATE.startsWithSyn;
    tell(SILENCE.tcpFresh, PROTOCOL.tcp, fresh, 0);
    tell(SILENCE.tcpFreshHalf, PROTOCOL.tcp, fresh | STATE.finLow, 0);
    tell(SILENCE.udp, PROTOCOL.udp, 0, 0);
    tell(SILENCE.udpStream, PROTOCOL.udp, STATE.bothWays, STREAM_US);
    tell(SILENCE.icmp, PROTOCOL.icmp, 0, 0);
    tell(SILENCE.other, 0, 0, 0);
    return table;
  }

  /** The least that `of` could say if unknown earlier packets had added to the state. */
  leastOf(meta: number, state: number, lastedUs: number): number {
    if ((meta & META.datagram) !== 0) return DATAGRAM_US;
    switch (meta & META.protocolMask) {
      case PROTOCOL.tcp: {
        const known = this.of(meta, state, lastedUs);
        if ((state & STATE.anyRst) !== 0) return known;
        // A SYN continues no flow that is closed or reset: what it may continue has one FIN at most.
        if ((state & STATE.startsWithSyn) !== 0) {
          return (state & STATE.bothFin) === 0 ? known : Math.min(known, this.tcpClosed);
        }
        return Math.min(known, this.tcpReset, this.tcpClosed, this.tcp);
      }
      case PROTOCOL.udp:
      case PROTOCOL.udpLite:
        return Math.min(this.of(meta, state, lastedUs), this.udpReplied);
      default:
        return this.of(meta, state, lastedUs);
    }
  }

  /** The most that `of` could say if unknown earlier packets had added to the state. */
  mostOf(meta: number, state: number, lastedUs: number): number {
    if ((meta & META.datagram) !== 0) return DATAGRAM_US;
    switch (meta & META.protocolMask) {
      case PROTOCOL.tcp: {
        const known = this.of(meta, state, lastedUs);
        if ((state & STATE.anyRst) !== 0) return known;
        if ((state & STATE.bothFin) === STATE.bothFin) return Math.max(known, this.tcpReset);
        return Math.max(known, this.tcpReset, this.tcpClosed, this.tcp);
      }
      case PROTOCOL.udp:
      case PROTOCOL.udpLite:
        return Math.max(this.of(meta, state, lastedUs), this.udpReplied);
      default:
        return this.of(meta, state, lastedUs);
    }
  }
}

/** Whether a SYN begins a new flow. `high`: sent by the higher endpoint; `isn`: that side's known one. */
export function synVerdict(state: number, high: number, isn: number, seq: number): 'same' | 'new' | 'new-unless-known' {
  if ((state & STATE.anyRst) !== 0 || (state & STATE.bothFin) === STATE.bothFin) return 'new';
  if ((state & (STATE.synLow << high)) !== 0) return isn === seq ? 'same' : 'new';
  return 'new-unless-known';
}
