/** Controller, sources and the record types in them. */
import { z } from 'zod';
import { condition, name, says, scope, text } from './values.ts';

/** Part of paths, databases, buckets and variables, some of which know no capitals. */
const CONTROLLER_ID = /^(?=.{1,40}$)[a-z0-9]+(?:-[a-z0-9]+)*$/;

/** Whether a text can be the id of a controller. */
export function isControllerId(text: string): boolean {
  return CONTROLLER_ID.test(text);
}

export const controllerShape = {
  name: says(text, 'Who is responsible for the data, as the privacy policy names them.'),
  id: says(
    z.string().regex(CONTROLLER_ID).optional(),
    'Short id for places that differ by controller, which never changes: small letters and digits, with - between them, at most 40; e.g. acme-dk.',
  ),
  timezone: says(text, 'IANA time zone of all calendar sums, e.g. Europe/Copenhagen.'),
  'financial year ends': says(
    text.optional(),
    'Last day of the financial year as MM-DD, e.g. 06-30. Left out: 12-31.',
  ),
};

const pairs = z.record(
  z.string().min(1),
  z.union([
    text,
    z.strictObject({
      holds: says(
        text,
        "Text with one of our columns in it that their text must hold, e.g. 'candidateID={id}'.",
      ),
    }),
  ]),
);

const match = says(
  z.union([pairs, z.array(pairs).min(1)]),
  'Which rows belong to the record, as { their column: our column }, e.g. { contact_id: id }; a list where any of several will do.',
);

export const relatedShape = {
  table: says(text, 'Name of the other table.'),
  of: says(
    text.optional(),
    'Name of related rows that these belong to, instead of the record itself; `match` is then with their columns.',
  ),
  match,
  ignoring: says(
    z.literal('case').optional(),
    'case: text in `match` is equal whatever letters are capitals.',
  ),
  where: says(condition.optional(), 'Only these rows of the table, e.g. { status: open }.'),
  'if missing': says(
    z.literal('no rows').optional(),
    'no rows: beside some tables of a pattern there is no such table. Such rows can only be dependents.',
  ),
  scope: says(
    z.union([z.literal('none'), scope]).optional(),
    'Constant columns of that table, or `none`. Left out: the scope of the record type.',
  ),
};

export const partShape = {
  table: says(text, 'Name of the other table.'),
  match: says(
    z.record(z.string().min(1), text),
    'Which row it is, as { their column: our column }, e.g. { id: person_id }; at most one for each record.',
  ),
  scope: relatedShape.scope,
};

const subject = says(
  z.union([
    z.literal('none'),
    z.record(
      z.string().min(1),
      z.union([
        text,
        z.strictObject({
          column: says(text, 'The column that holds the identifier.'),
          normalise: says(
            z.enum(['exact', 'lowercase', 'digits']).optional(),
            'How spellings are made equal: exact, lowercase or digits. Left out: lowercase for email, digits for phone, else exact.',
          ),
          from: says(text.optional(), 'Related rows that hold the column, instead of the record itself.'),
        }),
      ]),
    ),
  ]),
  'Whose data a record is: { email: column }, or `none` for rows that are about nobody.',
);

export const recordShape = {
  table: says(
    text,
    'Name of the table; one * in it (any text), or # (digits), means every table whose name fits.',
  ),
  key: says(
    z.union([text, z.array(text).min(1)]),
    'Column that is unique for each row, or a list of columns that are so together.',
  ),
  duplicates: says(
    z.literal('one record').optional(),
    'Where the key is not unique. one record: rows with equal keys are one record, and go together.',
  ),
  where: says(
    condition.optional(),
    'Which rows of the table are records of this type, e.g. { entry_type: candidate }. Left out: all.',
  ),
  scope: says(
    scope.optional(),
    'Constant columns that every statement repeats, e.g. { tenant_id: 7 }. Related tables inherit it.',
  ),
  subject,
  parts: says(
    z.record(name, z.strictObject(partShape)).optional(),
    'Rows of other tables that are the record too, one each; their columns are written part.column.',
  ),
  'datetimes in': says(
    text.optional(),
    'IANA time zone of date-and-time columns that have none of their own.',
  ),
  selections: says(
    z.record(name, text).optional(),
    'The way out where the language ends: SELECT statements that answer keys, used as `selected: name` in conditions.',
  ),
  related: says(
    z.record(name, z.strictObject(relatedShape)).optional(),
    'Rows of other tables that belong to a record, named once and used by start, where, unless and dependents.',
  ),
};

/** Of a source of kind `files`. */
export const fileRecordShape = {
  files: says(
    text,
    'Which files below the folder, e.g. chats/{email}/{yyyy}-{mm}-{dd}-*.log: `*` is any text, {name} a column of that name.',
  ),
  rows: says(
    z.enum(['ndjson', 'csv']).optional(),
    'The records are rows inside these files: ndjson (one JSON object a line) or csv. Left out: they are whole files.',
  ),
  separator: says(
    z.enum([',', ';', '|', '\t']).optional(),
    'With `rows: csv`: what stands between cells, one of , ; | and a tab. Left out: a comma.',
  ),
  'untouched minutes': says(
    z.int().min(0).max(10_080).optional(),
    'With `rows`: a file that was written to within so many minutes waits for the next run. Left out: 10.',
  ),
  where: says(condition.optional(), 'Which of these files or rows are records of this type. Left out: all.'),
  subject,
  'datetimes in': recordShape['datetimes in'],
};

export const sourceShape = {
  kind: says(text, 'Kind of system: sql, or files for the files of a folder.'),
  connection: says(
    text,
    'Where it is, e.g. ${FRIST_CRM} or ${file:/run/secrets/crm}. Passwords never stand in the file.',
  ),
  'datetimes in': says(
    text.optional(),
    'IANA time zone of date-and-time columns that have none of their own, for all records of the source.',
  ),
  'pause above': says(
    z
      .strictObject({
        'threads running': says(
          z.number().int().min(2).optional(),
          'Statements that the server carries out at once, e.g. 50.',
        ),
        'replica lag': says(text.optional(), 'How far a replica may be behind, e.g. 10 seconds, 2 minutes.'),
        replicas: says(
          z.array(text).min(1).optional(),
          'Connections of the replicas that are asked, e.g. ${FRIST_CRM_REPLICA}; PostgreSQL knows its own.',
        ),
      })
      .optional(),
    'How busy the server may be while frist erases in it; above that, erasing waits.',
  ),
  'records per second': says(
    z.number().int().min(1).max(1_000_000).optional(),
    'Most records that are erased there in a second, by all policies and processes together. Left out: no limit.',
  ),
  'not covered': says(
    z.record(z.string().min(1), text).optional(),
    'Tables, or table.column, that look like personal data and that no policy is meant for, each with the reason.',
  ),
  records: says(
    z.record(name, z.union([z.strictObject(recordShape), z.strictObject(fileRecordShape)])),
    'The kinds of records, each with a name of your own.',
  ),
};
