/**
 * The real thing, watched: an installation whose processes come and go, a source that others change, and what frist has
 * really done to it, seen where it is done. What must never be is looked at in the moment in which it would happen.
 */
import { copyFile, mkdtemp, readdir, rm } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Connector, ErasingSession } from '../../src/connectors/connector.ts';
import type { State } from '../../src/state/state.ts';
import { parsePolicies } from '../../src/policy/parse/parse.ts';
import { compileViews, type Task } from '../../src/policy/view.ts';
import type { Row } from '../connectors/conformance/harness.ts';
import { createWorld, type World, type Wraps } from '../erasure/harness.ts';
import { createDeath, type Fate } from '../support/death.ts';
import { withFault } from '../support/faults.ts';
import { seeded } from '../support/random.ts';
import { dueOf, policies, tables, type Deed, type ModelHold, type Wording } from './promise.ts';

/** Hundreds of worlds, none of which has to survive the machine. */
const FOLDER = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();
/** The leases of a dead process run out in this time. */
const BURIAL_MS = 5 * 60_000;
/** A command that takes longer than this waits for something, and the clock goes on. */
const PATIENCE_MS = 10_000;

/** What happens to a process that works: it dies at one of its calls, or one of them fails. */
export type Trouble =
  | { readonly kind: 'death'; readonly at: number; readonly fate: Fate }
  | { readonly kind: 'fault'; readonly at: number; readonly fate: Fate; readonly times: number };

export interface ModelPlan {
  readonly id: string;
  readonly keys: ReadonlySet<string>;
  readonly guard: string;
  readonly wording: Wording;
}

/** Something that frist did to a record, as it was. */
export interface Truth {
  readonly id: string;
  readonly row: Row;
  readonly deed: Deed;
}

export type Snapshot = ReadonlyMap<'contacts' | 'notes', ReadonlyMap<string, Row>>;

/** What a command may erase, as far as people have decided it. */
export interface Licence {
  readonly asOf: number;
  /** Keys of the plan that somebody approved. */
  readonly only?: ReadonlySet<string>;
  /** Most records, where nobody did. */
  readonly most?: number;
}

export class Installation {
  wording: Wording = 12;
  /** The wording under which a run last came to its end. */
  trusted: Wording | undefined;
  holds: ModelHold[] = [];
  plans: ModelPlan[] = [];
  paused = false;
  /** Of the source, which is right. */
  time: number;
  /** How far this machine's clock is ahead of it. */
  skew = 0;
  /** When the leases of the dead have run out, by this machine's clock, which may be set back. */
  deadUntil = 0;
  readonly truths: Truth[] = [];
  /** Contacts that others have deleted or changed: nobody can tell who it was that a crash found gone. */
  readonly others = new Set<string>();
  /** Contacts that were put back before anybody had looked what a crash did to them. */
  readonly unseen = new Set<string>();
  readonly violations: string[] = [];
  licence: Licence | undefined;
  /** What somebody else does between the plan and the lock of the next batch. */
  race: ((underWay: ReadonlySet<string>) => Promise<void>) | undefined;
  /** How many more batches begin before that. */
  raceIn = 0;
  /** Of the next contact that nobody else touches. */
  nextId = 100;
  sourceCopy: Snapshot | undefined;
  /** How many entries the trail had when the state was copied. */
  stateCopy: number | undefined;

  readonly #root: World;
  readonly #folder: string;
  readonly #tasks = new Map<Wording, readonly Task[]>();
  #process: World | undefined;
  #observer: World;
  /** Also those of dead processes: their files must be closed before a copy is put in their place. */
  #states: State[] = [];
  #underWay: ReadonlySet<string> = new Set();
  #pausedDuring: ReadonlySet<string> = new Set();
  #done = 0;
  #chance = 1;
  #clock: NodeJS.Timeout | undefined;

  /** How often what was seen, over all installations: whoever reads it knows whether the test has tried anything. */
  readonly #seen: Map<string, number>;

  constructor(root: World, folder: string, time: number, seen: Map<string, number>) {
    this.#seen = seen;
    this.#root = root;
    this.#folder = folder;
    this.#observer = root;
    this.#states = [root.state];
    this.time = time;
  }

  static async create(
    contacts: readonly Row[],
    start: number,
    seen: Map<string, number>,
  ): Promise<Installation> {
    const folder = await mkdtemp(join(FOLDER, 'frist-model-'));
    const box: { installation?: Installation } = {};
    const now = (): number => box.installation?.now() ?? start;
    const root = await createWorld({
      tables: tables(contacts),
      policies: policies(12),
      now,
      maxBatch: 2,
      folder,
    });
    const made = new Installation(root, folder, start, seen);
    box.installation = made;
    made.sourceCopy = made.snapshot();
    return made;
  }

  note(what: string): void {
    this.#seen.set(what, (this.#seen.get(what) ?? 0) + 1);
  }

  now(): number {
    return this.time + this.skew;
  }

  /** The instant that a command decides by. */
  asOf(): number {
    return Math.floor(this.now() / 1000) * 1000;
  }

  tasks(): readonly Task[] {
    const known = this.#tasks.get(this.wording);
    if (known !== undefined) return known;
    const { file } = parsePolicies(policies(this.wording), { file: 'model.yaml', resolve: () => undefined });
    const tasks = compileViews(file);
    this.#tasks.set(this.wording, tasks);
    return tasks;
  }

  sources(): World['sources'] {
    return this.#root.sources;
  }

  /** A process that nothing happens to, and through which the test looks. */
  observer(): World {
    return this.#observer;
  }

  rows(table: 'contacts' | 'notes'): Map<string, Row> {
    const found = this.#root.database.tables.get(table);
    if (found === undefined) throw new Error(`no table ${table}`);
    return found.rows;
  }

  contacts(): Row[] {
    return [...this.rows('contacts').values()];
  }

  snapshot(): Snapshot {
    return new Map([
      ['contacts', new Map(this.rows('contacts'))],
      ['notes', new Map(this.rows('notes'))],
    ]);
  }

  /** A batch that nobody has settled may have been applied: once its rows are back, nobody can tell. */
  async restore(from: Snapshot): Promise<void> {
    for (const { keys } of await this.#observer.state.openBatches())
      for (const [id = ''] of keys) this.unseen.add(id);
    for (const table of ['contacts', 'notes'] as const) {
      const rows = this.rows(table);
      rows.clear();
      for (const [key, row] of from.get(table) ?? []) rows.set(key, row);
    }
  }

  /** What the model says is to be done to a contact now. */
  due(row: Row, asOf = this.asOf()): Deed | undefined {
    return dueOf(row, this.wording, this.holds, asOf);
  }

  /** Ids of the contacts that are due, with what is to be done to them. */
  allDue(): Map<string, Deed> {
    const due = new Map<string, Deed>();
    for (const row of this.contacts()) {
      const deed = this.due(row);
      if (deed !== undefined) due.set(row['id'] ?? '', deed);
    }
    return due;
  }

  /** Runs a command in a process; one that died of its trouble is buried, and leaves no answer. */
  async work<T>(
    licence: Licence,
    trouble: Trouble | undefined,
    command: (world: World) => Promise<T>,
  ): Promise<{ readonly answer?: T; readonly error?: unknown; readonly died: boolean }> {
    this.licence = licence;
    this.#done = 0;
    const death = createDeath(trouble?.kind === 'death' ? trouble.at : undefined, trouble?.fate);
    const world = await this.#open(trouble, (target, through) =>
      trouble === undefined ? target : death.mortal(target, through),
    );
    try {
      return { answer: await command(world), died: false };
    } catch (error) {
      return { error, died: death.happened() };
    } finally {
      if (trouble !== undefined) {
        this.note(death.happened() ? 'death' : 'survived');
        // A process ends with its command, and its connections with it.
        death.die();
        await death.settled();
        this.#root.database.locks.clear();
        this.deadUntil = this.now() + BURIAL_MS;
        this.time += BURIAL_MS;
      }
      this.licence = undefined;
      this.race = undefined;
    }
  }

  async #open(
    trouble: Trouble | undefined,
    mortal: <T extends object>(target: T, through?: readonly string[]) => T,
  ): Promise<World> {
    if (trouble === undefined && this.#process !== undefined) return this.#process;
    const world = await this.#root.again({
      memory: {
        now: () => this.time,
        pageSize: 3,
        hostility: { random: seeded((this.#chance += 1)), transient: 0, repeat: 0.3 },
      },
      wrap: (connector) => {
        const watched = this.#watched(connector);
        const faulty = trouble?.kind === 'fault' ? withFault(watched, trouble).connector : watched;
        return mortal(faulty, ['erasing']);
      },
      wrapState: (state) => {
        this.#states.push(state);
        return mortal(state);
      },
      wrapStore: (store) => mortal(store),
    } satisfies Wraps);
    if (trouble === undefined) this.#process = world;
    return world;
  }

  /** Copies the state as it is; `stateCopy` says how many entries the trail has then. */
  async copyState(): Promise<void> {
    await this.#observer.engine.trail.flush();
    this.stateCopy = (await this.#observer.entries()).length;
    await this.#withStateAtRest((state) => copyFile(state, `${state}.old`));
  }

  /** Puts the old copy of the state in its place and keeps the newest, or puts that back. */
  async exchangeState(to: 'old' | 'newest'): Promise<void> {
    await this.#withStateAtRest(async (state) => {
      if (to === 'old') await copyFile(state, `${state}.newest`);
      await copyFile(`${state}.${to}`, state);
    });
    // Somebody has worked with the copy.
    if (to === 'newest') this.stateCopy = undefined;
  }

  /** Ends all processes, lets something be done to the file of the state, and begins again. */
  async #withStateAtRest(act: (file: string) => Promise<void>): Promise<void> {
    for (const state of this.#states) await state.close();
    const [world = ''] = (await readdir(this.#folder)).filter((name) => name.startsWith('frist-engine-'));
    await act(join(this.#folder, world, 'state.db'));
    this.time += BURIAL_MS;
    this.#process = undefined;
    this.#observer = await this.#root.again();
    this.#states = [this.#observer.state];
  }

  /** Time passes while somebody waits, as it does everywhere: leases of the dead run out, also where the clock was set back. */
  passTime(): void {
    const begun = performance.now();
    clearInterval(this.#clock);
    this.#clock = setInterval(() => {
      if (performance.now() - begun > PATIENCE_MS) this.time += Math.max(60_000, this.deadUntil - this.now());
    }, 1000).unref();
  }

  async close(): Promise<void> {
    clearInterval(this.#clock);
    await this.#root.close();
    await rm(this.#folder, { recursive: true });
  }

  /** From now on no batch may begin; the one that is under way may end. */
  notePause(): void {
    this.paused = true;
    this.#pausedDuring = this.#underWay;
  }

  #watched(connector: Connector): Connector {
    const erasing: Connector['erasing'] = async (...asked) => {
      const session = await connector.erasing(...asked);
      const erase: ErasingSession['erase'] = async (batch, signal) => {
        const ids = new Set(batch.keys.map(([id = '']) => id));
        await this.#before(ids);
        const before = this.snapshot();
        try {
          return await session.erase(batch, signal);
        } finally {
          this.#after(before, ids);
          this.#underWay = new Set();
        }
      };
      return { erase, release: () => session.release() };
    };
    return new Proxy(connector, {
      get: (target, name) => {
        const member: unknown = name === 'erasing' ? erasing : Reflect.get(target, name);
        return typeof member === 'function' ? (member.bind(target) as unknown) : member;
      },
    });
  }

  /** Before the first statement of a batch is sent. */
  async #before(ids: ReadonlySet<string>): Promise<void> {
    if (this.paused && !isWithin(ids, this.#pausedDuring)) this.violations.push('a batch began while paused');
    const batches = await this.#observer.state.openBatches();
    const batch = batches.find(({ keys }) => isWithin(ids, new Set(keys.map(([id = '']) => id))));
    const entries = await this.#observer.entries();
    const opened = entries.some((entry) => entry.type === 'batch-opened' && entry.batch === batch?.id);
    if (!opened) this.violations.push('a batch was sent that is not in the trail');
    this.#underWay = ids;
    if (this.race !== undefined && this.raceIn-- === 0) {
      const { race } = this;
      this.race = undefined;
      this.note('race');
      await race(ids);
    }
  }

  #after(before: Snapshot, ids: ReadonlySet<string>): void {
    const gone = new Set<string>();
    for (const [key, row] of before.get('contacts') ?? []) {
      const now = this.rows('contacts').get(key);
      if (now === row) continue;
      const id = row['id'] ?? '';
      const deed: Deed = now === undefined ? 'delete' : 'anonymise';
      if (now !== undefined && JSON.stringify(now) !== JSON.stringify({ ...row, phone: null }))
        this.violations.push(`${id} was changed in more than its phone`);
      if (deed === 'delete') gone.add(id);
      this.#judge(row, deed, ids);
      this.truths.push({ id, row, deed });
      this.note(deed);
    }
    for (const row of before.get('notes')?.values() ?? []) {
      const stands = [...this.rows('notes').values()].includes(row);
      if (stands === gone.has(row['contact_id'] ?? ''))
        this.violations.push('a note went without its contact, or stayed');
    }
  }

  /** Whether this may be done to the record, by all that the model knows in this moment. */
  #judge(row: Row, deed: Deed, ids: ReadonlySet<string>): void {
    const id = row['id'] ?? '';
    const { licence } = this;
    const complain = (what: string): void => {
      this.violations.push(`${id}: ${deed}, though ${what}`);
    };
    if (licence === undefined) {
      complain('no command is running');
      return;
    }
    if (!ids.has(id)) complain('it was not in the batch');
    const knew = this.holds.filter((hold) => !hold.tooLate.has(id));
    const due = dueOf(row, this.wording, knew, licence.asOf);
    if (due !== deed) complain(`the model says ${due ?? 'leave it'}`);
    if (licence.only?.has(id) === false) complain('nobody approved it');
    this.#done += 1;
    if (this.#done > (licence.most ?? Infinity)) complain('the guard lets fewer go');
  }
}

const isWithin = (some: ReadonlySet<string>, all: ReadonlySet<string>): boolean =>
  some.size > 0 && [...some].every((one) => all.has(one));
