// The words of the command line become one call of one verb. What a verb needs is loaded when it is called.

import { Command, CommanderError } from 'commander';
import { EXIT, type ExitCode, UserError } from '../util/error.js';
import { addExamples } from './examples.js';
import type { Io } from './io.js';
import { createOptions, type OptionName } from './options.js';
import { loadPipeline, type Pipeline } from './pipeline.js';
import { explainUsage } from './usage.js';
import { completeVerb } from './verb.js';

/** Longer lines are hard to read, however wide the terminal is. */
const WIDEST_HELP = 100;

const INPUT = 'captures, conntrack dumps, directories, globs, - for standard input, name=path for one of an uplink';

const TALK: readonly OptionName[] = ['output', 'quiet', 'verbose', 'debug'];
const READING: readonly OptionName[] = [...TALK, 'since', 'until', 'jobs', 'progress'];
const FLOWS: readonly OptionName[] = [
  ...READING,
  'config',
  'noConfig',
  'router',
  'uplink',
  'mark',
  'client',
  'server',
  'timeout',
  'reader',
  'crossCheck',
  'strict',
  'anonymise',
  'anonymiseKey',
];

const OUTAGES: readonly OptionName[] = ['minOutage', 'sensitivity'];

const ADVICE: readonly OptionName[] = [
  ...FLOWS,
  ...OUTAGES,
  'capacity',
  'pin',
  'bin',
  'analyseFormat',
  'timezone',
  'noColor',
];

/** Parses, calls the verb and gives its exit code. Throws `UserError` for what the user can mend. */
export async function run(
  argv: readonly string[],
  version: string,
  io: Io,
  pipeline: Pipeline = loadPipeline,
): Promise<ExitCode> {
  let exitCode: ExitCode = EXIT.ok;
  const program = createProgram(version, io, pipeline, async (code) => {
    exitCode = await code;
  });
  if (argv.length === 0) {
    io.stderr.write(program.helpInformation());
    return EXIT.usage;
  }
  try {
    await program.parseAsync(await completeVerb(argv, verbsOf(program), io.cwd), { from: 'user' });
    return exitCode;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return EXIT.ok; // help and version, written already
    // Verbs of which one was to be named: their help is on standard error.
    if (error.code === 'commander.help') return EXIT.usage;
    throw new UserError(explainUsage(error, argv, program));
  }
}

/** All verbs. `finish` takes the exit code of the one that is called. */
export function createProgram(
  version: string,
  io: Io,
  pipeline: Pipeline,
  finish: (code: Promise<ExitCode>) => Promise<void>,
): Command {
  const program = new Command('mlstat')
    .description(
      'How a Linux router with several uplinks shares its traffic: flows by SNAT source against the weights.',
    )
    .version(version, '-V, --version', 'print the version');
  setUp(program, io);

  const analyse = add(program, 'analyse', [
    ...FLOWS,
    ...OUTAGES,
    'capacity',
    'pin',
    'bin',
    'analyseFormat',
    'series',
    'timezone',
    'save',
    'noColor',
  ])
    .alias('analyze')
    .summary('shares against the weights, outages, findings')
    .description('How the uplinks share flows and bytes, held against their weights.')
    .argument('<input...>', INPUT)
    .action((inputs, options) =>
      finish(import('./analyse.js').then((verb) => verb.analyse(inputs, options, io, pipeline))),
    );
  addExamples(analyse, io, [
    'mlstat analyse samples/4to1/*.pcap.gz -c samples/4to1/mlstat.yaml',
    'mlstat analyse samples/blackhole/any.pcap.gz --format json --series',
  ]);

  const report = add(program, 'report', [...FLOWS, ...OUTAGES, 'capacity', 'pin', 'bin', 'timezone', 'chart'])
    .summary('the report to pass on: a page with charts, Markdown, pictures')
    .description(
      'Writes what -o names, by its ending: a page for offline reading (.html), Markdown with pictures beside it (.md), a picture (.svg, .png), or a folder/ of all charts.',
    )
    .argument('<input...>', INPUT)
    .action((inputs, options) =>
      finish(import('./report.js').then((verb) => verb.report(inputs, options, io, pipeline))),
    );
  addExamples(report, io, [
    'mlstat report samples/4to1/*.pcap.gz -c samples/4to1/mlstat.yaml -o report.html',
    'mlstat report samples/blackhole/any.pcap.gz --chart throughput -o throughput.png',
  ]);

  const flows = add(program, 'flows', [...FLOWS, 'noUplinks', 'flowsFormat', 'timezone'])
    .summary('flow records: csv, ndjson')
    .description('One record a flow, both directions together, with its uplink and its client.')
    .argument('<input...>', INPUT)
    .action((inputs, options) =>
      finish(import('./flows.js').then((verb) => verb.flows(inputs, options, io, pipeline))),
    );
  addExamples(flows, io, [
    'mlstat flows samples/4to1/*.pcap.gz -c samples/4to1/mlstat.yaml',
    'mlstat flows samples/blackhole/any.pcap.gz --no-uplinks --format ndjson',
  ]);

  const validate = add(program, 'validate', [
    ...FLOWS,
    ...OUTAGES,
    'capacity',
    'pin',
    'bin',
    'rule',
    'failOnUnknown',
    'validateFormat',
    'timezone',
    'noColor',
  ])
    .summary('the report as a check: a line a rule, exit 1 where one fails')
    .description(
      'Holds the report against rules (--rule, else rules: in the configuration): a line each, exit 1 where one fails.',
    )
    .argument('<input...>', INPUT)
    .action((inputs, options) =>
      finish(import('./validate.js').then((verb) => verb.validate(inputs, options, io, pipeline))),
    );
  addExamples(validate, io, [
    'mlstat validate samples/4to1/*.pcap.gz -c samples/4to1/mlstat.yaml',
    "mlstat validate samples/blackhole/any.pcap.gz --rule 'no outage'",
  ]);

  const compare = add(program, 'compare', [...ADVICE, 'before', 'split', 'configBefore'])
    .summary('what a change of weights changed')
    .description(
      'Holds a capture before a change against one after it, or one capture cut in two: shares, rates, answers, outages.',
    )
    .argument(
      '<input...>',
      'BEFORE AFTER: each a file, a folder or a glob in quotes; with --split any number of inputs',
    )
    .action((inputs, options) => finish(import('./compare.js').then((verb) => verb.compare(inputs, options, io))));
  addExamples(compare, io, [
    'mlstat compare samples/4to1/*.pcap.gz --split 2026-11-22T22:39:45Z',
    'mlstat compare samples/blackhole/any.pcap.gz samples/4to1 --format csv',
  ]);

  const tune = add(program, 'tune', [...ADVICE, 'target', 'maxSum'])
    .summary('which weights to set instead')
    .description(
      'Replays the captured decisions under other weights and says which to set, or that the present are as good.',
    )
    .argument('<input...>', INPUT)
    .action((inputs, options) => finish(import('./tune.js').then((verb) => verb.tune(inputs, options, io, pipeline))));
  addExamples(tune, io, [
    'mlstat tune samples/4to1/*.pcap.gz -c samples/4to1/mlstat.yaml \\\n    --capacity dsl1=2M/1M --capacity dsl2=1M/500k',
    'mlstat tune samples/4to1/*.pcap.gz -c samples/4to1/mlstat.yaml \\\n    --target split=dsl1:60,dsl2:40',
  ]);

  const capacity = add(program, 'capacity', ADVICE)
    .summary('p95, peak, headroom, what the failure of a line does, growth')
    .description('What the lines carry and what is left of them, what they carry when one fails, and how they grow.')
    .argument('<input...>', INPUT)
    .action((inputs, options) =>
      finish(import('./capacity.js').then((verb) => verb.capacity(inputs, options, io, pipeline))),
    );
  addExamples(capacity, io, [
    'mlstat capacity samples/4to1/*.pcap.gz -c samples/4to1/mlstat.yaml \\\n    --capacity dsl1=2M/1M --capacity dsl2=1M/500k',
    'mlstat capacity samples/blackhole/any.pcap.gz --format json',
  ]);

  const uplinks = add(program, 'uplinks', [])
    .summary("the configuration: from a capture, from a router's own files, as understood")
    .description("The configuration: made from a capture or from a router's own files, or shown as understood.");
  const infer = add(uplinks, 'infer', READING)
    .summary('a configuration to keep, from a capture')
    .description('Tells the uplinks by who the local ends of a capture are, and prints a configuration to keep.')
    .argument('<input...>', INPUT)
    .action((inputs, options) =>
      finish(import('./uplinks.js').then((verb) => verb.inferUplinks(inputs, options, io, pipeline))),
    );
  addExamples(infer, io, [
    'mlstat uplinks infer samples/blackhole/any.pcap.gz',
    'mlstat uplinks infer samples/4to1/*.pcap.gz --verbose',
  ]);
  const importing = add(uplinks, 'import', TALK)
    .summary("a configuration to keep, from the router's own files")
    .description(
      'Makes a configuration to keep of what ip, iptables and nft print, of mwan3, Endian, or a set-up script. Runs none of it.',
    )
    .argument('<files...>', 'files and folders, told by their content; - for standard input')
    .action((files, options) =>
      finish(import('./uplinks-import.js').then((verb) => verb.importUplinks(files, options, io))),
    );
  addExamples(importing, io, [
    'mlstat uplinks import samples/4to1/router',
    'mlstat uplinks import --quiet samples/4to1/router/route.txt samples/4to1/router/iptables-save.txt',
  ]);
  const show = add(uplinks, 'show', [
    ...TALK,
    'config',
    'noConfig',
    'router',
    'uplink',
    'capacity',
    'showFormat',
    'noColor',
  ])
    .summary('the configuration as understood')
    .description('Prints the configuration as it is understood, with the share that each weight stands for.')
    .action((options) => finish(import('./uplinks.js').then((verb) => verb.showUplinks(options, io))));
  addExamples(show, io, [
    'mlstat uplinks show -c samples/4to1/mlstat.yaml',
    'mlstat uplinks show --uplink a=203.0.113.2@2 --uplink b=198.51.100.2@1',
  ]);

  const plan = add(program, 'plan', [...TALK, 'config', 'noConfig', 'router', 'uplink', 'style', 'firewall', 'weights'])
    .summary("the router's set-up script")
    .description(
      'Writes the set-up of the router for the configuration: a shell script with apply, check and remove. Runs none of it.',
    )
    .action((options) => finish(import('./plan.js').then((verb) => verb.plan(options, io))));
  addExamples(plan, io, [
    'mlstat plan -c samples/4to1/mlstat.yaml',
    'mlstat plan -c samples/4to1/mlstat.yaml --firewall iptables --weights dsl1=3,dsl2=1',
  ]);

  const audit = add(program, 'audit', [
    ...READING,
    'auditConfig',
    'live',
    'report',
    'capture',
    'auditFormat',
    'timezone',
    'noColor',
  ])
    .summary("the router's present set-up held against what is needed")
    .description(
      "Holds the router's present set-up against what is needed: each fault with what breaks and the cure. Exit 1 where one is more than advice. Changes nothing.",
    )
    .argument('[files...]', 'files and folders as uplinks import reads them; - for standard input')
    .action((files, options) => finish(import('./audit.js').then((verb) => verb.audit(files, options, io, pipeline))));
  addExamples(audit, io, [
    'mlstat audit samples/4to1/router',
    'mlstat audit samples/failover/router --capture samples/failover/wan1.pcap.gz --capture samples/failover/wan2.pcap.gz',
    'mlstat audit samples/4to1/router -c samples/4to1/mlstat.yaml --format markdown',
  ]);

  const schema = add(program, 'schema', ['output', 'debug'])
    .summary('JSON Schema of the report or the configuration')
    .description('Prints a JSON Schema (2020-12).')
    .argument('<what>', 'report or config')
    .action((what, options) => finish(import('./schema.js').then((verb) => verb.schema(what, options, io))));
  addExamples(schema, io, ['mlstat schema report', 'mlstat schema config']);

  const completion = add(program, 'completion', ['debug'])
    .summary('completion for bash, zsh or fish')
    .description('Prints the completion script of a shell.')
    .argument('<shell>', 'bash, zsh or fish')
    .action((shell) => finish(import('./completion.js').then((verb) => verb.completion(shell, program, io))));
  addExamples(completion, io, ['source <(mlstat completion bash)', 'mlstat completion fish | source']);

  program.addHelpText(
    'after',
    '\nWithout a command analyse is meant: mlstat capture.pcap\nmlstat COMMAND --help shows options and examples.',
  );
  return program;
}

function setUp(program: Command, io: Io): void {
  const width = Math.min(Number(io.env.COLUMNS) || io.stdout.columns || 80, WIDEST_HELP);
  program
    .exitOverride()
    .helpOption('-h, --help', 'print help')
    .helpCommand('help [command]', 'print the help of a command')
    .configureHelp({ optionDescription: (option) => option.description, subcommandTerm: (command) => command.name() })
    .configureOutput({
      writeOut: (text) => void io.stdout.write(text),
      writeErr: (text) => void io.stderr.write(text),
      outputError: () => {}, // told where it is caught
      getOutHelpWidth: () => width,
      getErrHelpWidth: () => width,
    });
}

function add(parent: Command, name: string, options: readonly OptionName[]): Command {
  const command = parent.command(name).allowExcessArguments(false);
  for (const option of createOptions(options)) command.addOption(option);
  return command;
}

/** Names and aliases. */
function verbsOf(program: Command): string[] {
  return program.commands.flatMap((command) => [command.name(), ...command.aliases()]);
}
