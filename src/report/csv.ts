// A report becomes a table of its uplinks as comma-separated values, a row an uplink, and the cells that all CSV is made of.
//
// Fields are quoted as RFC 4180 says; lines end with a line feed alone, as Unix tools expect. Units are the report's
// own: seconds, bits per second, bytes, shares of one.

import type { Report, ReportUplink } from './report.js';
import { visible } from './text.js';

type Value = string | number | null;

const COLUMNS: readonly (readonly [string, (uplink: ReportUplink) => Value])[] = [
  ['uplink', ({ name }) => name],
  ['origin', ({ origin }) => origin],
  ['interface', (uplink) => uplink.interface],
  ['gateway', ({ gateway }) => gateway],
  ['snat', ({ snat }) => snat.join(' ')],
  ['weight', ({ weight }) => weight],
  ['capacityUp', ({ capacity }) => capacity?.up ?? null],
  ['capacityDown', ({ capacity }) => capacity?.down ?? null],
  ['flows', ({ flows }) => flows],
  ['routerFlows', ({ routerFlows }) => routerFlows],
  ['inboundFlows', ({ inboundFlows }) => inboundFlows],
  ['answered', ({ answered }) => answered],
  ['unanswered', ({ unanswered }) => unanswered],
  ['decisions', ({ decisions }) => decisions],
  ['packetsUp', ({ packets }) => packets.up],
  ['packetsDown', ({ packets }) => packets.down],
  ['ipBytesUp', ({ ipBytes }) => ipBytes.up],
  ['ipBytesDown', ({ ipBytes }) => ipBytes.down],
  ['expectedShare', ({ share }) => share.expected],
  ['flowsShare', ({ share }) => share.flows],
  ['flowsShareLow', ({ share }) => share.flowsInterval?.[0] ?? null],
  ['flowsShareHigh', ({ share }) => share.flowsInterval?.[1] ?? null],
  ['decisionsShare', ({ share }) => share.decisions],
  ['decisionsShareLow', ({ share }) => share.decisionsInterval?.[0] ?? null],
  ['decisionsShareHigh', ({ share }) => share.decisionsInterval?.[1] ?? null],
  ['bytesShare', ({ share }) => share.bytes],
  ['bytesShareLow', ({ share }) => share.bytesInterval?.[0] ?? null],
  ['bytesShareHigh', ({ share }) => share.bytesInterval?.[1] ?? null],
  ['packetsShare', ({ share }) => share.packets],
  ['packetsShareLow', ({ share }) => share.packetsInterval?.[0] ?? null],
  ['packetsShareHigh', ({ share }) => share.packetsInterval?.[1] ?? null],
  ['rateUpMean', ({ rate }) => rate.up.mean],
  ['rateUpP95', ({ rate }) => rate.up.p95],
  ['rateUpPeak', ({ rate }) => rate.up.peak],
  ['rateDownMean', ({ rate }) => rate.down.mean],
  ['rateDownP95', ({ rate }) => rate.down.p95],
  ['rateDownPeak', ({ rate }) => rate.down.peak],
  ['measuredSeconds', ({ availability }) => availability.measuredSeconds],
  ['outageSeconds', ({ availability }) => availability.outageSeconds],
  ['unmeasurableSeconds', ({ availability }) => availability.unmeasurableSeconds],
  ['availability', ({ availability }) => availability.ratio],
  ['handshakeMsP50', ({ quality }) => quality.handshakeMsP50],
  ['handshakeMsP95', ({ quality }) => quality.handshakeMsP95],
  ['retransmittedShare', ({ quality }) => quality.retransmittedShare],
  ['clients', ({ clients }) => clients],
  ['servers', ({ servers }) => servers],
];

/** Header and a line an uplink; what is not known is an empty field. */
export function renderCsv(report: Report): string {
  const rows = report.uplinks.map((uplink) => COLUMNS.map(([, read]) => cell(read(uplink))).join(','));
  return `${[COLUMNS.map(([name]) => name).join(','), ...rows].join('\n')}\n`;
}

/**
 * A text of unknown origin as one CSV field: control characters made visible, quoted where it must be, and kept from
 * being taken for a formula by a spreadsheet (https://owasp.org/www-community/attacks/CSV_Injection) by a leading `'`.
 */
export function csvText(text: string): string {
  const safe = visible(text);
  // Full-width forms of the four signs begin a formula in some spreadsheets too.
  const plain = /^\s*[=+\-@＝＋－＠]/u.test(safe) ? `'${safe}` : safe;
  return /[",\n\r]/.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain;
}

function cell(value: Value): string {
  if (value === null) return '';
  return typeof value === 'number' ? String(value) : csvText(value);
}
