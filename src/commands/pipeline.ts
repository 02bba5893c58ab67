// How the commands reach the pipeline: loaded when the options have been read, or handed in by a test.

/** What the commands use of it. */
export type PipelineModule = Pick<
  typeof import('../pipeline/pipeline.js'),
  'analyseInputs' | 'writeFlows' | 'inferUplinks' | 'tallyInputs' | 'reportOf'
>;

export type Pipeline = () => Promise<PipelineModule>;

export const loadPipeline: Pipeline = () => import('../pipeline/pipeline.js');
