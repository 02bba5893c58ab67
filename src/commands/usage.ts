// What commander says of a wrong word becomes one line in the program's own manner: the word, and the cure.

import type { Command, CommanderError } from 'commander';
import { quote } from '../util/quote.js';
import { suggest } from '../util/suggest.js';

export function explainUsage(error: CommanderError, argv: readonly string[], program: Command): string {
  const command = commandOf(argv, program);
  const verb = wordsOf(command);
  const help = `mlstat ${verb} --help`;
  const quoted = /'([^']*)'/.exec(error.message)?.[1] ?? '';
  switch (error.code) {
    case 'commander.unknownOption': {
      const [flag = ''] = quoted.split('=');
      const known = command
        .createHelp()
        .visibleOptions(command)
        .flatMap(({ long, short }) => [long ?? '', short ?? '']);
      const meant = flag.startsWith('--') ? suggest(flag, known) : null;
      return `unknown option ${quote(flag)} of ${verb}; ${meant === null ? `${help} lists them` : `did you mean ${meant}?`}`;
    }
    case 'commander.optionMissingArgument':
      return `option ${quoted} needs a value; ${help} shows which`;
    case 'commander.missingArgument': {
      if (quoted === 'input') return `${verb} needs an input: a capture, a directory, a glob, or - for standard input`;
      const argument = command.registeredArguments.find((one) => one.name() === quoted);
      return `${verb} needs ${argument?.description ?? quoted}`;
    }
    case 'commander.unknownCommand': {
      const names = command.commands.map((one) => one.name());
      const meant = suggest(quoted, names);
      return `unknown command ${quote(quoted)} of ${verb}; ${meant === null ? `${help} lists them` : `did you mean ${meant}?`}`;
    }
    case 'commander.excessArguments':
      return `${verb} takes fewer words than that; ${help} shows which`;
    default:
      return error.message.replace(/^error: /, '').replace(/\s+/g, ' ');
  }
}

/** The verb that the words name, as deep as they go. */
function commandOf(argv: readonly string[], program: Command): Command {
  let command = program;
  for (const word of argv) {
    const next = command.commands.find((one) => one.name() === word || one.aliases().includes(word));
    if (next !== undefined) command = next;
    else if (!word.startsWith('-')) break;
  }
  // Without a verb analyse was meant.
  return command === program ? (program.commands.find((one) => one.name() === 'analyse') ?? program) : command;
}

/** `uplinks show`. */
function wordsOf(command: Command): string {
  const { parent } = command;
  return parent === null || parent.parent === null ? command.name() : `${wordsOf(parent)} ${command.name()}`;
}
