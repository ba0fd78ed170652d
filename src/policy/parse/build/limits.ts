/** `pause above`: how busy a system may be while frist erases in it. */
import type { SourceLimits } from '../../policy.ts';
import type { Path } from '../position.ts';
import type { Report } from '../report.ts';
import { readConnection, type Resolve } from './reference.ts';

interface Raw {
  readonly 'threads running'?: number | undefined;
  readonly 'replica lag'?: string | undefined;
  readonly replicas?: readonly string[] | undefined;
}

const SECONDS: Readonly<Record<string, number>> = { second: 1, minute: 60 };

/** Limits, with the references in `replicas` filled in. */
export function readLimits(raw: Raw, path: Path, resolve: Resolve, report: Report): SourceLimits {
  const threads = raw['threads running'];
  const lag = raw['replica lag'];
  const seconds = lag === undefined ? undefined : readSeconds(lag, [...path, 'replica lag'], report);
  const replicas = (raw.replicas ?? []).flatMap(
    (text, i) => readConnection(text, [...path, 'replicas', i], resolve, report) ?? [],
  );
  if (raw.replicas !== undefined && lag === undefined)
    report.add({
      code: 'missing-key',
      path: [...path, 'replicas'],
      message: '`replicas` are asked how far they are behind, and nothing says how far they may be',
      remedy: 'Write for example `replica lag: 10 seconds` beside it.',
    });
  return {
    ...(threads === undefined ? {} : { threadsRunning: threads }),
    ...(seconds === undefined ? {} : { replicaLag: seconds }),
    replicas,
  };
}

function readSeconds(text: string, path: Path, report: Report): number | undefined {
  const [, number, unit = ''] = /^([1-9]\d{0,4}) (second|minute)s?$/.exec(text) ?? [];
  const factor = SECONDS[unit];
  if (number !== undefined && factor !== undefined) return Number(number) * factor;
  report.add({
    code: 'bad-period',
    path,
    message: `"${text}" is no time that a replica may be behind`,
    remedy: 'Write for example "10 seconds" or "2 minutes".',
  });
  return undefined;
}
