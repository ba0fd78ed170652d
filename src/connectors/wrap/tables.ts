/**
 * Record types whose table is a pattern (`chat_archive_*`, `survey_#`): every table whose name fits holds such records. The connector
 * below is asked about each table as if it were written out, anew for every check, count, scan and batch, so that a
 * table of yesterday is among them. The key of a record begins with what the `*` or the `#`s stand for.
 */
import type { Encoding, Facts, Key, RecordType, View } from '../../policy/policy.ts';
import type { Batch, BatchResult, CheckReport, Connector, DependentCount, ErasingSession, FileCount, Finding, Page } from '../connector.ts'; // prettier-ignore
import { SourceFailure } from '../connector.ts';
import { starOf, written } from '../table-name.ts';
import { missingIn, without } from './missing.ts';

/** The same connector, which knows patterns too. */
export function withTables(connector: Connector): Connector {
  const tables = new Tables(connector);
  const only = <T>(view: View, plain: () => T, each: () => T): T =>
    isPattern(view.record) ? each() : plain();
  return {
    kind: connector.kind,
    capabilities: connector.capabilities,
    tablesLike: (pattern, signal) => connector.tablesLike(pattern, signal),
    check: (views, signal) => tables.check(views, signal),
    advise: async (views, signal) => await connector.advise(await tables.all(views, signal), signal),
    now: () => connector.now(),
    count: (view, signal) =>
      only(view, () => connector.count(view, signal), () => tables.count(view, signal)), // prettier-ignore
    scan: (view, windows, signal, cursor) =>
      only(view, () => connector.scan(view, windows, signal, cursor), () => tables.scan(view, windows, signal, cursor)), // prettier-ignore
    read: (view, keys, signal) =>
      only(view, () => connector.read(view, keys, signal), () => tables.read(view, keys, signal)), // prettier-ignore
    dependents: (view, stage, keys, signal) =>
      only(view, () => connector.dependents(view, stage, keys, signal), () => tables.dependents(view, stage, keys, signal)), // prettier-ignore
    // What is spread over several tables is not split into partitions.
    erasing: (view, signal, partition) =>
      only(view, () => connector.erasing(view, signal, partition), () => tables.erasing(view, signal)), // prettier-ignore
    verify: (view, stage, keys, signal) =>
      only(view, () => connector.verify(view, stage, keys, signal), () => tables.verify(view, stage, keys, signal)), // prettier-ignore
    lookup: (view, subject, values, signal) =>
      only(view, () => connector.lookup(view, subject, values, signal), () => tables.lookup(view, subject, values, signal)), // prettier-ignore
    grants: async (views, account, limits, signal) =>
      await connector.grants(await tables.all(views, signal), account, limits, signal),
    outline: (signal) => connector.outline(signal),
    find: (record, kind, value) =>
      isPattern(record) ? tables.find(record, kind, value) : connector.find(record, kind, value),
    close: () => connector.close(),
  };
}

const isPattern = (record: RecordType): boolean => /[*#]/.test(record.table);

const NEVER = new AbortController().signal;

/** One of the tables: what the wildcards stand for, and the view with all names written out. */
interface One {
  readonly star: string;
  readonly view: View;
}

/** Keys of one table, with their places in the list that they came from. */
interface Group extends One {
  readonly keys: readonly Key[];
  readonly places: readonly number[];
}

class Tables {
  readonly #connector: Connector;
  /** The same view each time, by which the connector below knows what it has compiled. */
  #written = new WeakMap<View, Map<string, View>>();

  constructor(connector: Connector) {
    this.#connector = connector;
  }

  async check(views: readonly View[], signal: AbortSignal): Promise<CheckReport> {
    this.#written = new WeakMap();
    const tables = new Map<View, readonly One[]>();
    for (const view of views) if (isPattern(view.record)) tables.set(view, await this.#tables(view, signal));
    const all = views.flatMap((view) => tables.get(view)?.map((one) => one.view) ?? [view]);
    const report = await this.#connector.check(all, signal);
    const findings: Finding[] = [...report.findings];
    const encodings = new Map(report.encodings);
    for (const [view, found] of tables) {
      const each = found.map((one) => report.encodings.get(one.view) ?? []);
      encodings.set(
        view,
        each[0] ?? view.starts.map((start): Encoding => start.encoding ?? { kind: 'instant' }),
      );
      const path = ['sources', view.source, 'records', view.record.name, 'table'];
      if (found.length === 0)
        findings.push({
          severity: 'warning',
          code: 'no-table-fits',
          path,
          message: `There is no table like "${view.record.table}" now`,
          remedy: 'Nothing is erased here until there is one; correct the pattern if there should be.',
        });
      if (new Set(each.map((one) => JSON.stringify(one))).size > 1)
        findings.push({
          severity: 'error',
          code: 'tables-differ',
          path,
          message: `The tables like "${view.record.table}" do not all store the starting point alike`,
          remedy: 'Declare how it is stored (`as:`), or write a record type for each kind of table.',
        });
    }
    return { ...report, findings, encodings };
  }

  /** The views, those with a pattern once for each table. */
  async all(views: readonly View[], signal: AbortSignal): Promise<readonly View[]> {
    const each: View[] = [];
    for (const view of views)
      each.push(
        ...(isPattern(view.record) ? (await this.#tables(view, signal)).map((one) => one.view) : [view]),
      );
    return each;
  }

  async count(view: View, signal: AbortSignal): ReturnType<Connector['count']> {
    const sum = { population: 0, matching: 0 };
    for (const one of await this.#tables(view, signal)) {
      const { population, matching } = await this.#connector.count(one.view, signal);
      sum.population += population;
      sum.matching += matching;
    }
    return sum;
  }

  /** A cursor is JSON `[star, cursor within the table]`; the tables come in the order of their stars. */
  async *scan(...[view, windows, signal, cursor]: Parameters<Connector['scan']>): AsyncGenerator<Page> {
    const from = cursor === undefined ? undefined : (JSON.parse(cursor) as readonly [string, string]);
    for (const { star, view: one } of await this.#tables(view, signal)) {
      if (from !== undefined && star < from[0]) continue;
      const within = star === from?.[0] ? from[1] : undefined;
      for await (const page of this.#connector.scan(one, windows, signal, within))
        yield {
          facts: page.facts.map((facts) => withStar(star, facts)),
          cursor: JSON.stringify([star, page.cursor]),
        };
    }
  }

  async read(view: View, keys: readonly Key[], signal: AbortSignal): Promise<readonly Facts[]> {
    const found: Facts[] = [];
    for (const one of await this.#groups(view, keys, signal)) {
      const facts = await this.#connector.read(one.view, one.keys, signal);
      found.push(...facts.map((each) => withStar(one.star, each)));
    }
    return found;
  }

  async dependents(
    ...[view, stage, keys, signal]: Parameters<Connector['dependents']>
  ): ReturnType<Connector['dependents']> {
    const sums = new Map((view.stages[stage]?.dependents ?? []).map((one) => [one.related, 0]));
    for (const one of await this.#groups(view, keys, signal))
      for (const [name, rows] of await this.#connector.dependents(one.view, stage, one.keys, signal))
        sums.set(name, (sums.get(name) ?? 0) + rows);
    return sums;
  }

  /** A table that is not there any more holds nothing. */
  async verify(
    ...[view, stage, keys, signal]: Parameters<Connector['verify']>
  ): ReturnType<Connector['verify']> {
    const found = keys.map((): 'gone' | 'done' | 'present' => 'gone');
    for (const one of await this.#groups(view, keys, signal)) {
      const answers = await this.#connector.verify(one.view, stage, one.keys, signal);
      one.places.forEach((place, i) => (found[place] = answers[i] ?? 'present'));
    }
    return found;
  }

  async lookup(
    ...[view, subject, values, signal]: Parameters<Connector['lookup']>
  ): ReturnType<Connector['lookup']> {
    const found: Facts[] = [];
    for (const one of await this.#tables(view, signal)) {
      const facts = await this.#connector.lookup(one.view, subject, values, signal);
      found.push(...facts.map((each) => withStar(one.star, each)));
    }
    return found;
  }

  async find(record: RecordType, kind: string, value: string): Promise<number> {
    let found = 0;
    for (const star of await this.#stars(record, NEVER))
      found += await this.#connector.find(writtenOut(record, star), kind, value);
    return found;
  }

  /** The session of the policy holds its lock throughout; beside it, one session for the table that a batch is about. */
  async erasing(view: View, signal: AbortSignal): Promise<ErasingSession> {
    const [any] = await this.#tables(view, signal);
    const lock = any === undefined ? undefined : await this.#connector.erasing(any.view, signal);
    let current: { readonly star: string; readonly session: ErasingSession } | undefined;
    const sessionFor = async ({ star, view: one }: One): Promise<ErasingSession> => {
      if (current?.star === star) return current.session;
      await current?.session.release();
      current = undefined;
      const session = await this.#connector.erasing({ ...one, policy: `${one.policy} ${star}` }, signal);
      current = { star, session };
      return session;
    };
    return {
      erase: async (batch, stop) => {
        const groups = await this.#groups(view, batch.keys, stop);
        return await eraseGroups(batch, groups, async (one, part) =>
          (await sessionFor(one)).erase(part, stop),
        );
      },
      release: async () => {
        await current?.session.release();
        current = undefined;
        await lock?.release();
      },
    };
  }

  async #stars(record: RecordType, signal: AbortSignal): Promise<readonly string[]> {
    const names = await this.#connector.tablesLike(record.table, signal);
    return names.flatMap((name) => starOf(record.table, name) ?? []).sort(byText);
  }

  async #tables(view: View, signal: AbortSignal): Promise<readonly One[]> {
    const stars = await this.#stars(view.record, signal);
    const there = await this.#there(view.record, signal);
    return stars.map((star) => ({ star, view: this.#viewOf(view, star, there) }));
  }

  /** The tables that are there, of those that need not be. */
  async #there({ related }: RecordType, signal: AbortSignal): Promise<ReadonlySet<string>> {
    const patterns = new Set(related.filter((one) => one.mayBeMissing === true).map((one) => one.table));
    const names: string[] = [];
    for (const pattern of patterns) names.push(...(await this.#connector.tablesLike(pattern, signal)));
    return new Set(names);
  }

  #viewOf(view: View, star: string, there: ReadonlySet<string>): View {
    const record = writtenOut(view.record, star);
    const missing = missingIn(record, there);
    const known = this.#written.get(view) ?? new Map<string, View>();
    this.#written.set(view, known);
    const name = [star, ...missing].join('\0');
    const one = known.get(name) ?? without({ ...view, record }, missing);
    known.set(name, one);
    return one;
  }

  /** The keys by table; those of tables that are not there are left out. */
  async #groups(view: View, keys: readonly Key[], signal: AbortSignal): Promise<readonly Group[]> {
    const groups: Group[] = [];
    for (const one of await this.#tables(view, signal)) {
      const places = keys.flatMap((key, i) => (key[0] === one.star ? [i] : []));
      if (places.length > 0)
        groups.push({ ...one, places, keys: places.map((place) => keys[place]?.slice(1) ?? []) });
    }
    return groups;
  }
}

const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

function writtenOut(record: RecordType, star: string): RecordType {
  const named = <T extends { readonly table: string }>(one: T): T => ({ ...one, table: written(one.table, star) }); // prettier-ignore
  return { ...named(record), parts: (record.parts ?? []).map(named), related: record.related.map(named) };
}

function withStar(star: string, facts: Facts): Facts {
  const { also } = facts;
  const key = [star, ...facts.key];
  return also === undefined
    ? { ...facts, key }
    : { ...facts, key, also: also.map((one) => withStar(star, one)) };
}

/**
 * A batch over several tables is one transaction for each of them. Where a later one fails, the earlier ones are done:
 * only a look tells what the whole came to.
 */
async function eraseGroups(
  batch: Batch,
  groups: readonly Group[],
  erase: (group: Group, part: Batch) => Promise<BatchResult>,
): Promise<BatchResult> {
  const outcomes = batch.keys.map((): BatchResult['outcomes'][number] => 'already-absent');
  const facts: (Facts | undefined)[] = batch.keys.map(() => undefined);
  const dependents = new Map<string, DependentCount>();
  for (const [n, group] of groups.entries()) {
    const stillDue: Batch['stillDue'] = (all) => batch.stillDue(all.map((one) => withStar(group.star, one)));
    let result: BatchResult;
    try {
      result = await erase(group, { ...batch, keys: group.keys, stillDue });
    } catch (error) {
      throw n > 0 && error instanceof SourceFailure ? new SourceFailure('uncertain', error.code) : error;
    }
    group.places.forEach((place, i) => {
      const found = result.facts[i];
      outcomes[place] = result.outcomes[i] ?? 'changed';
      facts[place] = found === undefined ? undefined : withStar(group.star, found);
    });
    for (const [name, counted] of result.dependents)
      dependents.set(name, added(dependents.get(name), counted));
  }
  return { outcomes, facts, dependents };
}

function added(before: DependentCount | undefined, more: DependentCount): DependentCount {
  if (before === undefined) return more;
  const files = [before.files, more.files].filter((one) => one !== undefined);
  const sum = (of: (one: FileCount) => number): number => files.reduce((all, one) => all + of(one), 0);
  const counted = {
    deleted: before.deleted + more.deleted,
    anonymised: before.anonymised + more.anonymised,
    detached: before.detached + more.detached,
    kept: before.kept + more.kept,
  };
  if (files.length === 0) return counted;
  return {
    ...counted,
    files: {
      removed: sum((one) => one.removed),
      missing: sum((one) => one.missing),
      shared: sum((one) => one.shared),
      refused: sum((one) => one.refused),
    },
  };
}
