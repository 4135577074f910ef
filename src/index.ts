import { step } from './step.ts';

step();
