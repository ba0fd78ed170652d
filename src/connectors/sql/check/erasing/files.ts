/** Files that rows name: their columns, and that the place they lie below is there. */
import type { Files } from '../../../../policy/policy.ts';
import type { OpenRoot } from '../../../files/root.ts';
import { columnAt } from '../check.ts';
import type { Examined } from '../check.ts';
import { ofStage } from '../findings.ts';
import type { Path } from '../findings.ts';

export async function checkFiles(one: Examined, openRoot: OpenRoot): Promise<void> {
  const { view } = one;
  const { record } = view;
  for (const [i, { files, dependents }] of view.stages.entries()) {
    if (files !== undefined) await checkNamed(one, record.table, files, ofStage(view, i, 'files'), openRoot);
    for (const [n, dependent] of dependents.entries()) {
      const table = record.related.find((each) => each.name === dependent.related)?.table;
      if (table === undefined || !('files' in dependent)) continue;
      const path = ofStage(view, i, 'dependents', n, 'files');
      await checkNamed(one, table, dependent.files, path, openRoot);
    }
  }
}

async function checkNamed(
  one: Examined,
  table: string,
  { root, path: template }: Files,
  path: Path,
  openRoot: OpenRoot,
): Promise<void> {
  for (const piece of template) {
    if (typeof piece === 'string') continue;
    const part = one.view.record.parts?.find((each) => each.name === piece.part);
    columnAt(one, part?.table ?? table, piece.column, [...path, 'path']);
  }
  const state = await openRoot(root).state();
  if (state === 'missing')
    one.findings.error(
      'files-root',
      [...path, 'root'],
      `${root} cannot be read: all files below it would seem to be missing`,
      'Correct the path, mount the volume, or let frist read it.',
    );
  else if (state === 'empty')
    one.findings.warning(
      'files-root',
      [...path, 'root'],
      `${root} is empty: that is what a volume looks like that is not mounted`,
      'Look whether the files are there before rows go that name them.',
    );
}
