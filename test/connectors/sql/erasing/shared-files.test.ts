/** Files of rows that several records share, and that lie further off than one relation: they go with the last owner. */
import { describe, expect, it } from '@jest/globals';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { View } from '../../../../src/policy/policy.ts';
import { engines } from '../../../support/servers/index.ts';
import { ON, batchOf, inSession } from '../../conformance/support.ts';
import { is, relatedRows, stage } from '../../conformance/views.ts';
import { makeBed, recordOf, relation, viewOf } from '../bed.ts';

const here = await engines();
const KINDS = [...here, ...(here.includes('mariadb') ? (['MyISAM'] as const) : [])];

const viewWith = (root: string): View =>
  viewOf(
    recordOf('person', ['id'], {
      related: [
        relation('mails', { person: 'id' }, { table: 'mail' }),
        relation('enclosures', { mail: 'id' }, { table: 'enclosure', of: 'mails' }),
        relation('links', { item: 'id' }, { table: 'link', of: 'enclosures', where: is('kind', 'mail') }),
        relation('scans', { id: 'scan' }, { table: 'scan', of: 'links' }),
        relation('any links', { scan: 'id' }, { table: 'link', of: 'scans' }),
      ],
    }),
    {
      stages: [
        stage(
          { kind: 'delete' },
          {
            related: 'scans',
            kind: 'delete',
            unlessOwned: ['links', 'any links'],
            files: { root, path: [{ column: 'name', characters: [2, 3] }, '/', { column: 'name' }] },
          },
          { related: 'links', kind: 'delete' },
          { related: 'enclosures', kind: 'delete', where: relatedRows('none', 'links', is('kind', 'x')) },
          { related: 'mails', kind: 'delete' },
        ),
      ],
    },
  );

describe.each(KINDS)('files of shared rows on %s', (kind) => {
  const engine = kind === 'MyISAM' ? 'mariadb' : kind;
  const as = kind === 'MyISAM' ? 'ENGINE=MyISAM' : '';
  const refers = kind === 'MyISAM' ? '' : ', FOREIGN KEY (scan) REFERENCES scan (id)';

  it('go with the last row that owns them, whatever goes with it in the same batch', async () => {
    const root = mkdtempSync(join(tmpdir(), 'frist-shared-'));
    const at = (name: string): string => join(root, name.slice(1, 3), name);
    for (const name of ['own', 'twice', 'others', 'portrait']) {
      mkdirSync(join(root, name.slice(1, 3)));
      writeFileSync(at(name), 'words');
    }
    const bed = await makeBed(engine, ({ big, time }) => [
      `CREATE TABLE person (id ${big} PRIMARY KEY, started_at ${time}) ${as}`,
      `CREATE TABLE mail (id ${big} PRIMARY KEY, person ${big}) ${as}`,
      `CREATE TABLE enclosure (id ${big} PRIMARY KEY, mail ${big}) ${as}`,
      `CREATE TABLE scan (id ${big} PRIMARY KEY, name VARCHAR(80)) ${as}`,
      `CREATE TABLE link (id ${big} PRIMARY KEY, item ${big}, kind VARCHAR(20), scan ${big}${refers}) ${as}`,
      'INSERT INTO person VALUES (1, NULL), (2, NULL)',
      'INSERT INTO mail VALUES (1, 1), (2, 2)',
      'INSERT INTO enclosure VALUES (1, 1), (2, 1), (3, 1), (4, 1), (5, 1), (6, 2)',
      "INSERT INTO scan VALUES (1, 'own'), (2, 'twice'), (3, 'others'), (4, 'portrait'), (5, 'x')",
      "INSERT INTO link VALUES (1, 1, 'mail', 1), (2, 2, 'mail', 2), (3, 3, 'mail', 2), (4, 4, 'mail', 3), (5, 6, 'mail', 3), (6, 5, 'mail', 4), (7, 1, 'face', 4), (8, 1, 'mail', 5)",
    ]);
    const view = viewWith(root);
    const left = (): readonly string[] =>
      ['own', 'twice', 'others', 'portrait'].filter((name) => existsSync(at(name)));

    const foreseen = await bed.connect().dependents(view, 0, [['1']], ON);
    const connector = bed.connect();
    const first = await inSession(connector, view, (session) => session.erase(batchOf(view, [['1']]), ON));
    expect(first.outcomes).toEqual(['erased']);
    expect(await bed.rows('scan')).toEqual(['3|others', '4|portrait']);
    expect(left()).toEqual(['others', 'portrait']);
    expect(first.dependents.get('scans')).toMatchObject({
      deleted: 3,
      files: { removed: 2, shared: 0, missing: 0, refused: 0 },
    });
    expect([...foreseen]).toEqual([...first.dependents].map(([name, { deleted }]) => [name, deleted]));

    await inSession(connector, view, (session) => session.erase(batchOf(view, [['2']]), ON));
    expect(await bed.rows('scan')).toEqual(['4|portrait']);
    expect(left()).toEqual(['portrait']);
    await bed.close();
    rmSync(root, { recursive: true });
  });
});
