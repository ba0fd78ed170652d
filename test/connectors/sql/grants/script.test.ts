import { describe, expect, it } from '@jest/globals';
import type { Catalogue, Table } from '../../../../src/connectors/sql/catalogue/catalogue.ts';
import { Findings } from '../../../../src/connectors/sql/check/findings.ts';
import { scriptFor } from '../../../../src/connectors/sql/grants/grants.ts';
import type { Server } from '../../../../src/connectors/sql/grants/script.ts';
import { checkSight } from '../../../../src/connectors/sql/grants/sight.ts';
import { recordOf, relation, viewOf } from '../bed.ts';

const columns = (...names: readonly string[]): Table['columns'] =>
  new Map(
    names.map((name) => [
      name,
      { name, family: 'text', type: 'text', nullable: true, generated: false, onUpdate: false, bits: false },
    ]),
  );
const table = (id: string, transactional: boolean, ...names: readonly string[]): Table => ({
  id,
  parts: [id.split('.')[1] ?? ''],
  kind: 'table',
  transactional,
  columns: columns(...names),
  primaryKey: ['id'],
  indexes: [],
});
const catalogueOf = (transactional: boolean): Catalogue => ({
  tables: new Map([
    ['odd`"name', table('my_db.odd`"name', transactional, 'id', 'started_at', 'no`te')],
    ['lines', table('my_db.lines', transactional, 'id', 'owner')],
  ]),
  names: [],
  foreignKeys: [],
  writesRefused: false,
  asksTarget: true,
});
const record = recordOf('odd`"name', ['id'], { related: [relation('lines', { owner: 'id' })] });
const view = viewOf(record, {
  stages: [
    {
      rule: viewOf(record).stages[0]!.rule,
      action: { kind: 'delete' },
      dependents: [{ kind: 'delete', related: 'lines' }],
    },
  ],
});
const script = (server: Server, transactional = true): readonly string[] =>
  scriptFor(
    { server, database: 'my_db' },
    catalogueOf(transactional),
    [view],
    { user: "o'ps", host: '10.0.%' },
    { threadsRunning: 20, replicaLag: 5, replicas: ['mysql://x'] },
  );

describe('the script of grants', () => {
  it('quotes every name, and takes a schema for itself alone', () => {
    const user = "'o''ps'@'10.0.%'";
    expect(script('mariadb')).toEqual([
      `CREATE USER ${user} IDENTIFIED BY '<password>';`,
      expect.stringMatching(/^-- Shows the names/),
      `GRANT REFERENCES ON \`my\\_db\`.* TO ${user};`,
      `GRANT SELECT (\`owner\`), DELETE ON \`my_db\`.\`lines\` TO ${user};`,
      `GRANT SELECT (\`id\`, \`started_at\`), DELETE ON \`my_db\`.\`odd\`\`"name\` TO ${user};`,
      expect.stringMatching(/^-- On each replica/),
      `-- GRANT SLAVE MONITOR ON *.* TO ${user};`,
    ]);
    expect(script('postgres')).toEqual([
      `CREATE ROLE "o'ps" LOGIN PASSWORD '<password>';`,
      `GRANT CONNECT ON DATABASE "my_db" TO "o'ps";`,
      `GRANT USAGE ON SCHEMA "my_db" TO "o'ps";`,
      expect.stringMatching(/^-- UPDATE of one column/),
      `GRANT SELECT ("owner"), DELETE ON "my_db"."lines" TO "o'ps";`,
      `GRANT SELECT ("id", "started_at"), UPDATE ("id"), DELETE ON "my_db"."odd\`""name" TO "o'ps";`,
      expect.stringMatching(/^-- `pause above`/),
      `GRANT pg_monitor TO "o'ps";`,
    ]);
  });

  it('locks tables that cannot roll back; in MySQL with the right to read them as a whole', () => {
    const lock = "GRANT LOCK TABLES ON `my\\_db`.* TO 'o''ps'@'10.0.%';";
    expect(script('mariadb', false)).toContain(lock);
    expect(script('mariadb', false).join()).not.toContain('GRANT SELECT,');
    expect(script('mysql', false)).toContain(lock);
    expect(script('mysql', false)).toContain("GRANT SELECT, DELETE ON `my_db`.`lines` TO 'o''ps'@'10.0.%';");
    expect(script('mysql').join()).toContain('-- GRANT REPLICATION CLIENT');
  });
});

describe('whether a user sees all foreign keys of a schema', () => {
  const warned = async (...grants: readonly string[]): Promise<boolean> => {
    const findings = new Findings();
    await checkSight(catalogueOf(true), [view, view], findings, () => Promise.resolve(grants.map((one) => [one]))); // prettier-ignore
    expect(findings.all.length).toBeLessThan(2);
    return findings.all.length > 0;
  };
  const USAGE = 'GRANT USAGE ON *.* TO `u`@`%`';

  it.each([
    'GRANT ALL PRIVILEGES ON *.* TO `u`@`%`',
    'GRANT REFERENCES ON `my\\_db`.* TO `u`@`%`',
    'GRANT SELECT, REFERENCES ON `my_db`.* TO `u`@`%`',
    'GRANT SELECT, DELETE ON `my%`.* TO `u`@`%`',
    // What the role may is not listed.
    'GRANT `keeper`@`%` TO `u`@`%`',
  ])('does by %s', async (grant) => {
    expect(await warned(USAGE, grant)).toBe(false);
  });

  it.each([
    'GRANT SELECT ON *.* TO `u`@`%`',
    'GRANT SELECT, DELETE ON `my_db`.`lines` TO `u`@`%`',
    'GRANT REFERENCES ON `other`.* TO `u`@`%`',
    'GRANT REFERENCES ON `myx\\_db`.* TO `u`@`%`',
    ...Array.from(
      ' !"#$&()*+,-./:;<=>?@[\\]^{|}~é',
      (odd) => `GRANT ALL PRIVILEGES ON \`my${odd}db\`.* TO \`u\`@\`%\``,
    ),
    'GRANT LOCK TABLES, CREATE ROUTINE, CREATE TEMPORARY TABLES ON `my\\_db`.* TO `u`@`%`',
  ])('does not by %s', async (grant) => {
    expect(await warned(USAGE, grant)).toBe(true);
  });
});
