// Endian Firewall: /var/efw/uplinks/NAME/settings and /var/efw/ethernet/settings, lines of KEY=VALUE. The uplink's name
// is that of its folder. Weights and gateways stand in the hooks (`ip route add default … nexthop … weight`), a script.

import type { Tally } from './dump.js';
import type { Facts, Note, Place } from './facts.js';
import { readAddress, readInterfaceAddress } from './values.js';

const ZONES = ['GREEN', 'BLUE', 'ORANGE'] as const;
/** Types whose interface is made when the line is up: `ppp0`, not the card below. */
const DIALLED = /^(?:PPPOE|PPTP|ADSL|ISDN|ANALOG|UMTS|MODEM)/i;

/** `folder` names the uplink, null where there is none. */
export function readEndian(text: string, folder: string | null, facts: Facts, notes: Note[], start: Place): Tally {
  const values = new Map<string, { value: string; place: Place }>();
  text.split('\n').forEach((line, i) => {
    const [, key, value = ''] = /^\s{0,20}([A-Z][A-Z0-9_]{0,63})=(.{0,1024})$/.exec(line.replace(/\r$/, '')) ?? [];
    const plain = value.trim().replace(/^(["'])(.*)\1$/, '$2');
    if (key !== undefined) values.set(key, { value: plain, place: { ...start, line: start.line + i } });
  });
  const get = (key: string) => values.get(key)?.value ?? '';
  for (const zone of ZONES) {
    const found = addressOf(get(`${zone}_ADDRESS`), get(`${zone}_CIDR`), get(`${zone}_NETMASK`));
    const place = values.get(`${zone}_ADDRESS`)?.place ?? start;
    if (found === null) continue;
    const dev = get(`${zone}_DEV`) || zone.toLowerCase();
    facts.addresses.push({ dev, family: 4, address: found.address, network: found.network, isDynamic: false, place });
  }
  if (['RED_TYPE', 'RED_DEV', 'RED_ADDRESS', 'RED_IPS'].some((key) => values.has(key))) addUplink();
  return { counts: new Map([['settings', values.size]]), unknown: [], unknownCount: 0 };

  function addUplink(): void {
    const name = folder ?? (get('NAME') || get('RED_DEV') || 'main');
    const [place = start] = ['RED_ADDRESS', 'RED_DEV', 'RED_TYPE'].flatMap((key) => values.get(key)?.place ?? []);
    if (get('ENABLED') === 'off') {
      notes.push({ kind: 'assumed', place: values.get('ENABLED')?.place ?? place, text: `${name} is off: left out` });
      return;
    }
    const type = get('RED_TYPE');
    const isDialled = DIALLED.test(type);
    if (isDialled) {
      notes.push({
        kind: 'assumed',
        place,
        text: `${name} is dialled (${type}): its interface and address are not told here`,
      });
    }
    const [first = '', ...others] = get('RED_IPS')
      .split(/[,&]/)
      .filter((text) => text !== '');
    const address = addressOf(get('RED_ADDRESS') || first, get('RED_CIDR'), get('RED_NETMASK'));
    const further = others.filter((text) => readAddress(text)?.text !== address?.address);
    if (further.length > 0) {
      notes.push({
        kind: 'assumed',
        place: values.get('RED_IPS')?.place ?? place,
        text: `further addresses of ${name} are left out: ${further.join(', ')}`,
      });
    }
    const dev = isDialled ? null : get('RED_DEV') || null;
    if (address !== null && dev !== null) {
      facts.addresses.push({
        dev,
        family: 4,
        address: address.address,
        network: address.network,
        isDynamic: false,
        place,
      });
    }
    facts.uplinks.push({
      name,
      system: 'Endian',
      dev,
      gateway: readAddress(get('DEFAULT_GATEWAY'))?.text ?? null,
      gateway6: null,
      addresses: address === null ? [] : [address.address],
      weight: null,
      standby: null,
      mark: null,
      place,
    });
  }
}

function addressOf(address: string, cidr: string, mask: string) {
  if (address.includes('/')) return readInterfaceAddress(address);
  const length = cidr || mask;
  return readInterfaceAddress(length === '' ? address : `${address}/${length}`);
}
