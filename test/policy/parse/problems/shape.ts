import { BASE } from '../base.ts';
import type { Case } from './case.ts';

export const SHAPE: readonly Case[] = [
  [
    'an unknown key',
    [['    within: 12', '    ¦witin: 12']],
    ['unknown-key', 'policies.contacts.witin', /^Did you mean "within"\? Known keys: promise, because/],
  ],
  [
    'an unknown key in a starting point',
    [['{ column: last_contacted_at, null', '{ column: last_contacted_at, ¦nul']],
    [
      'unknown-key',
      'policies.contacts.start.latest of.0.nul',
      /^Did you mean "null"\? Known keys: column, max/,
    ],
  ],
  [
    'an unknown key in a comparison',
    [['customer_number: { not: null }', 'customer_number: { ¦mor than: 1 }']],
    [
      'unknown-key',
      'policies.contacts.unless.customer.customer_number.mor than',
      /^Did you mean "more than"/,
    ],
  ],
  [
    'an unknown key at the top',
    [['policies:\n', '¦policy: x\npolicies:\n']],
    ['unknown-key', 'policy', /^Known keys: frist, controller, sources, policies/],
  ],
  [
    'an unknown key of a controller',
    [['  name: Eks', '  ¦nmae: x\n  name: Eks']],
    ['unknown-key', 'controller.nmae', /^Did you mean "name"/],
  ],
  [
    'an unknown key of related rows',
    [['match: { contact_id: id }, where', '¦mtach: {}, match: { contact_id: id }, where']],
    ['unknown-key', 'sources.crm.records.contact.related.open deals.mtach', /^Did you mean "match"/],
  ],
  [
    'a missing version',
    [
      ['frist: 1\n', ''],
      ['controller:', '¦controller:'],
    ],
    ['missing-key', 'frist', /^Version of the language: 1/],
  ],
  ['another version', [['frist: 1', 'frist: ¦2']], ['wrong-value', 'frist', /^Version of the language: 1/]],
  [
    'a missing timezone',
    [
      ['  timezone: Europe/Copenhagen\n', ''],
      ['controller:', '¦controller:'],
    ],
    ['missing-key', 'controller.timezone', /IANA time zone/],
  ],
  [
    'a number where text belongs',
    [['name: Eksempel A/S', 'name: ¦42']],
    ['wrong-type', 'controller.name', /Who is responsible/],
  ],
  [
    'a list where a mapping belongs',
    [['start: { column: issued_on, as: date, null: unknown }', 'start: ¦[issued_on]']],
    ['wrong-type', 'policies.bookkeeping.start', /When the period begins/],
  ],
  [
    'a mapping where a constant belongs',
    [['{ tenant_id: 7 }\n        subject: none', '{ tenant_id: ¦{} }\n        subject: none']],
    ['wrong-type', 'sources.crm.records.invoice.scope.tenant_id', /Constant columns/],
  ],
  [
    'no sources',
    [[BASE.slice(BASE.indexOf('  crm:'), BASE.indexOf('policies:')), '  ¦[]\n']],
    ['wrong-type', 'sources', /Write each of the sources/],
  ],
  [
    'an unknown action',
    [['    action: delete\n    dependents', '    action: ¦remove\n    dependents']],
    ['wrong-value', 'policies.contacts.action', /delete, or anonymise/],
  ],
  [
    'a share over 100 percent',
    [['    schedule', '    guards: { percent: ¦101 }\n    schedule']],
    ['wrong-value', 'policies.contacts.guards.percent', /in percent/],
  ],
  [
    'part of a record',
    [['    schedule', '    guards: { records: ¦1.5 }\n    schedule']],
    ['wrong-type', 'policies.contacts.guards.records', /Most records/],
  ],
  [
    'a name with a dot',
    [['  contacts:\n', '  ¦con.tacts:\n']],
    ['bad-name', 'policies.con.tacts', /^Begin with a letter/],
  ],
  [
    'a name that is a number',
    [['      open deal:', '      ¦1:']],
    ['bad-name', 'policies.contacts.unless.1', /^Begin with a letter/],
  ],
];
