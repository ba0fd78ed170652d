/** Where records lie. */
import type { Task } from '../../policy/view.ts';

/** The connection of the task's source, without its password. Two sources of a file may be one system. */
export function placeOf({ file, view }: Task): string {
  const source = file.sources.find(({ name }) => name === view.source);
  return source?.connection.replace(/^([a-z]+:\/\/[^:@/]*):[^/]*@/, '$1@') ?? '';
}
