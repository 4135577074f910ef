import { hash } from 'node:crypto';
import { cut } from '../text.ts';
import { instantOf } from '../timestamp.ts';
import type { Explanation } from './cases.ts';
import { type Declared, totalOf } from './declared.ts';
import { sumOf } from './shape.ts';
import { caseStatusOf } from './status.ts';
import { isFailing } from './tests.ts';
import type { Attributes } from './xml.ts';

// What the attributes of suites and cases in JUnit XML say.

/** What the attributes of a case say about how it ended. */
export function reasonIn(attributes: Attributes): Explanation {
  const type = ['status', 'result']
    .filter((name) => attributes[name])
    .map((name) => textOfAttribute(attributes, name));
  return { message: '', type: type.join(' ') };
}

/** What a suite says about its failures. `uncounted` is the total that does not count failures, if there is one. */
export function declaredBy(attributes: Attributes, uncounted: string | undefined): Declared {
  const totals = ['failures', 'errors'].filter((name) => name !== uncounted);
  const status = ['status', 'result'].find((name) => isFailing(caseStatusOf(attributes[name] ?? '')));
  return {
    failed: sumOf(totals.map((name) => totalOf(attributes[name]))),
    totals: totals
      .filter((name) => totalOf(attributes[name]))
      .map((name) => textOfAttribute(attributes, name))
      .join(' '),
    verdict: status && textOfAttribute(attributes, status),
  };
}

function textOfAttribute(attributes: Attributes, name: string): string {
  return `${name}="${cut(String(attributes[name]), 40)}"`;
}

/** A hash of class and name in 52 bits: of a million cases two share one with a chance of 1 in 9,000. */
export function keyOf({ classname, name }: Attributes): number {
  return Number.parseInt(hash('sha1', JSON.stringify([classname, name])).slice(0, 13), 16);
}

/** Milliseconds from seconds such as `0.25`. One comma and no point is a decimal comma, other commas are thousands. */
export function millisecondsOf(text: string | undefined): number | undefined {
  if (!text?.trim()) return undefined;
  const seconds = Number(text.includes(',') ? withPoint(text) : text);
  return Number.isFinite(seconds) && seconds >= 0 ? seconds * 1000 : undefined;
}

function withPoint(text: string): string {
  const pointed = text.replace(/^(\d+),(\d+)$/, '$1.$2');
  const hasThousands = /^[1-9]\d{0,2}(?:,\d{3})+(?:\.\d+)?$/.test(pointed);
  return hasThousands ? pointed.replaceAll(',', '') : pointed;
}

/** When a case began, in Unix milliseconds. Unknown if the timestamp has no offset. */
export function startMsOf({ timestamp }: Attributes): number | undefined {
  return timestamp?.match(/Z|[+-]\d\d:\d\d/i) ? instantOf(timestamp) : undefined;
}
