// The text of a shell script becomes commands of words, without running anything: quotes, comments, line continuation,
// here-documents. https://pubs.opengroup.org/onlinepubs/9799919799/utilities/V3_chap02.html

/** A piece of a word. `quote` tells whether it may be split (none) and whether `$` counts (not in single quotes). */
export interface Piece {
  text: string;
  quote: '' | '"' | "'";
}

export interface Command {
  line: number;
  words: Piece[][];
  /** What is written to a file: `> path`. */
  output: Piece[] | null;
  heredoc: { text: string; line: number; isQuoted: boolean } | null;
  /** What ends it: `;`, `&&`, `|`, `)`, … */
  end: string;
}

const MOST_COMMANDS = 100_000;
const LONGEST_SUBSTITUTION = 4096;
/** So often is the end of a substitution looked for in vain. */
const MOST_UNCLOSED = 1000;
/** Characters that a quote may span. In prose with commands in it an apostrophe is none, so it must close at once. */
const LONGEST_QUOTE = 8192;

/** `isScript` for a text that is nothing but a script. */
export function readCommands(text: string, isScript: boolean): Command[] {
  return new ShellReader(text, isScript).read();
}

/** The words of one line, quotes taken off: for the lines of iptables-save. */
export function splitWords(line: string): string[] {
  const words: string[] = [];
  for (const [word] of line.matchAll(/"(?:[^"\\]|\\.)*"?|'[^']*'?|[^\s"']+/g)) {
    words.push(/^["']/.test(word) ? word.replace(/^["']|["']$/g, '') : word);
  }
  return words;
}

class ShellReader {
  private at = 0;
  private line = 1;
  private readonly commands: Command[] = [];
  private command: Command = newCommand(1);
  private pieces: Piece[] = [];
  private hasWord = false;
  private target: 'word' | 'output' | 'input' = 'word';
  private unclosed = 0;
  private readonly heredocs: { command: Command; end: string; isQuoted: boolean; strips: boolean }[] = [];

  constructor(
    private readonly text: string,
    private readonly isScript: boolean,
  ) {}

  read(): Command[] {
    const { text } = this;
    while (this.at < text.length && this.commands.length < MOST_COMMANDS) {
      const char = text[this.at];
      if (char === '\n') {
        this.endCommand('\n');
        this.at++;
        this.line++;
        this.readHeredocs();
      } else if (char === ' ' || char === '\t' || char === '\r') {
        this.endWord();
        this.at++;
      } else if (char === '\\') this.readEscape();
      else if (char === '#' && !this.hasWord) this.skipLine();
      else if (char === "'" || char === '"') this.readQuoted(char);
      else if (char === '$' && text[this.at + 1] === '(') this.readSubstitution(this.at + 1, '(', ')');
      else if (char === '`') this.readSubstitution(this.at, '`', '`');
      else if (char === '$' && text[this.at + 1] === '{') this.readBraced();
      else if (';&|()'.includes(char)) {
        let end = char;
        if (text[this.at + 1] === char && char !== '(' && char !== ')') end += char;
        this.endCommand(end);
        this.at += end.length;
      } else if (char === '<' || char === '>') this.readRedirection(char);
      else this.readPlain();
    }
    this.endCommand('\n');
    return this.commands;
  }

  private readPlain(): void {
    const from = this.at++;
    while (this.at < this.text.length && !' \t\r\n\\\'"`$;&|()<>'.includes(this.text[this.at])) this.at++;
    this.piece(this.text.slice(from, this.at), '');
  }

  private readEscape(): void {
    const next = this.text[this.at + 1];
    const isBreak = next === '\n' || (next === '\r' && this.text[this.at + 2] === '\n');
    if (isBreak) {
      this.at += next === '\n' ? 2 : 3;
      this.line++;
      return;
    }
    if (next !== undefined) this.piece(next, "'");
    this.at += 2;
  }

  private skipLine(): void {
    const newline = this.text.indexOf('\n', this.at);
    this.at = newline < 0 ? this.text.length : newline;
  }

  private readQuoted(quote: '"' | "'"): void {
    let end = this.at + 1;
    const most = Math.min(this.text.length, this.at + LONGEST_QUOTE);
    while (end < most && this.text[end] !== quote && (this.isScript || this.text[end] !== '\n')) {
      end += quote === '"' && this.text[end] === '\\' ? 2 : 1;
    }
    if (this.text[end] !== quote) {
      this.piece(quote, "'");
      this.at++;
      return;
    }
    const inner = this.text.slice(this.at + 1, end);
    this.piece(quote === '"' ? inner.replace(/\\\r?\n/g, '').replace(/\\(["\\])/g, '$1') : inner, quote);
    this.countLines(inner);
    this.at = end + 1;
  }

  /** `$(…)` is never run: it stays as a piece that no variable is named by. */
  private readSubstitution(open: number, opening: string, closing: string): void {
    let depth = this.unclosed < MOST_UNCLOSED ? 1 : 0;
    let end = open + 1;
    const most = depth === 0 ? 0 : Math.min(this.text.length, open + LONGEST_SUBSTITUTION);
    for (; end < most && depth > 0; end++) {
      if (!this.isScript && this.text[end] === '\n') break;
      if (this.text[end] === closing) depth--;
      else if (this.text[end] === opening) depth++;
    }
    if (depth > 0 || most === 0) {
      this.unclosed++;
      this.piece(this.text[this.at], "'");
      this.at++;
      return;
    }
    this.countLines(this.text.slice(this.at, end));
    this.piece('$()', '');
    this.at = end;
  }

  private readBraced(): void {
    const close = this.text.slice(this.at, this.at + 512).indexOf('}');
    const end = this.at + (close < 0 ? 2 : close + 1);
    this.piece(this.text.slice(this.at, end), '');
    this.countLines(this.text.slice(this.at, end));
    this.at = end;
  }

  private readRedirection(char: string): void {
    // `2>&1`: the digit before it is no word of the command.
    const [last] = this.pieces.slice(-1);
    if (this.pieces.length === 1 && last.quote === '' && /^\d$/.test(last.text)) {
      this.pieces = [];
      this.hasWord = false;
    }
    this.endWord();
    if (this.text.startsWith('<<', this.at) && this.text[this.at + 2] !== '<') {
      const [all = '<<', dash = '', quoted = '', word = ''] =
        /^<<(-?)[ \t]{0,20}(["'\\]?)([\w.+-]{1,64})["']?/.exec(this.text.slice(this.at, this.at + 128)) ?? [];
      this.at += all.length;
      if (word !== '')
        this.heredocs.push({ command: this.command, end: word, isQuoted: quoted !== '', strips: dash !== '' });
      return;
    }
    this.at++;
    while (this.text[this.at] === char || this.text[this.at] === '&' || this.text[this.at] === '|') this.at++;
    this.target = char === '>' ? 'output' : 'input';
  }

  private readHeredocs(): void {
    for (const { command, end, isQuoted, strips } of this.heredocs.splice(0)) {
      const start = this.at;
      const line = this.line;
      while (this.at < this.text.length) {
        const newline = this.text.indexOf('\n', this.at);
        const stop = newline < 0 ? this.text.length : newline;
        const content = this.text.slice(this.at, stop).replace(/\r$/, '');
        const from = this.at;
        this.at = stop + 1;
        this.line++;
        if ((strips ? content.replace(/^\t+/, '') : content) === end) {
          command.heredoc = { text: this.text.slice(start, from), line, isQuoted };
          break;
        }
      }
      command.heredoc ??= { text: this.text.slice(start), line, isQuoted };
    }
  }

  private piece(text: string, quote: Piece['quote']): void {
    if (!this.hasWord && this.command.words.length === 0) this.command.line = this.line;
    this.hasWord = true;
    this.pieces.push({ text, quote });
  }

  private endWord(): void {
    if (!this.hasWord) return;
    if (this.target === 'word') this.command.words.push(this.pieces);
    else if (this.target === 'output') this.command.output = this.pieces;
    this.target = 'word';
    this.pieces = [];
    this.hasWord = false;
  }

  private endCommand(end: string): void {
    this.endWord();
    this.command.end = end;
    if (this.command.words.length > 0 || end === ';;') this.commands.push(this.command);
    this.command = newCommand(this.line);
  }

  private countLines(text: string): void {
    for (let i = text.indexOf('\n'); i >= 0; i = text.indexOf('\n', i + 1)) this.line++;
  }
}

function newCommand(line: number): Command {
  return { line, words: [], output: null, heredoc: null, end: '' };
}
