/** The store of the trail in the words of `frist check`: what is wrong with it, and what it was found to do. */
import type { StoreReport, SwapPlace } from '../../audit/store/examine.ts';
import type { Abilities } from '../../audit/store/s3/probe.ts';
import { FristError, type ErrorCode, type ErrorParams, type Problem } from '../../errors.ts';

function coded(code: ErrorCode, setting: string, params: ErrorParams): Problem {
  const { message, remedy } = new FristError(code, params);
  return { severity: 'error', code, path: setting.split('.'), message, remedy };
}

/** What must, or should, be mended before the trail is written there. */
export function storeProblems({ s3 }: StoreReport): Problem[] {
  if (s3 === undefined) return [];
  const problems: Problem[] = [];
  const [trail, state = trail] = s3.buckets;
  if (trail === undefined || state === undefined) return [];
  if (s3.swaps === 'none')
    problems.push(coded('AUDIT_BUCKET_SWAP', 'audit.s3.state', { bucket: state.bucket }));
  const { fault, standing } = trail.lock ?? {};
  if (s3.lock !== undefined && fault !== undefined)
    problems.push(coded('AUDIT_BUCKET_LOCK', 'audit.s3.lock.mode', { bucket: trail.bucket, fault }));
  if (standing !== undefined)
    problems.push({
      severity: 'warning',
      code: 'bucket-retention',
      path: ['audit', 's3', 'bucket'],
      message: `Bucket ${trail.bucket} locks every object by itself (${standing}), also each version of what changes`,
      remedy: 'Remove its default retention: frist locks each object for as long as that one needs.',
    });
  return problems;
}

const CREATES: Readonly<Record<Abilities['create'], string>> = {
  atomic: 'creates an object only once',
  ignored: 'ignores the condition that an object be new, so that frist looks before and after it writes',
  refused:
    'does not know the condition that an object be new, so that frist looks before and after it writes',
};

const SWAPS: Readonly<Record<Abilities['swap'], string>> = {
  quoted: 'refuses a lost swap',
  unquoted: 'refuses a lost swap (ETag without quotes)',
  none: 'cannot swap',
};

function lockWords({ lock }: Abilities): string {
  if (lock === undefined) return '';
  return lock.fault === undefined ? '; locks objects' : `; does not lock objects (${lock.fault})`;
}

function bucketWords(abilities: Abilities): string {
  const { bucket, create, swap, md5, list, versions } = abilities;
  const words = [
    CREATES[create],
    SWAPS[swap],
    md5 ? 'checks MD5' : 'does not check MD5',
    list ? 'lists what was written' : 'does not list what was just written',
    versions ? 'keeps versions' : 'keeps no versions',
  ];
  return `  bucket ${bucket}: ${words.join('; ')}${lockWords(abilities)}`;
}

const PLACES: Readonly<Record<SwapPlace, string>> = {
  bucket: 'What changes is swapped in the bucket itself.',
  'state bucket': 'What changes is swapped in the second bucket.',
  'state database': 'What changes is swapped in the state database, unless the trail was begun without it.',
  none: 'What changes cannot be swapped anywhere: the trail cannot be written.',
};

const LOCKED = {
  governance: 'cannot be deleted without the right to lift its lock',
  compliance: 'cannot be deleted by anybody, not even by the owner of the account,',
} as const;

/** Some lines: where the trail lies, what was found out, and how long it is locked. */
export function storeText({ place, s3 }: StoreReport): string {
  const lines = [`Trail in ${place}`];
  if (s3 !== undefined) {
    lines.push(...s3.buckets.map(bucketWords), `  ${PLACES[s3.swaps]}`);
    const { lock } = s3;
    lines.push(
      lock === undefined
        ? '  Nothing is locked.'
        : `  What is written today ${LOCKED[lock.mode]} before ${lock.until.slice(0, 10)}.`,
    );
  }
  return `\n${lines.join('\n')}\n`;
}
