// Who has which address in the lab. All of them are reserved for documentation (RFC 5737, 3849) or benchmarks (RFC 2544).

/** One provider's line, as `truth.json` gives it. */
export interface LabUplink {
  /** From 1. */
  id: number;
  name: string;
  dev: string;
  weight: number;
  net: string;
  gw: string;
  ip: string;
  net6: string;
  gw6: string;
  ip6: string;
  /** Addresses that it has after an address change. */
  next: string;
  next6: string;
}

export const LAN = {
  dev: 'lan0',
  net: '192.168.77.0/24',
  router: '192.168.77.1',
  net6: '2001:db8:77::/64',
  router6: '2001:db8:77::1',
} as const;

export const SERVERS = { net: '198.18.0.0/16', net6: '2001:db8:ffff::/64' } as const;

/** 203.0.113.0/28, 198.51.100.0/28, 192.0.2.0/28, and from the fourth on the networks beside them. */
export function uplinkAddresses(id: number, weight: number, name: string): LabUplink {
  const base = ['203.0.113', '198.51.100', '192.0.2'][(id - 1) % 3];
  const offset = 16 * Math.floor((id - 1) / 3);
  const base6 = `2001:db8:${100 + id}:`;
  return {
    id,
    name,
    dev: `wan${id}`,
    weight,
    net: `${base}.${offset}/28`,
    gw: `${base}.${offset + 1}`,
    ip: `${base}.${offset + 2}`,
    net6: `${base6}:/64`,
    gw6: `${base6}:1`,
    ip6: `${base6}:2`,
    next: `${base}.${offset + 5}`,
    next6: `${base6}:5`,
  };
}

/** Hosts of the internet that call in, and the LAN host and port that the router passes them on to. */
export const CALLERS = { net: '198.19.64.0/24', port: 8443, target: '192.168.77.10' } as const;

export function callerAddress(index: number): string {
  return `198.19.64.${1 + index}`;
}

/** Between the gateway of an uplink and the internet: the gateway's end, the internet's end. */
export function transit(id: number): { gateway: string; internet: string; gateway6: string; internet6: string } {
  return {
    gateway: `198.19.255.${4 * id + 1}`,
    internet: `198.19.255.${4 * id + 2}`,
    gateway6: `2001:db8:fff0:${id}::1`,
    internet6: `2001:db8:fff0:${id}::2`,
  };
}

export function clientAddress(index: number, family: 4 | 6): string {
  return family === 4 ? `192.168.77.${10 + index}` : `2001:db8:77::${(16 + index).toString(16)}`;
}

/** Of 65,536 places; the first two bytes of neither are special. */
export function serverAddress(place: number, family: 4 | 6): string {
  return family === 4 ? `198.18.${place >> 8}.${place & 255}` : `2001:db8:ffff::${place.toString(16)}`;
}

/** Of the uplink whose network it is in; null for a stranger's or a private one. */
export function uplinkOfAddress(uplinks: readonly LabUplink[], address: string): LabUplink | null {
  const found = uplinks.find(({ net6, net }) => {
    if (address.includes(':')) return address.startsWith(net6.slice(0, -'/64'.length));
    const [base, offset] = [net.slice(0, net.lastIndexOf('.') + 1), Number(/(\d+)\/28$/.exec(net)?.[1])];
    const last = Number(address.slice(base.length));
    return address.startsWith(base) && last >= offset && last < offset + 16;
  });
  return found ?? null;
}
