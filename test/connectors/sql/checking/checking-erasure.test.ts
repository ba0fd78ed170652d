/** What `check` says of replacements, dependents, owners and parts: one case per finding, on every engine. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Dependent, Part, Replacement, View } from '../../../../src/policy/policy.ts';
import { engines } from '../../../support/servers/index.ts';
import { ON } from '../../conformance/support.ts';
import { is, latestOf, relatedRows, stage } from '../../conformance/views.ts';
import { makeBed, recordOf, relation, viewOf } from '../bed.ts';
import type { Bed } from '../bed.ts';

const PERSON = recordOf('people', ['id'], {
  related: [
    relation('links', { person_id: 'id' }),
    relation('open links', { person_id: 'id' }, { table: 'links', where: is('kind', 1) }),
    relation('events', { id: 'event_id' }, { of: 'links' }),
    relation('open events', { id: 'event_id' }, { table: 'events', of: 'open links' }),
    relation('notes', {}, { match: [{ theirs: 'body', ours: 'id', inText: { before: 'id=', after: '' } }] }),
  ],
});
const ADDRESS: Part = {
  name: 'address',
  table: 'addresses',
  match: [{ theirs: 'id', ours: 'address_id' }],
  scope: [],
};

const set = (column: string, by: Replacement, ...path: readonly string[]): View =>
  viewOf(PERSON, {
    stages: [
      stage({ kind: 'anonymise', set: [{ column, with: by, ...(path.length === 0 ? {} : { path }) }] }),
    ],
  });
const inRows = (related: string, column: string, by: Replacement): Dependent => ({
  related,
  kind: 'anonymise',
  set: [{ column, with: by }],
});
const going = (...dependents: Dependent[]): View =>
  viewOf(PERSON, { stages: [stage({ kind: 'delete' }, ...dependents)] });
const constant = (value: string | number | null): Replacement => ({ kind: 'constant', value });
const redact = (matching: string, by = '…'): Replacement => ({
  kind: 'redact',
  patterns: [{ matching }],
  with: by,
});

const CASES: readonly (readonly [what: string, view: View, code: string, words: RegExp])[] = [
  ['a year of a text', set('name', { kind: 'generalise', to: 'year' }), 'replacement-type', /not a date or moment/],
  ['thousands of a text', set('name', { kind: 'round', to: 1000 }), 'replacement-type', /not a number/],
  ['halves of a whole number', set('score', { kind: 'round', to: 0.5 }), 'replacement-range', /rounded to 0\.5/],
  ['the beginning of a number', set('score', { kind: 'keep first', characters: 2 }), 'replacement-type', /can be kept/],
  ['the domain of a number', set('score', { kind: 'keep domain', local: 'x' }), 'replacement-type', /is text/],
  ['a local part that is too long', set('short', { kind: 'keep domain', local: 'erased' }), 'replacement-length', /holds 5 characters/],
  ['patterns in a number', set('score', redact('a')), 'replacement-type', /not free text/],
  ['a pattern that is none', set('name', redact('(')), 'replacement-pattern', /no expression of RE2/],
  ['a pattern that is everywhere', set('name', redact('a*')), 'replacement-pattern', /finds nothing at all/],
  ['a pattern that finds what it leaves', set('name', redact('x', 'xx')), 'replacement-pattern', /never be done/],
  ['a column that is no member', set('name', { kind: 'remove' }), 'replacement-json', /Name the member/],
  ['a member of a number', set('score', { kind: 'remove' }, 'a'), 'replacement-json', /holds no JSON/],
  ['a place of a list', set('name', { kind: 'remove' }, 'list', '0'), 'replacement-json', /the next value stands there/],
  ['a year of a member', set('name', { kind: 'generalise', to: 'year' }, 'a'), 'replacement-json', /cannot be replaced by "generalise"/],
  ['the same beginnings in a unique column', set('code', { kind: 'keep first', characters: 1 }), 'replacement-unique', /two rows/],
  ['one value beside others in a unique pair', set('slug', constant('x')), 'replacement-unique', /unique together with kind/],
  ['a key through another relation', going(inRows('events', 'title', { kind: 'placeholder', template: '{key}' })), 'replacement-key', /do not hold the key/],
  ['a start over related rows that moves', viewOf(PERSON, { starts: [latestOf('links', 'at')], stages: [stage({ kind: 'delete' }, inRows('links', 'at', constant(null)))] }), 'replacement-fixed', /period would begin anew/],
  ['what leads to a part', viewOf({ ...PERSON, parts: [ADDRESS] }, { stages: [stage({ kind: 'anonymise', set: [{ column: 'address_id', with: constant(null) }] })] }), 'replacement-fixed', /leads to a part/],
  ['a part that two records may have', viewOf({ ...PERSON, parts: [ADDRESS] }, { stages: [stage({ kind: 'anonymise', set: [{ column: 'street', part: 'address', with: constant(null) }] })] }), 'part-shared', /same row of addresses/],
  ['a column of a part that is not there', viewOf({ ...PERSON, parts: [ADDRESS] }, { stages: [stage({ kind: 'anonymise', set: [{ column: 'streeet', part: 'address', with: constant(null) }] })] }), 'unknown-column', /Did you mean "street"/],
  ['rows behind those that are gone', going({ related: 'links', kind: 'delete' }, { related: 'events', kind: 'delete' }), 'dependent-order', /"events" before "links"/],
  ['rows that the database takes along before their turn', viewOf({ ...PERSON, related: [relation('albums', { person: 'id' }), relation('photos', { owner: 'id' })] }, { stages: [stage({ kind: 'delete' }, { related: 'albums', kind: 'delete' }, { related: 'photos', kind: 'delete' })] }), 'dependent-order', /"photos" before "albums"/],
  ['owners that are strangers', going({ related: 'events', kind: 'delete', unlessOwned: ['notes'] }), 'owner-unrelated', /own rows of "events"/],
  ['owners that stay', going({ related: 'events', kind: 'delete', unlessOwned: ['links'] }), 'owner-stays', /for ever/],
  ['owners of some kind only', going({ related: 'open events', kind: 'delete', unlessOwned: ['open links'] }, { related: 'open links', kind: 'delete' }), 'owner-partly', /Only rows of links within/],
  ['none as what no number is', going({ related: 'links', kind: 'detach', to: 'none' }), 'detach-value', /person_id is .*cannot become none/],
  ['none in a column with a foreign key', viewOf({ ...PERSON, related: [relation('albums', { person: 'id' })] }, { stages: [stage({ kind: 'delete' }, { related: 'albums', kind: 'detach', to: 0 })] }), 'detach-value', /has a foreign key/],
  ['none in several columns', viewOf({ ...PERSON, related: [relation('links', { person_id: 'id', kind: 'kind' })] }, { stages: [stage({ kind: 'delete' }, { related: 'links', kind: 'detach', to: 0 })] }), 'detach-value', /several columns/],
  ['a reference inside a text', going({ related: 'notes', kind: 'detach' }), 'detach-text', /inside a text/],
  ['a cascade into a grandchild that is kept', viewOf({ ...PERSON, related: [relation('photos', { owner: 'id' })] }, { stages: [stage({ kind: 'delete' }, { related: 'photos', kind: 'keep' })] }), 'cascade-into-kept', /deletes rows of photos/],
  ['rows of which nothing is said', going({ related: 'notes', kind: 'keep' }), 'rows-left', /"links".* they stay/],
  ['a cascade from a part', viewOf({ ...PERSON, parts: [ADDRESS] }), 'cascade', /deletes rows of postcards .* with those of addresses/],
]; // prettier-ignore

describe.each(await engines())('check of what is erased on %s', (engine) => {
  let bed: Bed;

  beforeAll(async () => {
    bed = await makeBed(engine, ({ big, time }) => [
      `CREATE TABLE addresses (id ${big} PRIMARY KEY, street VARCHAR(80))`,
      `CREATE TABLE postcards (id ${big} PRIMARY KEY, address ${big}, FOREIGN KEY (address) REFERENCES addresses (id) ON DELETE CASCADE)`,
      `CREATE TABLE people (id ${big} PRIMARY KEY, name VARCHAR(80), short VARCHAR(5), score INT, code VARCHAR(20) UNIQUE, slug VARCHAR(20), kind INT NOT NULL, address_id ${big}, started_at ${time}, UNIQUE (slug, kind), FOREIGN KEY (address_id) REFERENCES addresses (id))`,
      `CREATE TABLE events (id ${big} PRIMARY KEY, title VARCHAR(80))`,
      `CREATE TABLE links (id ${big} PRIMARY KEY, person_id ${big}, event_id ${big}, kind INT, at ${time})`,
      `CREATE TABLE notes (id ${big} PRIMARY KEY, body VARCHAR(80))`,
      `CREATE TABLE albums (id ${big} PRIMARY KEY, person ${big}, FOREIGN KEY (person) REFERENCES people (id) ON DELETE CASCADE)`,
      `CREATE TABLE photos (id ${big} PRIMARY KEY, owner ${big}, album ${big}, FOREIGN KEY (album) REFERENCES albums (id) ON DELETE CASCADE)`,
    ]);
  });
  afterAll(async () => {
    await bed.close();
  });

  it.each(CASES)('%s', async (_, view, code, words) => {
    const { findings } = await bed.connect().check([view], ON);
    const told = findings.filter((one) => one.code === code).map((one) => `${one.message} ${one.remedy}`);
    expect(told.join('\n')).toMatch(words);
  });

  it('says nothing of a shared row whose links go with it', async () => {
    const view = going(
      { related: 'events', kind: 'delete', unlessOwned: ['links'] },
      { related: 'links', kind: 'delete' },
    );
    const { findings } = await bed.connect().check([view], ON);
    const codes = findings.map((one) => one.code);
    expect(codes.filter((code) => /^(?:owner|dependent|detach|part)-/.test(code))).toEqual([]);
  });

  it('says nothing of rows that are named, that cannot be there, or that the record refers to', async () => {
    const links = PERSON.related.find((one) => one.name === 'links')!;
    const home = relation('home', { id: 'address_id' }, { table: 'addresses' });
    const record = { ...PERSON, related: [links, { ...links, name: 'the same' }, home] };
    const stages = [stage({ kind: 'delete' }, { related: 'the same', kind: 'delete' })];
    const none = { stages: [stage({ kind: 'delete' })] };
    for (const view of [
      viewOf(record, { stages }),
      viewOf(record, { ...none, where: relatedRows('none', 'links'), exempt: [relatedRows('exists', 'the same')] }),
      viewOf(record, { stages: [stage({ kind: 'anonymise', set: [{ column: 'name', with: constant(null) }] })] }),
    ]) {
      const { findings } = await bed.connect().check([view], ON);
      expect(findings.filter((one) => one.code === 'rows-left')).toEqual([]);
    }
  }); // prettier-ignore
});
