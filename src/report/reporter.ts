import { headlineOf, InputError } from '../errors.ts';
import { whyUnread } from '../files.ts';
import type { Host } from '../host/host.ts';
import type { Gate } from '../plan/gate.ts';
import type { Tracked } from '../plan/track.ts';
import { present } from '../present.ts';
import { cut, firstOf } from '../text.ts';
import { UUID } from '../uuid.ts';
import { inert } from './inert.ts';
import { logOf } from './log.ts';
import { fittingOutputs, OUTPUTS, outputsOf } from './outputs.ts';
import { type Draft, type Finding, isNew, type Report, warn } from './report.ts';
import { redactorOf } from './secret.ts';
import { summaryOf } from './summary.ts';

/** The only way out of the step. It removes the secrets from everything it writes, and makes the text harmless. */
export interface Reporter {
  /** Writes a line to the log. The line must begin with the step's own word; the rest may be untrusted. */
  info(line: string): void;
  /**
   * Saves the tracked span for the end of the job, in place of what was saved before. The end then writes the job summary. With
   * undefined there is nothing to do at the end. Throws {@link InputError} if nothing can be saved; what was saved before is enough.
   */
  saveTracked(tracked: Tracked | undefined): void;
  /** The text without secrets, to send it elsewhere. */
  redact(text: string): string;
  /**
   * Writes outputs, log, summary and annotations; one failing does not stop the rest. The outputs include environment variables
   * for later steps, with the ids of a new or tracked span. Returns the exit code: 1 if a finding is an error or a gate is missed.
   */
  publish(report: Report, options: { readonly summary: boolean; readonly outputs: boolean }): 0 | 1;
}

const MAX_LINES = 100;
const MAX_LINE = 4000;

/** Masks each line of every secret at once, so call it first. */
export function createReporter(
  host: Pick<Host, 'core' | 'appendSummary' | 'writeTemp' | 'docs'>,
  secrets: readonly string[],
): Reporter {
  const { core } = host;
  const lines = secrets.flatMap((secret) => secret.split(/[\r\n]/)).map((line) => line.trim());
  const masked = [...new Set(lines)].filter((line) => line !== '');
  for (const line of masked) core.setSecret(line);
  const redact = redactorOf(masked);
  const safeId = (id: string) => (UUID.test(id) && !masked.includes(id) ? id : redact(id));
  let isTracking = false;

  return {
    info: (line) => core.info(inert(redact(line))),
    saveTracked(tracked) {
      try {
        // Besides the id there are only names and a time. A short secret in those would be a coincidence.
        core.saveState('tracked', tracked ? JSON.stringify({ ...tracked, id: safeId(tracked.id) }) : '');
        isTracking = tracked !== undefined;
      } catch (error) {
        if (isTracking) return;
        throw InputError.of(
          'GITHUB_STATE',
          `cannot be written (${whyUnread(error)}), so the span would never end. In a container job, use a user that can write the files of the runner`,
        );
      }
    },
    redact,
    publish(raw, options) {
      const report = withoutSecrets(raw, redact);
      const { findings } = report;
      const attempt = (work: () => void, level: Finding['level'], failure: string) => {
        try {
          work();
        } catch (error) {
          findings.push({ level, title: 'Opper span', lines: [`${failure}: ${redact(headlineOf(error))}`] });
        }
      };
      const summary = () => summaryOf(report, host.docs);
      if (options.outputs) {
        const outputs = { ...outputsOf(report) };
        attempt(
          () => {
            if (outputs.span) outputs.span_file = host.writeTemp('opper-span.json', outputs.span);
            if (!isTracking) outputs.summary_file = host.writeTemp('opper-summary.md', summary());
          },
          'warning',
          'The files for the outputs span_file and summary_file cannot be written',
        );
        const { fit, dropped } = fittingOutputs(outputs);
        if (dropped.length > 0) warn(report, [tooLong(dropped)]);
        attempt(
          () => {
            for (const name of OUTPUTS) core.setOutput(name, fit[name]);
            for (const [name, id] of variablesOf(report)) core.exportVariable(name, id);
          },
          'error',
          'The outputs cannot be written, so later steps do not get them',
        );
      }
      for (const line of logOf(report)) core.info(inert(line));
      if (options.summary && !isTracking) {
        attempt(() => host.appendSummary(summary()), 'warning', 'The job summary cannot be written');
      }
      findings.push(...missedGates(report.gates));
      for (const { level, title, lines } of findings) core[level](annotationOf(lines), { title });
      return findings.some(({ level }) => level === 'error') ? 1 : 0;
    },
  };
}

/** The report with secrets removed from untrusted text. The step's own words, such as the outcome, stay. */
function withoutSecrets(report: Report, redact: ReturnType<typeof redactorOf>): Draft {
  const { outcome, jobStatus, changed, gates } = report;
  const findings = report.findings.map((finding) => ({ ...finding, lines: redact(finding.lines) }));
  // The cases may be large, and are not written.
  const tests = report.tests && { ...report.tests, cases: [] };
  return { ...redact({ ...report, tests }), outcome, jobStatus, changed, gates, findings };
}

/** The ids for later steps, to put their spans under this one. The ids are untrusted text, so only UUIDs are passed on. */
function variablesOf({ outcome, span }: Report): [string, string][] {
  if (!isNew(outcome)) return [];
  const ids = Object.entries({ OPPER_SPAN_ID: span.id, OPPER_TRACE_ID: span.trace_id });
  return ids.filter((pair): pair is [string, string] => UUID.test(String(pair[1])));
}

/** The summary has these in its heading. */
function missedGates(gates: readonly Gate[]): Finding[] {
  const missed = gates.filter(({ isPassed }) => !isPassed);
  return missed.map(({ text, advice }) => {
    return { level: 'error', title: 'Opper span: gate', lines: [present([text, advice]).join('. ')] };
  });
}

function annotationOf(lines: readonly string[]): string {
  const shown = firstOf(lines, MAX_LINES).map((line) => inert(cut(line, MAX_LINE)));
  return shown.join('\n');
}

function tooLong(names: readonly string[]): string {
  return `The outputs together exceed GitHub's limit of 1 MiB. Left empty: ${names.join(', ')}. The file at span_file has the whole span`;
}
