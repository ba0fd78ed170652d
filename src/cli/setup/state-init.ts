import { nameOfStore } from '../../audit/store/open.ts';
import type { Settings } from '../../config.ts';
import { EXIT } from '../../errors.ts';
import { initInstallation, type World } from '../../installation/wiring.ts';
import { printJson, type Io } from '../print/io.ts';

/** `frist state init`: makes state, trail and keys together, once. Answers the exit status. */
export async function stateInit(settings: Settings, world: World, json: boolean, io: Io): Promise<number> {
  const { id, vkey } = await initInstallation(settings, world);
  if (json) {
    printJson(io, { installation: id, verifierKey: vkey });
    return EXIT.ok;
  }
  io.out(
    [
      `installation ${id}`,
      `trail in ${nameOfStore(settings.audit)}`,
      ...keyFiles(settings).map((file) => `key in ${file}: keep a copy of it, away from the state`),
      `the trail is verified with this public key: ${vkey}`,
      '',
    ].join('\n'),
  );
  return EXIT.ok;
}

/** Keys that frist made, unless they were there. */
function keyFiles({ keys }: Settings): readonly string[] {
  return [keys.signing, keys.wrapping].flatMap((from) => ('file' in from ? [from.file] : []));
}
