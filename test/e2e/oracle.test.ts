import { describe, expect, it } from '@jest/globals';
import { DEMO_AS_OF, demoData, HELD } from '../../src/demo/data.ts';
import { expected, POLICIES, type Verdict } from './oracle.ts';

const { databases, edgeCases } = demoData();
const asOf = Date.parse(DEMO_AS_OF);
const after = expected(databases, asOf, HELD.email);
const POLICY_OF = { crm: 'contacts', newsletter: 'unsubscribed', ats: 'applicants', chat: 'chats' } as const;

function countOf(policy: string, verdict: Verdict): number {
  return [...after.verdicts.get(policy)!.values()].filter((one) => one === verdict).length;
}

describe('the demo’s data', () => {
  it('are the same each time', () => {
    expect(demoData()).toEqual(demoData());
  });

  it('hold a few thousand people, and each policy finds every kind of record', () => {
    const people = ['crm.contacts', 'newsletter.subscribers', 'ats.applications', 'chat.conversations'];
    const count = databases
      .flatMap((one) =>
        one.tables.map((table) => ({ name: `${one.database}.${table.name}`, rows: table.rows.length })),
      )
      .filter((table) => people.includes(table.name))
      .reduce((sum, table) => sum + table.rows, 0);
    expect(count).toBeGreaterThan(3000);
    for (const policy of POLICIES) {
      for (const verdict of ['erase', 'pending', 'undated', 'implausible', 'held'] as const)
        expect([policy, verdict, countOf(policy, verdict) > 0]).toEqual([policy, verdict, true]);
    }
    for (const policy of ['applicants', 'contacts']) expect(countOf(policy, 'exempt')).toBeGreaterThan(5);
    for (const policy of ['contacts', 'chats']) expect(countOf(policy, 'subject unknown')).toBeGreaterThan(1);
    expect(countOf('chats', 'done')).toBeGreaterThan(1);
  });

  it('make every policy trip the guards of a first run: more than 1 percent, and of a population over 100', () => {
    const population = { applicants: 531, contacts: 1500, unsubscribed: 1506, chats: 1107 };
    for (const policy of POLICIES) expect(countOf(policy, 'erase')).toBeGreaterThan(population[policy] / 100);
  });
});

describe('the edge cases', () => {
  it.each(edgeCases.map((edge) => [edge.label, edge] as const))('%s', (_, edge) => {
    const id = String(edge.key.at(-1));
    const foreign = edge.database === 'crm' && edge.key[0] === 2;
    const verdict = foreign ? undefined : after.verdicts.get(POLICY_OF[edge.database])!.get(id);
    const gone = edge.database === 'chat' ? 'is anonymised' : 'goes';
    expect(verdict === 'erase' ? gone : 'stays').toBe(edge.fate);
    if (edge.because.startsWith('held')) expect(verdict).toBe('held');
    if (edge.because.startsWith('subject unknown')) expect(verdict).toBe('subject unknown');
    if (edge.because.startsWith('exempt')) expect(verdict).toBe('exempt');
    if (edge.because.includes('undated')) expect(verdict).toBe('undated');
    if (edge.because.includes('implausible')) expect(verdict).toBe('implausible');
  });

  it('are in the data under their keys', () => {
    for (const edge of edgeCases) {
      const table = databases
        .find((one) => one.database === edge.database)!
        .tables.find((one) => one.name === edge.table)!;
      expect(table.rows.filter((row) => edge.key.every((cell, i) => row[i] === cell))).toHaveLength(1);
    }
  });

  it('are at least five in each kind of fate that matters', () => {
    expect(edgeCases.filter((edge) => edge.fate === 'stays').length).toBeGreaterThan(5);
    expect(edgeCases.filter((edge) => edge.fate !== 'stays').length).toBeGreaterThan(5);
  });
});
