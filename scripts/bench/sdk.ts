// The same two requests with the official SDK.
import { Opper } from 'opperai';

const {
  INPUT_BASE_URL: serverURL = '',
  INPUT_API_KEY: httpBearer = '',
  INPUT_SPAN_ID: id = '',
  INPUT_SCORE,
  INPUT_META = '',
} = process.env;
const { spans } = new Opper({ serverURL, httpBearer });

async function record(): Promise<void> {
  const { meta } = await spans.get(id);
  const { score } = await spans.update(id, {
    score: Number(INPUT_SCORE),
    meta: { ...meta, ...JSON.parse(INPUT_META) },
  });
  console.log(score);
}

void record();
