// Has a model answer every case, and writes the result to a file that is read at the end of the job.
import { readFileSync, writeFileSync } from 'node:fs';
import { Opper } from 'opperai';

interface Case {
  readonly question: string;
  readonly expected: string;
}

const INSTRUCTIONS =
  'Answer the customer. We ship to all of Europe. Express delivery costs 12 euros. ' +
  'Purchases can be returned within 30 days.';
const { OPPER_API_KEY: httpBearer = '', OPPER_BASE_URL: serverURL, OPPER_SPAN_ID } = process.env;

const cases: Case[] = JSON.parse(readFileSync(new URL('cases.json', import.meta.url), 'utf8'));
const opper = new Opper({ httpBearer, ...(serverURL && { serverURL }) });

const wrong: string[] = [];
for (const { question, expected } of cases) {
  const { message } = await opper.call({
    name: 'answer-customer',
    instructions: INSTRUCTIONS,
    input: question,
    // Puts the call under the span of the job. The SDK does not read this variable by itself.
    parentSpanId: OPPER_SPAN_ID,
  });
  if (!message?.toLowerCase().includes(expected)) wrong.push(`${question} → ${message}`);
}

const accuracy = (cases.length - wrong.length) / cases.length;
const result = {
  score: accuracy,
  score_scale: 100,
  error: wrong.join('\n') || null,
  metrics: { accuracy },
  meta: { dataset: 'support-v3', cases: cases.length },
};
writeFileSync('result.json', JSON.stringify(result));
