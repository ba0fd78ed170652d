/**
 * Run by dying.test.ts: erases rows of a folder in a process of its own, and is killed at one call to the file system.
 * Argument: JSON {root, view, keys, name, nth}: it dies by SIGKILL before call number `nth` (from 1) of the function
 * `name` of node:fs/promises, or of its file handles.
 */
import fs from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { createFilesConnector } from '../../../src/connectors/files/connector.ts';
import type { Key, View } from '../../../src/policy/policy.ts';
import { MEANING } from '../memory-harness.ts';

interface Task {
  readonly root: string;
  readonly view: View;
  readonly keys: readonly Key[];
  readonly name: string;
  readonly nth: number;
}

const { root, view, keys, name, nth } = JSON.parse(process.argv[2] ?? '') as Task;
let calls = 0;

function makeDeadly(target: object): void {
  const real: unknown = Reflect.get(target, name);
  if (typeof real !== 'function') return;
  Reflect.set(target, name, function (this: unknown, ...args: unknown[]): unknown {
    calls += 1;
    if (calls === nth) process.kill(process.pid, 'SIGKILL');
    return Reflect.apply(real, this, args) as unknown;
  });
}

const handle = await fs.open(import.meta.filename);
makeDeadly(Object.getPrototypeOf(handle) as object);
await handle.close();
makeDeadly(fs);
syncBuiltinESMExports();

const on = new AbortController().signal;
const connector = createFilesConnector({
  source: 'chats',
  connection: `file:${root}`,
  pageSize: 100,
  meaning: MEANING,
});
const session = await connector.erasing(view, on);
calls = 0;
const stillDue = (facts: readonly unknown[]): boolean[] => facts.map(() => true);
await session.erase({ keys, action: { kind: 'delete' }, dependents: [], stage: 0, stillDue }, on);
await session.release();
await connector.close();
