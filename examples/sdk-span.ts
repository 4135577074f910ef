// Creates a span with opperai 3.x, passes its id on, runs the eval under it, and leaves the result in a file.
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { Opper } from 'opperai';

const { OPPER_API_KEY: httpBearer = '', OPPER_BASE_URL: serverURL, GITHUB_OUTPUT = '' } = process.env;
const opper = new Opper({ httpBearer, ...(serverURL && { serverURL }) });

const span = await opper.spans.create({ name: 'Support eval', type: 'evaluation', startTime: new Date() });
// At once, so that the next step finds the span even if the eval crashes.
appendFileSync(GITHUB_OUTPUT, `span_id=${span.id}\n`);

const wrong: string[] = [];
const cases: { question: string; expected: string }[] = JSON.parse(
  readFileSync(new URL('cases.json', import.meta.url), 'utf8'),
);
for (const { question, expected } of cases) {
  const { message } = await opper.call({
    name: 'answer-customer',
    instructions:
      'Answer the customer. We ship to all of Europe, express costs 12 euros, returns take 30 days.',
    input: question,
    parentSpanId: span.id,
  });
  if (!message?.toLowerCase().includes(expected)) wrong.push(`${question} → ${message}`);
}

const score = 1 - wrong.length / cases.length;
writeFileSync('result.json', JSON.stringify({ score, score_scale: 100, error: wrong.join('\n') || null }));
