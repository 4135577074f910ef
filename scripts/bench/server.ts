// The span server in a process of its own, so that its work is not counted. Asked, it tells what came since the last time and what
// is stored by now.
import { startSpanServer } from '../../test/harness/span-server.ts';

const server = await startSpanServer();
const { id } = server.create({ name: 'bench', meta: { stored: true } });
process.send?.({ baseUrl: server.baseUrl, key: server.key, id });
process.on('message', () => {
  const methods = server.requests.splice(0).map((request) => request.method);
  const { score, meta } = server.span(id);
  process.send?.({ methods, score, meta });
});
process.on('disconnect', () => void server.close());
