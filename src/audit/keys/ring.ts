/**
 * The key ring: the epochs of the commitments (commitment.ts), each under a key of its own, one after the other.
 *
 * An epoch begins when the one before it has lasted long enough, and ends when the next one begins. Some time after its
 * end its key is destroyed: nobody, frist included, can then tie a person to what the trail says of that epoch. The
 * trail has an entry for the beginning (`key-created`) and for the end (`key-destroyed`) of every key.
 *
 * The wrapped keys lie in the state database. A key leaves it in the transaction that writes its last entry into the
 * outbox, so that the trail never calls a key destroyed that is not; a crash leaves both or neither. Copies of the state
 * that were made before still have it: the entry names the day after which there are none.
 *
 * Nothing is destroyed in the first week of an epoch: a clock that is years ahead begins one at once, and then somebody
 * has a week to notice.
 */
import { FristError } from '../../errors.ts';
import type { EpochKey, State } from '../../state/state.ts';
import { createCommitter, EPOCH_KEY_BYTES } from '../commitment.ts';
import type { Committer } from '../commitment.ts';
import { formatEntry } from '../entry.ts';
import type { KeyWrapper } from '../keys.ts';

const DAY_MS = 86_400_000;
/** Days from the beginning of an epoch to the next destruction; where an epoch is shorter than two weeks, half of it. */
const SETTLING_DAYS = 7;

/** Makes the commitments of one epoch, and says which one it is. */
export interface EpochNames extends Committer {
  readonly epoch: string;
}

/** An epoch, with its names, or the days since when there are none. */
export type Epoch = {
  readonly epoch: string;
  /** ISO instant. */
  readonly from: string;
  /** ISO instant at which the next one began; absent: it is the current one. */
  readonly to?: string;
} & (
  | { readonly names: EpochNames; readonly destroyed?: never }
  | { readonly names?: never; readonly destroyed: { readonly on: string; readonly trueFrom: string } }
);

/** Ids of the epochs that began, and whose keys were destroyed. */
export interface Rotated {
  readonly created: readonly string[];
  readonly destroyed: readonly string[];
}

export interface KeyRing {
  /** Every epoch, oldest first. */
  epochs(): Promise<readonly Epoch[]>;
  /** Names under the key of now. Whoever begins something keeps them to its end, so that it has one epoch. */
  current(): Promise<EpochNames>;
  /** Names under the key of an epoch. AUDIT_KEY_DESTROYED when there is none any more. */
  of(epoch: string): Promise<EpochNames>;
  /** Begins the first epoch where there is none. */
  begin(): Promise<void>;
  /** Begins an epoch, however long the one before has lasted. */
  renew(): Promise<void>;
  /** Begins an epoch if it is time, and destroys the keys whose time has passed. Safe beside other processes. */
  rotate(): Promise<Rotated>;
  /** Whether the newest epoch has lasted a week, so that what ends by the clock may end. */
  isSettled(): Promise<boolean>;
}

export interface KeyRingOptions {
  readonly state: Pick<State, 'epochKeys' | 'transaction'>;
  readonly wrapper: KeyWrapper;
  readonly randomBytes: (n: number) => Uint8Array;
  /** Milliseconds since the epoch (of Unix). */
  readonly now: () => number;
  readonly newId: () => string;
  /** Days that an epoch lasts. */
  readonly rotateDays: number;
  /** Days from the end of an epoch to the destruction of its key. */
  readonly keepDays: number;
  /** Days that a backup of the state database lives. */
  readonly backupDays: number;
}

/** The key ring of a state. */
export function createKeyRing(options: KeyRingOptions): KeyRing {
  return new StateKeyRing(options);
}

class StateKeyRing implements KeyRing {
  readonly #options: KeyRingOptions;
  /** Opened keys: a key service is asked once for each. */
  readonly #open = new Map<string, EpochNames>();

  constructor(options: KeyRingOptions) {
    this.#options = options;
  }

  async epochs(): Promise<readonly Epoch[]> {
    const keys = await this.#keys();
    const epochs: Epoch[] = [];
    for (const [i, key] of keys.entries()) {
      const { epoch, from, destroyed } = key;
      const to = keys[i + 1]?.from;
      const base = { epoch, from, ...(to === undefined ? {} : { to }) };
      epochs.push(
        destroyed === undefined ? { ...base, names: await this.#names(key) } : { ...base, destroyed },
      );
    }
    return epochs;
  }

  async current(): Promise<EpochNames> {
    const newest = (await this.#keys()).at(-1);
    if (newest === undefined) throw new FristError('DEFECT', { what: 'no epoch key' });
    return await this.#names(newest);
  }

  async of(epoch: string): Promise<EpochNames> {
    const key = (await this.#keys()).find((one) => one.epoch === epoch);
    if (key === undefined) throw new FristError('DEFECT', { what: `no epoch ${epoch}` });
    return await this.#names(key);
  }

  async begin(): Promise<void> {
    if ((await this.#keys()).length === 0) await this.#create(undefined);
  }

  async renew(): Promise<void> {
    await this.#create((await this.#keys()).at(-1)?.epoch);
  }

  async rotate(): Promise<Rotated> {
    const newest = (await this.#keys()).at(-1);
    const due = newest === undefined || this.#passed(newest.from, this.#options.rotateDays);
    const created = due ? await this.#create(newest?.epoch) : undefined;
    const destroyed = (await this.isSettled()) ? await this.#destroyOld() : [];
    return { created: created === undefined ? [] : [created], destroyed };
  }

  async isSettled(): Promise<boolean> {
    const newest = (await this.#keys()).at(-1);
    const days = Math.min(SETTLING_DAYS, this.#options.rotateDays / 2);
    return newest !== undefined && this.#passed(newest.from, days);
  }

  /** The epochs whose keys it destroyed. */
  async #destroyOld(): Promise<readonly string[]> {
    const keys = await this.#keys();
    const destroyed: string[] = [];
    for (const [i, key] of keys.entries()) {
      const next = keys[i + 1];
      if (next === undefined || key.wrapped === undefined) continue;
      if (!this.#passed(next.from, this.#options.keepDays)) continue;
      if (await this.#destroy(key, next.from)) destroyed.push(key.epoch);
    }
    return destroyed;
  }

  /** The keys as they are now; what another process has destroyed is forgotten here too. */
  async #keys(): Promise<readonly EpochKey[]> {
    const keys = await this.#options.state.epochKeys();
    for (const key of keys) if (key.wrapped === undefined) this.#open.delete(key.epoch);
    return keys;
  }

  async #names({ epoch, wrapped, destroyed }: EpochKey): Promise<EpochNames> {
    if (wrapped === undefined)
      throw new FristError('AUDIT_KEY_DESTROYED', { epoch, on: destroyed?.on ?? '' });
    const known = this.#open.get(epoch);
    if (known !== undefined) return known;
    const names = { ...createCommitter(await this.#options.wrapper.unwrap(epoch, wrapped)), epoch };
    this.#open.set(epoch, names);
    return names;
  }

  #passed(since: string, days: number): boolean {
    return this.#options.now() - Date.parse(since) >= days * DAY_MS;
  }

  /** The new epoch; undefined when another process was quicker. */
  async #create(after: string | undefined): Promise<string | undefined> {
    const { state, wrapper, randomBytes, newId, now } = this.#options;
    const epoch = newId();
    const from = new Date(now()).toISOString();
    const key = randomBytes(EPOCH_KEY_BYTES);
    // Before the transaction, in which every other writer waits: it may ask a key service.
    const wrapped = await wrapper.wrap(epoch, key);
    // Commitments under a key that does not open again could never be looked up.
    if (!(await wrapper.unwrap(epoch, wrapped)).equals(key))
      throw new FristError('AUDIT_KEY_WRONG', { epoch });
    return await state.transaction(async (t) => {
      if (!(await t.addEpochKey({ epoch, from, wrapped }, after))) return undefined;
      const entry = { v: 1, type: 'key-created', eid: newId(), at: from, epoch, from: dayOf(from) } as const;
      await t.emit([formatEntry(entry)]);
      return epoch;
    });
  }

  /** False when it is gone already, or a batch that is open still needs it. */
  async #destroy({ epoch, from }: EpochKey, to: string): Promise<boolean> {
    const { state, newId, now, backupDays } = this.#options;
    const at = new Date(now()).toISOString();
    // A backup of today lives through its last day.
    const trueFrom = dayOf(new Date(now() + (backupDays + 1) * DAY_MS).toISOString());
    const gone = await state.transaction(async (t) => {
      if (!(await t.destroyEpochKey(epoch, { on: dayOf(at), trueFrom }))) return false;
      const days = { from: dayOf(from), to: dayOf(to), trueFrom };
      await t.emit([formatEntry({ v: 1, type: 'key-destroyed', eid: newId(), at, epoch, ...days })]);
      return true;
    });
    if (gone) this.#open.delete(epoch);
    return gone;
  }
}

/** The day of an ISO instant, in UTC. */
function dayOf(instant: string): string {
  return instant.slice(0, 10);
}
