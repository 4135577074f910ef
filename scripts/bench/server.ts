// The span server in a process of its own, so that its work is not counted. Asked with the id of a subject's span, it tells what was stored.
import { startSpanServer } from '../../test/harness/span-server.ts';

const server = await startSpanServer();
const { id } = server.create({ name: 'bench', meta: { stored: true } });
process.send?.({ baseUrl: server.baseUrl, key: server.key, id });
process.on('message', () => {
  const methods = server.requests.splice(0).map((request) => request.method);
  process.send?.({ methods, score: server.span(id).score });
});
process.on('disconnect', () => void server.close());
