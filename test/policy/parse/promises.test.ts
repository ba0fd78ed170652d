/**
 * The promises of five published privacy policies, written down. Every row is either in one of the files, or is kept by
 * something else than a policy: holds and requests.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { formatPeriodPhrase } from '../../../src/policy/time/period.ts';
import type { Policy } from '../../../src/policy/policy.ts';
import { parsePolicies } from '../../../src/policy/parse/parse.ts';
import { compileViews } from '../../../src/policy/view.ts';

const FOLDER = join(import.meta.dirname, 'promises');

/** What each promise comes to: bound, period, and what is done. */
const PROMISES: Readonly<Record<string, readonly string[]>> = {
  'IM-1': ['after 26 weeks: delete'],
  'IM-2': ['within 12 months: delete'],
  'IM-3': ['within 1 month: delete'],
  'IM-4': ['after 1 day: delete'],
  'IM-5': ['after 1 day: delete'],
  'IM-6': ['within 12 months: delete'],
  'IM-7': [
    'keep 5 years after the end of the financial year',
    'after 5 years after the end of the financial year: delete',
  ],
  'IM-8': ['within 12 months: delete'],
  'IM-9': ['within 12 months: delete'],
  'IM-10': ['within 3 months: delete'],
  'ID-1': ['after 3 months: anonymise, after 2 years: delete'],
  'ID-2': ['within 7 days: delete'],
  'ID-3': ['within 1 month: delete'],
  'CL-1': ['within 12 months: delete'],
  'CL-2': ['after 24 months: delete', 'after 24 months: delete'],
  'CL-3': ['within 5 days: delete'],
  'CL-4': ['keep 5 years'],
  'CL-7': ['within 2 months: delete'],
  'MA-1': ['within 12 months: delete'],
  'MA-2': ['within 6 months: delete', 'keep 7 years after the end of the financial year'],
  'MA-3': ['within 1 month: delete'],
  'SO-1': ['after 24 months: delete'],
  'SO-2': ['within 7 days: anonymise'],
  'SO-3': ['keep 5 years'],
  'SO-4': ['within 6 months: delete'],
};

/** Rows that no policy can keep, because they begin with a person or a dispute: `frist request` and `frist hold`. */
const BY_REQUEST = ['IM-11', 'ID-4', 'CL-5', 'CL-6', 'MA-4', 'SO-5'];

function say(policy: Policy): string {
  const phrase = (rule: Extract<Policy, { kind: 'keep' }>['rule']): string =>
    `${rule.bound} ${formatPeriodPhrase(rule.period, rule.roundUpTo)}`;
  if (policy.kind === 'keep') return phrase(policy.rule);
  return policy.stages.map(({ rule, action }) => `${phrase(rule)}: ${action.kind}`).join(', ');
}

const files = readdirSync(FOLDER).map((name) => {
  return parsePolicies(readFileSync(join(FOLDER, name), 'utf8'), {
    file: name,
    resolve: () => 'sqlite:x',
    kinds: ['sql'],
  });
});

describe('published promises', () => {
  it('can be written down without a warning', () => {
    expect(files.map((one) => one.file.controller.name)).toEqual([
      'Clienti',
      'Interdo AB',
      'InterMail',
      'MAILIT',
      'SuperOffice',
    ]);
    expect(files.flatMap((one) => one.warnings)).toEqual([]);
  });

  it('mean what they say', () => {
    const policies = files.flatMap((one) => one.file.policies);
    const said = policies.map((policy) => [policy.promise?.split(':')[0] ?? '', say(policy)] as const);
    const byId = Object.fromEntries(
      said.map(([id]) => [id, said.filter(([other]) => other === id).map(([, what]) => what)]),
    );
    expect(byId).toEqual(PROMISES);
  });

  it('of a customer relationship ask the system that knows it', () => {
    const asking = (id: string): readonly string[] =>
      files
        .flatMap((one) => compileViews(one.file))
        .filter((task) => task.policy.promise?.startsWith(`${id}:`) === true)
        .flatMap((task) => task.inquiries)
        .map(({ about, view }) => `${view.source}.${view.record.name} by ${about.by}`);
    expect(
      Object.fromEntries(['IM-2', 'IM-8', 'IM-9', 'ID-1', 'CL-2'].map((id) => [id, asking(id)])),
    ).toEqual({
      'IM-2': ['crm.customer by email'],
      'IM-8': ['crm.customer by email'],
      'IM-9': ['crm.customer by email'],
      'ID-1': ['books.agreement by organisation'],
      'CL-2': ['crm.relationship by email', 'crm.relationship by email'],
    });
  });

  it('are all accounted for', () => {
    const rows = { IM: 11, ID: 4, CL: 7, MA: 4, SO: 5 };
    const all = Object.entries(rows).flatMap(([company, count]) =>
      Array.from({ length: count }, (_, i) => `${company}-${String(i + 1)}`),
    );
    expect([...Object.keys(PROMISES), ...BY_REQUEST].toSorted()).toEqual(all.toSorted());
  });
});
