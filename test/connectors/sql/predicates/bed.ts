/** What all scenarios need: a bed whose connectors may be wrong on purpose, and a batch in one call. */
import type { BatchResult, Connector } from '../../../../src/connectors/connector.ts';
import type { createSqlConnector } from '../../../../src/connectors/sql/connector.ts';
import type { Facts, View } from '../../../../src/policy/policy.ts';
import type { Engine } from '../../../support/servers/index.ts';
import { ON, batchOf, inSession } from '../../conformance/support.ts';
import type { EraseOptions } from '../../conformance/support.ts';
import { makeBed } from '../bed.ts';
import type { Bed, Types } from '../bed.ts';

export type Create = typeof createSqlConnector;

export interface Scenario {
  readonly name: string;
  /** Where something has to happen in the midst of a batch, a trigger does it, in the words of SQLite. */
  readonly only?: Engine;
  /** `first`: statements before the tables are made. */
  readonly run: (engine: Engine, create: Create, first?: readonly string[]) => Promise<void>;
}

export const ids = (facts: readonly Facts[]): string =>
  facts
    .map((one) => Number(one.key[0]))
    .sort((a, b) => a - b)
    .join(' ');

export async function inBed(
  engine: Engine,
  made: (types: Types) => readonly string[],
  create: Create,
  act: (bed: Bed) => Promise<void>,
): Promise<void> {
  const bed = await makeBed(engine, made, create);
  try {
    await act(bed);
  } finally {
    await bed.close();
  }
}

export const erase = (
  connector: Connector,
  view: View,
  keys: readonly (readonly string[])[],
  options: EraseOptions = {},
): Promise<BatchResult> =>
  inSession(connector, view, (session) => session.erase(batchOf(view, keys, options), ON));
