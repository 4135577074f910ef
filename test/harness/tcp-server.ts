import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { createServer as createTlsServer } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';

/** The path of a certificate in this folder. All of them have the key loopback-key.pem. */
export const pathOf = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

/** The key and the certificate of a TLS server: `loopback` is for 127.0.0.1, `remote` for api.example. */
export function identityOf(name: 'loopback' | 'remote' | 'expired'): { key: string; cert: string } {
  const read = (file: string) => readFileSync(pathOf(file), 'utf8');
  return { key: read('loopback-key.pem'), cert: read(`${name}-cert.pem`) };
}

export interface TcpServer {
  readonly port: number;
  /** `127.0.0.1:PORT`. */
  readonly host: string;
  /** What each connection sent, in the order in which they were made. */
  readonly received: string[];
}

/** A server for anything that is not quite HTTP. Calls `act` with the first bytes of each connection. */
export async function startTcpServer(
  act: (socket: Socket, bytes: Buffer) => void,
  tls?: { key: string; cert: string },
): Promise<TcpServer> {
  const received: string[] = [];
  const onConnection = (socket: Socket) => {
    const index = received.push('') - 1;
    socket.on('error', () => {});
    socket.on('data', (bytes) => {
      received[index] += bytes.toString('latin1');
    });
    socket.once('data', (bytes) => act(socket, bytes));
  };
  const port = await listen(tls ? createTlsServer(tls, onConnection) : createServer(onConnection));
  return { port, host: `127.0.0.1:${port}`, received };
}

/** Starts a server on a free port of 127.0.0.1. It runs until {@link closeServers}. */
export async function listen(server: Server): Promise<number> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  server.on('tlsClientError', () => {});
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closers.push(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return (server.address() as AddressInfo).port;
}

const closers: (() => void)[] = [];

/** Ends all servers of this file, and their connections. */
export function closeServers(): void {
  for (const close of closers.splice(0)) close();
}

/** A port on which nothing listens. */
export async function closedPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}

/** A proxy that connects every request to `port` of this machine, for any host. With a login, only requests that have it. */
export async function startProxy(
  port: number,
  login?: string,
  tls?: { key: string; cert: string },
): Promise<TcpServer> {
  return startTcpServer((client, bytes) => {
    const [, given = ''] = /^proxy-authorization: Basic (.*)\r$/im.exec(bytes.toString()) ?? [];
    if (login !== undefined && login !== Buffer.from(given, 'base64').toString()) {
      client.end('HTTP/1.1 407 Proxy Authentication Required\r\nproxy-authenticate: Basic\r\n\r\n');
      return;
    }
    const api = connect(port, '127.0.0.1', () => {
      client.write('HTTP/1.1 200 Connection Established\r\n\r\n');
      api.pipe(client).pipe(api);
    });
    api.on('error', () => client.destroy());
    client.once('close', () => api.destroy());
  }, tls);
}

/**
 * A port on which a connection is neither accepted nor refused: its server, a sleeping thread, has a queue of one, which is
 * full. `wake` makes it respond to every request with `ok`.
 */
export async function startFullPort(): Promise<{ port: number; wake(): void; close(): Promise<void> }> {
  const asleep = new Int32Array(new SharedArrayBuffer(4));
  const worker = new Worker(
    `const { parentPort, workerData: asleep } = require('node:worker_threads');
    const ok = (socket) => socket.on('error', () => {}).once('data', () => {
      socket.end('HTTP/1.1 200 OK\\r\\ncontent-length: 2\\r\\n\\r\\nok');
    });
    const server = require('node:net').createServer(ok).listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
      parentPort.postMessage(server.address().port);
      setImmediate(() => Atomics.wait(asleep, 0, 0));
    });`,
    { eval: true, workerData: asleep },
  );
  const [port] = (await once(worker, 'message')) as [number];
  const sockets: Socket[] = [];
  let queued = true;
  while (queued) {
    const socket = connect(port, '127.0.0.1').on('error', () => {});
    sockets.push(socket);
    queued = await Promise.race([once(socket, 'connect').then(() => true), wait(200, false)]);
  }
  return {
    port,
    wake() {
      Atomics.store(asleep, 0, 1);
      Atomics.notify(asleep, 0);
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      await worker.terminate();
    },
  };
}
