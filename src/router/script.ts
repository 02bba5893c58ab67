// A shell script that sets up a router, in the manner of the Nano-Howto: its commands are followed in their order, with
// the variables, loops and functions of the script, and none is run. What they would set up becomes facts.

import { parseDuration } from '../config/measures.js';
import type { Tally } from './dump.js';
import { expandText, expandWords, type Variables } from './expand.js';
import type { Facts, Note, Place } from './facts.js';
import { noFacts } from './facts.js';
import { SetUp } from './set-up.js';
import { type Command, type Piece, readCommands } from './shell.js';

/** Commands followed in all, loops and calls included. */
const MOST_STEPS = 20_000;
const DEEPEST_CALL = 16;
const MOST_UNKNOWN = 200;
const KEYWORDS = new Set(['then', 'else', 'do', 'if', 'elif', 'while', 'until', '!', '{', 'time']);
const IDLE = new Set(['fi', 'done', 'esac', '}', 'case', 'in', 'for', 'function']);

/** Reads the script. `isScript` is false for a text that holds commands between other lines. */
export function readScript(text: string, isScript: boolean, facts: Facts, notes: Note[], start: Place): Tally {
  const runner = new ScriptReader(readCommands(text, isScript), notes, start);
  runner.readAll();
  runner.setUp.finish(facts);
  return runner.tally;
}

class ScriptReader {
  readonly setUp: SetUp;
  readonly tally: Tally = { counts: new Map(), unknown: [], unknownCount: 0 };
  private readonly variables: Variables = new Map();
  private readonly functions = new Map<string, { from: number; to: number; isCalled: boolean }>();
  private steps = 0;
  /** In a loop: what it pings and how long it sleeps. */
  private loop: { pings: string[]; sleepSec: number | null; place: Place } | null = null;

  constructor(
    private readonly commands: readonly Command[],
    private readonly notes: Note[],
    private readonly start: Place,
  ) {
    this.setUp = new SetUp(noFacts(), notes);
  }

  readAll(): void {
    this.follow(0, this.commands.length, 0);
    for (const called of this.functions.values()) {
      if (!called.isCalled) this.follow(called.from, called.to, 1);
    }
    if (this.steps >= MOST_STEPS) {
      this.notes.push({
        kind: 'unclear',
        place: this.start,
        text: `only the first ${MOST_STEPS} commands were followed`,
      });
    }
  }

  private follow(from: number, to: number, depth: number): void {
    for (let at = from; at < to && this.steps < MOST_STEPS; at++) {
      this.steps++;
      const command = this.commands[at];
      const first = plainText(command.words[0]);
      const body = this.functionAt(at, to);
      if (body !== null) {
        this.functions.set(body.name, { ...body, isCalled: false });
        at = body.to;
        continue;
      }
      if (first === 'for' || first === 'while' || first === 'until') {
        const end = this.endOfLoop(at, to);
        if (first === 'for' && depth < DEEPEST_CALL) this.followFor(at, end, depth);
        else this.followWhile(at, end, depth);
        at = end;
        continue;
      }
      this.step(command, depth);
    }
  }

  private step(command: Command, depth: number): void {
    const words = [...command.words];
    while (words.length > 0 && KEYWORDS.has(plainText(words[0]) ?? '')) words.shift();
    const place = { ...this.start, line: this.start.line + command.line - 1 };
    while (words.length > 0 && this.assign(words[0])) words.shift();
    if (['export', 'local', 'readonly', 'declare', 'typeset'].includes(plainText(words[0]) ?? '')) {
      for (const word of words.slice(1)) this.assign(word);
      return;
    }
    if (words.length === 0 || IDLE.has(plainText(words[0]) ?? '')) return;
    const { words: expanded, unknown } = expandWords(words, this.variables);
    const known = this.functions.get(expanded[0]);
    if (known !== undefined && depth < DEEPEST_CALL) {
      known.isCalled = true;
      const saved = new Map(this.variables);
      expanded.forEach((value, i) => {
        this.variables.set(String(i), value);
      });
      this.variables.set('@', expanded.slice(1).join(' '));
      this.variables.set('*', expanded.slice(1).join(' '));
      this.follow(known.from, known.to, depth + 1);
      for (const name of ['@', '*', ...expanded.map((_, i) => String(i))]) {
        const value = saved.get(name);
        if (value === undefined) this.variables.delete(name);
        else this.variables.set(name, value);
      }
      return;
    }
    this.keepAlive(expanded);
    const output = command.output === null ? null : expandWords([command.output], this.variables).words[0];
    const heredoc = command.heredoc && {
      text: command.heredoc.isQuoted ? command.heredoc.text : expandText(command.heredoc.text, this.variables).value,
      place: { ...this.start, line: this.start.line + command.heredoc.line - 1 },
    };
    const what = this.setUp.command(expanded, { unknown, output: output ?? null, heredoc, place });
    if (what !== null) this.tally.counts.set(what, (this.tally.counts.get(what) ?? 0) + 1);
    else {
      this.tally.unknownCount++;
      if (this.tally.unknown.length < MOST_UNKNOWN) this.tally.unknown.push({ place, text: expanded.join(' ') });
    }
  }

  /** `NAME=value`, `NAME+=value`; false where the word is no assignment. */
  private assign(word: readonly Piece[]): boolean {
    const [head] = word;
    const [all, name, plus] = /^([A-Za-z_]\w{0,63})(\+?)=/.exec(head.quote === '' ? head.text : '') ?? [];
    if (all === undefined) return false;
    const rest = [{ ...head, text: head.text.slice(all.length) }, ...word.slice(1)];
    let value = '';
    let isKnown = true;
    for (const { text, quote } of rest) {
      const expanded = quote === "'" ? { value: text, unknown: null } : expandText(text, this.variables);
      value += expanded.value;
      isKnown &&= expanded.unknown === null;
    }
    // An unknown value leaves the name unknown, so that what uses it can say which variable is missing.
    if (isKnown)
      this.variables.set(name, (plus === '' ? '' : (this.variables.get(name) ?? '')) + value.slice(0, 16_384));
    else this.variables.delete(name);
    return true;
  }

  private followFor(at: number, end: number, depth: number): void {
    const [, name, separator, ...list] = this.commands[at].words;
    if (plainText(separator) !== 'in') return;
    const { words } = expandWords(list, this.variables);
    const variable = plainText(name) ?? '';
    for (const value of words.slice(0, 256)) {
      this.variables.set(variable, value);
      this.follow(at + 1, end, depth + 1);
    }
  }

  private followWhile(at: number, end: number, depth: number): void {
    const place = { ...this.start, line: this.start.line + this.commands[at].line - 1 };
    const outer = this.loop;
    this.loop = { pings: [], sleepSec: null, place };
    this.follow(at + 1, end, depth + 1);
    const { pings, sleepSec } = this.loop;
    if (pings.length > 0 && sleepSec !== null) this.setUp.facts.keepaliveSec.push({ value: sleepSec, place });
    this.loop = outer;
  }

  /** `ping -c 1 GW` and `sleep 60` in a loop: the howto's keep-alive. */
  private keepAlive(words: readonly string[]): void {
    if (this.loop === null) return;
    if (/^(?:.*\/)?(?:ping6?|arping|fping)$/.test(words[0])) this.loop.pings.push(words.at(-1) ?? '');
    if (words[0] === 'sleep') {
      const seconds = parseDuration(words[1] ?? '');
      if (typeof seconds === 'number') this.loop.sleepSec = seconds;
    }
  }

  private endOfLoop(from: number, to: number): number {
    let depth = 0;
    for (let at = from; at < to; at++) {
      const words = this.commands[at].words.map(plainText);
      const lead = words.findIndex((word) => !KEYWORDS.has(word ?? '') || word === 'while' || word === 'until');
      if (words[lead] === 'for' || words[lead] === 'while' || words[lead] === 'until') depth++;
      else if (words[lead] === 'done' && --depth === 0) return at;
      // Prose says `while` and `for` too: no loop of a script is that long without its end.
      if (at - from > 2000) break;
    }
    return from;
  }

  /** `name() {` … `}`: where its body begins and ends, null where no function begins here. */
  private functionAt(at: number, to: number): { name: string; from: number; to: number } | null {
    const command = this.commands[at];
    const first = plainText(command.words[0]);
    const isKeyword = first === 'function' && command.words.length >= 2;
    if (!isKeyword && !(command.words.length === 1 && command.end === '(')) return null;
    const name = plainText(command.words[isKeyword ? 1 : 0]) ?? '';
    let from = at;
    if (!(isKeyword && command.words.length > 2)) from++;
    const opening = this.commands[from]?.words.map(plainText) ?? [];
    if (!opening.includes('{') || !/^\w{1,64}$/.test(name)) return null;
    let depth = 0;
    for (let end = from; end < Math.min(to, from + 5000); end++) {
      const words = this.commands[end].words.map(plainText);
      if (words[0] === '{' || (end === from && words.includes('{'))) depth++;
      if (words[0] === '}' && --depth === 0) return { name, from, to: end };
    }
    return null;
  }
}

function plainText(word: readonly Piece[] | undefined): string | null {
  return word?.length === 1 && word[0].quote === '' ? word[0].text : null;
}
