/** What `results_format` may be. `auto` is any of the test formats: neither `json` nor `fields`. */
export const RESULTS_FORMATS = ['auto', 'junit', 'ctrf', 'promptfoo', 'jest', 'json', 'fields'] as const;
export type ResultsFormat = (typeof RESULTS_FORMATS)[number];
