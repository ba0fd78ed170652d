/** `records per second`: what a source's file allows to erase there, by however many processes and policies. */
import type { Task } from '../../policy/view.ts';
import type { Engine } from '../engine.ts';

/** Undefined where the file sets no limit. */
export function rateOf({ file, view }: Task): number | undefined {
  return file.sources.find((source) => source.name === view.source)?.recordsPerSecond;
}

/** Waits until this many records may be erased; less where the run is told to stop. */
export async function untilInTurn(
  { state, controller, sleep }: Engine,
  task: Task,
  records: number,
  signal: AbortSignal,
): Promise<void> {
  const rate = rateOf(task);
  if (rate === undefined || signal.aborted) return;
  const wait = await state.reserve(`${controller.name} ${task.view.source}`, (1000 * records) / rate);
  if (wait > 0) await sleep(wait, signal);
}
