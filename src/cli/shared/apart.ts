/** Work for one controller after the other: what fails for one does not keep the others from theirs. */
import type { App, Controlled } from '../../installation/app.ts';

export interface Failure {
  readonly controller: string;
  readonly error: unknown;
}

export interface Apart<T> {
  readonly done: readonly T[];
  readonly failures: readonly Failure[];
}

/**
 * Does the work for each controller of an installation.
 * @throws what was thrown first, where it failed for all of them.
 */
export async function apart<T>(
  { controllers, logger }: Pick<App, 'controllers' | 'logger'>,
  work: (controlled: Controlled) => Promise<readonly T[]>,
): Promise<Apart<T>> {
  const done: T[] = [];
  const failures: Failure[] = [];
  for (const one of controllers) {
    const controller = one.engine.controller.name;
    try {
      done.push(...(await work(one)));
    } catch (error) {
      failures.push({ controller, error });
    }
  }
  const [first] = failures;
  if (first !== undefined && failures.length === controllers.length) throw first.error;
  for (const { controller, error } of failures) logger.error('controller failed', { controller, error });
  return { done, failures };
}
