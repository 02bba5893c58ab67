// What dumps of connection tracking show beside the flows: what they can't tell, entries that were taken away, addresses that
// nobody named, and where they and the captures do not agree.

import type { Finding } from '../report/report.js';
import type { Tally } from '../tally/tally.js';
import type { Spell } from '../tally/told.js';
import { formatNumberOf } from '../util/units.js';
import { finding } from './finding.js';
import { uplinksCaptured } from './view.js';

/** From this part of the compared flows on, differing counters are more than the usual exceptions. */
const MANY = 0.1;
/** Addresses that are told one by one. */
const TOLD_ADDRESSES = 3;
const RECORD_LOG = 'conntrack -E -o timestamp,id,extended > events.log';

/** `snat` and `interfaces` are by uplink, as the report names them. */
export interface TrackingInput {
  tally: Tally;
  interfaces: readonly (string | null)[];
  snat: readonly (readonly string[])[];
  /** Whether captures are among the inputs, and how many entries of dumps. */
  captures: boolean;
  entries: number;
}

export function trackingFindings(input: TrackingInput): Finding[] {
  if (!input.tally.hasDumps) return [];
  return [
    ...noneOnUplinks(input),
    ...unknownSources(input),
    ...untranslated(input),
    ...uncounted(input),
    ...untimed(input),
    ...unheard(input),
    ...flushed(input),
    ...onlyTracked(input),
    ...disagreements(input),
  ];
}

function noneOnUplinks({ tally, snat, captures, entries }: TrackingInput): Finding[] {
  const { told } = tally;
  if (captures || told.flows > 0 || entries === 0) return [];
  const sources = snat.flat();
  if (sources.length > 0) {
    const message = `No entry is translated to a configured SNAT source, nor names one (${sources.slice(0, TOLD_ADDRESSES).join(', ')}).`;
    const cure = 'hold the addresses against the dump: mlstat uplinks infer';
    return [finding('no-uplinks', 'error', message, { cure })];
  }
  const message =
    'No uplink can be told: no entry is translated, so that no SNAT source stands in the replies. This dump is of a router without NAT, or of no router.';
  const cure = 'name the address of each uplink: mlstat analyse --uplink NAME=ADDRESS@WEIGHT';
  return [finding('no-uplinks', 'error', message, { cure })];
}

function unknownSources({ tally }: TrackingInput): Finding[] {
  const { unknownSources: sources } = tally.told;
  const flows = [...sources.values()].reduce((sum, count) => sum + count, 0);
  if (flows === 0) return [];
  const busiest = [...sources].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
  const named = busiest
    .slice(0, TOLD_ADDRESSES)
    .map(([address, count]) => `${address} (${formatNumberOf(count, 'flow')})`);
  const more = busiest.length > named.length ? ` and ${busiest.length - named.length} more` : '';
  const message = `${formatNumberOf(flows, 'flow')} ${wasOrWere(flows)} translated to addresses of no uplink, and not counted for any: ${named.join(', ')}${more}.`;
  const cure = `name the uplink if it is one: --uplink NAME=${busiest[0][0]}@WEIGHT`;
  return [finding('unknown-source', 'warning', message, { flows, cure })];
}

/** Told where others are translated: a router that leaves it to the provider's box translates none. */
function untranslated({ tally }: TrackingInput): Finding[] {
  const { flows, firstUs, lastUs } = tally.told.untranslated;
  if (flows === 0 || tally.told.flows === 0) return [];
  const message = `${formatNumberOf(flows, 'flow')} of LAN hosts went to the Internet untranslated, as connection tracking has it, without any answer: no NAT rule matched on the way out, which leaves a private source.`;
  const cure =
    'see that the SNAT rules name every interface of the multipath route: iptables -t nat -S POSTROUTING; ip route';
  const [first, last] = [firstUs, lastUs].map((timeUs) => (timeUs === null ? null : timeUs / 1e6));
  return [finding('private-source', 'warning', message, { flows, first, last, cure })];
}

function uncounted({ tally, captures }: TrackingInput): Finding[] {
  const { told } = tally;
  const counted = told.flows - told.uncounted;
  if (told.unaccounted > 0) {
    const which =
      counted === 0 ? 'No flow has' : `${told.unaccounted} of ${formatNumberOf(told.flows, 'flow')} have no`;
    const rest = captures ? '' : ': packets, bytes and what is drawn from them are not known, which is not 0';
    const message = `${which} counters, because the router did not count when they began${rest}.`;
    const cure =
      'sysctl net.netfilter.nf_conntrack_acct=1 (for new connections; to keep it: /etc/sysctl.d/), then record again';
    return [finding('no-accounting', 'warning', message, { flows: told.unaccounted, cure })];
  }
  if (captures) return openBeside(tally);
  if (told.uncounted === 0) return [];
  const message = `${told.uncounted} of ${formatNumberOf(told.flows, 'flow')} ${wasOrWere(told.uncounted)} not over when the log ended: counters come with the end, so that packets and bytes are those of the others.`;
  const cure = 'give a list of the same moment beside it: conntrack -L -o extended,id > list.txt';
  return [finding('open-flows', 'info', message, { flows: told.uncounted, cure })];
}

/** Beside captures, of uplinks that these do not show. */
function openBeside(tally: Tally): Finding[] {
  const captured = uplinksCaptured(tally);
  const others = tally.told.uplinks.flatMap((counts, n) =>
    captured[n] || counts.flows === counts.counted ? [] : [{ ...counts, name: tally.topology.uplinks[n].name }],
  );
  if (others.length === 0) return [];
  const flows = others.reduce((total, one) => total + one.flows, 0);
  const open = others.reduce((total, one) => total + one.flows - one.counted, 0);
  const uplinks = others.map(({ name }) => name);
  const message = `The captures show nothing of ${uplinks.join(', ')}, and ${open} of ${formatNumberOf(flows, 'flow')} there ${wasOrWere(open)} not over when the log ended: packets and bytes there are those of the others.`;
  return [finding('open-flows', 'info', message, { uplinks, flows: open })];
}

function untimed({ tally, captures }: TrackingInput): Finding[] {
  const { told } = tally;
  if (told.flows === 0 || captures) return [];
  if (told.listed === told.flows) {
    const message =
      'This is a snapshot: the flows that were alive at one moment. Long ones are in it more often than they begin, short ones hardly at all; it tells no order and no time, so nothing of rates, outages, failover or changes.';
    return [finding('snapshot', 'info', message, { flows: told.flows, cure: `record what happens: ${RECORD_LOG}` })];
  }
  const without = told.untimed - told.listed;
  if (without * 2 < told.flows) return [];
  const message = `The log has no beginning for ${formatNumberOf(without, 'flow')} of ${told.flows}: the events carry no time, or they began before it. Outages, failover and changes can't be told from them.`;
  return [finding('no-times', 'info', message, { flows: without, cure: `record times: ${RECORD_LOG}` })];
}

function unheard({ tally }: TrackingInput): Finding[] {
  const flows = tally.told.unheard.reduce((sum, count) => sum + count, 0);
  if (flows === 0) return [];
  const message = `Nothing tells whether ${formatNumberOf(flows, 'flow')} ${wasOrWere(flows)} answered: the log has NEW events alone.`;
  return [finding('no-answers', 'info', message, { flows, cure: `leave -e NEW out: ${RECORD_LOG}` })];
}

/** DESTROY of what was alive, then NEW in the middle: measured with MASQUERADE on Linux 6.18 (`nf_nat_masquerade.c`). */
function flushed({ tally, interfaces, snat }: TrackingInput): Finding[] {
  const { told, topology } = tally;
  const gone = sum(told.flushed);
  const resumed = sum(told.resumed);
  if (gone.flows === 0) return [];
  const reset = told.resumed.reduce((total, spell) => total + spell.reset, 0);
  const uplinks = topology.uplinks.flatMap(({ name }, n) => (told.flushed[n].flows > 0 ? [name] : []));
  const worst = told.flushed.findIndex(({ flows }) => flows === Math.max(...told.flushed.map((one) => one.flows)));
  const after =
    resumed.flows > 0
      ? ` ${formatNumberOf(resumed.flows, 'connection')} went on afterwards with a new entry and mostly another source${reset > 0 ? `, and ${reset} of them ended with a reset` : ''}.`
      : '';
  const message = `${formatNumberOf(gone.flows, 'entry', 'entries')} of living connections on ${uplinks.join(', ')} ${wasOrWere(gone.flows)} taken away. MASQUERADE does that when the address or the link goes, and when a connection is routed to another device, also at the return of an uplink; so do conntrack -D and -F.${after}`;
  const address = (snat[worst][0] ?? 'ADDRESS').replace(/\/(32|128)$/, '');
  const cure = `with a fixed address, SNAT in place of MASQUERADE: iptables -t nat -A POSTROUTING -o ${interfaces[worst] ?? 'DEVICE'} -j SNAT --to-source ${address}`;
  const { flows } = gone;
  const first = gone.firstUs === null ? null : gone.firstUs / 1e6;
  const last = gone.lastUs === null ? null : gone.lastUs / 1e6;
  return [finding('flushed-entries', 'warning', message, { uplinks, flows, first, last, cure })];
}

function onlyTracked({ tally }: TrackingInput): Finding[] {
  const { joined } = tally.told;
  if (joined === null || joined.unmatched === 0) return [];
  const { matched, unmatched, within } = joined;
  const captured = uplinksCaptured(tally);
  const others = tally.topology.uplinks.flatMap(({ name }, n) => (captured[n] ? [] : [{ name, n }]));
  const elsewhere = others.reduce((total, { n }) => total + tally.told.uplinks[n].flows, 0);
  const alone = `${formatNumberOf(unmatched, 'flow')} ${unmatched === 1 ? 'is' : 'are'} in the router's connection tracking alone, ${matched} in the captures as well.`;
  const where =
    elsewhere === 0
      ? ''
      : ` ${elsewhere === unmatched ? 'They' : `${elsewhere} of them`} went by ${others.map(({ name }) => name).join(', ')}, of which the captures show nothing.`;
  // Of those that a capture should show.
  const missing = Math.min(within, unmatched - elsewhere);
  const when =
    missing > 0
      ? ` ${missing === unmatched ? 'They' : missing} began on captured links while the recorder ran: on a link without carrier nothing reaches it, nor does what a later rule drops.`
      : elsewhere < unmatched
        ? ` ${elsewhere === 0 ? 'They' : unmatched - elsewhere} began before or after the recording.`
        : '';
  const message = `${alone}${where}${when} In the flow records their end is expired, removed or tracked.`;
  return [finding('only-conntrack', missing > 0 ? 'warning' : 'info', message, { flows: unmatched })];
}

function disagreements({ tally }: TrackingInput): Finding[] {
  const { joined, otherMark } = tally.told;
  const found: Finding[] = [];
  const tell = (flows: number, level: 'warning' | 'info', message: string, cure: string | null = null) => {
    if (flows > 0) found.push(finding('conntrack-disagrees', level, message, { flows, cure }));
  };
  tell(
    otherMark,
    'warning',
    `${formatNumberOf(otherMark, 'flow')} with the mark of one uplink and the SNAT source of another: what is routed by the mark leaks.`,
    'see that the mark is set before routing and that the rules of each table name its own mark: ip rule; iptables-save -t mangle',
  );
  if (joined === null) return found;
  const { untold, compared, otherCounts, otherDirection, otherClient, left } = joined;
  tell(
    untold,
    'warning',
    `${formatNumberOf(untold, 'flow')} of the captures ${untold === 1 ? 'is' : 'are'} not in the log, although it ran: events were lost, or the packets are not tracked (notrack).`,
    'give the log a larger buffer: conntrack -E -b 16777216 -o timestamp,id,extended > events.log',
  );
  tell(
    otherCounts,
    otherCounts >= compared * MANY ? 'warning' : 'info',
    `Of ${formatNumberOf(compared, 'flow')} that both show whole, ${otherCounts} ${otherCounts === 1 ? 'has' : 'have'} other packets or bytes in connection tracking than in the captures, repeated SYNs and fragments aside: it does not count what is offloaded or comes when the entry is gone, a dead link swallows what it has counted, and recorders lose packets. The captures' figures are used.`,
  );
  tell(
    otherDirection,
    'warning',
    `${formatNumberOf(otherDirection, 'flow')} began from the other end than connection tracking says; the captures are believed.`,
  );
  tell(
    otherClient,
    'warning',
    `${formatNumberOf(otherClient, 'flow')} with another client on the LAN than in connection tracking: the dump is of another router or time, or clocks differ; the captures are believed.`,
  );
  tell(
    left,
    'warning',
    `${formatNumberOf(left, 'flow')} of the dumps ${wasOrWere(left)} left out: more than two million can't be joined.`,
    'cut the log to the time of the captures',
  );
  return found;
}

/** Told by dumps, and by captures of both sides of the NAT. */
export function rewrittenPorts({ tally }: { tally: Tally }): Finding[] {
  const flows = tally.rewrittenPorts;
  if (flows === 0) return [];
  const message = `NAT changed the port of ${formatNumberOf(flows, 'flow')}: another connection had the client's own port with the same server already. That does no harm, except to what relies on its port (some games, SIP, IPsec).`;
  return [finding('port-rewritten', 'info', message, { flows })];
}

function wasOrWere(count: number): string {
  return count === 1 ? 'was' : 'were';
}

function sum(spells: readonly Spell[]): Spell {
  const times = (list: (number | null)[]) => list.filter((time) => time !== null);
  const firsts = times(spells.map(({ firstUs }) => firstUs));
  const lasts = times(spells.map(({ lastUs }) => lastUs));
  return {
    flows: spells.reduce((total, { flows }) => total + flows, 0),
    firstUs: firsts.length > 0 ? Math.min(...firsts) : null,
    lastUs: lasts.length > 0 ? Math.max(...lasts) : null,
  };
}
