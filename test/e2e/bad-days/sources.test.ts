// A source that cannot be worked with: down, a wrong password, a table or column that is gone, no right to delete. Its
// policy fails with a code and a remedy; the policy on the healthy source runs to its end.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { disagreements } from '../../support/bad-days/agreement.ts';
import { install, indecent, TWO_SOURCES, type Installation } from '../../support/bad-days/installation.ts';
import { makePeople, type People } from '../../support/bad-days/people.ts';
import { engines, type Engine } from '../../support/servers/index.ts';

interface Bad {
  readonly what: string;
  readonly engines: readonly Engine[];
  readonly exit: number;
  /** Whether the other verbs are tried as well. */
  readonly everyVerb?: true;
  readonly code: RegExp;
  /** Breaks it; answers the connection to use, where it is another one. */
  readonly breaks: (people: People) => Promise<string | undefined>;
  readonly mends: (people: People) => Promise<void>;
}

let mendReader = '';
const nothing = async (): Promise<void> => Promise.resolve();
const connection = (change: (url: URL) => void) => async (people: People) => {
  const url = new URL(people.db.url);
  change(url);
  return Promise.resolve(url.href);
};
const statement =
  (...sql: readonly string[]) =>
  async ({ db }: People): Promise<undefined> => {
    for (const one of sql) await db.query(one);
    return undefined;
  };
const ANY = ['sqlite', 'mariadb', 'postgres'] as const;
const SERVERS = ['mariadb', 'postgres'] as const;

const BAD: readonly Bad[] = [
  {
    what: 'a server that is down',
    engines: SERVERS,
    everyVerb: true,
    exit: 2,
    code: /^SOURCE_UNREACHABLE$/,
    breaks: connection((url) => (url.port = '1')),
    mends: nothing,
  },
  {
    what: 'a host that nobody knows',
    engines: SERVERS,
    exit: 2,
    code: /^SOURCE_UNREACHABLE$/,
    breaks: connection((url) => (url.hostname = 'nowhere.invalid')),
    mends: nothing,
  },
  {
    what: 'a wrong password',
    engines: ['mariadb'],
    exit: 2,
    code: /^SOURCE_UNREACHABLE$/,
    breaks: connection((url) => (url.password = 'zebrahund-secret')),
    mends: nothing,
  },
  {
    what: 'a database that is not there',
    engines: SERVERS,
    exit: 2,
    code: /^SOURCE_UNREACHABLE$/,
    breaks: connection((url) => (url.pathname = '/frist_nowhere')),
    mends: nothing,
  },
  {
    what: 'a file that is not there',
    engines: ['sqlite'],
    everyVerb: true,
    exit: 2,
    code: /^SOURCE_UNREACHABLE$/,
    breaks: async () => Promise.resolve('sqlite:/nowhere/at-all.db'),
    mends: nothing,
  },
  {
    what: 'a user who may only read',
    engines: SERVERS,
    exit: 2,
    code: /^SOURCE_REFUSED$/,
    breaks: async ({ db }) => {
      const mariadb = db.engine === 'mariadb';
      const reader = `reader_${randomBytes(4).toString('hex')}`;
      await db.query(
        mariadb
          ? `create user ${reader}@'127.0.0.1' identified by 'x'; grant select on contacts to ${reader}@'127.0.0.1'; grant select on notes to ${reader}@'127.0.0.1'; grant references on ${new URL(db.url).pathname.slice(1)}.* to ${reader}@'127.0.0.1'`
          : `create role ${reader} login password 'x'; grant select on contacts, notes to ${reader}`,
      );
      mendReader = mariadb
        ? `drop user ${reader}@'127.0.0.1'`
        : `drop owned by ${reader}; drop role ${reader}`;
      const url = new URL(db.url);
      url.username = reader;
      url.password = 'x';
      return url.href;
    },
    mends: async ({ db }) => {
      await db.query(mendReader);
    },
  },
  {
    what: 'a table that is gone',
    engines: ANY,
    everyVerb: true,
    exit: 1,
    code: /^CHECK_FAILED$/,
    breaks: statement('alter table notes rename to notes_away'),
    mends: async ({ db }) => {
      await db.query('alter table notes_away rename to notes');
    },
  },
  {
    what: 'a column that is gone',
    engines: ANY,
    exit: 1,
    code: /^CHECK_FAILED$/,
    breaks: statement('alter table contacts rename column email to mail'),
    mends: async ({ db }) => {
      await db.query('alter table contacts rename column mail to email');
    },
  },
];

/** The text for people has the code and the remedy too; a dry run and a check fail with the same status. */
async function sayTheSame(installation: Installation, { exit, code }: Bad): Promise<void> {
  const words = ['run', 'plan', 'check'];
  const [run, plan, check] = await Promise.all(words.map((verb) => installation.frist(verb)));
  expect([run?.status, plan?.status, check?.status]).toEqual([exit, exit, exit]);
  expect(run?.stdout).toMatch(/→ /);
  expect(run?.stdout).toMatch(code.source.replace(/[$^]/g, ''));
}

describe.each(await engines())('a bad source on %s', (engine) => {
  let bad: People;
  let healthy: People;
  let installation: Installation;
  beforeAll(async () => {
    bad = await makePeople(engine, 30);
    healthy = await makePeople('sqlite', 30);
    installation = await install({
      env: { FRIST_CRM: bad.db.url, FRIST_ATS: healthy.db.url },
      policies: TWO_SOURCES,
    });
  });
  afterAll(async () => {
    installation.remove();
    await bad.db.drop();
    await healthy.db.drop();
  });

  const cases = BAD.filter((one) => one.engines.includes(engine)).map((one) => [one.what, one] as const);
  it.each(cases)('%s: a code and a remedy, and the other policy runs', async (_, one) => {
    const url = (await one.breaks(bad)) ?? bad.db.url;
    installation.env = { FRIST_CRM: url, FRIST_ATS: healthy.db.url };
    try {
      const document = await installation.json('run');
      expect(document).toMatchObject({
        exit: one.exit,
        policies: [
          {
            policy: 'contacts',
            status: 'failed',
            error: { code: expect.stringMatching(one.code), remedy: expect.stringMatching(/\w+ \w+/) },
          },
          { policy: 'applicants', status: 'done' },
        ],
      });
      if (one.everyVerb === true) await sayTheSame(installation, one);
      for (const { stdout, stderr } of installation.printed)
        expect(indecent(stdout + stderr)).toBeUndefined();
    } finally {
      await one.mends(bad);
    }
    expect(await bad.left()).toHaveLength(30);
  });

  it('and when it is well again, the next run does it all', async () => {
    expect((await installation.frist('status')).status).toBe(2);
    installation.env = { FRIST_CRM: bad.db.url, FRIST_ATS: healthy.db.url };
    expect(await installation.json('run')).toMatchObject({ exit: 0 });
    expect(await bad.left()).toEqual(bad.kept);
    expect(await healthy.left()).toEqual(healthy.kept);
    expect((await installation.frist('status')).status).toBe(0);
    const told = (source: string, record: string, { due, kept }: People) => {
      return { source, record, gone: due, left: kept };
    };
    const sources = [told('crm', 'contact', bad), told('ats', 'application', healthy)];
    expect(await disagreements(installation, sources)).toEqual([]);
  });
});
