/** Runs a program and says what it cost: its own time, the server's, and the memory that it held at most. */
import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

export interface Command {
  readonly program: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** File for what it prints; otherwise it is kept in memory and answered. */
  readonly into?: string;
  /** Exit statuses that are no failure; 0 alone where absent. */
  readonly expected?: readonly number[];
}

export interface Cost {
  readonly seconds: number;
  /** CPU time of the program, user and system, s. NaN where the system does not tell (no /proc). */
  readonly clientCpu: number;
  readonly serverCpu: number;
  /** Highest resident memory of the program, MB. */
  readonly memory: number;
  readonly output: string;
}

/** Clock ticks of /proc, a constant of Linux's interface (USER_HZ). */
const TICKS = 100;
const SAMPLE_MS = 20;

/** Fields 14 to 17 of /proc/PID/stat: own and waited-for children's user and system time, in ticks. */
async function cpuOf(pid: number | 'self'): Promise<{ readonly own: number; readonly children: number }> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  if (stat === undefined) return { own: NaN, children: NaN };
  // The second field is a name in brackets that may hold blanks.
  const fields = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number);
  const at = (field: number): number => (fields[field - 3] ?? NaN) / TICKS;
  return { own: at(14) + at(15), children: at(16) + at(17) };
}

/** Highest resident memory so far, MB. */
async function peakOf(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  return Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1] ?? NaN) / 1024;
}

/** Runs the command to its end. Throws, with what it printed last, when it fails. */
export async function run(command: Command, serverPid: number): Promise<Cost> {
  const sink = command.into === undefined ? 'pipe' : openSync(command.into, 'w');
  const serverBefore = (await cpuOf(serverPid)).own;
  const clientBefore = (await cpuOf('self')).children;
  const started = performance.now();
  const child = spawn(command.program, command.args, {
    stdio: ['ignore', sink, 'pipe'],
    env: { ...process.env, ...command.env },
  });
  const texts = { out: '', err: '' };
  child.stdout?.on('data', (piece: Buffer) => (texts.out += piece.toString()));
  child.stderr?.on('data', (piece: Buffer) => (texts.err = (texts.err + piece.toString()).slice(-4000)));
  let ended = 0;
  const closed = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', () => (ended = performance.now()));
    child.once('close', resolve);
  });
  let memory = NaN;
  const pid = child.pid ?? -1;
  const watch = (async () => {
    while (ended === 0) {
      const peak = await peakOf(pid);
      if (!Number.isNaN(peak)) memory = peak;
      await sleep(SAMPLE_MS);
    }
  })();
  const code = await closed;
  await watch;
  if (typeof sink === 'number') closeSync(sink);
  if (code === null || !(command.expected ?? [0]).includes(code)) {
    throw new Error(
      `${command.program} ${command.args.join(' ')}\nended with ${String(code)}\n${texts.out}${texts.err}`,
    );
  }
  return {
    seconds: (ended - started) / 1000,
    clientCpu: (await cpuOf('self')).children - clientBefore,
    serverCpu: (await cpuOf(serverPid)).own - serverBefore,
    memory,
    output: texts.out,
  };
}
