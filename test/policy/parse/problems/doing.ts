/** Counts, replacements, files, shared rows, and what is done instead. */
import type { Case } from './case.ts';

const SET = '        set: { name: null, email: { placeholder: "erased-{key}@invalid" } }\n';
const set = (text: string): [string, string] => [SET, `        set: { ${text} }\n`];
const at = (rest: string): string => `policies.old.stages.0.set.${rest}`;
const dependents = (text: string): [string, string] => ['      - delete: messages\n', text];
const instead = (text: string): [string, string] => [
  '    schedule: "15 3 * * *"\n',
  `    anonymise instead: ${text}\n`,
];

export const DOING: readonly Case[] = [
  [
    'a count without a number',
    [['{ exists: open deals }', '{ ¦count: open deals }']],
    ['contradiction', 'policies.contacts.unless.open deal.count', /at least: 2/],
  ],
  [
    'a number without a count',
    [['{ exists: open deals }', '{ exists: open deals, ¦at least: 2 }']],
    ['contradiction', 'policies.contacts.unless.open deal.at least', /Write count: open deals/],
  ],
  [
    'a number alone',
    [['{ exists: open deals }', '{ status: open, ¦at least: 2 }']],
    ['contradiction', 'policies.contacts.unless.open deal.at least', /on the column/],
  ],
  [
    'a count that everything meets',
    [['{ exists: open deals }', '{ count: open deals, at least: ¦0 }']],
    ['tautology', 'policies.contacts.unless.open deal.at least', /leave the condition out/],
  ],
  [
    'a count that nothing meets',
    [['{ exists: open deals }', '{ count: open deals, more than: 2, less than: ¦3 }']],
    ['tautology', 'policies.contacts.unless.open deal.less than', /Mend the number/],
  ],
  [
    'a count below zero',
    [['{ exists: open deals }', '{ count: open deals, at least: ¦-1 }']],
    ['wrong-value', 'policies.contacts.unless.open deal.at least', /so many rows/],
  ],
  [
    'two ways to overwrite a column',
    [set('name: { keep first: 1, ¦generalise: year }')],
    ['contradiction', at('name.generalise'), /exactly one of: placeholder, keep first/],
  ],
  ['no way to overwrite a column', [set('¦name: {}')], ['contradiction', at('name'), /exactly one of/]],
  [
    'with, beside something else',
    [set('name: { keep first: 1, ¦with: x }')],
    ['contradiction', at('name.with'), /Remove it/],
  ],
  ['a column removed', [set('¦name: { remove: true }')], ['contradiction', at('name'), /column\/member/]],
  [
    'braces in a name before a domain',
    [set("email: { keep domain: ¦'x{id}' }")],
    ['bad-template', at('email.keep domain'), /erased-\{key\}/],
  ],
  [
    'an unknown kind of text',
    [set('name: { redact: [¦emial] }')],
    ['wrong-type', at('name.redact.0'), /email, phone/],
  ],
  [
    'a part of no character',
    [set('name: { keep first: ¦0 }')],
    ['wrong-value', at('name.keep first'), /How many/],
  ],
  [
    'files with rows that stay',
    [dependents("      - keep: messages\n        ¦files: { root: /srv, path: '{name}' }\n")],
    ['contradiction', 'policies.contacts.dependents.0.files', /delete or anonymise/],
  ],
  [
    'files below a relative path',
    [dependents("      - delete: messages\n        files: { root: ¦srv/files, path: '{name}' }\n")],
    ['bad-files', 'policies.contacts.dependents.0.files.root', /absolute path/],
  ],
  [
    'files outside their folder',
    [dependents("      - delete: messages\n        files: { root: ¦/srv/../etc, path: '{name}' }\n")],
    ['bad-files', 'policies.contacts.dependents.0.files.root', /without \.\./],
  ],
  [
    'one file for all rows',
    [dependents('      - delete: messages\n        files: { root: /srv/files, path: ¦letter.pdf }\n')],
    ['bad-template', 'policies.contacts.dependents.0.files.path', /Write columns in braces/],
  ],
  [
    'an open brace in a path',
    [dependents("      - delete: messages\n        files: { root: /srv/files, path: ¦'{name' }\n")],
    ['bad-template', 'policies.contacts.dependents.0.files.path', /Write columns in braces/],
  ],
  [
    'a path that many rows share',
    [dependents("      - delete: messages\n        files: { root: /srv/files, path: ¦'{name:1-2}.pdf' }\n")],
    ['bad-template', 'policies.contacts.dependents.0.files.path', /'\{key:1-2\}\/\{key:3-4\}\/\{key\}'/],
  ],
  [
    'characters from the last to the first',
    [
      dependents(
        "      - delete: messages\n        files: { root: /srv/files, path: ¦'{name:2-1}/{name}' }\n",
      ),
    ],
    ['bad-template', 'policies.contacts.dependents.0.files.path', /'\{key:1-2\}\/\{key:3-4\}\/\{key\}'/],
  ],
  [
    'a value for what is deleted',
    [dependents('      - delete: messages\n        ¦to: 0\n')],
    ['contradiction', 'policies.contacts.dependents.0.to', /stands with detach/],
  ],
  [
    'owners of rows that are overwritten',
    [
      dependents(
        '      - anonymise: messages\n        set: { body: null }\n        ¦unless owned: open deals\n',
      ),
    ],
    ['contradiction', 'policies.contacts.dependents.0.unless owned', /stands with delete/],
  ],
  [
    'owners that own nothing',
    [dependents('      - delete: messages\n        unless owned: ¦open deals\n')],
    ['contradiction', 'policies.contacts.dependents.0.unless owned', /declared with `of: messages`/],
  ],
  [
    'all rows, and then some of them',
    [dependents('      - delete: messages\n      - keep: ¦messages\n        where: { private: 1 }\n')],
    ['contradiction', 'policies.contacts.dependents.1.keep', /only the last/],
  ],
  [
    'instead of what is anonymised anyway',
    [
      [
        '        action: anonymise\n',
        '        action: anonymise\n        ¦anonymise instead: { when: { exists: messages }, set: { note: null } }\n',
      ],
    ],
    ['contradiction', 'policies.old.stages.0.anonymise instead', /anonymised anyway/],
  ],
  [
    'instead of what never happens',
    [instead('{ when: ¦{ status: lead }, set: { note: null } }')],
    ['tautology', 'policies.contacts.anonymise instead.when', /`action: anonymise`/],
  ],
  [
    'instead without a condition',
    [instead('¦{ set: { note: null } }')],
    ['missing-key', 'policies.contacts.anonymise instead.when', /exists: invoices/],
  ],
  [
    'a start overwritten instead',
    [instead('{ when: { exists: messages }, set: { ¦last_contacted_at: null } }')],
    ['protected-column', 'policies.contacts.anonymise instead.set.last_contacted_at', /Remove it/],
  ],
  [
    'kept rows deleted instead',
    [instead('{ when: { exists: messages }, set: { note: null }, dependents: [{ delete: ¦invoices }] }')],
    ['keep-bypassed', 'policies.contacts.anonymise instead.dependents.0.delete', /`keep: invoices`/],
  ],
  [
    'what makes a row a record overwritten',
    [
      ['        table: contacts\n', '        table: contacts\n        where: { kind: person }\n'],
      set('¦kind: null'),
    ],
    ['protected-column', at('kind'), /Remove it/],
  ],
  [
    'JSON overwritten that a start stands in',
    [
      ['start: { column: created_at, null: unknown }', 'start: { column: attribs/made, null: unknown }'],
      set('¦attribs: null'),
    ],
    ['protected-column', at('attribs'), /Remove it/],
  ],
  [
    'a part that is matched, overwritten',
    [
      [
        '        table: contacts\n',
        '        table: contacts\n        parts: { person: { table: people, match: { id: person_id } } }\n',
      ],
      set('¦person.id: 0'),
    ],
    ['protected-column', at('person.id'), /Remove it/],
  ],
];
