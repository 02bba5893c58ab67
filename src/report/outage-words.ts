// An outage becomes a few plain sentences: what happened, what the router did about it, what it cost. All formats for
// persons print them.

import { formatDuration } from '../util/time.js';
import { formatBytes, formatNumberOf, formatShare } from '../util/units.js';
import type { Moment, Outage, OutageKind } from './report.js';

const WHAT: Readonly<Record<OutageKind, string>> = {
  'link-down': 'its link was down: nothing went out and nothing came in',
  'gateway-dead': 'its gateway was dead: packets went out, and not even the gateway answered',
  blackhole: 'packets went out and no answer came',
  brownout: 'it answered, but clearly less than before',
  'address-change': 'its address changed, and connections with the old one were lost',
};

/** `timeOf` writes a moment for people. */
export function outageSentences(outage: Outage, timeOf: (seconds: number) => string): string {
  return [happened(outage, timeOf), reacted(outage), lost(outage), retried(outage), returned(outage, timeOf)]
    .filter((sentence) => sentence !== '')
    .join(' ');
}

function happened(outage: Outage, timeOf: (seconds: number) => string): string {
  const { uplink, kind, start, end, seconds, answeredBefore, answeredDuring } = outage;
  const lasted =
    end === null
      ? `and was not over when the input ends, ${formatDuration(seconds)} later`
      : `for ${formatDuration(seconds)} (end known to ${precision(end)})`;
  const answers =
    kind === 'brownout' && answeredBefore !== null && answeredDuring !== null
      ? `: ${formatShare(answeredDuring)} of the new flows were answered at once, ${formatShare(answeredBefore)} before`
      : '';
  return `${uplink} from ${timeOf(start.best)} (known to ${precision(start)}) ${lasted}: ${WHAT[kind]}${answers}.`;
}

function precision({ earliest, latest }: Moment): string {
  return `±${formatDuration((latest - earliest) / 2)}`;
}

function reacted({ kind, reaction }: Outage): string {
  if (kind === 'brownout' || kind === 'address-change') return '';
  if (reaction === null) return 'No new flow was sent into it that the input shows.';
  if (!reaction.avoided) return 'The router never avoided it: new flows went in until the end.';
  return `New flows still went in for ${formatDuration(reaction.seconds)}, then the router avoided it.`;
}

function lost({ blackholedFlows, cutFlows, clientsHit, bytesCut }: Outage): string {
  if (blackholedFlows + cutFlows === 0) return '';
  const parts = [
    blackholedFlows > 0 ? `${formatNumberOf(blackholedFlows, 'new flow')} never had an answer` : '',
    cutFlows > 0
      ? `${formatNumberOf(cutFlows, 'living flow')} broke off${bytesCut ? ` (${formatBytes(bytesCut)} moved by then)` : ''}`
      : '',
  ].filter((part) => part !== '');
  const hit = clientsHit === null || clientsHit === 0 ? '' : `; ${formatNumberOf(clientsHit, 'client')} hit`;
  return `${parts.join(', ')}${hit}.`;
}

function retried({ retried: again }: Outage): string {
  if (again === null || again.flows === 0) return '';
  return `${formatNumberOf(again.flows, 'flow')} got through elsewhere on a later try, after ${formatDuration(again.waitP50)} in the median and ${formatDuration(again.waitP95)} at the 95th percentile.`;
}

function returned({ kind, end, failback, strandedFlows }: Outage, timeOf: (seconds: number) => string): string {
  if (end === null || kind === 'brownout') return '';
  if (failback === null) return 'No new flow used it afterwards.';
  const stranded =
    strandedFlows > 0 ? ` ${formatNumberOf(strandedFlows, 'flow')} stayed on the backup long after.` : '';
  return `The first new flow was back at ${timeOf(failback.firstFlow)}, ${formatDuration(failback.seconds)} after the end.${stranded}`;
}
