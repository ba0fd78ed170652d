/** Policies: the rule, its stages, what is done, and how much at once. */
import { z } from 'zod';
import { condition, elsewhereShape, name, replacements, says, scalar, text } from './values.ts';
import { start } from './start.ts';

export const guardsShape = {
  records: says(z.int().min(0).optional(), 'Most records of one policy in one run; 0 means none.'),
  percent: says(
    z.number().min(0).max(100).optional(),
    'Largest share of the records of the type, in percent; 0 means none.',
  ),
};

export const guards = z.strictObject(guardsShape);

/** When a plan waits for a person though no guard stops it. */
export const approval = z.union([
  z.enum(['always', 'never']),
  z.strictObject({
    above: says(z.int().min(0), 'Plans of more records than this wait for approval.'),
  }),
]);
export type ApprovalText = z.output<typeof approval>;

const set = says(
  replacements.optional(),
  "With `anonymise`: columns and what they become, e.g. { name: null, email: { placeholder: 'erased-{key}@invalid' } }.",
);

const filesShape = {
  root: says(
    text,
    'The folder that all these files stand in, or s3://bucket/prefix. Nothing outside it is touched.',
  ),
  path: says(text, "Path below the root, with columns of the row in it, e.g. '{directory}/{file_name}'."),
};

const filesText = z.strictObject(filesShape).meta({ id: 'files' });
export type FilesText = z.output<typeof filesText>;

const files = says(
  filesText.optional(),
  "Files that the rows name, deleted with them: { root: /srv/files, path: '{file_name}' }.",
);

const dependent = z
  .strictObject({
    delete: says(text.optional(), 'Name of related rows that are deleted.'),
    anonymise: says(text.optional(), 'Name of related rows whose columns are overwritten; needs `set`.'),
    detach: says(text.optional(), 'Name of related rows whose matching columns become NULL.'),
    to: says(
      scalar.optional(),
      'With `detach`: what the matching column becomes instead of NULL, where the application writes 0 or -1 for none.',
    ),
    keep: says(text.optional(), 'Name of related rows that stay, and are proven untouched.'),
    set,
    where: says(condition.optional(), 'Only these of the related rows, e.g. { private: 1 }.'),
    files,
    'unless owned': says(
      z.union([text, z.array(text).min(1)]).optional(),
      'With `delete`, for shared rows: names of related rows that own them. A row that still has an owner stays.',
    ),
  })
  .meta({ id: 'dependent' });

export type DependentText = z.output<typeof dependent>;

const dependents = says(
  z.array(dependent).optional(),
  'What happens to related rows, in this order, before the record itself: delete, anonymise, detach or keep.',
);

const insteadText = z.strictObject({
  when: says(condition, 'What keeps the record from being deleted, e.g. { exists: invoices }.'),
  set: says(replacements, 'Columns and what they become meanwhile.'),
  dependents,
  files,
});
export type InsteadText = z.output<typeof insteadText>;

/** A margin, an allowance, a grace; 0 may stand without a unit. */
export const span = z.union([text, z.literal(0)]);

export const stageShape = {
  within: says(
    text.optional(),
    'The record is gone before the start plus this period has ended, e.g. 3 months.',
  ),
  after: says(
    text.optional(),
    'The record is kept for this period from its start, then erased, e.g. 24 months.',
  ),
  margin: says(
    span.optional(),
    'With `within`: how long before the end a record is erased, e.g. 2 days, 12 hours, 0. Left out: 2 days, at most a quarter of the period.',
  ),
  allowance: says(
    span.optional(),
    'With `after`: days until a record that is due counts as overdue. Left out: 7 days.',
  ),
  'short period': says(
    z.literal('on purpose').optional(),
    'Beside a period of hours: on purpose, because a day is the shortest that is taken for meant.',
  ),
  action: says(z.enum(['delete', 'anonymise']).optional(), 'What is done: delete, or anonymise with `set`.'),
  set,
  files,
  dependents,
  'anonymise instead': says(
    insteadText.optional(),
    'With `delete`: the record is anonymised while a condition holds, and deleted when it no longer does.',
  ),
};

export const exemptionElsewhere = z.strictObject({
  ...elsewhereShape,
  'if none': says(
    z.enum(['keep', 'not met']).optional(),
    'Where there is no record of the person at all: keep and report, or the exemption is not met. Left out: keep.',
  ),
});

export const policyShape = {
  promise: says(text.optional(), 'The promise of the privacy policy, quoted; reports show it.'),
  because: says(text.optional(), 'Legal basis or reason; reports show it.'),
  metadata: says(z.record(z.string().min(1), z.string()).optional(), 'Notes of your own, as text.'),
  records: says(text, 'Which records: source.record, or source.* for every record type of the source.'),
  start: says(
    start,
    'When the period begins: a column, or { column / max / min / latest of / first known of / elsewhere: … }.',
  ),
  ...stageShape,
  keep: says(
    text.optional(),
    'The record must be kept for this period from its start, whatever other policies say, e.g. 5 years after the end of the financial year.',
  ),
  where: says(condition.optional(), 'Which records of the type, e.g. { status: lead }. Left out: all.'),
  unless: says(
    z.record(name, z.union([exemptionElsewhere, condition])).optional(),
    'Exemptions, each with a name that reports use, e.g. { open deal: { exists: deals } }.',
  ),
  stages: says(
    z.array(z.strictObject(stageShape)).min(1).optional(),
    'Several steps of one rule, e.g. anonymise after 12 months, then delete after 24.',
  ),
  guards: says(
    guards.optional(),
    'Where a run stops and waits for approval. Left out: 10000 records, 10 percent.',
  ),
  'first run guards': says(
    guards.optional(),
    'The same while the policy is new or changed. Left out: 100 records, 1 percent.',
  ),
  approval: says(
    approval.optional(),
    'Whether a person lets each plan go: always, never, or { above: 50 }. Left out: never; guards alone stop a plan.',
  ),
  schedule: says(
    text.optional(),
    'Cron expression with five fields, e.g. "15 3 * * *". Left out: that of the daemon.',
  ),
  'acknowledge cascades': says(
    z.array(text).min(1).optional(),
    'Tables that the database itself deletes from or empties columns of (ON DELETE CASCADE, SET NULL).',
  ),
};
