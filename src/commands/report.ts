// `mlstat report`: inputs become the report that is passed on: a page, Markdown, a picture or a folder of pictures.

import { mkdir, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import type { Chart } from '../report/charts/chart.js';
import type { PictureFormat } from '../report/draw/pictures.js';
import type { Report } from '../report/report.js';
import { type ExitCode, UserError } from '../util/error.js';
import { quote } from '../util/quote.js';
import { didYouMean, listChoices } from '../util/suggest.js';
import { type AnonymiseOptions, readAnonymiser } from './anonymise.js';
import type { Io } from './io.js';
import { exitCodeOf, nothingRead, say, tellConfig, tellInputs, warnOfInputs } from './messages.js';
import { PROGRESS_MODES } from './modes.js';
import { openOutput } from './output.js';
import type { Pipeline } from './pipeline.js';
import { startProgress } from './progress.js';
import { type RequestOptions, readRequest } from './request.js';
import { readChoice } from './values.js';

export interface ReportOptions extends RequestOptions, AnonymiseOptions {
  output?: string;
  chart?: string;
  strict?: boolean;
  progress: string;
  quiet?: boolean;
  verbose?: boolean;
}

type Kind = 'html' | 'markdown' | 'folder' | PictureFormat;

const ENDINGS: readonly (readonly [string, Kind])[] = [
  ['.html', 'html'],
  ['.htm', 'html'],
  ['.md', 'markdown'],
  ['.markdown', 'markdown'],
  ['.svg', 'svg'],
  ['.png', 'png'],
  ['.vl.json', 'vl.json'],
];

/** A file of the result; `path` relative to where the user is. */
interface Made {
  path: string;
  content: string | Uint8Array;
}

export async function report(
  args: readonly string[],
  options: ReportOptions,
  io: Io,
  pipeline: Pipeline,
): Promise<ExitCode> {
  const target = options.output;
  if (target === undefined || target === '' || target === '-') {
    throw new UserError('report needs -o: report.html, report.md, report.svg, report.png, or a folder (charts/)');
  }
  const kind = await kindOf(target, io);
  const chart = options.chart === undefined ? null : await readChart(options.chart);
  if (chart !== null && (kind === 'html' || kind === 'markdown')) {
    throw new UserError(`--chart draws one chart, into .svg, .png, .vl.json or a folder: ${quote(target)}`);
  }
  const mode = readChoice('--progress', options.progress, PROGRESS_MODES);
  const anonymiser = await readAnonymiser(options, io);
  const request = await readRequest(args, options, io);
  // Whatever can't be written is known before the inputs are read.
  const output = kind === 'folder' ? null : await openOutput(target, request.files, io);
  try {
    if (kind === 'folder') await makeFolder(target, io);
    tellConfig(request.known, options, io);
    const startMs = io.now();
    const progress = await startProgress(mode, options.quiet === true, io);
    const { tallyInputs, reportOf } = await pipeline();
    const reading = await tallyInputs({ ...request.pipeline, onProgress: progress.update }).finally(progress.stop);
    const made = reportOf(reading);
    warnOfInputs(made.inputs, request.pipeline.inputs, options, io);
    tellInputs(made, (io.now() - startMs) / 1000, options, io);
    if (!nothingRead(made)) {
      const { capacityOf } = await import('../advise/capacity.js');
      made.capacity = capacityOf(reading.measureInput, request.timezone);
      const missing = chart?.missing(made) ?? null;
      if (chart !== null && missing !== null)
        throw new UserError(`--chart ${chart.name} has nothing to draw: ${missing}`);
      const [main, ...beside] = await render(anonymiser?.report(made) ?? made, kind, chart, target, request.timezone);
      for (const file of output === null && main !== undefined ? [main, ...beside] : beside) {
        await write(file, request.files, io);
      }
      if (output !== null && main !== undefined) {
        await output.write(main.content);
        await output.commit();
      }
      if (main === undefined && !options.quiet) say('no chart has anything to draw: nothing is written', io);
      else if (options.verbose && !options.quiet) say(`${quote(target)} is written`, io);
    }
    return exitCodeOf(made, options.strict === true, io);
  } finally {
    await output?.discard();
  }
}

/** By the ending; a name that ends with a slash, or of a folder that is there, is a folder. */
async function kindOf(target: string, io: Io): Promise<Kind> {
  const found = await stat(resolve(io.cwd, target)).catch(() => null);
  if (/[/\\]$/.test(target) || found?.isDirectory()) return 'folder';
  const kind = ENDINGS.find(([ending]) => target.toLowerCase().endsWith(ending))?.[1];
  if (kind !== undefined) return kind;
  if (/\.pdf$/i.test(target)) {
    throw new UserError(
      `-o can't be a PDF: ${quote(target)}; make report.html, open it in a browser and print it there`,
    );
  }
  const endings = ['.html', '.md', '.svg', '.png', '.vl.json'];
  throw new UserError(`-o must end with ${listChoices(endings)}, or with / for a folder: ${quote(target)}`);
}

async function readChart(name: string): Promise<Chart> {
  const { CHARTS } = await import('../report/charts/charts.js');
  const found = CHARTS.find((chart) => chart.name === name);
  if (found !== undefined) return found;
  const names = CHARTS.map((chart) => chart.name);
  throw new UserError(`--chart must be ${listChoices(names)}: ${quote(name)}${didYouMean(name, names)}`);
}

async function makeFolder(path: string, io: Io): Promise<void> {
  try {
    await mkdir(resolve(io.cwd, path), { recursive: true });
  } catch (error) {
    throw new UserError(`can't make the folder ${quote(path)}: ${(error as NodeJS.ErrnoException).code ?? error}`);
  }
}

/** The files of the result, the one that `-o` names first. What draws is loaded here and nowhere earlier. */
async function render(
  made: Report,
  kind: Kind,
  chart: Chart | null,
  target: string,
  timezone: string,
): Promise<Made[]> {
  if (kind === 'html') {
    const { renderHtml } = await import('../report/html/html.js');
    return [{ path: target, content: await renderHtml(made, { timezone }) }];
  }
  const { PICTURE_FORMATS, drawPicture, picturesOf } = await import('../report/draw/pictures.js');
  if (kind === 'markdown') {
    const { renderMarkdown } = await import('../report/markdown.js');
    const folder = `${basename(target).replace(/\.[^.]*$/, '')}-charts`;
    const pictures = picturesOf(made, timezone).map((picture) => ({
      ...picture,
      path: `${folder}/${picture.name}.png`,
    }));
    const drawn: Made[] = [];
    for (const { path, draw } of pictures)
      drawn.push({ path: join(dirname(target), path), content: await draw('png') });
    return [{ path: target, content: renderMarkdown(made, { timezone, pictures }) }, ...drawn];
  }
  if (kind === 'folder') {
    const files: Made[] = [];
    for (const { name, draw } of picturesOf(made, timezone).filter(
      ({ name }) => chart === null || chart.name === name,
    )) {
      for (const format of PICTURE_FORMATS) {
        files.push({ path: join(target, `${name}.${format}`), content: await draw(format) });
      }
    }
    return files;
  }
  return [{ path: target, content: await drawPicture(made, chart, kind, timezone) }];
}

async function write({ path, content }: Made, inputs: readonly string[], io: Io): Promise<void> {
  await makeFolder(dirname(path), io);
  const output = await openOutput(path, inputs, io);
  try {
    await output.write(content);
    await output.commit();
  } finally {
    await output.discard();
  }
}
