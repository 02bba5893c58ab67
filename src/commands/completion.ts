// The verbs and options of the program become a completion script for a shell.

import type { Command, Option } from 'commander';
import { EXIT, type ExitCode } from '../util/error.js';
import { type Io, writeTo } from './io.js';
import { readChoice } from './values.js';

/** A verb by its words (`uplinks show`; empty for the program itself) and what may follow it. */
interface Entry {
  path: string;
  /** Verbs below, or the values of its argument; files where there are none. */
  words: { name: string; text: string }[];
  options: readonly Option[];
}

export async function completion(shell: string, program: Command, io: Io): Promise<ExitCode> {
  const write = { bash, zsh, fish }[readChoice('completion', shell, ['bash', 'zsh', 'fish'] as const)];
  await writeTo(io.stdout, write(entriesOf(program)));
  return EXIT.ok;
}

function entriesOf(program: Command): Entry[] {
  const entries: Entry[] = [];
  const visit = (command: Command, path: string) => {
    const help = command.createHelp();
    const verbs = help.visibleCommands(command);
    entries.push({
      path,
      words: verbs.length > 0 ? verbs.map((verb) => ({ name: verb.name(), text: verb.summary() })) : valuesOf(command),
      options: help.visibleOptions(command),
    });
    for (const verb of command.commands) {
      for (const name of [verb.name(), ...verb.aliases()]) visit(verb, `${path} ${name}`.trim());
    }
  };
  visit(program, '');
  return entries;
}

/** `report or config`, `bash, zsh or fish`: what an argument of few words may be. */
function valuesOf(command: Command): Entry['words'] {
  const [argument] = command.registeredArguments;
  if (argument === undefined || argument.variadic) return [];
  return argument.description.split(/, | or /).map((name) => ({ name, text: '' }));
}

/** For bash 3.2 and later, without the bash-completion package. */
function bash(entries: readonly Entry[]): string {
  const flagsOf = ({ options }: Entry) =>
    options
      .flatMap(({ long, short }) => [long, short])
      .filter(Boolean)
      .join(' ');
  const wordsOf = ({ words }: Entry) => words.map(({ name }) => name).join(' ');
  const valued = uniqueOptions(entries).filter((option) => option.required);
  const choices = entries.flatMap(({ path, options }) =>
    options.filter((option) => option.argChoices).map((option) => ({ path, option })),
  );
  return `# mlstat completion for bash: source <(mlstat completion bash)
_mlstat() {
  local word="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}" verb="" i
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "$verb \${COMP_WORDS[i]}" in
${entries
  .filter(({ path }) => path !== '')
  .map(({ path }) => `      "${path.includes(' ') ? path : ` ${path}`}") verb="${path}" ;;`)
  .join('\n')}
    esac
  done
  case "$verb $previous" in
${choices
  .map(({ path, option }) => {
    const patterns = flags(option).map((flag) => `"${path} ${flag}"`);
    return `    ${patterns.join('|')}) COMPREPLY=($(compgen -W "${option.argChoices?.join(' ')}" -- "$word")); return ;;`;
  })
  .join('\n')}
  esac
  case "$previous" in
    ${valued
      .filter((option) => !option.argChoices)
      .flatMap(flags)
      .join('|')}) COMPREPLY=($(compgen -f -- "$word")); return ;;
  esac
  local flags="" words=""
  case "$verb" in
${entries.map((entry) => `    "${entry.path}") flags="${flagsOf(entry)}"; words="${wordsOf(entry)}" ;;`).join('\n')}
  esac
  if [[ "$word" == -* ]]; then
    COMPREPLY=($(compgen -W "$flags" -- "$word"))
  else
    COMPREPLY=($(compgen -W "$words" -- "$word"))
    [[ -z "$words" || -z "$verb" ]] && COMPREPLY+=($(compgen -f -- "$word"))
  fi
}
complete -o filenames -F _mlstat mlstat
`;
}

function zsh(entries: readonly Entry[]): string {
  const functionOf = (path: string) => `_mlstat${path === '' ? '' : `_${path.replaceAll(' ', '_')}`}`;
  const functions = entries.map(({ path, words, options }) => {
    const specs = options.map((option) => zshOption(option));
    const isGroup = entries.some(
      (entry) => entry.path.startsWith(path === '' ? '' : `${path} `) && entry.path !== path,
    );
    if (!isGroup) {
      const rest = words.length > 0 ? `'1:what:(${words.map(({ name }) => name).join(' ')})'` : "'*:input:_files'";
      return `${functionOf(path)}() {\n  _arguments -s ${[...specs, rest].join(' \\\n    ')}\n}`;
    }
    const list = words.map(({ name, text }) => zshQuote(`${name}:${text}`)).join(' ');
    const targets = entries.filter((entry) => parentOf(entry.path) === path && entry.path !== '');
    return `${functionOf(path)}() {
  local -a verbs=(${list})
  local context state state_descr line
  typeset -A opt_args
  _arguments -C -s ${specs.join(' ')} '1: :->verb' '*:: :->rest'
  case $state in
    verb) _describe -t commands command verbs; ${path === '' ? '_files' : 'return'} ;;
    rest) case $words[1] in
${targets.map((entry) => `      ${entry.path.split(' ').at(-1)}) ${functionOf(entry.path)} ;;`).join('\n')}
      *) ${path === '' ? functionOf('analyse') : 'return'} ;;
    esac ;;
  esac
}`;
  });
  return `#compdef mlstat
# mlstat completion for zsh: source <(mlstat completion zsh), or save it as _mlstat in a folder of $fpath
${functions.join('\n')}
if [ "$funcstack[1]" = "_mlstat" ]; then _mlstat "$@"; else compdef _mlstat mlstat; fi
`;
}

function zshOption(option: Option): string {
  const names = flags(option);
  const repeats = Array.isArray(option.defaultValue) ? '*' : `(${names.join(' ')})`;
  const text = option.description.replace(/[[\]\\:]/g, '\\$&');
  const value = option.required ? `:value:${option.argChoices ? `(${option.argChoices.join(' ')})` : '_files'}` : '';
  const braces = names.length > 1 ? `{${names.join(',')}}` : names[0];
  return `${zshQuote(repeats)}${braces}${zshQuote(`[${text}]${value}`)}`;
}

function fish(entries: readonly Entry[]): string {
  const lines = entries.flatMap(({ path, words, options }) => {
    const condition = fishCondition(path, entries);
    return [
      ...words.map(
        ({ name, text }) => `complete -c mlstat -n ${condition} -a ${name}${text && ` -d ${fishQuote(text)}`}`,
      ),
      ...options.map((option) => {
        const names = [option.short && `-s ${option.short.slice(1)}`, option.long && `-l ${option.long.slice(2)}`];
        const value = option.required
          ? option.argChoices
            ? ` -x -a ${fishQuote(option.argChoices.join(' '))}`
            : ' -r'
          : '';
        return `complete -c mlstat -n ${condition} ${names.filter(Boolean).join(' ')}${value} -d ${fishQuote(option.description)}`;
      }),
    ];
  });
  return `# mlstat completion for fish: mlstat completion fish | source\n${lines.join('\n')}\n`;
}

/** True where exactly this verb has been named. */
function fishCondition(path: string, entries: readonly Entry[]): string {
  const below = entries.filter((entry) => entry.path !== '' && parentOf(entry.path) === path);
  const deeper = [...new Set(below.map((entry) => entry.path.split(' ').at(-1)))];
  const named = path
    .split(' ')
    .filter(Boolean)
    .map((word) => `__fish_seen_subcommand_from ${word}`);
  const unnamed = deeper.length > 0 ? [`not __fish_seen_subcommand_from ${deeper.join(' ')}`] : [];
  return fishQuote([...named, ...unnamed].join('; and '));
}

function parentOf(path: string): string {
  return path.split(' ').slice(0, -1).join(' ');
}

function flags({ long, short }: Option): string[] {
  return [short, long].filter((flag) => flag !== undefined);
}

function uniqueOptions(entries: readonly Entry[]): Option[] {
  return [...new Map(entries.flatMap(({ options }) => options).map((option) => [option.long, option])).values()];
}

function zshQuote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

function fishQuote(text: string): string {
  return `'${text.replace(/[\\']/g, '\\$&')}'`;
}
