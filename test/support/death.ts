/**
 * Death of a process at its n-th call to the outside, in two variants: the call was not carried out, or it was and
 * nobody heard of it. After that every call of the process fails, so that nothing it might still do has an effect.
 */
export class Died extends Error {
  override readonly name = 'Died';
}

export type Fate = 'not applied' | 'applied';

export interface Death {
  /**
   * The same object, mortal. Methods named in `through` answer with mortal objects in turn. With `failure` the process does
   * not die of it: that one call fails so, and it lives on.
   */
  mortal<T extends object>(target: T, through?: readonly string[], failure?: (name: string) => Error): T;
  /** Calls so far, by name. */
  readonly calls: readonly string[];
  readonly happened: () => boolean;
  /** Kills it now. */
  die(): void;
  /** Resolves when none of its calls is under way any more: one that was sent before it died may still have its effect. */
  settled(): Promise<void>;
}

/** Dies at call number `at` (from 0); never when undefined. Calls that are made by the clock can be left uncounted. */
export function createDeath(
  at?: number,
  fate: Fate = 'not applied',
  uncounted: readonly string[] = [],
): Death {
  const calls: string[] = [];
  let dead = false;
  let happened = false;
  const underWay = new Set<Promise<unknown>>();
  const mortal = <T extends object>(
    target: T,
    through: readonly string[] = [],
    failure?: (name: string) => Error,
  ): T =>
    new Proxy(target, {
      get: (object, name) => {
        const member: unknown = Reflect.get(object, name, object);
        if (typeof member !== 'function' || typeof name !== 'string') return member;
        return (...args: unknown[]): unknown => {
          if (dead) return refuse(name);
          const dies = !uncounted.includes(name) && calls.push(name) - 1 === at;
          if (dies) happened = true;
          if (dies && fate === 'not applied') {
            dead = failure === undefined;
            return refuse(name, failure?.(name));
          }
          const answer: unknown = Reflect.apply(member, object, args);
          if (!(answer instanceof Promise)) return answer;
          underWay.add(answer);
          const over = (): unknown => underWay.delete(answer);
          answer.then(over, over);
          return answer.then((value: unknown) => {
            if (dies && failure !== undefined) throw failure(name);
            if (dies) dead = true;
            if (dead) throw new Died();
            return through.includes(name) && typeof value === 'object' && value !== null
              ? mortal(value, [], failure)
              : value;
          });
        };
      },
    });
  const die = (): void => {
    dead = true;
  };
  const settled = async (): Promise<void> => {
    while (underWay.size > 0) await Promise.allSettled(underWay);
  };
  return { mortal, calls, happened: () => happened, die, settled };
}

/** A dead process's call fails the way its kind fails: as a rejection, or while it is iterated over. */
function refuse(name: string, error: Error = new Died()): unknown {
  if (name !== 'scan' && name !== 'planKeys' && name !== 'partitionRecords') return Promise.reject(error);
  return {
    [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(error) }),
  };
}
