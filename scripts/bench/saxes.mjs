// The XML parser alone: reads the file named in INPUT_RESULTS_FILE with handlers that do nothing.
import { createReadStream } from 'node:fs';
import { SaxesParser } from 'saxes';

const parser = new SaxesParser({ xmlns: false });
for (const event of ['opentag', 'closetag', 'text', 'cdata']) parser.on(event, () => {});
parser.on('error', (error) => {
  throw error;
});
const decoder = new TextDecoder('utf-8', { fatal: true });
for await (const bytes of createReadStream(process.env.INPUT_RESULTS_FILE)) {
  parser.write(decoder.decode(bytes, { stream: true }));
}
parser.write(decoder.decode()).close();
