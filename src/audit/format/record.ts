/**
 * `record` entries by the thousand: the same texts as `formatEntry`, in a fraction of the time, because most of an
 * entry is the same for all records that one policy erases. Pure.
 */
import { formatEntry } from '../entry.ts';
import type { EntryOf } from '../entry.ts';
import { ULID } from './ulid.ts';

/** What all entries have in common. */
export type SharedOfRecord = Pick<EntryOf<'record'>, 'policy' | 'source' | 'record' | 'action'>;
/** What is each record's own. */
export type OwnOfRecord = Omit<EntryOf<'record'>, keyof SharedOfRecord | 'v' | 'type' | 'dependents'>;

const DIGEST = /^[0-9a-f]{64}$/;

/**
 * Makes a function that formats entries. Whatever it puts together itself has been checked like any entry: hashes and
 * ids by their form, all else by having passed `formatEntry` in the same field before. What has not goes there.
 * @throws AUDIT_ENTRY from the function, as `formatEntry` does.
 */
export function recordFormatter(shared: SharedOfRecord): (own: OwnOfRecord) => string {
  const json = (field: keyof SharedOfRecord): string => JSON.stringify(shared[field]);
  const action = `{"action":${json('action')},"age":"`;
  const policy = `","policy":${json('policy')}`;
  const end = `,"record":${json('record')},"source":${json('source')},"type":"record","v":1}`;
  const passed = {
    age: new Set<string>(),
    outcome: new Set<string>(),
    promised: new Set<string | undefined>(),
  };
  let last: Pick<OwnOfRecord, 'at' | 'batch'> | undefined;
  return (own) => {
    const { age, at, batch, commitments, outcome, promised } = own;
    const { incarnation, record, subject } = commitments;
    const checked =
      at === last?.at &&
      batch === last.batch &&
      own.code === undefined &&
      passed.age.has(age) &&
      passed.outcome.has(outcome) &&
      passed.promised.has(promised) &&
      ULID.test(own.eid) &&
      DIGEST.test(incarnation) &&
      DIGEST.test(record) &&
      // A name is at most 200 characters: with so few subjects no entry comes near the largest size.
      subject.length < 10 &&
      subject.every((one) => DIGEST.test(one));
    if (!checked) {
      const text = formatEntry({ v: 1, type: 'record', ...shared, ...own });
      passed.age.add(age);
      passed.outcome.add(outcome);
      passed.promised.add(promised);
      last = { at, batch };
      return text;
    }
    const subjects = subject.length === 0 ? '' : `"${subject.join('","')}"`;
    const day = promised === undefined ? '' : `,"promised":"${promised}"`;
    return `${action}${age}","at":"${at}","batch":"${batch}","commitments":{"incarnation":"${incarnation}","record":"${record}","subject":[${subjects}]},"eid":"${own.eid}","outcome":"${outcome}${policy}${day}${end}`;
  };
}
