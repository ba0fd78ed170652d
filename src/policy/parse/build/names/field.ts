/**
 * Columns as the file writes them: `column`, `part.column`, and with a JSON Pointer (RFC 6901) behind it
 * `column/member/0`. Backticks hold a column whose own name has a dot, a slash or a backtick (written twice) in it.
 */
import { fieldName } from '../../../model/condition.ts';
import type { Field, Piece, Template } from '../../../policy.ts';
import type { Path } from '../../position.ts';
import { suggestion } from '../../report.ts';
import type { Report } from '../../report.ts';
import type { Sight } from './sight.ts';

const FIELD = /^(?:([^./`]+)\.)?(?:([^./`]+)|`((?:[^`]|``)+)`)((?:\/[^/]+)*)$/s;

function parse(text: string): Field | undefined {
  const found = FIELD.exec(text);
  if (found === null || /~(?![01])/.test(found[4] ?? '')) return undefined;
  const [, part, plain, quoted, pointer = ''] = found;
  const column = plain ?? (quoted ?? '').replaceAll('``', '`');
  const path = pointer
    .split('/')
    .slice(1)
    .map((name) => name.replaceAll('~1', '/').replaceAll('~0', '~'));
  return { ...(part === undefined ? {} : { part }), column, ...(path.length === 0 ? {} : { path }) };
}

/** A column where one may stand; undefined, and reported, where the text is none. */
export function readField(
  text: string,
  path: Path,
  sight: Sight,
  report: Report,
  on: 'key' | 'value' = 'value',
): Field | undefined {
  const field = parse(text);
  if (field === undefined) {
    report.add({
      code: 'bad-column',
      path,
      message: `"${text}" is no column`,
      remedy:
        'Write column, part.column or column/member/of/its/JSON; put backticks around a column whose name holds . or /.',
      on,
    });
    return undefined;
  }
  if (field.part === undefined || sight.parts.has(field.part)) return field;
  report.add({
    code: 'unknown-part',
    path,
    message: `No part of the record is called "${field.part}"`,
    remedy: `Declare it below \`parts\` of the record type, or put backticks around a column whose name holds a dot. ${suggestion(field.part, sight.parts, 'parts')}`,
    on,
  });
  return undefined;
}

/** A column that may stand in a part but not inside JSON, e.g. one that is matched. */
export function readPlainField(
  text: string,
  path: Path,
  sight: Sight,
  report: Report,
): Omit<Field, 'path'> | undefined {
  const field = readField(text, path, sight, report);
  if (field?.path === undefined) return field;
  report.add({
    code: 'bad-column',
    path,
    message: `"${fieldName(field)}" lies inside JSON`,
    remedy: 'Here only a column itself can stand; name a column that holds the value.',
  });
  return undefined;
}

/** `{column}`, or some of its characters: `{column:1-2}`. */
function readPiece(text: string, path: Path, sight: Sight, report: Report): Piece | undefined {
  const [, name = text, from, to] = /^(.+):([1-9]\d*)-([1-9]\d*)$/s.exec(text) ?? [];
  const field = readField(name, path, sight, report);
  if (field === undefined || from === undefined) return field;
  return { ...field, characters: [Number(from), Number(to)] };
}

/** Whether rows that differ cannot be given one name by a piece that they share, and each piece holds something. */
function isTelling(pieces: readonly (string | Piece)[]): boolean {
  const whole = pieces.flatMap((one) =>
    typeof one === 'string' || one.characters !== undefined ? [] : [fieldName(one)],
  );
  return pieces.every((one) => {
    if (typeof one === 'string' || one.characters === undefined) return true;
    const [first, last] = one.characters;
    return first <= last && whole.includes(fieldName(one));
  });
}

/** Text with columns in braces; undefined, and reported, where it is not that or holds no column. */
export function readTemplate(text: string, path: Path, sight: Sight, report: Report): Template | undefined {
  const pieces = text.split(/\{([^{}]*)\}/);
  const stray = pieces.some((piece, i) => i % 2 === 0 && /[{}]/.test(piece));
  if (stray || pieces.length < 2) {
    report.add({
      code: 'bad-template',
      path,
      message: stray ? 'The braces do not pair' : 'It names no column in braces',
      remedy: "Write columns in braces, e.g. '{directory}/{file_name}'.",
    });
    return undefined;
  }
  const parts = pieces.map((piece, i) => (i % 2 === 0 ? piece : readPiece(piece, path, sight, report)));
  const known = parts.filter((part) => part !== undefined);
  if (known.length < parts.length) return undefined;
  if (isTelling(known)) return known.filter((part) => part !== '');
  report.add({
    code: 'bad-template',
    path,
    message: 'Characters of a column stand there without the whole of it, or from the last to the first',
    remedy: "Write for example '{key:1-2}/{key:3-4}/{key}'.",
  });
  return undefined;
}
