// Every option there is: its flags, what its help says, what completion offers. Verbs name those that they have.
// Values stay text here; `request.ts` and the verbs read them, so that every error has one form.

import { Option } from 'commander';
import { PROGRESS_MODES } from './modes.js';

interface OptionSpec {
  flags: string;
  text: string;
  /** What completion offers; the check is the reader's. */
  choices?: readonly string[];
  /** May stand more than once; its values are gathered. */
  repeats?: boolean;
  value?: string;
}

const GROUPS = {
  'Uplinks:': {
    config: {
      flags: '-c, --config <file>',
      text: 'what is known of the router, YAML or JSON (else mlstat.yaml here or in ~/.config/mlstat)',
    },
    noConfig: { flags: '--no-config', text: 'look for no configuration' },
    router: {
      flags: '--router <dir>',
      text: "the router's own files in place of a configuration: routes, rules, addresses, NAT (mlstat uplinks import)",
    },
    uplink: {
      flags: '--uplink <name=address>',
      text: 'an uplink by its SNAT sources and weight: dsl1=203.0.113.2@4, several addresses with commas',
      repeats: true,
    },
    capacity: {
      flags: '--capacity <name=down/up>',
      text: 'what an uplink can carry, bits per second: dsl1=20M/1M',
      repeats: true,
    },
    style: {
      flags: '--style <style>',
      text: 'connmark (flows stay put), classic (the Nano-Howto), mwan3 or endian',
      choices: ['connmark', 'classic', 'mwan3', 'endian'],
      value: 'connmark',
    },
    firewall: {
      flags: '--firewall <firewall>',
      text: 'nft or iptables',
      choices: ['nft', 'iptables'],
      value: 'nft',
    },
    auditConfig: {
      flags: '-c, --config <file>',
      text: 'the configuration meant for it: names of the uplinks, and whether a keep-alive is to run',
    },
    live: { flags: '--live', text: 'ask this machine: ip, nft, iptables-save, /proc/sys, all read-only' },
    report: {
      flags: '--report <file>',
      text: 'a saved report (analyse --format json): what it measured stands by the rules',
    },
    capture: {
      flags: '--capture <input>',
      text: 'captures or dumps of the router, analysed for the same (repeated)',
      repeats: true,
    },
    weights: { flags: '--weights <name=weight,…>', text: "in place of the configuration's: dsl1=4,dsl2=1" },
    mark: {
      flags: '--mark <mark=name>',
      text: 'the mark of connections that names an uplink in conntrack dumps: 0x100/0xff00=dsl1',
      repeats: true,
    },
    noUplinks: { flags: '--no-uplinks', text: 'every five-tuple as seen: nothing joined, no uplink told' },
  },
  'Rules:': {
    rule: {
      flags: '--rule <rule>',
      text: 'share within 5 points, p95 below 80 % of capacity, no leak, no outage longer than 30 s, every uplink used, balance consistent, answered above 95 %, failover within 10 s …; also: for dsl1',
      repeats: true,
    },
    failOnUnknown: { flags: '--fail-on-unknown', text: "exit 1 as well where a rule can't be told" },
  },
  'What is compared:': {
    before: {
      flags: '--before <input>',
      text: 'an input of the time before; the others are of the time after',
      repeats: true,
    },
    split: { flags: '--split <time>', text: 'cut the inputs here: before it against after it' },
    configBefore: { flags: '--config-before <file>', text: 'the configuration of the time before, for its weights' },
  },
  'Which packets:': {
    since: { flags: '--since <time>', text: 'from then on: 2026-01-31T14:30:00Z, or seconds since the epoch' },
    until: { flags: '--until <time>', text: 'before then' },
    client: { flags: '--client <prefix>', text: 'flows of these LAN hosts only', repeats: true },
    server: { flags: '--server <prefix>', text: 'flows with these hosts of the Internet only', repeats: true },
  },
  'How:': {
    pin: {
      flags: '--pin <prefix>',
      text: 'destinations that a rule binds to an uplink: out of the balance',
      repeats: true,
    },
    minOutage: {
      flags: '--min-outage <time>',
      text: 'outages shorter than that are not told: 0.5s, 10s, 1m (else all that show)',
    },
    sensitivity: {
      flags: '--sensitivity <level>',
      text: 'low, normal or high, or a number: false outages a year that healthy traffic may raise (0.01, 1, 100)',
      choices: ['low', 'normal', 'high'],
    },
    bin: { flags: '--bin <time>', text: 'step of series, p95 and peak: 1s, 5s, 15s, 1m, 5m, 15m, 1h' },
    timeout: {
      flags: '--timeout <rule=time>',
      text: 'idle time that ends a flow: udp=60,tcp=2h (tcp, tcpMidstream, tcpClosed, tcpReset, udp, udpReplied, icmp, other)',
      repeats: true,
    },
    jobs: { flags: '-j, --jobs <number>', text: 'threads that read (else one for each processor)' },
    reader: {
      flags: '--reader <reader>',
      text: 'fast, or reference: slow and independent, classic pcap only',
      choices: ['fast', 'reference'],
    },
    crossCheck: { flags: '--cross-check', text: 'read with both and compare' },
    strict: { flags: '--strict', text: 'exit 4 where an input is damaged' },
  },
  'What comes out:': {
    analyseFormat: {
      flags: '-f, --format <format>',
      text: 'table, json, markdown or csv (else by the ending of -o, else table)',
      choices: ['table', 'json', 'markdown', 'csv'],
    },
    validateFormat: {
      flags: '-f, --format <format>',
      text: 'table, json or junit (else by the ending of -o, else table)',
      choices: ['table', 'json', 'junit'],
    },
    flowsFormat: {
      flags: '-f, --format <format>',
      text: 'csv or ndjson (else by the ending of -o, else csv)',
      choices: ['csv', 'ndjson'],
    },
    auditFormat: {
      flags: '-f, --format <format>',
      text: 'table, json or markdown (else by the ending of -o, else table)',
      choices: ['table', 'json', 'markdown'],
    },
    showFormat: {
      flags: '-f, --format <format>',
      text: 'table, yaml or json',
      choices: ['table', 'yaml', 'json'],
      value: 'table',
    },
    target: {
      flags: '--target <target>',
      text: 'equal utilisation (default), split=dsl1:60,dsl2:40 of the bytes, or metered=lte: used last',
    },
    maxSum: { flags: '--max-sum <number>', text: 'largest sum of the weights that are tried (else 16)' },
    series: { flags: '--series', text: 'the series over time as well (json)' },
    timezone: { flags: '--timezone <zone>', text: 'of times in and out: UTC (default), local, Europe/Berlin …' },
    chart: { flags: '--chart <name>', text: 'one chart alone, into .svg, .png, .vl.json or a folder' },
    anonymise: {
      flags: '--anonymise',
      text: 'other addresses that share prefixes in the same way, for results that are passed on',
    },
    anonymiseKey: {
      flags: '--anonymise-key <key>',
      text: 'a file or a text: the same key gives the same addresses (else a new one each time)',
    },
    save: { flags: '--save <file>', text: 'keep what was read, to be given as an input in place of the captures' },
    output: { flags: '-o, --output <file>', text: 'write there, the whole or nothing' },
    noColor: { flags: '--no-color', text: 'no colour (NO_COLOR and FORCE_COLOR count as well)' },
    progress: {
      flags: '--progress <when>',
      text: 'auto (on a terminal), always or never',
      choices: PROGRESS_MODES,
      value: 'auto',
    },
    quiet: { flags: '-q, --quiet', text: 'no warnings' },
    verbose: { flags: '-v, --verbose', text: 'what was read, and how fast' },
    debug: { flags: '--debug', text: 'the stack behind an error' },
  },
} as const satisfies Record<string, Record<string, OptionSpec>>;

type Names<T> = T extends unknown ? keyof T : never;
export type OptionName = Names<(typeof GROUPS)[keyof typeof GROUPS]>;

/** The named options in the order of the help, whatever the order of the names. */
export function createOptions(names: readonly OptionName[]): Option[] {
  return Object.entries(GROUPS).flatMap(([group, specs]) =>
    Object.entries(specs as Record<string, OptionSpec>)
      .filter(([name]) => (names as readonly string[]).includes(name))
      .map(([, spec]) => createOption(spec, group)),
  );
}

function createOption({ flags, text, choices, repeats, value }: OptionSpec, group: string): Option {
  const option = new Option(flags, text).helpGroup(group);
  if (choices !== undefined) option.argChoices = [...choices];
  if (value !== undefined) option.default(value);
  if (repeats) option.default([]).argParser((text: string, before: string[]) => [...before, text]);
  return option;
}
