// What the user's terminal can show: colour, width, characters, language of time.

import type { TerminalOptions } from '../report/terminal.js';
import { UserError } from '../util/error.js';
import { quote } from '../util/quote.js';
import { isTimezone } from '../util/time.js';
import type { Io, TextStream } from './io.js';

const WIDTH_WITHOUT_TERMINAL = 80;
const WIDEST = 1000;

/** `toFile`: the page goes to a file, so nothing of the terminal counts. */
export function terminalOptions(
  io: Io,
  options: { color: boolean; timezone: string; toFile: boolean },
): TerminalOptions {
  return {
    width: terminalWidth(io, options.toFile ? null : io.stdout),
    color: options.color && wantsColor(io, options.toFile),
    unicode: options.toFile || showsUnicode(io),
    timezone: options.timezone,
  };
}

/** COLUMNS, else what the terminal says (if the stream is one), else 80. */
export function terminalWidth(io: Io, stream: TextStream | null): number {
  const asked = /^[1-9]\d{0,5}$/.test(io.env.COLUMNS ?? '') ? Number(io.env.COLUMNS) : null;
  return Math.min(asked ?? (stream?.columns || WIDTH_WITHOUT_TERMINAL), WIDEST);
}

/** https://no-color.org and https://force-color.org: set and not empty; the first wins. */
export function wantsColor(io: Io, toFile = false): boolean {
  const { NO_COLOR, FORCE_COLOR, TERM } = io.env;
  if (NO_COLOR) return false;
  if (FORCE_COLOR) return FORCE_COLOR !== '0' && FORCE_COLOR !== 'false';
  return !toFile && io.stdout.isTTY === true && TERM !== 'dumb';
}

/** `--timezone`: `UTC`, `local` (that of the machine) or an IANA name. */
export function readTimezone(text: string | undefined, io: Io): string {
  if (text === undefined) return 'UTC';
  if (text === 'local') return io.env.TZ && isTimezone(io.env.TZ) ? io.env.TZ : machineTimezone();
  if (text !== '' && isTimezone(text)) return text;
  throw new UserError(`--timezone must be UTC, local or a name such as Europe/Berlin: ${quote(text)}`);
}

/** By the locale's character set (POSIX order of precedence); where none is set, by the terminal: the Linux console has no blocks. */
function showsUnicode({ env }: Io): boolean {
  const locale = env.LC_ALL || env.LC_CTYPE || env.LANG;
  if (locale) return /utf-?8/i.test(locale);
  return env.TERM !== 'linux' && env.TERM !== 'dumb';
}

function machineTimezone(): string {
  const name = new Intl.DateTimeFormat().resolvedOptions().timeZone;
  return isTimezone(name) ? name : 'UTC';
}
