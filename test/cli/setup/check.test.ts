// What `frist check` says besides its findings: where settings come from, and the rights that a source needs.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SETTING_NAMES } from '../../../src/config/settings.ts';
import { listen, runHere, type Ended, type Heard } from '../../support/here.ts';
import { freshDatabase, type TestDatabase } from '../../support/servers/index.ts';

const POLICIES = `
frist: 1
controller: { name: Test, timezone: UTC }
sources:
  crm:
    kind: sql
    connection: \${FRIST_CRM}
    datetimes in: UTC
    records:
      contact: { table: contacts, key: id, subject: { email: email } }
  exports:
    kind: files
    connection: file:/srv
    records:
      export: { files: '*.frist-none', subject: none }
policies:
  contacts:
    records: crm.contact
    start: { column: last_contact, as: date, null: unknown }
    within: 12 months
    action: delete
`;

let folder = '';
let database: TestDatabase;

const frist = (
  words: readonly string[],
  logs: Heard = listen(),
  more: Readonly<Record<string, string>> = {},
): Promise<Ended> =>
  runHere(
    [...words, '--policies', join(folder, 'policies.yaml'), '--settings', join(folder, 'settings.yaml')],
    {
      environment: {
        FRIST_CRM: database.url,
        FRIST_OPERATOR: 'ops.1',
        FRIST_AUDIT_S3_ACCESS_KEY_FILE: join(folder, 'key'),
        FRIST_AUDIT_S3_ACCESS_SECRET: 'hush-hush',
        ...more,
      },
      now: Date.now,
      logs: logs.stream,
    },
  );

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'frist-check-'));
  writeFileSync(join(folder, 'policies.yaml'), POLICIES);
  writeFileSync(join(folder, 'settings.yaml'), `data: { folder: ${join(folder, 'data')} }\n`);
  writeFileSync(join(folder, 'key'), 'AKIA-4711\n');
  database = await freshDatabase('sqlite');
  await database.query('CREATE TABLE contacts (id INTEGER PRIMARY KEY, email TEXT, last_contact DATE)');
});
afterAll(async () => {
  await database.drop();
  rmSync(folder, { recursive: true });
});

describe('frist check', () => {
  it('says of each setting where it comes from, and shows no secret', async () => {
    const { out } = await frist(['check']);
    const [, told = ''] = out.split('Settings that are not the default:\n');
    const lines = told.split('\n').map((line) => line.trim().split(/ {2,}/));
    expect(lines).toContainEqual(['data.folder', join(folder, 'data'), join(folder, 'settings.yaml')]);
    expect(lines).toContainEqual(['operator', 'ops.1', 'FRIST_OPERATOR']);
    expect(lines).toContainEqual([
      'audit.s3.access.key',
      '***',
      `${join(folder, 'key')} (FRIST_AUDIT_S3_ACCESS_KEY_FILE)`,
    ]);
    expect(lines).toContainEqual(['audit.s3.access.secret', '***', 'FRIST_AUDIT_S3_ACCESS_SECRET']);
    expect(told).toContain(`${String(SETTING_NAMES.length - 4)} settings have their default`);
    expect(out).not.toMatch(/4711|hush/);
  });

  it('says that the state is still to be made, and that one cannot be reached', async () => {
    expect((await frist(['check'])).out).toContain('State: not made yet: `frist state init` makes it.');
    const state = { FRIST_STATE_URL: 'postgres://frist:wrong@127.0.0.1:1/frist' };
    const { status, out } = await frist(['check', '--json'], listen(), state);
    expect(status).toBe(2);
    expect(JSON.parse(out)).toMatchObject({
      state: 'not reached',
      problems: expect.arrayContaining([expect.objectContaining({ code: 'STATE_UNREACHABLE' })]),
    });
  });

  it('lists all of them as JSON', async () => {
    const { settings } = JSON.parse((await frist(['check', '--json'])).out) as { readonly settings: readonly { readonly name: string }[] }; // prettier-ignore
    expect(settings.map((one) => one.name)).toEqual(SETTING_NAMES);
  });

  it('warns of a variable that is no setting and that no policy file refers to', async () => {
    const { status, out } = await frist(['check'], listen(), {
      FRIST_BATCH_MAXX: '3',
      FRIST_UNHEARD_OF: 'x',
    });
    expect(status).toBe(0);
    expect(out).toContain(
      'warning: FRIST_BATCH_MAXX is no setting, and no policy file refers to it: it has no effect [unknown-variable]\n  → Did you mean FRIST_BATCH_MAX? ',
    );
    expect(out.match(/^.*unknown-variable.*$/gm)).toHaveLength(2);
    expect((await frist(['check'])).out).not.toContain('unknown-variable');
  });

  it('says what a file and a folder need in place of grants', async () => {
    const { status, out } = await frist(['check', '--grants']);
    expect([status, out.match(/^-- Source .*$/gm)]).toEqual([0, ['-- Source crm', '-- Source exports']]);
    expect(out).toContain('SQLite has no users');
    expect(out).toContain('must be able to read the folder');
  });

  it('refuses an account without a name', async () => {
    expect(await frist(['check', '--grants', '@%'])).toMatchObject({ status: 1 });
  });
});

describe('the log', () => {
  it('is text on a terminal, and JSON elsewhere', async () => {
    await frist(['state', 'init']);
    const logged = async (isTTY: boolean): Promise<string> => {
      const heard = listen();
      await frist(['run'], { ...heard, stream: Object.assign(heard.stream, { isTTY }) });
      return heard.text().split('\n')[0] ?? '';
    };
    expect(await logged(false)).toMatch(/^\{"time":"/);
    // A changed policy is worth a line.
    writeFileSync(join(folder, 'policies.yaml'), POLICIES.replace('12 months', '13 months'));
    expect(await logged(true)).toMatch(/^\d{4}-\d\d-\d\dT[^{]* INFO /);
  });
});
