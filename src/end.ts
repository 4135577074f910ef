// The end of the job (runs.post). Only a tracked job has work to do here, so the rest is loaded only for that.
const { STATE_tracked: tracked } = process.env;
if (tracked) void import('./step.ts').then(({ step }) => step(tracked));

export {};
