/** What it takes to ask the own trail about a person or a record: the trail, its index, and the keys of the names in it. */
import type { Epoch } from '../audit/keys/ring.ts';
import { catchUpIndex } from '../audit/lookup/catch-up.ts';
import { openReader, type TrailReader } from '../audit/lookup/reader.ts';
import { createUlids } from '../audit/format/ulid.ts';
import { openReadStore } from '../audit/store/open.ts';
import type { Settings } from '../config.ts';
import { openKeyRing, openSigner } from './keys.ts';
import { openState } from '../state/open.ts';
import type { TrailIndex } from '../state/state.ts';
import type { World } from './wiring.ts';

export interface Inquiry {
  readonly reader: TrailReader;
  /** Reaches to the end of the trail as the reader has it, or further. */
  readonly index: TrailIndex;
  /** The verifier key of the trail. */
  readonly vkey: string;
  /** Oldest first; those whose key was destroyed can be asked about nobody. */
  readonly epochs: readonly Epoch[];
  /** Whether entries wait to be published, which the trail does not show yet. */
  readonly waiting: boolean;
  close(): Promise<void>;
}

/** Opens the own trail, and brings its index up to date. Writes nothing but the index. */
export async function openInquiry(settings: Settings, world: World): Promise<Inquiry> {
  const state = await openState(settings.state.url, { clock: world.now });
  try {
    const store = await openReadStore(settings.audit);
    const { origin } = await state.installation();
    const { vkey } = await openSigner(settings.keys.signing, origin);
    // Asked before the head is read: what is published in between is either in the trail that is read, or told.
    const waiting = (await state.outboxSpan()) !== undefined;
    const reader = await openReader({ store, vkey, known: await state.lastHead() });
    const index = state.trailIndex;
    await catchUpIndex({ store, vkey, index });
    const newId = createUlids(world.randomBytes, world.now);
    const ring = await openKeyRing(settings, state, { ...world, newId });
    return { reader, index, vkey, epochs: await ring.epochs(), waiting, close: () => state.close() };
  } catch (error) {
    await state.close();
    throw error;
  }
}
