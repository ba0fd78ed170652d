import { NOTHING_ASKED, type Account } from '../../connectors/connector.ts';
import { FristError } from '../../errors.ts';
import type { Source, View } from '../../policy/policy.ts';
import type { Task } from '../../policy/view.ts';
import { printJson, type Io } from '../print/io.ts';
import type { CheckInput } from './check.ts';

/**
 * `frist check --grants`: for each source, a script that makes the account (`user`, or `user@host` as MySQL writes it) and
 * gives it what the policies take, and no more. Answers the exit status.
 */
export async function printGrants(
  { files, json, signal }: Pick<CheckInput, 'files' | 'json' | 'signal'>,
  named: string,
  io: Io,
): Promise<number> {
  const account = accountOf(named);
  const scripts: { readonly source: string; readonly lines: readonly string[] }[] = [];
  for (const { located, tasks, connector } of files)
    for (const source of located.file.sources) {
      const views = viewsOf(source, tasks);
      const lines = await connector(source.name).grants(views, account, source.limits, signal);
      scripts.push({ source: source.name, lines });
    }
  if (json) printJson(io, { grants: scripts, exit: 0, statuses: [] });
  else io.out(grantsText(scripts));
  return 0;
}

/** All that is ever asked of a source. */
export function viewsOf({ name, records }: Source, tasks: readonly Task[]): readonly View[] {
  const asked = tasks.flatMap((one) => [one.view, ...one.inquiries.map((of) => of.view)]);
  return [
    // Holds and requests ask for people in every record type, whether or not a policy erases them.
    ...records.map((record): View => ({ ...NOTHING_ASKED, source: name, record })),
    ...asked.filter((view) => view.source === name),
  ];
}

/** The scripts of several sources as one text. */
export function grantsText(
  scripts: readonly { readonly source: string; readonly lines: readonly string[] }[],
): string {
  return scripts.map(({ source, lines }) => `${[`-- Source ${source}`, ...lines].join('\n')}\n`).join('\n');
}

/** `user`, or `user@host` as MySQL writes it. */
function accountOf(named: string): Account {
  const at = named.lastIndexOf('@');
  const [user, host] = at < 0 ? [named, '%'] : [named.slice(0, at), named.slice(at + 1)];
  if (user === '' || host === '' || /[\p{Cc}]/u.test(named))
    throw new FristError('USAGE', { what: '--grants takes user or user@host' });
  return { user, host };
}
