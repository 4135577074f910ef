/** The values of `results_format`. `auto` is any test format, so neither `json` nor `fields`. */
export const RESULTS_FORMATS = ['auto', 'junit', 'ctrf', 'promptfoo', 'jest', 'json', 'fields'] as const;
export type ResultsFormat = (typeof RESULTS_FORMATS)[number];
