import type { App } from '../installation/app.ts';
import { formatEntry } from '../audit/entry.ts';
import { EXIT } from '../errors.ts';
import type { Pause } from '../state/state.ts';
import { printJson, type Io } from './print/io.ts';

export interface PauseOptions {
  readonly why: string;
  readonly json: boolean;
}

/**
 * `frist pause`: no process of this installation begins another batch. Answers the exit status; doing it twice is no
 * fault, and leaves one entry.
 */
export async function pause(app: App, options: PauseOptions, io: Io): Promise<number> {
  const since = new Date(app.now()).toISOString();
  const changed = await change(app, 'paused', options.why, { since, by: app.settings.operator });
  if (options.json)
    printJson(io, { changed, paused: await app.state.pause(), exit: EXIT.ok, statuses: [EXIT.ok] });
  else io.out(changed ? 'Paused: nothing is erased until `frist resume`.\n' : 'It was paused already.\n');
  return EXIT.ok;
}

/** `frist resume`: ends what `frist pause` began; a file that pauses stays, and is told. Answers the exit status. */
export async function resume(app: App, options: PauseOptions, io: Io): Promise<number> {
  const changed = await change(app, 'resumed', options.why, undefined);
  const file = await app.pauseFile();
  const exit = file === undefined ? EXIT.ok : EXIT.failed;
  if (options.json)
    printJson(io, { changed, ...(file === undefined ? {} : { file }), exit, statuses: [exit] });
  else io.out(changed ? 'Resumed.\n' : 'It was not paused.\n');
  if (file !== undefined) io.err(`warning: nothing is erased while ${file} is there; remove it\n`);
  return exit;
}

/** The switch and its entry in one transaction. False when it is so already. */
async function change(
  app: App,
  type: 'paused' | 'resumed',
  why: string,
  to: Pause | undefined,
): Promise<boolean> {
  if (((await app.state.pause()) === undefined) === (to === undefined)) return false;
  const reason = await app.evidence.put(why);
  const at = new Date(app.now()).toISOString();
  const entry = { v: 1, type, eid: app.newId(), at, who: app.settings.operator, why: reason } as const;
  const changed = await app.state.transaction(async (t) => {
    if (!(await t.setPause(to))) return false;
    await t.emit([formatEntry(entry)]);
    return true;
  });
  await app.trail.flush();
  return changed;
}
