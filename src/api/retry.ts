const MAX_RETRY_AFTER_MS = 60_000;
const FIRST_WAIT_MS = 500;
const MAX_WAIT_MS = 10_000;
// ofetch's own, less 409: a conflict does not go away by asking again.
const RETRIED_STATUSES = [408, 425, 429, 500, 502, 503, 504];

/** Whether the same request may well get another answer than this status. */
export function isRetriedStatus(status: number): boolean {
  return RETRIED_STATUSES.includes(status);
}

/**
 * How long to wait before a retry, in milliseconds: 0.5 s before the first, doubled for each that follows, at most 10 s, with
 * full jitter (a random part of it); or what `Retry-After` asks for, where that is longer. `random` is at least 0, below 1.
 */
export function waitBefore(retry: number, askedMs: number | undefined, random: number): number {
  return Math.max(random * Math.min(FIRST_WAIT_MS * 2 ** (retry - 1), MAX_WAIT_MS), askedMs ?? 0);
}

/** Whether a server asks to wait longer than a step does. */
export function isTooLong(askedMs: number | undefined): askedMs is number {
  return askedMs !== undefined && askedMs > MAX_RETRY_AFTER_MS;
}

/** `Retry-After` in milliseconds (RFC 9110, section 10.2.3: seconds or a date); undefined where absent or neither. */
export function retryAfterMs(header: string | null, now: number): number | undefined {
  const value = header?.trim() ?? '';
  if (/^\d+$/.test(value)) return Number(value) * 1000;
  // Date.parse alone takes nearly anything for a date, "-5" too.
  const date = / GMT$/.test(value) ? Date.parse(value) : Number.NaN;
  return Number.isNaN(date) ? undefined : Math.max(date - now, 0);
}
