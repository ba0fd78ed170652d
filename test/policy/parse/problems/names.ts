import type { Case } from './case.ts';

export const NAMES: readonly Case[] = [
  [
    'an unknown source',
    [['records: crm.invoice', 'records: ¦cmr.invoice']],
    ['unknown-source', 'policies.bookkeeping.records', /^Did you mean "crm"\? Known sources: crm\.$/],
  ],
  [
    'an unknown record',
    [['records: crm.invoice', 'records: ¦crm.invoices']],
    [
      'unknown-record',
      'policies.bookkeeping.records',
      /^Did you mean "invoice"\? Known records: contact, invoice\.$/,
    ],
  ],
  [
    'a source alone',
    [['records: crm.invoice', 'records: ¦crm']],
    ['unknown-record', 'policies.bookkeeping.records', /^Write source\.record/],
  ],
  [
    'an unknown kind',
    [['kind: sql', 'kind: ¦sqll']],
    ['unknown-kind', 'sources.crm.kind', /^Did you mean "sql"\? Known kinds: sql, memory\.$/],
  ],
  [
    'unknown related rows in a condition',
    [['{ exists: open deals }', '{ exists: ¦opendeals }']],
    [
      'unknown-related',
      'policies.contacts.unless.open deal.exists',
      /^Declare them below `related` .* Did you mean "open deals"/,
    ],
  ],
  [
    'unknown related rows in a starting point',
    [['max: messages.sent_at', 'max: ¦message.sent_at']],
    ['unknown-related', 'policies.contacts.start.latest of.1.max', /Did you mean "messages"/],
  ],
  [
    'unknown related rows as dependents',
    [['- delete: messages', '- delete: ¦massages']],
    ['unknown-related', 'policies.contacts.dependents.0.delete', /Did you mean "messages"/],
  ],
  [
    'unknown related rows of a subject',
    [['subject: { email: email }', 'subject: { email: { column: email, from: ¦person } }']],
    ['unknown-related', 'sources.crm.records.contact.subject.email.from', /Known related rows: messages/],
  ],
  [
    'related rows of related rows',
    [['where: { status: open }', 'where: { exists: ¦messages }']],
    ['unknown-related', 'sources.crm.records.contact.related.open deals.where.exists', /only columns/],
  ],
  [
    'an unset variable',
    [['${FRIST_CRM}', '¦${FRIST_CMR}']],
    ['unset-reference', 'sources.crm.connection', /^Set the environment variable FRIST_CMR\.$/],
  ],
  [
    'a missing file',
    [['${FRIST_CRM}', '¦${file:/run/secrets/crm}']],
    ['unset-reference', 'sources.crm.connection', /^Create the file \/run\/secrets\/crm/],
  ],
  [
    'two unset variables in one place',
    [['${FRIST_CRM}', '¦¦mysql://${A}:${B}@db/crm']],
    ['unset-reference', 'sources.crm.connection', /variable A/],
    ['unset-reference', 'sources.crm.connection', /variable B/],
  ],
  [
    'an open reference',
    [['${FRIST_CRM}', '¦"${FRIST_CRM"']],
    ['bad-reference', 'sources.crm.connection', /Write \$\{NAME\}/],
  ],
  [
    'a malformed reference',
    [['${FRIST_CRM}', '¦${FRIST CRM}']],
    ['bad-reference', 'sources.crm.connection', /Write \$\{NAME\}/],
  ],
  [
    'a reference elsewhere',
    [['table: contacts', 'table: ¦"${TABLE}"']],
    ['bad-reference', 'sources.crm.records.contact.table', /Write the value itself/],
  ],
  [
    'a password in the file',
    [['${FRIST_CRM}', '¦mysql://frist:geheim@db/crm']],
    ['literal-secret', 'sources.crm.connection', /should be changed/],
  ],
  [
    'a password in the file with an @',
    [['${FRIST_CRM}', '¦mysql://frist:gehe@im/x@db/crm']],
    ['literal-secret', 'sources.crm.connection', /should be changed/],
  ],
  [
    'half a password in the file',
    [['${FRIST_CRM}', '¦mysql://frist:geheim${PASSWORD}@db/crm']],
    ['literal-secret', 'sources.crm.connection', /should be changed/],
  ],
  [
    'a password as a parameter',
    [['${FRIST_CRM}', '¦postgres://db/crm?user=x&password=geheim']],
    ['literal-secret', 'sources.crm.connection', /should be changed/],
  ],
];
