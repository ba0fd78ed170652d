/**
 * Run by dying.ts: erases one batch in a process of its own, and is killed at one call to the file system. Argument: JSON
 * {kind, connection, view, keys, name, nth}: it dies by SIGKILL before call number `nth` (from 1) of the function `name` of
 * node:fs/promises, or of its file handles.
 */
import fs from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { createConnector } from '../../src/connectors/registry.ts';
import { MEANING } from './memory-harness.ts';
import type { Dying } from './dying.ts';

const { kind, connection, view, keys, name, nth } = JSON.parse(process.argv[2] ?? '') as Dying;
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
const connector = createConnector(kind, { source: 'dying', connection, pageSize: 100, meaning: MEANING });
const session = await connector.erasing(view, on);
calls = 0;
const stillDue = (facts: readonly unknown[]): boolean[] => facts.map(() => true);
const [stage] = view.stages;
if (stage === undefined) throw new Error('no stage');
const { action, dependents } = stage;
await session.erase({ keys, action, dependents, stage: 0, stillDue }, on);
await session.release();
await connector.close();
