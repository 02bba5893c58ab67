// `npm start`: sets up what is missing, then runs mlstat; without arguments on a bundled capture with its configuration.

import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { build, install, root } from './setup.mjs';

const SAMPLE = ['analyse', 'samples/4to1/wan1.pcap.gz', 'samples/4to1/wan2.pcap.gz', '-c', 'samples/4to1/mlstat.yaml'];

install();
await build('main');

const given = process.argv.slice(2);
if (given.length === 0) process.stderr.write(`> mlstat ${SAMPLE.join(' ')}\n\n`);

const child = spawn(process.execPath, [join(root, 'dist', 'bin', 'cli.js'), ...(given.length > 0 ? given : SAMPLE)], {
  stdio: 'inherit',
  // npm changes into the project's folder; paths are meant from where the user stands.
  cwd: given.length > 0 ? (process.env.INIT_CWD ?? process.cwd()) : root,
});

// A terminal sends its Ctrl-C to the child as well; passed on, the child would see a second one, which means "at once".
const onTerminal = process.stdin.isTTY || process.stdout.isTTY || process.stderr.isTTY;
process.on('SIGINT', () => onTerminal || child.kill('SIGINT'));
for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));

child.on('error', (error) => {
  process.stderr.write(`mlstat: ${error.message}\n`);
  process.exitCode = 1;
});
child.on('exit', (code, signal) => {
  if (signal === null) {
    process.exitCode = code ?? 1;
    return;
  }
  process.removeAllListeners(signal);
  process.kill(process.pid, signal);
});
