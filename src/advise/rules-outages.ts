// Rules on outages: how long they may be, and how soon the router must avoid a dead uplink.

import type { RuleCheck } from '../config/rules.js';
import type { Report, ReportUplink } from '../report/report.js';
import { formatDuration } from '../util/time.js';
import { formatNumberOf } from '../util/units.js';
import { gravest, type RuleFinding, unknown } from './rule-finding.js';

/** It can't be told where a span was unmeasurable for longer than an outage may be. */
export function checkOutages(
  { outages, unmeasurable, captureGaps }: Report,
  uplinks: readonly ReportUplink[],
  { what, longerThanSec }: RuleCheck & { kind: 'outage' },
): RuleFinding {
  return gravest(
    uplinks
      .map(({ name, availability }) => {
        const own = outages
          .filter(({ uplink, kind }) => uplink === name && (kind === 'brownout') === (what === 'brownout'))
          .sort((a, b) => b.seconds - a.seconds);
        const [longest] = own;
        const lasted = longest?.seconds ?? 0;
        const figure =
          longest === undefined
            ? `${name} none in ${formatDuration(availability.measuredSeconds)}`
            : `${name} ${formatNumberOf(own.length, what)}, the longest ${longest.end === null ? 'over ' : ''}${formatDuration(lasted)}`;
        const blind = [...unmeasurable.filter(({ uplink }) => uplink === name), ...captureGaps];
        const dark = Math.max(0, ...blind.map(({ start, end }) => end - start));
        let finding: RuleFinding = { state: 'holds', figure, uplink: name };
        if (lasted > longerThanSec) finding = { state: 'fails', figure, uplink: name };
        else if (longest?.end === null) finding = unknown(figure, 'it was not over when the input ended', name);
        else if (availability.measuredSeconds === 0) {
          finding = unknown(`${name} not measured`, 'too little traffic to tell idle from dead', name);
        } else if (dark > longerThanSec) {
          finding = unknown(figure, `${formatDuration(dark)} on end could not be measured`, name);
        }
        return { finding, lasted };
      })
      .sort((a, b) => b.lasted - a.lasted)
      .map(({ finding }) => finding),
  );
}

/** By the outages into which new flows were sent: how long that went on. */
export function checkFailover(
  { outages }: Report,
  uplinks: readonly ReportUplink[],
  { withinSec }: RuleCheck & { kind: 'failover' },
): RuleFinding {
  const names = uplinks.map(({ name }) => name);
  const own = outages.filter(({ uplink, kind }) => names.includes(uplink) && kind !== 'brownout');
  if (own.length === 0) return unknown('no outage', 'there was nothing to fail over from');
  const slowness = ({ reaction, seconds }: Report['outages'][number]) =>
    reaction === null ? 0 : reaction.avoided ? reaction.seconds : Math.max(seconds, reaction.seconds);
  return gravest(
    [...own]
      .sort((a, b) => slowness(b) - slowness(a))
      .map((outage): RuleFinding => {
        const { uplink, reaction } = outage;
        if (reaction === null) return { state: 'holds', figure: `${uplink} avoided at once`, uplink };
        const took = formatDuration(reaction.seconds);
        if (reaction.avoided) {
          return {
            state: reaction.seconds <= withinSec ? 'holds' : 'fails',
            figure: `${uplink} avoided after ${took}`,
            uplink,
          };
        }
        const figure = `${uplink} not avoided for ${took}`;
        if (slowness(outage) > withinSec) return { state: 'fails', figure, uplink };
        return unknown(figure, 'the outage was over before that', uplink);
      }),
  );
}
