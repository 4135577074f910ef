const MAX_RETRY_AFTER_MS = 60_000;
const FIRST_WAIT_MS = 500;
const MAX_WAIT_MS = 10_000;
const RETRIED_STATUSES = [408, 425, 429];
// Not implemented, and HTTP version not supported. All other 5xx may be temporary, including those of gateways (507, 520 to 530).
const LASTING_STATUSES = [501, 505];

/** Whether a retry may get another status than this one. */
export function isRetriedStatus(status: number): boolean {
  return RETRIED_STATUSES.includes(status) || (status >= 500 && !LASTING_STATUSES.includes(status));
}

/**
 * How long to wait before a retry, in milliseconds: 0.5 s before the first, doubled for each later one, at most 10 s, with full
 * jitter (a random part of that). `Retry-After` wins if it is longer. `random` is at least 0 and below 1.
 */
export function waitBefore(retry: number, askedMs: number | undefined, random: number): number {
  return Math.max(random * Math.min(FIRST_WAIT_MS * 2 ** (retry - 1), MAX_WAIT_MS), askedMs ?? 0);
}

/** Whether a server asks for a longer wait than a step allows. */
export function isTooLong(askedMs: number | undefined): askedMs is number {
  return (askedMs ?? 0) > MAX_RETRY_AFTER_MS;
}

/** `Retry-After` in milliseconds (RFC 9110, section 10.2.3: seconds or a date); undefined if absent or invalid. */
export function retryAfterMs(header: string | undefined, now: number): number | undefined {
  const value = header ?? '';
  if (/^\d+$/.test(value)) return Number(value) * 1000;
  // Date.parse alone accepts nearly anything, even "-5".
  const date = / GMT$/.test(value) ? Date.parse(value) : Number.NaN;
  return Number.isNaN(date) ? undefined : Math.max(date - now, 0);
}
