/** A clock that moves when it is told to. */

export interface FakeClock {
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly set: (instant: string | number) => void;
  readonly advance: (milliseconds: number) => void;
  /** Returns at once, with the clock moved on; a signal that is aborted keeps it from moving. */
  readonly sleep: (milliseconds: number, signal?: AbortSignal) => Promise<void>;
  /** How long each sleep was. */
  readonly slept: readonly number[];
}

const instantOf = (instant: string | number): number =>
  typeof instant === 'number' ? instant : Date.parse(instant);

/** A clock that stands at `start`: an ISO instant or milliseconds since the epoch. */
export function fakeClock(start: string | number): FakeClock {
  let time = instantOf(start);
  const slept: number[] = [];
  return {
    now: () => time,
    set: (instant) => {
      time = instantOf(instant);
    },
    advance: (milliseconds) => {
      time += milliseconds;
    },
    sleep: async (milliseconds, signal) => {
      if (signal?.aborted === true) return;
      slept.push(milliseconds);
      time += milliseconds;
      await Promise.resolve();
    },
    slept,
  };
}
