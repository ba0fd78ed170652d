/** What people did (approvals, holds, pauses), what stopped runs, and what was done for the trail itself. Pure. */
import type { Entry, EntryOf } from '../entry.ts';
import type {
  Approval,
  Findings,
  GuardTrip,
  HoldAct,
  KeyDestroyed,
  PauseAct,
  VerificationMade,
} from './report.ts';

/** Whose policy an entry is about, where that is known. */
export interface Whose {
  readonly policy: string;
  readonly controller: string | undefined;
}

export type Acts = Pick<
  Findings,
  'approvals' | 'guards' | 'pauses' | 'holds' | 'verifications' | 'keysDestroyed' | 'evidenceErased'
>;

export class ActTally {
  readonly #approvals: Approval[] = [];
  readonly #guards: GuardTrip[] = [];
  readonly #holds = new Map<string, { placed: string; who: string; sources: string[]; standing: boolean }>();
  readonly #released: HoldAct[] = [];
  readonly #pauses: PauseAct[] = [];
  readonly #verifications: VerificationMade[] = [];
  readonly #keysDestroyed: KeyDestroyed[] = [];
  #evidenceErased = 0;

  /** An entry of the period. */
  add(entry: Entry): void {
    if (entry.type === 'verification') {
      const { at, result, size, heads, code } = entry;
      this.#verifications.push({ at, result, size, heads, ...(code === undefined ? {} : { code }) });
    } else if (entry.type === 'paused' || entry.type === 'resumed') {
      this.#pauses.push({ at: entry.at, what: entry.type, who: entry.who });
    } else if (entry.type === 'key-destroyed') {
      const { at, from, to, trueFrom } = entry;
      this.#keysDestroyed.push({ at, from, to, trueFrom });
    } else if (entry.type === 'evidence-erased') {
      this.#evidenceErased += entry.count;
    }
  }

  approval({ at, plan, who }: EntryOf<'approval'>, whose: Whose | undefined): void {
    this.#approvals.push({ at, ...named(whose), plan, who });
  }

  guard({ at, guard, limit, observed, population }: EntryOf<'guard-tripped'>, whose: Whose): void {
    this.#guards.push({ at, ...named(whose), policy: whose.policy, guard, limit, observed, population });
  }

  /** Holds stand from before the period, too. One that is for several sources has an entry for each. */
  placed({ at, hold, who, source }: EntryOf<'hold-placed'>): void {
    const known = this.#holds.get(hold) ?? { placed: at, who, sources: [], standing: true };
    if (source !== undefined) known.sources.push(source);
    this.#holds.set(hold, known);
  }

  released({ at, hold, who }: EntryOf<'hold-released'>, inPeriod: boolean): void {
    const known = this.#holds.get(hold);
    if (known !== undefined) known.standing = false;
    if (inPeriod) this.#released.push({ at, hold, who, sources: known?.sources ?? [] });
  }

  /** @param from the first day of the period */
  findings(from: string): Acts {
    const holds = [...this.#holds];
    const placed = holds.filter(([, one]) => one.placed >= from);
    return {
      approvals: this.#approvals,
      guards: this.#guards,
      pauses: this.#pauses,
      holds: {
        standing: holds.filter(([, one]) => one.standing).length,
        placed: placed.map(([hold, { placed: at, who, sources }]) => ({ at, hold, who, sources })),
        released: this.#released,
      },
      verifications: this.#verifications,
      keysDestroyed: this.#keysDestroyed,
      evidenceErased: this.#evidenceErased,
    };
  }
}

function named(whose: Whose | undefined): { policy?: string; controller?: string } {
  if (whose === undefined) return {};
  const { policy, controller } = whose;
  return { ...(controller === undefined ? {} : { controller }), policy };
}
