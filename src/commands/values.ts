// The text of an option becomes its value. Errors are `UserError`s of one line: the option, the value, the cure.

import { DEFAULT_SETTINGS, type DetectSettings, SENSITIVITIES } from '../detect/settings.js';
import { DEFAULT_FLOW_RULES, type FlowRules } from '../flows/rules.js';
import { BIN_WIDTHS } from '../tally/bins.js';
import { UserError } from '../util/error.js';
import { quote } from '../util/quote.js';
import { didYouMean, listChoices } from '../util/suggest.js';

const MOST_JOBS = 256;

const TIMEOUTS = Object.keys(DEFAULT_FLOW_RULES) as (keyof FlowRules)[];
const LONGEST_TIMEOUT = 30 * 86_400;

export function readChoice<T extends string>(option: string, text: string, choices: readonly T[]): T {
  const found = choices.find((choice) => choice === text);
  if (found !== undefined) return found;
  throw new UserError(`${option} must be ${listChoices(choices)}: ${quote(text)}${didYouMean(text, choices)}`);
}

/** `--jobs`: how many threads read; undefined leaves it to the machine. */
export function readJobs(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (/^[1-9]\d{0,2}$/.test(text) && Number(text) <= MOST_JOBS) return Number(text);
  throw new UserError(`--jobs must be a whole number from 1 to ${MOST_JOBS}: ${quote(text)}`);
}

/** `--bin`: `5`, `5s`, `15m`, `1h`; seconds. */
export function readBin(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const seconds = readSeconds(text);
  if (BIN_WIDTHS.some((width) => width === seconds)) return seconds ?? undefined;
  throw new UserError(`--bin must be ${listChoices(['1s', '5s', '15s', '1m', '5m', '15m', '1h'])}: ${quote(text)}`);
}

/** `--min-outage` and `--sensitivity`: how outages are looked for; undefined where neither is given. */
export function readDetection(
  minOutage: string | undefined,
  sensitivity: string | undefined,
): DetectSettings | undefined {
  if (minOutage === undefined && sensitivity === undefined) return undefined;
  const settings = { ...DEFAULT_SETTINGS };
  if (minOutage !== undefined) {
    const [, amount, unit] = /^(\d{1,6}(?:\.\d{1,6})?)\s*(s|m|min|h)?$/.exec(minOutage) ?? [];
    if (amount === undefined)
      throw new UserError(`--min-outage must be a time such as 0.5s, 10s or 1m: ${quote(minOutage)}`);
    settings.minOutageSec = Number(amount) * (unit === 'h' ? 3600 : unit === 'm' || unit === 'min' ? 60 : 1);
  }
  if (sensitivity !== undefined) {
    const word = Object.entries(SENSITIVITIES).find(([name]) => name === sensitivity);
    const alarms = word?.[1] ?? (/^\d{1,4}(\.\d{1,6})?$/.test(sensitivity) ? Number(sensitivity) : 0);
    if (alarms < 1e-6 || alarms > 1000) {
      const names = Object.keys(SENSITIVITIES);
      throw new UserError(
        `--sensitivity must be ${listChoices(names)}, or false outages a year from 0.000001 to 1000: ${quote(sensitivity)}${didYouMean(sensitivity, names)}`,
      );
    }
    settings.alarmsPerYear = alarms;
  }
  return settings;
}

/** `--timeout udp=60,tcp=2h`, once or more often; seconds by rule. */
export function readTimeouts(texts: readonly string[]): Partial<FlowRules> {
  const timeouts: Partial<FlowRules> = {};
  for (const part of texts.flatMap((text) => text.split(','))) {
    const [, name, value] = /^\s*([^=]*)=(.*)$/.exec(part) ?? [];
    if (name === undefined || value === undefined) {
      throw new UserError(`--timeout must be rule=seconds, such as udp=60,tcp=2h: ${quote(part)}`);
    }
    const rule = TIMEOUTS.find((known) => known === name);
    if (rule === undefined) {
      const cure = didYouMean(name, TIMEOUTS) || `; there is ${listChoices(TIMEOUTS)}`;
      throw new UserError(`--timeout of a rule that is not there: ${quote(name)}${cure}`);
    }
    const seconds = readSeconds(value.trim());
    if (seconds === null || seconds <= 0 || seconds > LONGEST_TIMEOUT) {
      throw new UserError(`--timeout ${rule} must be from 1s to 30d: ${quote(value)}`);
    }
    timeouts[rule] = seconds;
  }
  return timeouts;
}

/** Whole seconds; null for anything else. */
function readSeconds(text: string): number | null {
  const match = /^(0|[1-9]\d{0,8})\s*(s|m|min|h|d)?$/.exec(text);
  const units: Readonly<Record<string, number>> = { s: 1, m: 60, min: 60, h: 3600, d: 86_400 };
  return match === null ? null : Number(match[1]) * (units[match[2] ?? 's'] ?? 1);
}
