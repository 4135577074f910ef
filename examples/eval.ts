// Has a model answer every case, and hands the span's id and the share of right answers to later steps.
import { appendFileSync, readFileSync } from 'node:fs';
import { Opper } from 'opperai';

interface Case {
  readonly question: string;
  readonly expected: string;
}

const INSTRUCTIONS =
  'Answer the customer. We ship to all of Europe. Express delivery costs 12 euros. ' +
  'Purchases can be returned within 30 days.';
const { OPPER_API_KEY: httpBearer = '', OPPER_BASE_URL: serverURL, GITHUB_OUTPUT = '' } = process.env;

function setOutput(name: string, value: string): void {
  appendFileSync(GITHUB_OUTPUT, `${name}=${value}\n`);
}

const cases: Case[] = JSON.parse(readFileSync(new URL('cases.json', import.meta.url), 'utf8'));
const opper = new Opper({ httpBearer, ...(serverURL && { serverURL }) });

const span = await opper.spans.create({ name: 'Support eval', type: 'evaluation', startTime: new Date() });
// At once: should this script fail further down, the failure is still recorded on the span.
setOutput('span_id', span.id);

let right = 0;
for (const { question, expected } of cases) {
  const { message } = await opper.call({
    name: 'answer-customer',
    instructions: INSTRUCTIONS,
    input: question,
    parentSpanId: span.id,
  });
  if (message?.toLowerCase().includes(expected)) right++;
}
setOutput('accuracy', String(right / cases.length));
