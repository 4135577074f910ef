// Loaded into the step's process before the step itself (`--import`); plain JavaScript, since stripping types would
// take each of the many processes as long as Node's own start. The query of its URL says what to do:
//   divert=HOST:PORT&from=N&to=N    the Nth connections, counted from 1, go there instead
// The host `two.addresses` is 127.0.0.1 and ::1.
// The jitter is fixed near its minimum, so that the waits in the log can be compared and take no time.
import dns from 'node:dns';
import net from 'node:net';

const { searchParams } = new URL(import.meta.url);
const [, host, port] = /^(.*):(\d+)$/.exec(searchParams.get('divert') ?? '') ?? [];
const from = Number(searchParams.get('from'));
const to = Number(searchParams.get('to') ?? Number.POSITIVE_INFINITY);

Math.random = () => 0.02;

const { lookup } = dns;
dns.lookup = (name, options, done) => {
  if (name !== 'two.addresses') return lookup(name, options, done);
  const found = [
    { address: '127.0.0.1', family: 4 },
    { address: '::1', family: 6 },
  ];
  process.nextTick(done, null, found);
};

let connections = 0;
const { createConnection } = net;
net.createConnection = (options, ...rest) => {
  connections++;
  const diverted = host !== undefined && connections >= from && connections <= to;
  return createConnection(diverted ? { ...options, host, port: Number(port) } : options, ...rest);
};
