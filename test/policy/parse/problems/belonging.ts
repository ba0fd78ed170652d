/** Parts, chains of related rows, columns inside JSON, several tables and rows for one record. */
import type { Case } from './case.ts';

/** The record type with more in it. */
const record = (more: string): [string, string] => [
  '        table: contacts\n',
  `        table: contacts\n${more}`,
];
const related = (more: string): [string, string] => [
  '          messages: { table: messages, match: { contact_id: id } }\n',
  `          messages: { table: messages, match: { contact_id: id } }\n${more}`,
];
const at = (rest: string): string => `sources.crm.records.contact.${rest}`;

export const BELONGING: readonly Case[] = [
  [
    'a part that is not declared',
    [
      ['where: { status: lead }', 'where: { ¦persn.status: lead }'],
      record('        parts: { person: { table: people, match: { id: person_id } } }\n'),
    ],
    ['unknown-part', 'policies.contacts.where.persn.status', /Did you mean "person"/],
  ],
  [
    'a column with a dot in its name, without backticks',
    [['subject: { email: email }', 'subject: { email: ¦e.mail }']],
    ['unknown-part', at('subject.email'), /backticks/],
  ],
  [
    'no column at all',
    [['where: { status: lead }', 'where: { ¦"a//b": lead }']],
    ['bad-column', 'policies.contacts.where.a//b', /column\/member/],
  ],
  [
    'a bad escape in a pointer',
    [['where: { status: lead }', 'where: { ¦a/b~2: lead }']],
    ['bad-column', 'policies.contacts.where.a/b~2', /column\/member/],
  ],
  [
    'a match inside JSON',
    [related('          mails: { table: mails, match: { address: ¦attribs/email } }\n')],
    ['bad-column', at('related.mails.match.address'), /column itself/],
  ],
  [
    'a start inside JSON without null',
    [['- { column: last_contacted_at, null: unknown }', '- ¦{ column: attribs/last }']],
    ['missing-key', 'policies.contacts.start.latest of.0', /null: not yet/],
  ],
  [
    'a part matched with one that stands behind it',
    [
      record(
        '        parts:\n          address: { table: addresses, match: { id: ¦person.address_id } }\n          person: { table: people, match: { id: person_id } }\n',
      ),
    ],
    ['unknown-part', at('parts.address.match.id'), /Declare it below `parts`/],
  ],
  [
    'one name for a part and for related rows',
    [record('        parts: { ¦messages: { table: people, match: { id: person_id } } }\n')],
    ['contradiction', at('parts.messages'), /Rename one/],
  ],
  [
    'rows of rows that are not declared',
    [related('          files: { table: files, of: ¦mesages, match: { message_id: id } }\n')],
    ['unknown-related', at('related.files.of'), /Did you mean "messages"/],
  ],
  [
    'rows of themselves',
    [
      related(
        '          a: { table: a, of: ¦b, match: { x: y } }\n          b: { table: b, of: ¦a, match: { x: y } }\n',
      ),
    ],
    ['contradiction', at('related.a.of'), /Follow `of`/],
    ['contradiction', at('related.b.of'), /Follow `of`/],
  ],
  [
    'rows that are not of these rows',
    [related('          files: { table: files, match: { contact_id: id }, where: { exists: ¦messages } }\n')],
    ['unknown-related', at('related.files.where.exists'), /declared with `of: files`/],
  ],
  [
    'one of several matches without a column',
    [related('          calls: { table: calls, match: [{ a: id }, ¦{}] }\n')],
    ['tautology', at('related.calls.match.1'), /their column/],
  ],
  [
    'text around no column',
    [related('          log: { table: log, match: { url: { holds: ¦"id=" } } }\n')],
    ['bad-template', at('related.log.match.url.holds'), /one column in braces/],
  ],
  [
    'no text before a column',
    [related('          log: { table: log, match: { url: { holds: ¦"{id}" } } }\n')],
    ['bad-template', at('related.log.match.url.holds'), /one column in braces/],
  ],
  [
    'two patterns in a table',
    [['table: contacts', 'table: ¦chat_*_*']],
    ['contradiction', at('table'), /Write one/],
  ],
  [
    'text and numbers in a table',
    [['table: contacts', 'table: ¦chat_*_#']],
    ['contradiction', at('table'), /for each number/],
  ],
  [
    'a number for related rows alone',
    [related('          files: { table: ¦files_#, match: { contact_id: id } }\n')],
    ['contradiction', at('related.files.table'), /record type's own table/],
  ],
  [
    'one table that may be missing',
    [related('          files: { table: files, match: { contact_id: id }, if missing: ¦no rows }\n')],
    ['contradiction', at('related.files.if missing'), /with `\*` or `#`/],
  ],
  [
    'a condition on rows of rows that may be missing',
    [
      ['table: contacts', 'table: contacts_#'],
      related(
        '          files: { table: files_#, match: { contact_id: id }, if missing: no rows }\n          ¦pages: { table: pages, of: files, match: { file_id: id } }\n',
      ),
      ['where: { status: lead }', 'where: { exists: pages }'],
    ],
    ['contradiction', at('related.pages'), /as dependents only/],
  ],
  [
    'a pattern for related rows alone',
    [related('          files: { table: ¦files_*, match: { contact_id: id } }\n')],
    ['contradiction', at('related.files.table'), /record type's own table/],
  ],
  [
    'a selection that is none',
    [record('        selections: { drop: ¦DELETE FROM contacts }\n')],
    ['wrong-value', at('selections.drop'), /Write SELECT/],
  ],
  [
    'two statements in a selection',
    [record('        selections: { drop: ¦SELECT 1; SELECT 2 }\n')],
    ['wrong-value', at('selections.drop'), /without a semicolon/],
  ],
  [
    'an unknown selection',
    [['where: { status: lead }', 'where: { selected: ¦drop }']],
    ['unknown-selection', 'policies.contacts.where.selected', /below `selections`/],
  ],
  [
    'a selection of related rows',
    [['where: { status: open }', 'where: { selected: ¦drop }']],
    ['unknown-selection', at('related.open deals.where.selected'), /not about related rows/],
  ],
  [
    'duplicates of another kind',
    [record('        duplicates: ¦keep\n')],
    ['wrong-value', at('duplicates'), /one record/],
  ],
];
