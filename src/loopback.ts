/** Whether the `hostname` of a URL is this machine, so that nothing sent there leaves it. */
export function isLoopback(hostname: string): boolean {
  return /^(localhost|127(\.\d+){3}|\[::1\])$/.test(hostname);
}
