/** Errors as the user sees them. */
import { ConfigError, EXIT, FristError, type Problem } from '../../errors.ts';
import { printJson, type Io } from './io.ts';
import { printable } from './printable.ts';

/** One problem: where, what, and what to do. */
export function problemText(problem: Problem): string {
  const { file, line, column, path, message, remedy, severity, code } = problem;
  const where = file === undefined ? '' : `${file}:${String(line ?? 1)}:${String(column ?? 1)}: `;
  const at = path.length === 0 ? '' : ` (${path.join('.')})`;
  return `${where}${severity}: ${message} [${code}]${at}\n  → ${remedy}`;
}

/** What `--json` says of an error that has a code. */
export function toldOf(error: FristError): Readonly<Record<string, unknown>> {
  if (error instanceof ConfigError) return { problems: error.problems };
  const { code, message, remedy } = error;
  return { error: { code, message, remedy } };
}

/** Tells an error: code, what is wrong, what to do. A defect shows its code and place, and no data. Answers the exit status. */
export function tell(error: unknown, json: boolean, io: Io): number {
  if (!(error instanceof FristError)) return tellDefect(error, io);
  const { code, message, remedy, exit } = error;
  if (json) printJson(io, { ...toldOf(error), exit, statuses: [exit] });
  else if (error instanceof ConfigError)
    for (const problem of error.problems) io.err(`${problemText(problem)}\n`);
  else io.err(`${code}: ${printable(message)}\n  → ${remedy}\n`);
  return exit;
}

function tellDefect(error: unknown, io: Io): number {
  const place =
    error instanceof Error ? /\(?([^/\s(]+:\d+:\d+)\)?$/m.exec(error.stack ?? '')?.[1] : undefined;
  const name = error instanceof Error ? error.name : typeof error;
  io.err(
    `DEFECT: ${name} at ${place ?? 'an unknown place'}\n  → This is a defect of frist: report it with this line.\n`,
  );
  return EXIT.failed;
}
