const LOOPBACK = /^(localhost|127(\.\d+){3}|\[::1\])$/;

/** Whether the `hostname` of a URL is this machine, so that nothing sent there leaves it. */
export function isLoopback(hostname: string): boolean {
  return LOOPBACK.test(hostname);
}
