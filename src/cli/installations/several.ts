/** One verb over several installations, or over what is well of one: what fails in one does not stop the others. */
import { printJson, type Io } from '../print/io.ts';
import { tell, toldOf } from '../print/tell.ts';
import { allStatuses, exitOf } from '../shared/exit.ts';
import type { Broken } from './policy-files.ts';

/** The verb in one installation; throws what keeps it from its work there. */
export interface Part {
  /** Id of the controller, or its policy file. */
  readonly name: string;
  readonly work: (io: Io) => Promise<number>;
}

/** What every document of a verb may have. */
type Document = Readonly<Record<string, unknown>>;

const statusesIn = ({ statuses }: Document): readonly number[] =>
  Array.isArray(statuses) ? statuses.filter((one) => typeof one === 'number') : [];

/**
 * Does the work in one installation after the other. With `json` one document: `controllers` has that of each. Answers
 * the gravest exit status.
 */
export async function inEach(parts: readonly Part[], json: boolean, io: Io): Promise<number> {
  const documents: Document[] = [];
  const statuses: number[] = [];
  for (const { name, work } of parts) {
    if (!json) io.out(`${statuses.length === 0 ? '' : '\n'}Controller ${name}\n`);
    const own: Io = json
      ? { ...io, document: (document) => documents.push({ controller: name, ...document }) }
      : io;
    try {
      statuses.push(await work(own));
    } catch (error) {
      statuses.push(tell(error, json, own));
    }
  }
  const all = allStatuses([...statuses, ...documents.flatMap(statusesIn)]);
  if (json) printJson(io, { controllers: documents, exit: exitOf(all), statuses: all });
  return exitOf(all);
}

/**
 * Does the work for the policy files that are well, and tells what is wrong with the others. With `json` the document of
 * the work, and in it `broken`. Answers the gravest exit status.
 */
export async function besideBroken(
  broken: readonly Broken[],
  work: (io: Io) => Promise<number>,
  json: boolean,
  io: Io,
): Promise<number> {
  if (broken.length === 0) return await work(io);
  const others = broken.map(({ error }) => error.exit);
  const told = broken.map(({ path, error }) => ({ file: path, ...toldOf(error) }));
  const document = (own: Document): void => {
    const statuses = allStatuses([...statusesIn(own), ...others]);
    printJson(io, { ...own, broken: told, exit: exitOf(statuses), statuses });
  };
  const status = await work(json ? { ...io, document } : io);
  if (!json) for (const { error } of broken) tell(error, false, io);
  return exitOf([status, ...others]);
}
