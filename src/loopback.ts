const LOOPBACK = /^(localhost|127(\.\d+){3}|\[::1\])$/;

/** Whether the `hostname` of a URL is this machine, so that nothing sent there passes a network. */
export function isLoopback(hostname: string): boolean {
  return LOOPBACK.test(hostname);
}
