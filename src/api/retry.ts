const MAX_RETRY_AFTER_MS = 60_000;
const FIRST_WAIT_MS = 500;
const MAX_WAIT_MS = 10_000;

/** Whether the same request may succeed later. */
export function isTransientStatus(status: number): boolean {
  return [408, 425, 429].includes(status) || status >= 500;
}

/** Whether a retry within seconds may get a different status. */
export function isRetriedStatus(status: number): boolean {
  // 501 is Not Implemented, 505 HTTP Version Not Supported. All other 5xx may end soon, including those of gateways (507, 520 to 530).
  return isTransientStatus(status) && ![501, 505].includes(status);
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
  if (header && /^\d+$/.test(header)) return Number(header) * 1000;
  // Date.parse alone accepts nearly anything, even "-5".
  const date = header?.endsWith(' GMT') ? Date.parse(header) : Number.NaN;
  return Number.isNaN(date) ? undefined : Math.max(date - now, 0);
}
