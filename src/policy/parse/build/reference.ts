/**
 * `${NAME}` and `${file:/path}` in a connection: secrets by reference, never in the file.
 */
import type { Path } from '../position.ts';
import type { Complaint, Report } from '../report.ts';

/** A file that gives no value. `why`: to be read after its name, e.g. "is empty". */
export interface NoValue {
  readonly why: string;
  readonly remedy: string;
}

/** Gives the value of `NAME` or `file:/path`; undefined where there is none. */
export type Resolve = (reference: string) => string | NoValue | undefined;

const REFERENCE = /\$\{([^}]*)\}/g;
const WELL_FORMED = /^(?:[A-Za-z_][A-Za-z0-9_]*|file:.+)$/;
/** Stands for a reference while the text around it is looked at; cannot occur in it (see `textFault`). */
const HOLE = '\0';

/** Whether `text` holds something that looks like a reference. */
export function hasReference(text: string): boolean {
  return text.includes('${');
}

/** Whether the file itself gives away a password: as `user:password@`, or as a parameter of the URL. */
function literalSecret(connection: string): boolean {
  const holes = connection.replace(REFERENCE, HOLE);
  const password = /^[a-z][a-z0-9+.-]*:\/\/[^/@]*?:(.*)@/i.exec(holes)?.[1] ?? '';
  const parameters = [
    ...holes.matchAll(/[?&;][^=&]*(?:password|passwd|pwd|secret|token|sslkey)[^=&]*=([^&;]*)/gi),
  ];
  return [password, ...parameters.map((match) => match[1] ?? '')].some(
    (value) => value.replaceAll(HOLE, '') !== '',
  );
}

/** What is wrong with a reference that has no value. */
function unset(reference: string, found: NoValue | undefined): Pick<Complaint, 'message' | 'remedy'> {
  const [, file] = /^file:(.*)$/s.exec(reference) ?? [];
  const message = `\${${reference}} is not set`;
  if (file === undefined) return { message, remedy: `Set the environment variable ${reference}.` };
  if (found !== undefined) return { message: `${file} ${found.why}`, remedy: found.remedy };
  return { message, remedy: `Create the file ${file} with the value in it, readable for frist.` };
}

/**
 * The connection with its references filled in; undefined where one is malformed or unset, or where a password stands
 * in the text. A reference between `://` and `@` is percent-encoded, so that a password may hold any character.
 */
export function readConnection(
  text: string,
  path: Path,
  resolve: Resolve,
  report: Report,
): string | undefined {
  const remedy = 'Write ${NAME} for an environment variable, or ${file:/path} for a file.';
  if (literalSecret(text)) {
    report.add({
      code: 'literal-secret',
      path,
      message: 'A password stands in the file',
      remedy: `Secrets never stand here, and this one should be changed. ${remedy}`,
    });
    return undefined;
  }
  if (hasReference(text.replace(REFERENCE, ''))) {
    report.add({ code: 'bad-reference', path, message: 'A reference is not closed', remedy });
    return undefined;
  }
  const login = /^[a-z][a-z0-9+.-]*:\/\/.*@/i.exec(
    text.replace(REFERENCE, (whole) => HOLE.repeat(whole.length)),
  );
  const loginEnd = login?.[0].length ?? 0;
  const values = [...text.matchAll(REFERENCE)].map(([, reference = '']) => {
    const wellFormed = WELL_FORMED.test(reference);
    const value = wellFormed ? resolve(reference) : undefined;
    if (typeof value === 'string' && value !== '') return value;
    if (!wellFormed)
      report.add({ code: 'bad-reference', path, message: `\${${reference}} is no reference`, remedy });
    else report.add({ code: 'unset-reference', path, ...unset(reference, value === '' ? undefined : value) });
    return undefined;
  });
  if (values.includes(undefined)) return undefined;
  return text.replace(REFERENCE, (_whole, _reference, offset: number) => {
    const value = values.shift() ?? '';
    return offset < loginEnd ? encodeURIComponent(value) : value;
  });
}

/** Whether references are filled in at this place: `sources.<name>.connection` and `….pause above.replicas`. */
function mayHold([top, , key, below]: Path): boolean {
  return top === 'sources' && (key === 'connection' || (key === 'pause above' && below === 'replicas'));
}

/** Reports every reference outside a connection: it would be taken literally. */
export function refuseReferences(value: unknown, path: Path, report: Report): void {
  if (typeof value === 'string') {
    if (!hasReference(value)) return;
    report.add({
      code: 'bad-reference',
      path,
      message: 'A reference can only stand in `connection` and `replicas`',
      remedy: 'Write the value itself here.',
    });
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, below] of Object.entries(value)) {
      const segment = Array.isArray(value) ? Number(key) : key;
      const where = [...path, segment];
      if (!mayHold(where)) refuseReferences(below, where, report);
    }
  }
}
