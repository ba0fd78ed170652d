// The rights that `frist check --grants` prints are enough for a whole sweep, on MariaDB and PostgreSQL, and each of them is
// needed: without it `check` or the sweep says so.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { connectorKinds, createConnector } from '../../src/connectors/registry.ts';
import { SourceFailure, type Connector } from '../../src/connectors/connector.ts';
import { demoData, DEMO_AS_OF } from '../../src/demo/data.ts';
import { MEANING } from '../../src/installation/wiring.ts';
import { parsePolicies } from '../../src/policy/parse/parse.ts';
import type { View } from '../../src/policy/policy.ts';
import { compileViews } from '../../src/policy/view.ts';
import { HARD_POLICIES, HARD_ROWS, hardSchema } from '../support/grants/hard.ts';
import {
  asUser,
  carryOut,
  databaseOf,
  harden,
  newUser,
  removeUser,
  rightsOf,
} from '../support/grants/rights.ts';
import { engines, freshDatabase, type TestDatabase } from '../support/servers/index.ts';
import { listen, runHere, type Ended } from '../support/here.ts';
import { ON_THE_DAY, type Document } from './installation.ts';
import { expected } from './oracle.ts';
import { differences, fill, readTable } from './tables.ts';

type Databases = Readonly<Record<string, TestDatabase>>;

const servers = (await engines()).filter((engine) => engine !== 'sqlite');
const variables = (databases: Databases, url: (db: TestDatabase) => string): Record<string, string> =>
  Object.fromEntries(Object.entries(databases).map(([name, db]) => [`FRIST_${name.toUpperCase()}`, url(db)]));

interface Installation {
  frist(words: readonly string[]): Promise<Ended>;
  json(words: readonly string[]): Promise<Document>;
  remove(): void;
}

/** An installation in a folder of its own, driven within this process. */
function install(environment: Readonly<Record<string, string>>, policies: string): Installation {
  const folder = mkdtempSync(join(tmpdir(), 'frist-grants-'));
  const files = ['--policies', join(folder, 'policies.yaml'), '--settings', join(folder, 'settings.json')];
  writeFileSync(join(folder, 'policies.yaml'), policies);
  const settings = { data: { folder: join(folder, 'data') }, clock: { settable: true }, pace: 0 };
  writeFileSync(join(folder, 'settings.json'), JSON.stringify(settings));
  const frist = (words: readonly string[]): Promise<Ended> =>
    runHere([...words, ...files], {
      environment,
      now: Date.now,
      logs: listen().stream,
      sleep: (milliseconds) => delay(Math.min(milliseconds, 200)),
    });
  return {
    frist,
    json: async (words) => JSON.parse((await frist([...words, '--json'])).out) as Document,
    remove: () => {
      rmSync(folder, { recursive: true });
    },
  };
}

/** The scripts by source, as an administrator gets them. */
async function scripts(installation: Installation, user: string): Promise<ReadonlyMap<string, string>> {
  const { status, out, err } = await installation.frist(['check', '--grants', user]);
  expect({ status, err }).toEqual({ status: 0, err: '' });
  const parts = out.split(/^-- Source (.*)\n/m).slice(1);
  return new Map(parts.flatMap((one, i) => (i % 2 === 0 ? [[one, parts[i + 1] ?? ''] as const] : [])));
}

/** PostgreSQL makes a role once, for all databases of the server. */
const once = (script: string, first: boolean): string =>
  first ? script : script.replace(/^CREATE .*$/m, '');

async function grantAll(
  databases: Databases,
  user: string,
  policies: string,
): Promise<ReadonlyMap<string, string>> {
  const installation = install(
    variables(databases, (db) => db.url),
    policies,
  );
  const all = await scripts(installation, user);
  installation.remove();
  let first = true;
  for (const [source, script] of all) {
    const db = databases[source]!;
    await harden(db);
    await carryOut(db, once(script, first), user);
    first = false;
  }
  return all;
}

it('is tried on the servers that there are', () => {
  expect(servers.length).toBeLessThan(3);
});

for (const engine of servers)
  describe(`on ${engine}`, () => {
    describe('the example policies', () => {
      const { databases: demo } = demoData();
      const policies = `${readFileSync('config/policies.example.yaml', 'utf8')}
guards: { records: 100000, percent: 100 }
first run guards: { records: 100000, percent: 100 }
holds: { grace: 0 }
`;
      const user = newUser();
      const databases: Record<string, TestDatabase> = {};
      let printed: ReadonlyMap<string, string>;

      beforeAll(async () => {
        for (const one of demo) databases[one.database] = await fill(engine, one);
        printed = await grantAll(databases, user, policies);
      });
      afterAll(async () => {
        await removeUser(engine, user, Object.values(databases));
        for (const db of Object.values(databases)) await db.drop();
      });

      it('need what deploy/grants says', () => {
        const text = [...printed].map(([source, script]) => {
          const own = databaseOf(databases[source]!);
          const named = script.replaceAll(own.replaceAll('_', '\\_'), source).replaceAll(own, source);
          return `-- Source ${source}\n${named.replaceAll(user, 'frist').trim()}\n`;
        });
        expect(readFileSync(`deploy/grants/example.${engine}.sql`, 'utf8')).toContain(text.join('\n'));
      });

      it('are kept by a user with these rights, who may do nothing else', async () => {
        const installation = install(
          variables(databases, (db) => asUser(db, user)),
          policies,
        );
        const run = async (words: readonly string[]): Promise<unknown> => {
          const { policies: told } = await installation.json(words);
          return told?.map((one) => [one.policy, one.status, one.error?.code ?? null]);
        };
        expect((await installation.frist(['state', 'init'])).status).toBe(0);
        const checked = await installation.frist(['check']);
        expect([checked.status, checked.out]).toEqual([0, expect.not.stringContaining('catalogue-hidden')]);
        await run(['plan', ...ON_THE_DAY]);
        const swept = await run(['run', ...ON_THE_DAY]);
        expect(swept).toEqual(demo.map(() => [expect.any(String), 'done', null]));
        expect(await run(['run', ...ON_THE_DAY])).toEqual(swept);
        installation.remove();
        const wanted = expected(demo, Date.parse(DEMO_AS_OF));
        for (const one of demo)
          for (const { name } of one.tables) {
            const found = await readTable(databases[one.database]!, one, name);
            expect(differences(one, name, wanted.tables.get(`${one.database}.${name}`)!, found)).toEqual([]);
          }
        for (const [source, statement] of [
          ['crm', 'DELETE FROM deals'],
          ['crm', 'DELETE FROM invoices'],
          ['crm', 'SELECT note FROM contacts'],
          ['crm', "UPDATE contacts SET email = 'x'"],
          ['crm', "INSERT INTO activities (company_id, id, contact_id, kind) VALUES (1, 1, 1, 'x')"],
          ['ats', 'SELECT letter FROM applications'],
          ['chat', 'DELETE FROM conversations'],
          ['chat', 'CREATE TABLE mine (id INT)'],
          ['chat', 'DROP TABLE messages'],
        ] as const)
          expect([statement, await refusal(asUser(databases[source]!, user), statement)]).toEqual([
            statement,
            expect.stringMatching(/DENIED|42501/),
          ]);
      });
    });

    describe('a hard schema', () => {
      const user = newUser();
      const databases: Record<string, TestDatabase> = {};
      let printed: ReadonlyMap<string, string>;

      const seed = async (): Promise<void> => {
        for (const [source, tables] of Object.entries(HARD_ROWS)) {
          const gone = Object.keys(tables).reverse().map((name) => `DELETE FROM ${name}`); // prettier-ignore
          const there = Object.entries(tables).map(
            ([name, rows]) => `INSERT INTO ${name} ${columnsOf(engine, source, name)} VALUES ${rows}`,
          );
          await databases[source]!.query([...gone, ...there].join(';\n'));
        }
      };

      beforeAll(async () => {
        for (const [source, statements] of Object.entries(hardSchema(engine))) {
          databases[source] = await freshDatabase(engine);
          for (const statement of statements) await databases[source].query(statement);
        }
        await seed();
        printed = await grantAll(databases, user, HARD_POLICIES);
      });
      afterAll(async () => {
        await removeUser(engine, user, Object.values(databases));
        for (const db of Object.values(databases)) await db.drop();
      });

      it('is kept by a user with these rights, from check to the second run', async () => {
        const [any] = Object.values(databases);
        const state = newUser();
        await carryOut(any!, readFileSync(`deploy/grants/state.${engine}.sql`, 'utf8').replaceAll('frist_state', state), state); // prettier-ignore
        const place = new URL(asUser(any!, state));
        place.pathname = `/${state}`;
        const env = { ...variables(databases, (db) => asUser(db, user)), FRIST_STATE_URL: place.href };
        const installation = install(env, HARD_POLICIES);
        const outcomes = async (words: readonly string[]): Promise<unknown> =>
          (await installation.json(words)).policies?.map((one) => one.outcomes?.['erased'] ?? one.status);
        expect((await installation.frist(['state', 'init'])).status).toBe(0);
        expect((await installation.frist(['check'])).out).toContain('0 error(s)');
        expect((await installation.frist(['plan'])).status).toBe(0);
        expect(await outcomes(['run'])).toEqual([1, 1, 1]);
        expect(await outcomes(['run'])).toEqual(['done', 'done', 'done']);
        installation.remove();
        await any!.query(`DROP DATABASE ${state}`);
        await any!.query(engine === 'postgres' ? `DROP ROLE "${state}"` : `DROP USER '${state}'@'%'`);
      });

      it('shows a lack of any of them in check or in the sweep', async () => {
        const everything = { ...databases };
        await seed();
        const complete = await sweep(everything, user);
        expect(complete.failures).toEqual([]);
        const unnoticed: string[] = [];
        const rights = [...printed].flatMap(([source, script]) =>
          rightsOf(script).map((right) => ({ source, right })),
        );
        expect(rights.length).toBeGreaterThan(50);
        // Of the columns that are read, some; FRIST_GRANTS=all takes every one.
        const whole = process.env['FRIST_GRANTS'] === 'all';
        const all = rights.filter(({ right }, i) => whole || i % 4 === 0 || !right.name.startsWith('SELECT'));
        for (const { source, right } of all) {
          await seed();
          await databases[source]!.query(right.revoke);
          const found = await sweep(everything, user);
          await databases[source]!.query(right.grant);
          if (found.failures.length === 0 && found.findings.join() === complete.findings.join())
            unnoticed.push(right.name);
        }
        expect(unnoticed).toEqual([]);
      });
    });
  });

async function refusal(url: string, statement: string): Promise<string> {
  const { openDatabase, databaseFault } = await import('../../src/database.ts');
  const database = openDatabase(url);
  const connection = await database.connect();
  try {
    await connection.query(statement);
    return 'done';
  } catch (error) {
    return databaseFault(error).code;
  } finally {
    await connection.destroy();
    await database.close();
  }
}

interface Swept {
  readonly failures: readonly string[];
  readonly findings: readonly string[];
}

/** All that connectors are asked to do for the hard policies, in one go; goes on where something fails. */
async function sweep(databases: Databases, user: string): Promise<Swept> {
  const failures: string[] = [];
  const findings: string[] = [];
  const located = parsePolicies(HARD_POLICIES, {
    file: 'hard.yaml',
    resolve: (name) => asUser(databases[name.replace('FRIST_', '').toLowerCase()]!, user),
    kinds: connectorKinds(),
  });
  const tasks = compileViews(located.file);
  const { signal } = new AbortController();
  for (const source of located.file.sources) {
    const { name, connection, kind } = source;
    const connector = createConnector(kind, { source: name, connection, pageSize: 100, meaning: MEANING });
    const attempt = async (work: () => Promise<unknown>): Promise<void> => {
      try {
        await work();
      } catch (error) {
        if (!(error instanceof SourceFailure)) throw error;
        failures.push(error.code);
      }
    };
    const views = tasks.map((one) => one.view).filter((one) => one.source === name);
    const asked = tasks
      .flatMap((one) => one.inquiries.map((of) => of.view))
      .filter((one) => one.source === name);
    await attempt(async () => {
      const report = await connector.check([...views, ...asked], signal);
      findings.push(...report.findings.map((one) => one.code));
    });
    for (const record of source.records)
      for (const { kind: of } of record.subjects)
        await attempt(() => connector.find(record, of, 'a@x.example'));
    for (const view of asked) await attempt(() => connector.lookup(view, 0, ['a@x.example'], signal));
    for (const view of views) await attempt(() => sweepView(connector, view, signal));
    await connector.close();
  }
  return { failures, findings };
}

async function sweepView(connector: Connector, view: View, signal: AbortSignal): Promise<void> {
  await connector.advise([view], signal);
  await connector.count(view, signal);
  const keys: (readonly string[])[] = [];
  for await (const page of connector.scan(view, undefined, signal))
    keys.push(...page.facts.map((one) => one.key));
  await connector.read(view, keys, signal);
  for (const [stage, { action, dependents }] of view.stages.entries()) {
    await connector.dependents(view, stage, keys, signal);
    const session = await connector.erasing(view, signal);
    try {
      await session.erase(
        { keys, action, dependents, stage, stillDue: (facts) => facts.map(() => true) },
        signal,
      );
    } finally {
      await session.release();
    }
    await connector.verify(view, stage, keys, signal);
  }
}

/** The columns that the rows are written in: all but those that move by themselves. */
function columnsOf(engine: (typeof servers)[number], source: string, table: string): string {
  const statement = hardSchema(engine)[source as 'crm' | 'desk'].find((one) => one.startsWith(`CREATE TABLE ${table} (`)); // prettier-ignore
  const inside = statement?.slice(statement.indexOf('(') + 1, statement.lastIndexOf(')')) ?? '';
  const names = inside.split(/,(?![^(]*\))/).map((one) => one.trim().split(' ')[0] ?? '');
  return `(${names.filter((one) => !['touched', 'FOREIGN'].includes(one)).join(', ')})`;
}
