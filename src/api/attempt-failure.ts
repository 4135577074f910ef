import { codeOf, headlineOf } from '../errors.ts';
import { secondsText } from '../text.ts';

/** A failure that a retry cannot fix: a proxy setting or a response that cannot be used, such as a status that is not HTTP. */
export class LastingError extends Error {
  /** What to do about it, as a sentence. */
  readonly advice: string;

  constructor(message: string, advice = 'Check that base_url is the address of the Opper API.') {
    super(message);
    this.advice = advice;
  }
}

/** The proxy did not connect. `status` is its response; without one, `cause` says what failed. */
export class ProxyError extends Error {
  readonly status: number | undefined;
  readonly code: string;

  constructor({ status, cause }: { readonly status?: number | undefined; readonly cause?: unknown }) {
    super(status === undefined ? 'no connection through the proxy' : `the proxy returned ${status}`, {
      cause,
    });
    this.status = status;
    this.code = codeOf(cause);
  }
}

/**
 * Why no usable response came, to follow the request: `failed: connect ECONNREFUSED 127.0.0.1:9` or `got no complete response
 * within 10 s`. `thrown` is what the transport threw. May contain untrusted text.
 */
export function failureText(thrown: unknown, timeoutMs: number): string {
  if (isTimeout(thrown)) return `got no complete response within ${secondsText(timeoutMs)}`;
  return `failed: ${reasonOf(thrown)}`;
}

/** What to do about it, as a sentence. */
export function failureAdvice(thrown: unknown): string {
  if (thrown instanceof LastingError) return thrown.advice;
  if (isTimeout(thrown)) return 'Raise timeout_seconds, or check the network of the runner.';
  if (thrown instanceof ProxyError && thrown.status === 407) {
    return 'The proxy needs a user and password, or rejected those it got. Set HTTPS_PROXY in the env of the step to http://USER:PASSWORD@HOST:PORT, from a secret.';
  }
  if (/TLS: (wrong version number|packet length too long)/.test(reasonOf(thrown))) {
    return 'The server or proxy does not use TLS on that port. Check scheme and port in base_url and HTTPS_PROXY.';
  }
  if (thrown instanceof ProxyError && thrown.status !== undefined) {
    return 'The proxy did not connect to the host of base_url. Check base_url, and that the proxy allows that host.';
  }
  const code = codeOf(thrown);
  if (/ALTNAME_INVALID|HOSTNAME_MISMATCH/.test(code)) {
    return `The certificate is for another host. Check ${thrown instanceof ProxyError ? 'HTTPS_PROXY' : 'base_url'}.`;
  }
  if (/CERT_HAS_EXPIRED|CERT_NOT_YET_VALID/.test(code)) {
    return 'The server needs a certificate that is valid now, or the clock of the runner is wrong.';
  }
  if (isCertificateCode(code)) {
    return 'The certificate is not trusted on this runner. For a private CA, set NODE_EXTRA_CA_CERTS in the env of the step to the path of its PEM file.';
  }
  if (thrown instanceof ProxyError) {
    return 'Check HTTPS_PROXY in the env of the step (scheme, host, port) and the network of the runner.';
  }
  return 'Check base_url (scheme, host, port) and the network of the runner. Behind a proxy, check HTTPS_PROXY in the env of the step too.';
}

/** Whether a retry can help. It cannot for a bad certificate, proxy setting or proxy login, or an unusable response. */
export function isWorthRetrying(thrown: unknown): boolean {
  if (thrown instanceof ProxyError && thrown.status === 407) return false;
  return !(thrown instanceof LastingError || isCertificateCode(codeOf(thrown)));
}

function reasonOf(thrown: unknown): string {
  const headline = headlineOf(thrown);
  if (thrown instanceof ProxyError && thrown.cause) return `${headline}: ${reasonOf(thrown.cause)}`;
  // Node's names for a connection that ends too early.
  if (headline === 'socket hang up') return 'the connection was closed before a response came';
  if (headline === 'aborted') return 'the connection was closed in the middle of the response';
  if (codeOf(thrown) === 'HPE_HEADER_OVERFLOW') return 'the response headers are too long';
  return (
    headline
      // Followed by llhttp's reason, such as `Expected HTTP/, RTSP/ or ICE/`.
      .replace('Parse Error: ', 'the response is not HTTP: ')
      // In OpenSSL's error queue the reason is between the names of a function and a file.
      .replace(/.*:SSL routines:[^:]*:([^:]+):.*/s, 'TLS: $1')
  );
}

function isTimeout(thrown: unknown): boolean {
  return thrown instanceof Error && thrown.name === 'TimeoutError';
}

// Node's and OpenSSL's names: ERR_TLS_CERT_ALTNAME_INVALID, DEPTH_ZERO_SELF_SIGNED_CERT, CERT_HAS_EXPIRED,
// UNABLE_TO_VERIFY_LEAF_SIGNATURE (Node's documentation, tls, "X509 certificate error codes"). Codes that begin with
// ERR_SSL are about the handshake; some are about a client certificate that the server asks for.
function isCertificateCode(code: string): boolean {
  return /CERT|UNABLE_TO_|INVALID_CA|HOSTNAME_MISMATCH/.test(code) && !code.startsWith('ERR_SSL_');
}
