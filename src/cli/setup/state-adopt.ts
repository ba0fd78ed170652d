import { adoptTrail, type Adopted, type LostHold } from '../../installation/adopt.ts';
import { parseCheckpoint } from '../../audit/checkpoint.ts';
import { nameOfStore, openReadStore } from '../../audit/store/open.ts';
import { CHECKPOINT } from '../../audit/tile.ts';
import type { Settings } from '../../config.ts';
import { EXIT, FristError } from '../../errors.ts';
import { openSigner } from '../../installation/keys.ts';
import type { World } from '../../installation/wiring.ts';
import { readText } from '../shared/files.ts';
import { printJson, type Io } from '../print/io.ts';
import { number } from '../print/text.ts';
import { verified } from '../shared/verified.ts';

export interface StateAdoptOptions {
  readonly why: string;
  /** Files with checkpoints that were kept elsewhere. */
  readonly head: readonly string[];
  readonly json: boolean;
}

/** `frist state adopt`: goes on from the end of the trail without what a lost state knew. Answers the exit status. */
export async function stateAdopt(
  settings: Settings,
  world: World,
  options: StateAdoptOptions,
  io: Io,
): Promise<number> {
  const store = await openReadStore(settings.audit);
  const checkpoint = await store.get(CHECKPOINT);
  if (checkpoint === undefined) throw new FristError('AUDIT_MISSING', { place: nameOfStore(settings.audit) });
  // Whose it says it is; that it is so, the signature shows.
  const note = checkpoint.bytes.toString();
  const { origin } = parseCheckpoint(note.slice(0, note.lastIndexOf('\n\n') + 1), CHECKPOINT);
  const { vkey } = await openSigner(settings.keys.signing, origin);
  const { head } = options;
  const choice = { trail: undefined, key: vkey, head, readFile: readText };
  const { firstProblem } = (await verified(settings, world, choice)).verification;
  if (firstProblem !== undefined) {
    const { code, where } = firstProblem;
    throw new FristError('AUDIT_UNVERIFIED', { code, where });
  }
  const adopted = await adoptTrail(settings, world, { store, vkey, origin }, options.why);
  if (options.json) printJson(io, { ...adopted, exit: EXIT.ok, statuses: [] });
  else io.out(`${adoptedText(adopted)}\n`);
  return EXIT.ok;
}

function adoptedText(adopted: Adopted): string {
  const { installation, anew, entries, lostHolds, released, lostBatches, lostProofs, lostEpochs } = adopted;
  const lines = [
    anew
      ? `installation ${installation} has a new state, which goes on from the ${number(entries)} entries of the trail`
      : `the state goes on from the end of the trail: ${number(entries)} entries that it did not know`,
  ];
  if (lostBatches > 0)
    lines.push(`lost: which records ${number(lostBatches)} batch(es) without an outcome were about`);
  if (lostProofs > 0)
    lines.push(`lost: which records of ${number(lostProofs)} batch(es) were to be looked at again`);
  if (lostEpochs > 0) lines.push(`lost: the keys of ${number(lostEpochs)} epoch(s) of the trail`);
  for (const id of released) lines.push(`${id} stands again; the trail says that it was released`);
  if (lostHolds.length > 0) {
    lines.push(
      '',
      `${number(lostHolds.length)} hold(s) are lost: they stand in the trail, which names nobody. Until each is released, it keeps everything in its sources; one on a policy is as it was.`,
      ...lostHolds.flatMap(holdLines),
      '→ place each that is on a person or a record again (frist hold add …), then: frist hold release <hold> --why "placed again as …"',
    );
  }
  lines.push(
    '→ the next run of each policy is looked at as if it were its first; then run: frist check, frist plan',
  );
  return lines.join('\n');
}

function holdLines({ hold, why, until }: LostHold): string[] {
  const where = hold.sources === undefined ? 'every source' : hold.sources.join(', ');
  const what = hold.policies?.map(({ policy }) => `policy ${policy}`).join(', ') ?? where;
  const line = `  ${hold.id}  placed ${hold.placed.slice(0, 10)} by ${hold.by}, ${what}`;
  return [
    line,
    ...(why === undefined ? [] : [`    “${why}”`]),
    ...(until === undefined ? [] : [`    had been released and was kept until ${until}: release it again`]),
  ];
}
