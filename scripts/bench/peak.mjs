// Preloaded into a subject: at exit writes the peak of its resident memory, in KiB, to file descriptor 3.
import { existsSync, readFileSync, writeSync } from 'node:fs';

const STATUS = '/proc/self/status';

process.on('exit', () => {
  // On Linux a process's `maxRSS` starts at what its parent used; VmHWM starts with the program itself.
  const own = existsSync(STATUS) && /^VmHWM:\s*(\d+)/m.exec(readFileSync(STATUS, 'utf8'))?.[1];
  writeSync(3, String(own || process.resourceUsage().maxRSS));
});
