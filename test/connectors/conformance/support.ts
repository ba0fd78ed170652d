/** How the suite calls a connector: patiently, since a transient failure is within the contract. */
import { inspect } from 'node:util';
import type {
  Batch,
  BatchResult,
  Connector,
  ErasingSession,
  Page,
} from '../../../src/connectors/connector.ts';
import { SourceFailure } from '../../../src/connectors/connector.ts';
import type { Facts, Key, View, Window } from '../../../src/policy/policy.ts';
import { FIXTURE } from './fixture.ts';
import type { Harness, Row } from './harness.ts';

/** A signal that is never aborted. */
export const ON = new AbortController().signal;

const MOST_ATTEMPTS = 20;

/** Calls again after a transient failure, as the contract allows. */
export async function patiently<T>(call: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await call();
    } catch (error) {
      const passing = error instanceof SourceFailure && error.failure === 'transient';
      if (!passing || error.code === 'BUSY' || error.code === 'ABORTED' || attempt === MOST_ATTEMPTS)
        throw error;
    }
  }
}

/** Pages from the beginning or behind `cursor`, taken up again behind the last one after a transient failure. */
export async function* pagesOf(
  connector: Connector,
  view: View,
  windows?: readonly Window[],
  cursor?: string,
): AsyncGenerator<Page> {
  let last = cursor;
  for (let failures = 0; ;) {
    try {
      for await (const page of connector.scan(view, windows, ON, last)) {
        last = page.cursor;
        failures = 0;
        yield page;
      }
      return;
    } catch (error) {
      const again = error instanceof SourceFailure && error.failure === 'transient';
      if (!again || ++failures === MOST_ATTEMPTS) throw error;
    }
  }
}

export async function scanAll(
  connector: Connector,
  view: View,
  windows?: readonly Window[],
  cursor?: string,
): Promise<Facts[]> {
  const all: Facts[] = [];
  for await (const page of pagesOf(connector, view, windows, cursor)) all.push(...page.facts);
  return all;
}

export const keyText = (key: Key): string => JSON.stringify(key);

/** Keys in the order of their text, each once. */
export const keysOf = (facts: readonly Facts[]): string[] =>
  [...new Set(facts.map((one) => keyText(one.key)))].sort();

export const keyTexts = (keys: readonly Key[]): string[] => keys.map(keyText).sort();

/** Facts of one record, which must be there. */
export function factsOf(facts: readonly Facts[], ...key: string[]): Facts {
  const found = facts.find((one) => keyText(one.key) === keyText(key));
  if (found === undefined) throw new Error(`no facts of ${keyText(key)}`);
  return found;
}

export type Snapshot = Readonly<Record<string, readonly Row[]>>;

const rowText = (row: Row): string =>
  JSON.stringify(Object.entries(row).sort(([a], [b]) => (a < b ? -1 : 1)));

const inOrder = (rows: readonly Row[]): Row[] => [...rows].sort((a, b) => (rowText(a) < rowText(b) ? -1 : 1));

/** The whole database, in an order that does not depend on the system. */
export async function snapshot(harness: Harness): Promise<Snapshot> {
  const tables: [string, Row[]][] = [];
  for (const { name } of FIXTURE) tables.push([name, inOrder(await harness.rows(name))]);
  return Object.fromEntries(tables);
}

/** The snapshot with some tables' rows changed (a row) or gone (null); what is not named stays as it was. */
export function edited(
  before: Snapshot,
  edits: Readonly<Record<string, (row: Row) => Row | null>>,
): Snapshot {
  const tables = Object.entries(before).map(([name, rows]): [string, readonly Row[]] => {
    const edit = edits[name];
    return [name, edit === undefined ? rows : inOrder(rows.map(edit).filter((row) => row !== null))];
  });
  return Object.fromEntries(tables);
}

export interface EraseOptions {
  readonly stage?: number;
  readonly stillDue?: Batch['stillDue'];
}

export function batchOf(view: View, keys: readonly Key[], options: EraseOptions = {}): Batch {
  const position = options.stage ?? 0;
  const stage = view.stages[position];
  if (stage === undefined) throw new Error('no such stage');
  return {
    keys,
    stage: position,
    action: stage.action,
    dependents: stage.dependents,
    stillDue: options.stillDue ?? ((facts) => facts.map(() => true)),
  };
}

/** Opens a session, does something with it, and releases it whatever happens. */
export async function inSession<T>(
  connector: Connector,
  view: View,
  act: (session: ErasingSession) => Promise<T>,
): Promise<T> {
  const session = await patiently(() => connector.erasing(view, ON));
  try {
    return await act(session);
  } finally {
    await session.release();
  }
}

/** One batch in a session of its own. */
export async function eraseOnce(
  connector: Connector,
  view: View,
  keys: readonly Key[],
  options: EraseOptions = {},
): Promise<BatchResult> {
  const batch = batchOf(view, keys, options);
  return await inSession(connector, view, (session) => patiently(() => session.erase(batch, ON)));
}

export const outcomesOf = async (
  connector: Connector,
  view: View,
  keys: readonly Key[],
  options: EraseOptions = {},
): Promise<BatchResult['outcomes']> => (await eraseOnce(connector, view, keys, options)).outcomes;

/** The error that a call ends in; a call that succeeds is an error of the test. */
export async function failureOf(call: () => Promise<unknown>): Promise<unknown> {
  try {
    await patiently(call);
  } catch (error) {
    return error;
  }
  throw new Error('expected a failure');
}

/** Everything that could be printed of an error: message, stack, own properties, causes. */
export const printed = (error: unknown): string =>
  inspect(error, { depth: 10, showHidden: true, maxStringLength: null, maxArrayLength: null });
