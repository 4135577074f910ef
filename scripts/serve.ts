// `npm run serve` starts the span server, creates a span, and prints the address, the key and the span's id as step outputs. It runs until
// it is stopped. CONTRIBUTING.md shows how a workflow uses it.
import { startSpanServer } from '../test/harness/span-server.ts';

const { baseUrl, key, create } = await startSpanServer();
const { id } = create({
  name: 'Answer support tickets',
  type: 'evaluation',
  start_time: new Date().toISOString(),
  meta: { prompt_version: 12 },
  feedback: { score: 1, comment: 'Friendly and right' },
});
console.log(`base_url=${baseUrl}\napi_key=${key}\nspan_id=${id}`);
