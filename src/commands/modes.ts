// When progress is shown; apart from `progress.ts`, so that the help need not load it.

export const PROGRESS_MODES = ['auto', 'always', 'never'] as const;
export type ProgressMode = (typeof PROGRESS_MODES)[number];
