// The span server over TLS in its own process, so that its work is not measured. On a message it reports the requests since the last one,
// and what is stored now.
import { startSpanServer } from '../../test/harness/span-server.ts';
import { identityOf } from '../../test/harness/tcp-server.ts';

const server = await startSpanServer({ tls: identityOf('loopback') });
const { id } = server.create({ name: 'bench', meta: { stored: true } });
process.send?.({ baseUrl: server.baseUrl, key: server.key, id });
process.on('message', () => {
  const methods = server.requests.splice(0).map((request) => request.method);
  const { score, meta } = server.span(id);
  process.send?.({ methods, score, meta });
});
process.on('disconnect', () => void server.close());
