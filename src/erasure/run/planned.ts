/** The records of a stored plan as they are now. */
import type { Judge } from '../../policy/judge.ts';
import type { Facts, Key } from '../../policy/policy.ts';
import type { Plan } from '../../state/state.ts';
import type { Engine } from '../engine.ts';
import { lifeOf } from './life.ts';
import type { Prepared } from './prepare.ts';

/** A record of a plan; without facts where it is not there any more, though another may have its key by now. */
export interface Planned {
  readonly key: Key;
  readonly facts?: Facts;
}

/** All of them, some at a time, with what other sources say. A plan that has ended has forgotten its keys: there are none. */
export async function* plannedRecords(
  engine: Engine,
  { task, connector, elsewhere }: Prepared,
  plan: Plan,
  judge: Judge,
  signal: AbortSignal,
): AsyncIterable<readonly Planned[]> {
  for await (const planned of engine.state.planKeys(plan.id)) {
    const keys = planned.map(({ key }) => key);
    const found = await connector.read(task.view, keys, signal);
    const lives = new Map(planned.map(({ key, life }) => [JSON.stringify(key), life]));
    const same = found.filter((facts) => {
      const { key, subjects } = facts;
      const life = lifeOf(engine, task, { starts: judge.startRaw(facts), subjects });
      return lives.get(JSON.stringify(key)) === life;
    });
    const complete = await elsewhere.ask(same, judge, signal);
    const there = new Set(same.map((facts) => JSON.stringify(facts.key)));
    const absent = keys.filter((key) => !there.has(JSON.stringify(key)));
    yield [
      ...same.map((facts) => ({ key: facts.key, facts: complete(facts) })),
      ...absent.map((key) => ({ key })),
    ];
  }
}

/** What can be said of a plan without its keys: one whose time is over is expired, whoever noticed. */
export function standingOf(plan: Plan, now: number): Plan['status'] {
  const open = plan.status === 'waiting' || plan.status === 'approved';
  return open && Date.parse(plan.expires) <= now ? 'expired' : plan.status;
}
