/** The kinds of places that files can lie in. */
import { localFiles } from './local.ts';
import type { FileRoot } from './root.ts';
import { bucketFiles } from './s3.ts';

/** The place that `root` of the policy file names: an absolute folder, or `s3://bucket/prefix`. */
export function openRoot(root: string): FileRoot {
  return root.startsWith('s3://') ? bucketFiles(root) : localFiles(root);
}
