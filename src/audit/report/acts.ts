/** What people did (approvals, holds, pauses), what stopped runs, and what was done for the trail itself. Pure. */
import type { Entry, EntryOf } from '../entry.ts';
import type {
  Adoption,
  Approval,
  Findings,
  GuardTrip,
  HoldAct,
  KeyDestroyed,
  PauseAct,
  Period,
  ReplayAct,
  VerificationMade,
} from './report.ts';

/** Whose policy an entry is about, where that is known. */
export interface Whose {
  readonly policy: string;
  readonly controller: string | undefined;
}

export type Acts = Pick<
  Findings,
  | 'approvals'
  | 'guards'
  | 'pauses'
  | 'replays'
  | 'adoptions'
  | 'holds'
  | 'verifications'
  | 'keysDestroyed'
  | 'evidenceErased'
>;

/** A hold as its entries told of it so far. */
interface Standing extends HoldAct {
  readonly sources: string[];
  readonly policies: string[];
  records: number;
  stands: boolean;
}

export class ActTally {
  readonly #approvals: Approval[] = [];
  readonly #guards: GuardTrip[] = [];
  readonly #holds = new Map<string, Standing>();
  readonly #released: HoldAct[] = [];
  readonly #pauses: PauseAct[] = [];
  readonly #replays: ReplayAct[] = [];
  readonly #adoptions: Adoption[] = [];
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
    } else if (entry.type === 'state-adopted') {
      const { at, who, holds, batches, epochs } = entry;
      this.#adoptions.push({ at, who, holds, batches, epochs });
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

  replay({ at, source, back, changed, anotherLife, since }: EntryOf<'replay'>, whose: Whose): void {
    const all = Object.values(back).reduce((sum, n) => sum + n, 0);
    const found = { back: all, due: back['erase'] ?? 0, changed, anotherLife };
    const act = { at, ...named(whose), policy: whose.policy, source, ...found };
    this.#replays.push(since === undefined ? act : { ...act, since });
  }

  /** Holds stand from before the period, too. One on several sources, records or policies has an entry for each. */
  placed({
    at,
    hold,
    who,
    source,
    kind = 'hold',
    records = [],
    policy,
    review,
  }: EntryOf<'hold-placed'>): void {
    const base = { at, hold, who, kind, sources: [], records: 0, policies: [], stands: true };
    const known: Standing = this.#holds.get(hold) ?? (review === undefined ? base : { ...base, review });
    if (source !== undefined && !known.sources.includes(source)) known.sources.push(source);
    if (policy !== undefined) known.policies.push(policy);
    known.records += records.length;
    this.#holds.set(hold, known);
  }

  released({ at, hold, who, until }: EntryOf<'hold-released'>, inPeriod: boolean): void {
    const known = this.#holds.get(hold);
    if (known !== undefined) known.stands = false;
    if (!inPeriod) return;
    const { kind = 'hold', sources = [], records = 0, policies = [] } = known ?? {};
    const act = { at, hold, who, kind, sources, records, policies };
    this.#released.push(until === undefined ? act : { ...act, until });
  }

  /** @param period as of its last day */
  findings({ from, to }: Period): Acts {
    const holds = [...this.#holds.values()];
    const standing = holds.filter((one) => one.stands);
    return {
      approvals: this.#approvals,
      guards: this.#guards,
      pauses: this.#pauses,
      replays: this.#replays,
      adoptions: this.#adoptions,
      holds: {
        standing: standing.length,
        pastReview: standing.filter(({ review }) => review !== undefined && review < to).length,
        placed: holds.filter((one) => one.at >= from).map(({ stands: _, ...act }) => act),
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
