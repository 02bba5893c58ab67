// Rules on service: answered flows, availability, handshakes, leaks, and any finding by its code.

import type { RuleCheck } from '../config/rules.js';
import { FINDING_CODES } from '../measure/finding.js';
import { wilsonInterval } from '../measure/interval.js';
import type { Report, ReportUplink } from '../report/report.js';
import { formatDuration } from '../util/time.js';
import { formatNumberOf, formatShare } from '../util/units.js';
import { gravest, type RuleFinding, unknown } from './rule-finding.js';

/** Too low a share that is still within chance of the limit can't be told; flows count as the effective decisions do. */
export function checkAnswered(
  { balance }: Report,
  uplinks: readonly ReportUplink[],
  { above }: RuleCheck & { kind: 'answered' },
): RuleFinding {
  const judged = uplinks.map(({ name, answered, unanswered }): RuleFinding & { share: number } => {
    const flows = (answered ?? 0) + (unanswered ?? 0);
    if (answered === null || flows === 0) {
      return { ...unknown(`${name} no answers seen`, 'answers are not in the inputs', name), share: 2 };
    }
    const share = answered / flows;
    const figure = `${name} ${formatShare(share)} of ${formatNumberOf(flows, 'flow')}`;
    if (share >= above) return { state: 'holds', figure, uplink: name, share };
    const high = wilsonInterval(share, flows / Math.max(1, balance.designEffect ?? 1))?.[1] ?? 1;
    if (high >= above)
      return { ...unknown(figure, `of so few flows up to ${formatShare(high)} are within chance`, name), share };
    return { state: 'fails', figure, uplink: name, share };
  });
  return gravest(judged.sort((a, b) => a.share - b.share).map(({ share: _, ...finding }) => finding));
}

export function checkAvailable(
  uplinks: readonly ReportUplink[],
  { above }: RuleCheck & { kind: 'available' },
): RuleFinding {
  const byRatio = [...uplinks].sort((a, b) => (a.availability.ratio ?? 2) - (b.availability.ratio ?? 2));
  return gravest(
    byRatio.map(({ name, availability: { ratio, measuredSeconds } }): RuleFinding => {
      if (ratio === null) return unknown(`${name} not measured`, 'too little traffic to tell idle from dead', name);
      const figure = `${name} ${formatShare(ratio, 2)} of ${formatDuration(measuredSeconds)}`;
      return { state: ratio >= above ? 'holds' : 'fails', figure, uplink: name };
    }),
  );
}

export function checkHandshake(
  uplinks: readonly ReportUplink[],
  { figure: which, belowSec }: RuleCheck & { kind: 'handshake' },
): RuleFinding {
  const read = ({ quality }: ReportUplink) => (which === 'p95' ? quality.handshakeMsP95 : quality.handshakeMsP50);
  return gravest(
    [...uplinks]
      .sort((a, b) => (read(b) ?? -1) - (read(a) ?? -1))
      .map((uplink): RuleFinding => {
        const { name } = uplink;
        const ms = read(uplink);
        if (ms === null) return unknown(`${name} no handshake seen`, 'no TCP connection was opened and answered', name);
        return {
          state: ms < belowSec * 1000 ? 'holds' : 'fails',
          figure: `${name} ${formatDuration(ms / 1000)}`,
          uplink: name,
        };
      }),
  );
}

const LEAKS = ['nat-leak', 'private-source'];

/** Where only connection tracking was read, nothing shows by which link a packet left. */
export function checkLeak(report: Report, uplink: string | null): RuleFinding {
  const found = report.findings.filter(({ code, uplinks }) => LEAKS.includes(code) && isAbout(uplinks, uplink));
  const packets = found.reduce((sum, finding) => sum + (finding.packets ?? 0), 0);
  if (found.length > 0) {
    return {
      state: 'fails',
      figure: `${formatNumberOf(packets, 'packet')} with a wrong source (${found.map(({ code }) => code).join(', ')})`,
    };
  }
  if (report.packets.attributed === 0) return unknown('no packets', 'no capture shows by which link they left');
  return { state: 'holds', figure: `none in ${formatNumberOf(report.packets.attributed, 'packet')}` };
}

export function checkFinding(
  { findings }: Report,
  uplink: string | null,
  { code }: RuleCheck & { kind: 'finding' },
): RuleFinding {
  const found = findings.filter((finding) => finding.code === code && isAbout(finding.uplinks, uplink));
  if (found.length > 0) return { state: 'fails', figure: `found ${formatNumberOf(found.length, 'time')}` };
  if (!(code in FINDING_CODES))
    return unknown('no such finding', `${code} is none of: ${Object.keys(FINDING_CODES).join(', ')}`);
  return { state: 'holds', figure: 'not found' };
}

/** A finding that names no uplink is about all. */
function isAbout(uplinks: readonly string[], uplink: string | null): boolean {
  return uplink === null || uplinks.length === 0 || uplinks.includes(uplink);
}
