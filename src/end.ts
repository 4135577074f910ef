// The end of the job (runs.post). Only a tracked job has left something to do: for any other, nothing more is loaded.
const { STATE_tracked: tracked } = process.env;
if (tracked) void import('./step.ts').then(({ step }) => step(tracked));

export {};
