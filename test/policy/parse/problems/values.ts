import type { Case } from './case.ts';

export const VALUES: readonly Case[] = [
  [
    'no time zone',
    [['timezone: Europe/Copenhagen', 'timezone: ¦Europe/Copenhaven']],
    ['bad-timezone', 'controller.timezone', /Did you mean "Europe\/Copenhagen"/],
  ],
  [
    'an id of a controller with capitals',
    [['  name: Eksempel A/S\n', '  name: Eksempel A/S\n  id: ¦Acme\n']],
    ['wrong-value', 'controller.id', /small letters and digits/],
  ],
  [
    'an id of a controller with a slash',
    [['  name: Eksempel A/S\n', '  name: Eksempel A/S\n  id: ¦a/b\n']],
    ['wrong-value', 'controller.id', /small letters and digits/],
  ],
  [
    'an id of a controller with two hyphens together',
    [['  name: Eksempel A/S\n', '  name: Eksempel A/S\n  id: ¦a--b\n']],
    ['wrong-value', 'controller.id', /small letters and digits/],
  ],
  [
    'an id of a controller with dots',
    [['  name: Eksempel A/S\n', '  name: Eksempel A/S\n  id: ¦".."\n']],
    ['wrong-value', 'controller.id', /small letters and digits/],
  ],
  [
    'an id of a controller with nothing but a hyphen',
    [['  name: Eksempel A/S\n', '  name: Eksempel A/S\n  id: ¦"-"\n']],
    ['wrong-value', 'controller.id', /small letters and digits/],
  ],
  [
    'an id of a controller with too many letters',
    [['  name: Eksempel A/S\n', '  name: Eksempel A/S\n  id: ¦aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n']],
    ['wrong-value', 'controller.id', /small letters and digits/],
  ],
  [
    'an offset as a time zone',
    [['timezone: Europe/Copenhagen', 'timezone: ¦"+01:00"']],
    ['bad-timezone', 'controller.timezone', /Write one such as/],
  ],
  [
    'a grace of holds that is no length of time',
    [['sources:\n', 'holds: { grace: ¦2 fortnights }\nsources:\n']],
    ['bad-period', 'holds.grace', /2 days/],
  ],
  [
    'no time zone of a source',
    [['datetimes in: Europe/Copenhagen', 'datetimes in: ¦Copenhagen']],
    ['bad-timezone', 'sources.crm.datetimes in', /Write one such as/],
  ],
  [
    'no time zone of a column',
    [['as: date,', 'as: ¦local Mars,']],
    ['bad-timezone', 'policies.bookkeeping.start.as', /Write one such as/],
  ],
  [
    'a time that no replica may be behind',
    [['    datetimes in:', '    pause above: { replica lag: ¦10 s }\n    datetimes in:']],
    ['bad-period', 'sources.crm.pause above.replica lag', /10 seconds/],
  ],
  [
    'replicas without a limit',
    [['    datetimes in:', "    pause above: { replicas: ¦['mysql://a@b/c'] }\n    datetimes in:"]],
    ['missing-key', 'sources.crm.pause above.replicas', /replica lag/],
  ],
  [
    'a replica whose variable is not set',
    [
      [
        '    datetimes in:',
        "    pause above: { replica lag: 5 seconds, replicas: [¦'${NOBODY}'] }\n    datetimes in:",
      ],
    ],
    ['unset-reference', 'sources.crm.pause above.replicas.0', /NOBODY/],
  ],
  [
    'a local time without a zone',
    [
      ['    datetimes in: Europe/Copenhagen\n', ''],
      ['as: date,', 'as: ¦local,'],
    ],
    ['missing-timezone', 'policies.bookkeeping.start.as', /datetimes in/],
  ],
  [
    'a date and a time without a zone',
    [
      ['    datetimes in: Europe/Copenhagen\n', ''],
      ['as: date,', 'time: ¦clock,'],
    ],
    ['missing-timezone', 'policies.bookkeeping.start.time', /datetimes in/],
  ],
  [
    'a month that is none',
    [['ends: 12-31', 'ends: ¦13-31']],
    ['bad-date', 'controller.financial year ends', /MM-DD/],
  ],
  [
    'a day that is none',
    [['ends: 12-31', 'ends: ¦04-31']],
    ['bad-date', 'controller.financial year ends', /MM-DD/],
  ],
  [
    'an earliest day that is none',
    [['as: date,', 'as: date, earliest: ¦2025-02-29,']],
    ['bad-date', 'policies.bookkeeping.start.earliest', /YYYY-MM-DD/],
  ],
  [
    'a period of zero',
    [['    within: 12 months\n    margin: 2 days', '    within: ¦0 days']],
    ['bad-period', 'policies.contacts.within', /3 months/],
  ],
  [
    'a negative period',
    [['keep: 5 years', 'keep: ¦-5 years']],
    ['bad-period', 'policies.bookkeeping.keep', /3 months/],
  ],
  [
    'a period of more than a day in hours',
    [['    within: 12 months\n    margin: 2 days', '    within: ¦48 hours']],
    ['bad-period', 'policies.contacts.within', /3 months/],
  ],
  [
    'a period under a day',
    [['    within: 12 months\n    margin: 2 days', '    within: ¦12 hours']],
    ['short-period', 'policies.contacts.within', /`short period: on purpose`/],
  ],
  [
    'a long period that is called short',
    [['    within: 12 months', '    ¦short period: on purpose\n    within: 12 months']],
    ['contradiction', 'policies.contacts.short period', /Remove it/],
  ],
  [
    'a short period for some reason',
    [['    within: 12 months\n    margin: 2 days', '    short period: ¦true\n    within: 12 hours']],
    ['wrong-value', 'policies.contacts.short period', /on purpose/],
  ],
  [
    'no period',
    [['keep: 5 years after the end of the financial year', 'keep: ¦for a while']],
    ['bad-period', 'policies.bookkeeping.keep', /3 months/],
  ],
  [
    'no margin',
    [['margin: 2 days', 'margin: ¦some']],
    ['bad-period', 'policies.contacts.margin', /"2 days", "12 hours" or 0/],
  ],
  [
    'a margin as long as the period',
    [['within: 12 months\n    margin: 2 days', 'within: 2 days\n    margin: ¦48 hours']],
    ['bad-margin', 'policies.contacts.margin', /shorter than the period/],
  ],
  [
    'a margin as long as the shortest month',
    [['within: 12 months\n    margin: 2 days', 'within: 1 month\n    margin: ¦28 days']],
    ['bad-margin', 'policies.contacts.margin', /shorter than the period/],
  ],
  [
    'an allowance in hours',
    [['allowance: 14 days', 'allowance: ¦36 hours']],
    ['bad-period', 'policies.old.stages.1.allowance', /7 days/],
  ],
  [
    'a bad cron',
    [['"15 3 * * *"', '¦"15 25 * * *"']],
    ['bad-cron', 'policies.contacts.schedule', /"15 3 \* \* \*"/],
  ],
  [
    'a cron with seconds',
    [['"15 3 * * *"', '¦"0 15 3 * * *"']],
    ['bad-cron', 'policies.contacts.schedule', /minute, hour/],
  ],
  [
    'an unknown encoding',
    [['as: date,', 'as: ¦epoch second,']],
    ['bad-encoding', 'policies.bookkeeping.start.as', /^Did you mean "epoch seconds"/],
  ],
  [
    'a placeholder that is not unique',
    [
      ['erased-{key}@invalid', 'erased@invalid'],
      ['{ placeholder: "', '{ placeholder: ¦"'],
    ],
    ['bad-template', 'policies.old.stages.0.set.email.placeholder', /erased-\{key\}@invalid/],
  ],
  [
    'a placeholder with another name',
    [
      ['erased-{key}@invalid', 'erased-{key}-{id}@invalid'],
      ['{ placeholder: "', '{ placeholder: ¦"'],
    ],
    ['bad-template', 'policies.old.stages.0.set.email.placeholder', /erased-\{key\}@invalid/],
  ],
  [
    'a column that is none',
    [['max: messages.sent_at', 'max: ¦sent_at']],
    ['wrong-value', 'policies.contacts.start.latest of.1.max', /related\.column/],
  ],
  [
    'an empty scope',
    [['{ tenant_id: 7 }\n        subject: none', '¦{}\n        subject: none']],
    ['wrong-value', 'sources.crm.records.invoice.scope', /leave `scope` out/],
  ],
  [
    'a scope of NULL',
    [['{ tenant_id: 7 }\n        subject: none', '¦{ tenant_id: null }\n        subject: none']],
    ['wrong-value', 'sources.crm.records.invoice.scope', /leave `scope` out/],
  ],
  [
    'nobody named',
    [['subject: { email: email }', 'subject: ¦{}']],
    ['wrong-value', 'sources.crm.records.contact.subject', /subject: none/],
  ],
];
