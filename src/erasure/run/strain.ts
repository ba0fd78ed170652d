/** A live system comes before erasing: no batch begins while its source is busier than the policy file allows. */
import { SourceFailure } from '../../connectors/connector.ts';
import type { View } from '../../policy/policy.ts';
import type { Engine } from '../engine.ts';

/** How often a source that is too busy is asked again. */
const LOOK_MS = 1000;

/**
 * Waits until the source is well, or nothing more is to be erased by `isOver`, which is asked each time. Answers the
 * failure of a source that cannot say how busy it is: nobody would see that erasing hurts it.
 */
export async function untilWell(
  engine: Engine,
  { policy, source }: View,
  signal: AbortSignal,
  isOver: () => Promise<boolean>,
): Promise<SourceFailure | undefined> {
  try {
    for (let told = false; !(await isOver()); told = true) {
      const strain = await engine.strain(source);
      if (strain === undefined) return undefined;
      if (!told) engine.logger.warn('erasing waits', { policy, source, guard: strain.name });
      await engine.sleep(LOOK_MS, signal);
    }
    return undefined;
  } catch (error) {
    if (error instanceof SourceFailure) return error;
    throw error;
  }
}
