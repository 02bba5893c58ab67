// An uplink that goes on under another address: connections with the old one are lost, whether or not the line was silent.

import type { Tally } from '../tally/tally.js';
import type { Change } from './found.js';
import type { RawOutage } from './raw.js';

/** Flows of an address that make it one of the uplink's. */
const LEAST_FLOWS = 5;
/** The last word on the old address may come so long after the first flow on the new one, and the other way round. */
const OVERLAP_US = 2e6;

interface AddressChange {
  uplink: number;
  /** The last word that was heard on the old address. */
  heardUs: number;
  /** The first flow with the new one. */
  firstUs: number;
  address: string;
}

/** Outages that were changes of address get that kind; changes without silence become outages of a moment. */
export function tellChanges(raws: readonly RawOutage[], tally: Tally): RawOutage[] {
  const told = [...raws];
  for (const change of changesOf(tally, raws)) {
    const at = told.findIndex(
      (raw) =>
        raw.uplink === change.uplink &&
        raw.kind !== 'brownout' &&
        raw.start.earliestUs <= change.firstUs + OVERLAP_US &&
        (raw.end?.latestUs ?? Number.POSITIVE_INFINITY) >= change.firstUs - OVERLAP_US,
    );
    const outage = changed(change, at < 0 ? null : told[at]);
    if (at < 0) told.push(outage);
    else told[at] = outage;
  }
  return told.sort((a, b) => a.start.bestUs - b.start.bestUs || a.uplink - b.uplink);
}

function changesOf(tally: Tally, raws: readonly RawOutage[]): AddressChange[] {
  const changes: AddressChange[] = [];
  const own = tally.sources.finish().filter(({ flows }) => flows >= LEAST_FLOWS);
  for (let n = 1; n < own.length; n++) {
    const before = own[n - 1];
    const after = own[n];
    if (before.uplink !== after.uplink || before.family !== after.family || before.lastUs > after.firstUs) continue;
    changes.push({
      uplink: after.uplink,
      heardUs: Math.min(before.heardUs, after.firstUs),
      firstUs: after.firstUs,
      address: after.address,
    });
  }
  // An address that nobody named takes over where a named one fell silent for good.
  for (const { egress, address, firstUs } of tally.strangers.finish()) {
    const open = raws.find(
      ({ uplink, end, sinceUs }) => uplink === egress && end === null && sinceUs <= firstUs + OVERLAP_US,
    );
    if (open === undefined) continue;
    changes.push({ uplink: egress, heardUs: Math.min(open.sinceUs, firstUs), firstUs, address });
  }
  // The families of one line change together.
  return changes
    .sort((a, b) => a.uplink - b.uplink || a.firstUs - b.firstUs)
    .filter((one, n, all) => n === 0 || all[n - 1].uplink !== one.uplink || one.firstUs - all[n - 1].firstUs > 10e6);
}

function changed({ uplink, heardUs, firstUs, address }: AddressChange, raw: RawOutage | null): RawOutage {
  const delayUs = raw?.delayUs ?? 100_000;
  const start: Change = {
    earliestUs: heardUs - delayUs,
    bestUs: Math.round((heardUs + firstUs) / 2),
    latestUs: firstUs + delayUs,
  };
  return {
    uplink,
    kind: 'address-change',
    sinceUs: heardUs,
    start,
    end: { earliestUs: heardUs, bestUs: Math.max(start.bestUs, firstUs), latestUs: firstUs + delayUs },
    shownByGateway: false,
    delayUs,
    lateAfterUs: raw?.lateAfterUs ?? 4 * delayUs,
    share: raw?.share ?? 0,
    evidence: [{ what: `new-address ${address}`, count: 1, servers: null }],
    surplus: raw?.surplus ?? 5,
    backUs: firstUs,
  };
}
