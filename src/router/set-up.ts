// One command of a set-up script (ip, iptables, nft, sysctl, route, ifconfig) changes what the script has set up so far.

import { readDump } from './dump.js';
import { addFacts, type DefaultRoute, type Facts, type Note, type Place, placeText } from './facts.js';
import { addAddress, readNeighbour, readNexthop } from './ip-link.js';
import { readRoute } from './ip-route.js';
import { readRule } from './ip-rule.js';
import { addBaseChains, chainName, readIptablesRule } from './iptables.js';
import { readNft } from './nft.js';
import { readSysctl } from './settings.js';
import { readAddress, readDefault, readInterfaceAddress, readLength } from './values.js';

export interface CommandContext {
  /** A variable in it that isn't known, as written. */
  unknown: string | null;
  /** The file that its output goes to. */
  output: string | null;
  heredoc: { text: string; place: Place } | null;
  place: Place;
}

const PREFIXES = new Set(['sudo', 'exec', 'command', 'nohup', 'nice', 'doas', 'busybox']);

/** Rules of iptables that are taken away again: each is looked for among all. */
const MOST_REMOVALS = 200;

export class SetUp {
  private table = new Map<string, DefaultRoute>();
  private removals = 0;

  constructor(
    readonly facts: Facts,
    private readonly notes: Note[],
  ) {}

  /** What kind of command it was, for the count of what was understood; null where it says nothing of uplinks. */
  command(given: readonly string[], context: CommandContext): string | null {
    const words = [...given];
    while (PREFIXES.has(words[0] ?? '')) words.shift();
    const name = (words[0] ?? '').slice((words[0] ?? '').lastIndexOf('/') + 1);
    const args = words.slice(1);
    if (name === 'ip') return this.ip(args, context);
    if (name === 'iptables' || name === 'ip6tables' || /^ip6?tables-(?:nft|legacy)$/.test(name)) {
      return this.iptables(args, name.startsWith('ip6') ? 6 : 4, context);
    }
    if (/^ip6?tables(?:-nft|-legacy)?-restore$/.test(name))
      return this.restore(context, name.startsWith('ip6') ? 6 : 4);
    if (name === 'nft') return this.nft(args, context);
    if (name === 'sysctl') {
      const found = args.map((arg) => /^([\w./-]+)=(.*)$/.exec(arg)).filter((match) => match !== null);
      for (const [, key, value] of found) readSysctl(key, value, this.facts, context.place);
      return found.length > 0 ? 'settings' : null;
    }
    if (name === 'echo' && context.output?.startsWith('/proc/sys/')) {
      return readSysctl(context.output, args.at(-1) ?? '', this.facts, context.place) ? 'settings' : null;
    }
    if (name === 'route') return this.oldRoute(args, context);
    if (name === 'ifconfig') return this.ifconfig(args, context);
    return null;
  }

  finish(facts: Facts): void {
    this.facts.routes.push(...this.table.values());
    addFacts(facts, this.facts);
  }

  private ip(given: readonly string[], context: CommandContext): string | null {
    const args = [...given];
    let family: 4 | 6 | null = null;
    while (args[0]?.startsWith('-')) {
      const option = args.shift() ?? '';
      if (option === '-6') family = 6;
      else if (option === '-4') family = 4;
      else if (option === '-f' || option === '-family') family = args.shift() === 'inet6' ? 6 : 4;
      else if (option === '-n' || option === '-netns') args.shift();
      else if (/^-b(?:atch)?$/.test(option)) return this.batch(context);
    }
    const [object = '', verb = '', ...rest] = args;
    const is = (name: string, least: number) => object.length >= least && name.startsWith(object);
    const isAdd =
      /^(?:a(?:dd|p|pp|ppe|ppen|ppend)?|r(?:ep|epl|epla|eplac|eplace)?|c(?:h|ha|han|hang|hange)?|prepend)$/.test(verb);
    const isDel = /^d(?:e|el|ele|elet|elete)?$/.test(verb);
    const isFlush = /^f(?:l|lu|lus|lush)?$/.test(verb);
    if (!(isAdd || isDel || isFlush))
      return is('link', 1) || is('route', 1) || is('rule', 2) ? 'other commands of ip' : null;
    if (context.unknown !== null && !(is('link', 1) || isFlush)) {
      this.unclear(context, `${missing(context.unknown)}: ip ${args.join(' ')}`);
      return 'commands with unknown variables';
    }
    if (is('route', 1)) return this.ipRoute(verb, isDel ? 'del' : isFlush ? 'flush' : 'add', rest, family, context);
    if (is('rule', 2)) return this.ipRule(isAdd, isFlush, rest, family, context);
    if (is('address', 1)) return this.ipAddress(isAdd, isFlush, rest, context);
    if (is('nexthop', 3) && isAdd) {
      const nexthop = readNexthop(rest, context.place);
      if (nexthop !== null) {
        const known = this.facts.nexthops.findIndex(({ id }) => id === nexthop.id);
        if (known >= 0) this.facts.nexthops.splice(known, 1);
        this.facts.nexthops.push(nexthop);
      }
      return 'nexthop objects';
    }
    if (is('neighbour', 1) || is('neighbor', 1))
      return readNeighbour(rest, this.facts, context.place) ? 'neighbours' : null;
    return is('link', 1) ? 'other commands of ip' : null;
  }

  private ipRoute(
    verb: string,
    what: 'add' | 'del' | 'flush',
    words: readonly string[],
    family: 4 | 6 | null,
    context: CommandContext,
  ): string {
    if (what === 'flush') {
      const at = words.indexOf('table');
      const table = at < 0 ? 'main' : words[at + 1];
      for (const [key, route] of this.table) if (route.table === table) this.table.delete(key);
      return 'routes';
    }
    const { route, problem } = readRoute(words, family, context.place);
    if (problem !== null && what === 'add') this.unclear(context, `ip route: ${problem}`);
    if (route === null) return 'routes';
    if (what === 'del') {
      for (const [key, known] of this.table) {
        const isSame = known.table === route.table && (route.family ?? known.family) === known.family;
        if (isSame && (route.hops.length === 0 || sameHops(known, route))) this.table.delete(key);
      }
      return 'routes';
    }
    route.family ??= 4;
    let key = `${route.family} ${route.table} ${route.metric}`;
    const known = this.table.get(key);
    // Siblings of IPv6: a multipath route out of single ones.
    if (known !== undefined && (verb.startsWith('ap') || (route.family === 6 && verb.startsWith('a')))) {
      if (!sameHops(known, route)) key += ` ${this.table.size}`;
    } else if (known !== undefined && verb.startsWith('a') && !sameHops(known, route)) {
      this.notes.push({
        kind: 'contradiction',
        place: context.place,
        text: `the default route of table ${route.table} is set again, and otherwise than at ${placeText(known.place)}: the later one is taken`,
      });
    }
    this.table.delete(key);
    this.table.set(key, route);
    return 'routes';
  }

  private ipRule(
    isAdd: boolean,
    isFlush: boolean,
    words: readonly string[],
    family: 4 | 6 | null,
    { place }: CommandContext,
  ): string {
    const { facts } = this;
    if (isFlush) {
      facts.rules = [];
      return 'rules';
    }
    const rule = readRule(words, null, family ?? null, place);
    if (isAdd && rule !== null) facts.rules.push(rule);
    if (!isAdd) {
      facts.rules = facts.rules.filter(
        (known) =>
          !(
            (rule === null || rule.table === known.table) &&
            (rule === null || rule.priority === 0 || rule.priority === known.priority) &&
            known.from?.text === (rule?.from?.text ?? known.from?.text)
          ),
      );
    }
    return 'rules';
  }

  private ipAddress(isAdd: boolean, isFlush: boolean, words: readonly string[], { place }: CommandContext): string {
    const { facts } = this;
    const dev = words[words.indexOf('dev') + 1] ?? '';
    if (isFlush) {
      if (words.includes('dev') || words.length === 1) {
        const name = words.includes('dev') ? dev : words[0];
        facts.addresses = facts.addresses.filter((known) => known.dev !== name);
      }
      return 'addresses';
    }
    const text = words.find((word) => readInterfaceAddress(word) !== null && word !== 'brd') ?? '';
    const found = readInterfaceAddress(text);
    if (found === null || !words.includes('dev')) return 'addresses';
    if (isAdd) addAddress(facts, dev, found, { isPeer: words.includes('peer'), isDynamic: false, place });
    else facts.addresses = facts.addresses.filter((known) => known.dev !== dev || known.address !== found.address);
    return 'addresses';
  }

  /** `ip -batch -` with the commands in a here-document. */
  private batch({ heredoc, ...context }: CommandContext): string | null {
    if (heredoc === null) return null;
    heredoc.text.split('\n', 10_000).forEach((line, i) => {
      const words = line.trim().split(/\s+/);
      const place = { ...heredoc.place, line: heredoc.place.line + i };
      if (words[0] !== '' && !words[0].startsWith('#') && !words[0].startsWith('-b')) {
        this.ip(words, { ...context, unknown: null, heredoc: null, place });
      }
    });
    return 'routes';
  }

  private iptables(args: readonly string[], family: 4 | 6, context: CommandContext): string {
    const { facts } = this;
    addBaseChains(facts);
    const option = args.findIndex((arg) => arg === '-t' || arg === '--table');
    const table = option < 0 ? 'filter' : (args[option + 1] ?? '');
    if (table !== 'nat' && table !== 'mangle') return 'iptables rules';
    const flush = args.findIndex((arg) => arg === '-F' || arg === '--flush');
    const remove = args.findIndex((arg) => arg === '-D' || arg === '--delete');
    if (flush >= 0) {
      const chain = args[flush + 1];
      const name = chainName(family, table, chain === undefined || chain.startsWith('-') ? '' : chain);
      facts.nat = facts.nat.filter((rule) => (name.endsWith(' ') ? !rule.chain.startsWith(name) : rule.chain !== name));
      return 'iptables rules';
    }
    const rest = args.filter((_, i) => option < 0 || (i !== option && i !== option + 1));
    const words = remove < 0 ? rest : rest.map((word) => (word === '-D' || word === '--delete' ? '-A' : word));
    const { rule, savesMark, problem } = readIptablesRule(words, table, family, context.place);
    if (rule === null) {
      facts.savesMark ||= savesMark;
      if (problem !== null) this.unclear(context, problem);
      return 'iptables rules';
    }
    if (context.unknown !== null) this.unclear(context, `${missing(context.unknown)}: iptables ${args.join(' ')}`);
    else if (remove < 0) facts.nat.push(rule);
    else if (this.removals++ < MOST_REMOVALS) {
      const same = ({ place: _, ...one }: typeof rule) => JSON.stringify(one);
      const known = facts.nat.findIndex((one) => one.chain === rule.chain && same(one) === same(rule));
      if (known >= 0) facts.nat.splice(known, 1);
    }
    return 'iptables rules';
  }

  private restore({ heredoc }: CommandContext, family: 4 | 6): string | null {
    if (heredoc === null) return null;
    readDump(heredoc.text, this.facts, this.notes, heredoc.place, family);
    return 'iptables rules';
  }

  private nft(args: readonly string[], { heredoc, place }: CommandContext): string {
    if (heredoc !== null) readNft(heredoc.text, this.facts, this.notes, heredoc.place);
    else if (!args.includes('-f'))
      readNft(args.filter((arg) => !arg.startsWith('-')).join(' '), this.facts, this.notes, place);
    return 'nftables rules';
  }

  /** `route add default gw 203.0.113.1 dev eth1`. */
  private oldRoute(args: readonly string[], context: CommandContext): string | null {
    const [verb, ...rest] = args;
    if (verb !== 'add' && verb !== 'del') return null;
    const words = rest
      .map((word) => (word === 'gw' ? 'via' : word))
      .filter((word) => word !== '-net' && word !== '-host');
    if (!words.some((word) => readDefault(word) !== null)) return 'routes';
    // `route add default eth1`: the interface stands alone.
    const [last = ''] = words.slice(-1);
    if (!words.includes('dev') && readAddress(last) === null && readDefault(last) === null) words.splice(-1, 0, 'dev');
    return this.ipRoute(verb, verb, words, 4, context);
  }

  /** `ifconfig eth1 203.0.113.2 netmask 255.255.255.240 up`, `ifconfig eth1 203.0.113.2/28`. */
  private ifconfig([dev = '', ...args]: readonly string[], { place }: CommandContext): string {
    const text = args[0] === 'inet' || args[0] === 'inet6' || args[0] === 'add' ? (args[1] ?? '') : (args[0] ?? '');
    const mask = readLength(args[args.indexOf('netmask') + 1] ?? '', 4);
    const found = readInterfaceAddress(mask === null || !args.includes('netmask') ? text : `${text}/${mask}`);
    if (found !== null)
      addAddress(this.facts, dev.split(':')[0], found, {
        isPeer: args.includes('pointopoint'),
        isDynamic: false,
        place,
      });
    return 'addresses';
  }

  private unclear({ place }: CommandContext, text: string): void {
    this.notes.push({ kind: 'unclear', place, text });
  }
}

function missing(variable: string): string {
  return variable === '$()' ? 'what a command prints is not known' : `${variable} is not set in this script`;
}

function sameHops(a: DefaultRoute, b: DefaultRoute): boolean {
  const text = ({ hops }: DefaultRoute) => hops.map(({ gateway, dev, weight }) => `${gateway} ${dev} ${weight}`).join();
  return text(a) === text(b);
}
