/** Files that rows name. */
import type { Files } from '../../../policy.ts';
import type { Path } from '../../position.ts';
import type { Report } from '../../report.ts';
import type { FilesText } from '../../schema/policy.ts';
import { readTemplate } from '../names/field.ts';
import type { Sight } from '../names/sight.ts';

const FOLDER = /^\/(?!\/)[^\0]+$/;
const BUCKET = /^s3:\/\/[a-z0-9][a-z0-9.-]*[a-z0-9](?:\/[^\0]*)?$/;

function readRoot(root: string, path: Path, report: Report): string | undefined {
  const climbs = root.split('/').includes('..');
  if (!climbs && (FOLDER.test(root) || BUCKET.test(root))) return root;
  report.add({
    code: 'bad-files',
    path,
    message: `"${root}" is no folder that files can be deleted in`,
    remedy: 'Write an absolute path below /, or s3://bucket/prefix, without ..',
  });
  return undefined;
}

/** Reads `files:`; `sight` is that of the rows which name them. */
export function readFiles(raw: FilesText, path: Path, sight: Sight, report: Report): Files | undefined {
  const root = readRoot(raw.root, [...path, 'root'], report);
  const template = readTemplate(raw.path, [...path, 'path'], sight, report);
  return root === undefined || template === undefined ? undefined : { root, path: template };
}
