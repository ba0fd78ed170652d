// What the trail is said to say of a person is what stands in it, in every epoch whose key is there.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { EVIDENCE_PREFIX } from '../../../src/audit/tile.ts';
import { auditFind } from '../../../src/cli/audit/find.ts';
import { codeOf } from '../../state/support.ts';
import { capture, FILES, openDesk, type Desk } from './support.ts';

let desk: Desk;
beforeAll(async () => {
  desk = await openDesk();
});
afterAll(() => desk.close());

interface Document {
  readonly found: boolean;
  readonly entries: readonly { readonly index: number; readonly [field: string]: unknown }[];
  readonly unanswerable: unknown;
}

async function find(subject: readonly string[], record: readonly string[] = []): Promise<Document> {
  const { io, all } = capture();
  expect(await auditFind(desk, { subject, record, files: FILES, json: true }, io)).toBe(0);
  return JSON.parse(all()) as Document;
}

const numbers = async (subject: readonly string[], record: readonly string[] = []): Promise<number[]> =>
  (await find(subject, record)).entries.map(({ index }) => index);

describe('audit find', () => {
  it('finds a person in every way in which record types write the identifier, over all epochs', async () => {
    // One controller writes addresses in lower case, the other as they are.
    expect(await numbers(['email= Åse@example.dk '])).toEqual([3, 6, 9, 12]);
    expect(await numbers(['email=ÅSE@EXAMPLE.DK'])).toEqual([3, 6, 12]);
    expect(await numbers(['email=jens@example.dk'])).toEqual([4]);
    expect(await numbers(['email=jens@example.dk', 'email=åse@example.dk'])).toEqual([3, 4, 6, 12]);
    expect(await numbers(['phone=+45 11 22 33 44'])).toEqual([]);
  });

  it('finds what was written when the policies spelled the identifier otherwise', async () => {
    const { io, all } = capture();
    const files = FILES.slice(1);
    await auditFind(desk, { subject: ['email=Åse@example.dk'], record: [], files, json: true }, io);
    const { entries } = JSON.parse(all()) as Document;
    expect(entries.map(({ index }) => index)).toEqual([3, 6, 9, 12]);
  });

  it('finds a record by its key, composite ones too', async () => {
    expect(await numbers([], ['crm.contact=42'])).toEqual([3, 12]);
    expect(await numbers([], ['crm.contact=042'])).toEqual([]);
    expect(await numbers([], ['crm.member=["7","12,5"]'])).toEqual([9]);
    expect(await numbers([], ['crm.member=7,12'])).toEqual([]);
    expect(await numbers(['email=jens@example.dk'], ['crm.contact=42'])).toEqual([3, 4, 12]);
  });

  it('finds a record of a table that a pattern names, by what the pattern stands for and its key', async () => {
    const [first, ...others] = FILES;
    const sources = first!.sources.map((source) => {
      const records = source.records.map((record) => ({ ...record, table: 'members_*', key: ['number'] }));
      return { ...source, records };
    });
    const { io, all } = capture();
    const options = { subject: [], record: ['crm.member=["7","12,5"]'], json: true };
    await auditFind(desk, { ...options, files: [{ ...first!, sources }, ...others] }, io);
    expect((JSON.parse(all()) as Document).entries.map(({ index }) => index)).toEqual([9]);
  });

  it('tells why, whether it was looked for again, how a hold ended, and what cannot be told', async () => {
    const { found, entries, unanswerable } = await find(['email=Åse@example.dk']);
    expect(found).toBe(true);
    const promise = 'Contacts are erased within 2 years.';
    expect(entries).toMatchObject([
      { entry: { outcome: 'erased', policy: 'contacts' }, promise, verification: 'verified' },
      { entry: { hold: 'hold-1' }, released: '2026-11-05T03:40:00.000Z' },
      { entry: { record: 'member' }, verification: 'pending' },
      { entry: { record: 'contact' }, promise },
    ]);
    expect(unanswerable).toEqual([{ from: '2025-01-01', to: '2025-02-01', destroyed: '2026-03-01' }]);
  });

  it('says it in words', async () => {
    const words = async (subject: string): Promise<string> => {
      const { io, all } = capture();
      await auditFind(desk, { subject: [subject], record: [], files: FILES, json: false }, io);
      return all();
    };
    const gap =
      'Cannot be told: what was written from 2025-01-01 to 2025-02-01, because the key of these days is gone since 2026-03-01.\n';
    expect(await words('email=Åse@example.dk')).toBe(`\
2026-11-02  crm.contact: delete, erased; looking again: verified  (entry 3)
            policy contacts, promised by 2026-12-01
            “Contacts are erased within 2 years.”
2026-11-03  hold-1 placed by ops, in every source: released 2026-11-05  (entry 6)
2026-11-06  crm.member: delete, erased; looking again: pending  (entry 9)
            policy contacts, promised by 2026-12-01
            “Contacts are erased within 2 years.”
2026-11-21  crm.contact: delete, erased; looking again: verified  (entry 12)
            policy contacts, promised by 2026-12-01
            “Contacts are erased within 2 years.”
${gap}`);
    expect(await words('email=nobody@example.dk')).toBe(
      `Nothing: the trail of 15 entries has none about it.\n${gap}`,
    );
  });

  it('knows no promise once its text has been erased', async () => {
    const other = await openDesk();
    for (const key of other.store.objects.keys())
      if (key.startsWith(EVIDENCE_PREFIX)) other.store.objects.delete(key);
    const { io, all } = capture();
    const subject = ['email=jens@example.dk'];
    await auditFind(other, { subject, record: [], files: FILES, json: true }, io);
    await other.close();
    const [entry] = (JSON.parse(all()) as Document).entries;
    expect(entry).toMatchObject({ index: 4, entry: { outcome: 'failed', code: 'FK' } });
    expect(entry).not.toHaveProperty('promise');
  });

  it('warns of entries that are not published yet', async () => {
    const { io, all } = capture();
    const options = { subject: ['email=x@example.dk'], record: [], files: FILES, json: false };
    await auditFind({ ...desk, waiting: true }, options, io);
    expect(all()).toMatch(/warning: entries wait to be published/);
  });

  it.each([
    [[], []],
    [['åse@example.dk'], []],
    [['cpr=010101-1234'], []],
    [[], ['contact=42']],
    [[], ['crm.invoice=42']],
    [[], ['crm.member=7']],
    [[], ['crm.member=[7,12]']],
    [[], ['crm.member=["7"']],
  ])('refuses to look for %j, %j, which is no question', async (subject, record) => {
    expect(await codeOf(find(subject, record))).toBe('USAGE');
  });
});
