/** Several things in a row, of people whom nobody else touches: what is seen of them is frist's doing alone. */
import { hold, approveOne, replayAll, run, setPause } from './acts.ts';
import type { Installation, Trouble } from './installation.ts';
import { emailOf, rowOf } from './promise.ts';

/** Long enough under every wording. */
const LONG_AGO_DAYS = 450;

/** New contacts that are due, where nothing stands in the way. */
async function addDue(at: Installation, count: number): Promise<void> {
  await setPause(at, false);
  at.skew = 0;
  for (let n = 0; n < count; n += 1) {
    const id = (at.nextId += 1);
    const person = { id, email: emailOf(id), daysAgo: LONG_AGO_DAYS, customer: false, invoiced: false };
    at.rows('contacts').set(JSON.stringify([String(id)]), rowOf(person, at.time));
  }
}

/** Does it, and approves the plan that it leaves, if it does. */
async function letGo(
  at: Installation,
  act: () => Promise<void>,
  again: () => void = () => undefined,
): Promise<void> {
  const before = at.plans.length;
  await act();
  if (at.plans.length === before) return;
  again();
  await approveOne(at, at.plans.length - 1);
}

/** While some go, others who are to go with a later batch are held. */
export async function holdInTheMiddle(
  at: Installation,
  which: number,
  by: 'id' | 'email' | 'policy',
): Promise<void> {
  await addDue(at, 3);
  const race = async (underWay: ReadonlySet<string>): Promise<void> => {
    const later = [...at.allDue().keys()].filter((id) => !underWay.has(id) && Number(id) > 100);
    const id = Number(later[which % Math.max(1, later.length)]);
    if (later.length === 0) return;
    at.note('hold in the middle');
    await hold(at, by === 'policy' ? { policy: 'contacts' } : by === 'id' ? { id } : { email: emailOf(id) });
  };
  const arm = (): void => {
    at.race = race;
    at.raceIn = 0;
  };
  arm();
  await letGo(at, () => run(at), arm);
  at.race = undefined;
}

/** Some of those who went are back, as after a restored backup, and are erased again. */
export async function comeBack(at: Installation, part: number, trouble?: Trouble): Promise<void> {
  await addDue(at, 2);
  await letGo(at, () => run(at));
  const gone = at.truths.filter(({ id }) => !at.others.has(id)).slice(-3);
  const back = gone.filter((_, n) => (part & (1 << n)) > 0);
  const rows = back.map(({ id, row }) => [JSON.stringify([id]), row] as const);
  const now = at.snapshot();
  await at.restore(new Map([...now, ['contacts', new Map([...(now.get('contacts') ?? []), ...rows])]]));
  await letGo(at, () => replayAll(at, trouble));
}
