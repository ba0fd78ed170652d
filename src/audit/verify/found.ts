/** What a verification finds wrong, and how it gets out of the depths. */
import { FristError } from '../../errors.ts';
import type { ErrorCode } from '../../errors.ts';
import { CHECKPOINT } from '../tile.ts';

/** The first thing that is wrong, and where: the key of an object. */
export interface TrailProblem {
  readonly code: ErrorCode;
  readonly where: string;
  readonly what: string;
}

/** Carries the first problem out of the depths. */
export class Found extends Error {
  readonly problem: TrailProblem;
  constructor(code: ErrorCode, where: string, what: string) {
    super(what);
    this.problem = { code, where, what };
  }
}

/** The bytes at `where` are not what they must be. */
export function corrupt(where: string, what: string): never {
  throw new Found('AUDIT_CORRUPT', where, what);
}

/** Turns an error that speaks of the trail into a finding; the others, such as a store that is down, go on. */
export function problemOf(error: unknown): TrailProblem {
  if (error instanceof Found) return error.problem;
  if (!(error instanceof FristError) || error.code !== 'AUDIT_CORRUPT') throw error;
  return { code: error.code, where: String(error.params['where']), what: String(error.params['what']) };
}

/** The trail does not begin with a head of this size that was seen. */
export function forked(size: number): Found {
  return new Found('AUDIT_FORK', CHECKPOINT, `its first ${size} entries are not those that were seen`);
}
