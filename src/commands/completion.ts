// The verbs and options of the program become a completion script for a shell.

import type { Command, Option } from 'commander';
import { EXIT, type ExitCode } from '../util/error.js';
import { type Io, writeTo } from './io.js';
import { readChoice } from './values.js';

/** A verb by its words (`uplinks show`; empty for the program itself) and what may follow it. */
interface Entry {
  path: string;
  /** Its last word and that word's aliases. */
  names: readonly string[];
  /** Verbs below, or the values of its argument; files where there are none. */
  words: readonly { name: string; text: string }[];
  isGroup: boolean;
  options: readonly Option[];
}

export async function completion(shell: string, program: Command, io: Io): Promise<ExitCode> {
  const write = { bash, zsh, fish }[readChoice('shell', shell, ['bash', 'zsh', 'fish'] as const)];
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
      names: [command.name(), ...command.aliases()],
      words:
        verbs.length > 0
          ? verbs.map((verb) => ({ name: verb.name(), text: verb.summary() || verb.description() }))
          : valuesOf(command),
      isGroup: verbs.length > 0,
      options: help.visibleOptions(command),
    });
    for (const verb of command.commands) visit(verb, `${path} ${verb.name()}`.trim());
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
  const verbs = entries.filter(({ path }) => path !== '');
  const verbCases = verbs.map(({ path, names }) => {
    const patterns = names.map((name) => `"${parentOf(path)} ${name}"`);
    return `      ${patterns.join('|')}) verb="${path}" ;;`;
  });
  const choiceCases = entries.flatMap(({ path, options }) =>
    options
      .filter((option) => option.argChoices)
      .map((option) => {
        const patterns = flagsOf(option).map((flag) => `"${path} ${flag}"`);
        return `    ${patterns.join('|')}) COMPREPLY=($(compgen -W "${option.argChoices?.join(' ')}" -- "$word")); return ;;`;
      }),
  );
  const valued = [...new Set(entries.flatMap(({ options }) => options.filter(takesText).flatMap(flagsOf)))];
  const wordCases = entries.map(({ path, words, options }) => {
    const all = `flags="${options.flatMap(flagsOf).join(' ')}" words="${words.map(({ name }) => name).join(' ')}"`;
    return `    "${path}") ${all} ;;`;
  });
  return `# mlstat completion for bash: source <(mlstat completion bash)
_mlstat() {
  local word="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}" verb="" flags="" words="" i
  # --format=js is three words to bash
  if [[ "$word" == "=" ]]; then word=""; elif [[ "$previous" == "=" ]]; then previous="\${COMP_WORDS[COMP_CWORD-2]}"; fi
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "$verb \${COMP_WORDS[i]}" in
${verbCases.join('\n')}
    esac
  done
  case "$verb $previous" in
${choiceCases.join('\n')}
  esac
  case "$verb" in
${wordCases.join('\n')}
  esac
  case "$previous" in
    ${valued.join('|')}) flags="" words="" ;;
    *)
      if [[ "$word" == -* ]]; then
        COMPREPLY=($(compgen -W "$flags" -- "$word"))
        return
      fi
      COMPREPLY=($(compgen -W "$words" -- "$word"))
      [[ -n "$words" && -n "$verb" ]] && return ;;
  esac
  local IFS=$'\\n'
  COMPREPLY+=($(compgen -f -- "$word"))
}
complete -o filenames -F _mlstat mlstat
`;
}

function zsh(entries: readonly Entry[]): string {
  const functionOf = (path: string) => ['_mlstat', ...path.split(' ').filter(Boolean)].join('_');
  const functions = entries.map(({ path, words, options, isGroup }) => {
    const specs = options.map(zshOption);
    const head = `${functionOf(path)}() {`;
    if (!isGroup) {
      const rest = words.length > 0 ? `'1:what:(${words.map(({ name }) => name).join(' ')})'` : "'*:input:_files'";
      return `${head}\n  _arguments -s ${[...specs, rest].join(' \\\n    ')}\n}`;
    }
    const list = words.map(({ name, text }) => shQuote(`${name}:${text.replaceAll(':', '\\:')}`)).join(' ');
    const below = entries.filter((entry) => entry.path !== '' && parentOf(entry.path) === path);
    const cases = below.map((entry) => `      ${entry.names.join('|')}) ${functionOf(entry.path)} ;;`);
    // Without a verb analyse is meant, and a file may stand in its place.
    const [files, otherwise] = path === '' ? ['; _files', `\n      *) ${functionOf('analyse')} ;;`] : ['', ''];
    return `${head}
  local context state state_descr line
  typeset -A opt_args
  local -a verbs
  verbs=(${list})
  _arguments -C -s ${specs.join(' ')} '1: :->verb' '*:: :->rest'
  case $state in
    verb) _describe -t commands command verbs${files} ;;
    rest) case $words[1] in
${cases.join('\n')}${otherwise}
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
  const names = flagsOf(option);
  const repeats = Array.isArray(option.defaultValue) ? '*' : `(${names.join(' ')})`;
  const text = option.description.replace(/[[\]\\:]/g, '\\$&');
  const value = option.required ? `:value:${option.argChoices ? `(${option.argChoices.join(' ')})` : '_files'}` : '';
  const braces = names.length > 1 ? `{${names.join(',')}}` : names[0];
  return `${shQuote(repeats)}${braces}${shQuote(`[${text}]${value}`)}`;
}

function fish(entries: readonly Entry[]): string {
  const lines = entries.flatMap(({ path, names, words, isGroup, options }) => {
    const start = `complete -c mlstat -n ${fishCondition(path, names, entries)}`;
    const files = !isGroup && words.length > 0 ? ' -f' : '';
    return [
      ...words.map(({ name, text }) => `${start}${files} -a ${name}${text && ` -d ${fishQuote(text)}`}`),
      ...options.map((option) => {
        const flags = [option.short && `-s ${option.short.slice(1)}`, option.long && `-l ${option.long.slice(2)}`];
        const choices = option.argChoices && ` -x -a ${fishQuote(option.argChoices.join(' '))}`;
        const value = option.required ? (choices ?? ' -r') : '';
        return `${start} ${flags.filter(Boolean).join(' ')}${value} -d ${fishQuote(option.description)}`;
      }),
    ];
  });
  return `# mlstat completion for fish: mlstat completion fish | source\n${lines.join('\n')}\n`;
}

/** True where exactly this verb has been named. */
function fishCondition(path: string, names: readonly string[], entries: readonly Entry[]): string {
  const seen = (words: readonly string[]) => `__fish_seen_subcommand_from ${words.join(' ')}`;
  const above = path
    .split(' ')
    .slice(0, -1)
    .map((word) => seen([word]));
  const below = entries.filter((entry) => entry.path !== '' && parentOf(entry.path) === path);
  const unseen = below.length > 0 ? [`not ${seen(below.flatMap((entry) => entry.names))}`] : [];
  return fishQuote([...above, ...(path === '' ? [] : [seen(names)]), ...unseen].join('; and '));
}

function parentOf(path: string): string {
  return path.split(' ').slice(0, -1).join(' ');
}

function flagsOf({ short, long }: Option): string[] {
  return [short, long].filter((flag) => flag !== undefined);
}

function takesText(option: Option): boolean {
  return option.required && option.argChoices === undefined;
}

function shQuote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

function fishQuote(text: string): string {
  return `'${text.replace(/[\\']/g, '\\$&')}'`;
}
