import { spawn } from 'node:child_process';
import { homedir, tmpdir } from 'node:os';
import { createLineReader } from './commands.ts';

export interface ProcessResult {
  /** `null` if a signal ended the process. */
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  /** The process took longer than `timeoutMs` and was killed. */
  readonly timedOut: boolean;
  readonly stdout: string;
  readonly stderr: string;
  readonly durationMs: number;
}

export interface ProcessOptions {
  readonly cwd: string;
  /** The whole environment; `undefined` is left out. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** After this time the process is killed. */
  readonly timeoutMs: number;
  /** Asks the process to end (SIGINT), and kills it ten seconds later, as the runner does with a step of a cancelled job. */
  readonly interrupt?: AbortSignal | undefined;
  /** Kills the process at once. */
  readonly kill?: AbortSignal | undefined;
  /** Each line of stdout and stderr, without its break. */
  readonly onLine: (line: string) => void;
}

/** Runs a process to its end. */
export function runProcess(
  command: string,
  args: readonly string[],
  options: ProcessOptions,
): Promise<ProcessResult> {
  const { cwd, timeoutMs, interrupt, kill, onLine } = options;
  const env = Object.fromEntries(Object.entries(options.env).filter(([, value]) => value !== undefined));
  return new Promise((resolve, reject) => {
    const start = performance.now();
    const child = spawn(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
    const timers: NodeJS.Timeout[] = [];
    let timedOut = false;
    const after = (ms: number, act: () => void) => timers.push(setTimeout(act, ms));
    const onKill = () => child.kill('SIGKILL');
    const onInterrupt = () => {
      child.kill('SIGINT');
      after(10_000, onKill);
    };
    after(timeoutMs, () => {
      timedOut = true;
      onKill();
    });
    interrupt?.addEventListener('abort', onInterrupt);
    kill?.addEventListener('abort', onKill);
    if (kill?.aborted) onKill();
    const texts = [child.stdout, child.stderr].map((stream) => {
      const chunks: Buffer[] = [];
      const lines = createLineReader(onLine);
      stream.on('data', (chunk: Buffer) => {
        chunks.push(chunk);
        lines.write(chunk);
      });
      stream.once('end', () => lines.end());
      return () => Buffer.concat(chunks).toString('utf8');
    });
    child.once('error', reject);
    child.once('close', (exitCode, signal) => {
      timers.forEach(clearTimeout);
      interrupt?.removeEventListener('abort', onInterrupt);
      kill?.removeEventListener('abort', onKill);
      const [stdout = '', stderr = ''] = texts.map((text) => text());
      resolve({ exitCode, signal, timedOut, stdout, stderr, durationMs: performance.now() - start });
    });
  });
}

/** The variables that a process needs to start: no proxy, no key, and none of the caller's Node options. */
export function systemEnv(): Record<string, string | undefined> {
  const { PATH, SystemRoot, SystemDrive, COMSPEC, PATHEXT, windir } = process.env;
  const temp = tmpdir();
  return {
    PATH,
    HOME: homedir(),
    TMPDIR: temp,
    TEMP: temp,
    SystemRoot,
    SystemDrive,
    COMSPEC,
    PATHEXT,
    windir,
  };
}
