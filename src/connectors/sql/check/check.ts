import type { Dialect } from '../../../database.ts';
import type { View } from '../../../policy/policy.ts';
import type { CheckReport } from '../../connector.ts';
import type { Catalogue } from '../catalogue/catalogue.ts';
import { digestOf } from '../catalogue/load.ts';
import type { Ask } from '../catalogue/load.ts';
import { encodingsOf } from './encodings.ts';
export function checkViews(
  _dialect: Dialect,
  catalogue: Catalogue,
  views: readonly View[],
  _ask: Ask,
  _signal: AbortSignal,
): Promise<CheckReport> {
  return Promise.resolve({ findings: [], encodings: new Map(views.map((view) => [view, encodingsOf(catalogue, view)])),
    catalogue: digestOf(catalogue) });
}
