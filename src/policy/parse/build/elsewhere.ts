/** What another source is asked about the person of a record. */
import { ALWAYS } from '../../policy.ts';
import type { Elsewhere, ElsewhereExemption } from '../../policy.ts';
import type { Mapping } from '../document.ts';
import type { Path } from '../position.ts';
import { suggestion } from '../report.ts';
import { readCondition } from './condition.ts';
import type { ElsewhereScene, Scene } from './start.ts';

export interface ReadElsewhere {
  readonly there: ElsewhereScene;
  readonly asked: Elsewhere;
}

/** Whether both record types declare the identifier by which the person is found. */
function share(by: string, path: Path, scene: Scene, there: ElsewhereScene): boolean {
  const sides = [
    { of: 'these records', known: scene.identifiers },
    { of: `"${there.source}.${there.record}"`, known: there.identifiers },
  ];
  const lacking = sides.find(({ known }) => known?.has(by) === false);
  if (lacking === undefined) return true;
  scene.report.add({
    code: 'contradiction',
    path,
    message: `The subject of ${lacking.of} has no identifier "${by}"`,
    remedy: `Both record types must declare it. ${suggestion(by, lacking.known ?? [], 'identifiers')}`,
  });
  return false;
}

/**
 * Where the rows of one record name several people, nobody is found by any of them. That must not pass for "there is no
 * such person": the record of a customer would go.
 */
function canTellNone(raw: Mapping, by: string, path: Path, scene: Scene, there: ElsewhereScene): boolean {
  const none = raw['if none'];
  if (none === undefined || none === 'keep') return true;
  if (!scene.inRelated.has(by) && !there.inRelated.has(by)) return true;
  const of = scene.inRelated.has(by) ? 'these records' : `"${there.source}.${there.record}"`;
  scene.report.add({
    code: 'contradiction',
    path: [...path, 'if none'],
    message: `The "${by}" of ${of} stands in related rows: where they name several people, nobody is found by it`,
    remedy: 'Write `if none: keep`, or name records that hold the identifier in a column of their own.',
  });
  return false;
}

/** Where is asked, by what, and about which records; undefined, and reported, where that cannot be asked. */
export function readElsewhere(raw: Mapping, path: Path, scene: Scene): ReadElsewhere | undefined {
  const { report } = scene;
  const there = scene.elsewhere(String(raw['elsewhere']), [...path, 'elsewhere']);
  const by = raw['by'];
  if (typeof by !== 'string') {
    report.add({
      code: 'missing-key',
      path,
      message: '"by" is missing',
      remedy: 'Write the kind of identifier by which the person is found there, e.g. by: email.',
    });
    return undefined;
  }
  if (there === undefined) return undefined;
  const isSure = share(by, [...path, 'by'], scene, there) && canTellNone(raw, by, path, scene, there);
  const where =
    raw['where'] === undefined
      ? ALWAYS
      : readCondition(raw['where'], [...path, 'where'], there.sight, report);
  if (!isSure || where === undefined) return undefined;
  return { there, asked: { source: there.source, record: there.record, by, where } };
}

/** An exemption that another source knows. */
export function readExemptionElsewhere(
  raw: Mapping,
  path: Path,
  scene: Scene,
): ElsewhereExemption | undefined {
  const read = readElsewhere(raw, path, scene);
  return read && { ...read.asked, whenNone: raw['if none'] === 'not met' ? 'not met' : 'keep' };
}
