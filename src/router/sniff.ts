// Which kind of file it is, by its content alone.

/** What reads the file; or why it says nothing of uplinks. */
export type Kind = 'json' | 'uci' | 'endian' | 'script' | 'commands' | 'nft' | 'dump' | 'clock' | { skipped: string };

/** Lines looked at until one decides. Prose with commands in it may begin with pages of prose. */
const MOST_LINES = 20_000;

const SHELL = /^#!\s{0,8}\S{0,40}(?:sh|busybox)\b/;
const ENDIAN = /^(?:RED|GREEN|BLUE|ORANGE)_(?:DEV|TYPE|ADDRESS|IPS|CIDR|NETMASK|NETADDRESS)=/;
const UCI = /^\s{0,20}(?:config|package)\s+['"]?[\w-]+['"]?|^(?:mwan3|network|firewall)\.[\w@[\]-]+=/;
/** Commands that change something; with a leading path or `sudo`. */
const COMMAND =
  /^\s{0,80}(?:sudo )?(?:\$\{?\w{1,32}\}?\/?|\/(?:usr\/)?(?:local\/)?s?bin\/)?(?:ip|iptables|ip6tables|\$\{?\w{1,32}\}?)\s+(?:-[46]\s+)?(?:(?:route|ro|r|rule|ru|addr|address|a|link|l|nexthop|neigh|tunnel)\s+(?:add|del|delete|append|replace|change|flush|set)\b|-[tAIFDNPX]\b)/;
/** A file for `nft -f`, where `nft list ruleset` prints tables alone. */
const NFT = /^(?:#!\S{0,40}nft\b|define \S{1,64} = |flush ruleset\b|add (?:table|chain|rule) (?:ip|ip6|inet) )/;
const OLD_COMMAND = /^\s{0,80}(?:\/sbin\/)?(?:route (?:add|del) |nft (?:add|-f|flush) |sysctl -w |iptables-restore\b)/;
const OUTPUT =
  /^(?:\*(?:nat|mangle|filter|raw|security)\s*$|\[?\d*:?\d*\]? ?-A \S+ |table (?:ip|ip6|inet|arp|bridge|netdev) \S+ \{|\d+:\s+from |\d+: \S+ (?:<[A-Z]| *inet6? )|(?:unicast |default ).*\b(?:via|dev|nexthop|proto)\b|default$|id \d+ (?:via|dev|group|blackhole)\b|net\.ipv[46]\.\S+ = )|^[\da-f.:]{3,45}(?:\/\d+)? (?:via|dev) \S+/i;

export function sniffRouter(text: string): Kind {
  const head = text.slice(0, 4096);
  if (head.includes('\0')) return { skipped: 'not text' };
  const start = head.trimStart();
  if (start === '') return { skipped: 'empty' };
  if (start.startsWith('<')) return { skipped: 'markup' };
  if (/^\d{9,10}(?:\.\d{1,9})?\s*$/.test(text.slice(0, 64)) && text.length < 64) return 'clock';
  if (/^[[{]/.test(start) && /^(?:\[\s*(?:\{|\]|$)|\{\s*(?:"|\}|$))/.test(start)) return 'json';
  if (SHELL.test(start)) return 'script';
  let lines = 0;
  for (let from = 0; from < text.length && lines < MOST_LINES; lines++) {
    const newline = text.indexOf('\n', from);
    const end = newline < 0 ? text.length : newline;
    const line = text.slice(from, Math.min(end, from + 1024));
    from = end + 1;
    if (/^\[?\d{4}-\d\d-\d\dT[\d:.]+\]? /.test(line) || /^Deleted \S/.test(line)) {
      return { skipped: 'a log of changes (ip monitor): give what ip route prints' };
    }
    if (/\bsrc=\S+ dst=\S+/.test(line))
      return { skipped: 'entries of connection tracking: give them to mlstat analyse' };
    if (NFT.test(line)) return 'nft';
    if (ENDIAN.test(line)) return 'endian';
    if (UCI.test(line)) return 'uci';
    if (COMMAND.test(line) || OLD_COMMAND.test(line)) return 'commands';
    if (OUTPUT.test(line)) return 'dump';
  }
  return { skipped: 'nothing of routes, rules, addresses or NAT in it' };
}
