// frist's own memory goes wrong: the state is missing, another's, or an old copy; the trail is an old copy, out of
// reach, or full; a key is gone. Nothing is erased that could not be written down, and nothing that a forgotten hold
// would have kept.
import { afterEach, describe, expect, it } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { disagreements, trailOf } from '../../support/bad-days/agreement.ts';
import { Installation, install, indecent, type Document } from '../../support/bad-days/installation.ts';
import { makePeople, type People } from '../../support/bad-days/people.ts';
import { DELETING, slowDown, until } from '../../support/bad-days/trouble.ts';
import { openSqlite } from '../../support/servers/clients.ts';
import { engines, freshDatabase } from '../../support/servers/index.ts';

const all = await engines();
const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const one of undo.splice(0).reverse()) await one();
});

type Server = Exclude<Awaited<ReturnType<typeof engines>>[number], 'sqlite'>;

async function peopleOf(engine: Parameters<typeof makePeople>[0], count = 60): Promise<People> {
  const people = await makePeople(engine, count);
  undo.push(() => people.db.drop());
  return people;
}

async function installed(
  people: People,
  settings: Readonly<Record<string, unknown>> = {},
): Promise<Installation> {
  const installation = await install({
    env: { FRIST_CRM: people.db.url },
    settings: { batch: { max: 10 }, ...settings },
  });
  undo.push(() => installation.remove());
  return installation;
}

/** Every verb that erases, or would, stops with this code; nobody is touched. */
async function refuses(on: Installation, people: People, code: RegExp, exit: number): Promise<void> {
  const before = await people.left();
  const ended = await on.frist('run');
  expect(ended.status).toBe(exit);
  expect(ended.stderr + ended.stdout).toMatch(code);
  expect(ended.stderr + ended.stdout).toMatch(/→ /);
  expect(indecent(ended.stderr + ended.stdout)).toBeUndefined();
  const placed = await on.json('hold', 'add', '--subject', 'email=someone@example.dk', '--why', 'case 1');
  expect([placed.exit, placed.error?.code]).toEqual([exit, expect.stringMatching(code)]);
  expect(await people.left()).toEqual(before);
}

async function agrees(people: People, on: Installation): Promise<void> {
  const left = await people.left();
  const gone = people.due.filter((key) => !left.includes(key));
  expect(await disagreements(on, [{ source: 'crm', record: 'contact', gone, left }])).toEqual([]);
}

const codeOf = (document: Document): string | undefined =>
  document.error?.code ?? document.policies?.[0]?.error?.code;

describe('the state', () => {
  it('is missing: nothing runs, and none is made', async () => {
    const people = await peopleOf('sqlite');
    const on = new Installation({ env: { FRIST_CRM: people.db.url } });
    undo.push(() => on.remove());
    await refuses(on, people, /^STATE_MISSING/, 2);
    expect(await on.frist('serve')).toMatchObject({
      status: 2,
      stderr: expect.stringMatching(/^STATE_MISSING/m),
    });
    expect(existsSync(on.at('data/state.db'))).toBe(false);
  });

  it('is missing beside a trail: the same, and `state init` makes no new one', async () => {
    const people = await peopleOf('sqlite');
    const on = await installed(people);
    await on.json('run');
    rmSync(on.at('data/state.db'));
    await refuses(on, people, /^STATE_MISSING/, 2);
    expect(await on.frist('state', 'init')).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/^AUDIT_EXISTS.*data\/audit/),
    });
    expect(existsSync(on.at('data/state.db'))).toBe(false);
  });

  it('is that of another installation: nothing runs', async () => {
    const people = await peopleOf('sqlite');
    const [ours, theirs] = [await installed(people), await installed(people)];
    for (const one of [ours, theirs])
      expect((await one.frist('hold', 'add', '--subject', 'email=a@b.dk', '--why', 'x')).status).toBe(0);
    cpSync(theirs.at('data/state.db'), ours.at('data/state.db'));
    await refuses(ours, people, /^AUDIT_KEY_WRONG/, 1);
    // With its keys as well there is only the signature of the trail to tell.
    cpSync(theirs.at('data/keys'), ours.at('data/keys'), { recursive: true });
    await refuses(ours, people, /^AUDIT_CORRUPT/, 4);
  });

  it('is that of another installation with the same keys and the same name: nothing runs', async () => {
    const people = await peopleOf('sqlite');
    const audit = { origin: 'example.dk/trail' };
    const ours = await installed(people, { audit });
    expect(await ours.json('run')).toMatchObject({ exit: 0 });
    const keys = { signing: ours.at('data/keys/signing'), wrapping: ours.at('data/keys/wrapping') };
    const theirs = await installed(people, { audit, keys });
    cpSync(theirs.at('data/state.db'), ours.at('data/state.db'));
    await refuses(ours, people, /^STATE_OTHER_INSTALLATION/, 2);
  });

  it('is an old copy that was put back: nothing runs until the newest is there again', async () => {
    const people = await peopleOf('sqlite');
    const on = await installed(people);
    await on.frist('hold', 'add', '--subject', 'email=a@b.dk', '--why', 'x');
    cpSync(on.at('data/state.db'), on.at('old.db'));
    // A hold that the old copy does not know.
    await on.frist('hold', 'add', '--subject', 'email=zebrahund1@example.dk', '--why', 'x');
    cpSync(on.at('data/state.db'), on.at('newest.db'));
    cpSync(on.at('old.db'), on.at('data/state.db'));
    await refuses(on, people, /^AUDIT_STATE_OLD/, 2);
    cpSync(on.at('newest.db'), on.at('data/state.db'));
    expect(await on.json('run')).toMatchObject({ exit: 0 });
    expect(await people.left()).toEqual(
      [people.due[0], ...people.kept].sort((a, b) => Number(a) - Number(b)),
    );
  });

  it('stays locked by somebody: a code, nothing erased, and the next run does it all', async () => {
    const people = await peopleOf('sqlite');
    const on = await installed(people);
    const other = openSqlite(on.at('data/state.db'));
    await other.query('begin immediate');
    const document = await on.json('run');
    await other.query('rollback');
    await other.close();
    expect([document.exit, codeOf(document)]).toEqual([2, 'STATE_BUSY']);
    expect(await people.left()).toHaveLength(60);
    expect(await on.json('run')).toMatchObject({ exit: 0 });
    await agrees(people, on);
  });

  it.each(all.filter((engine): engine is Server => engine !== 'sqlite'))(
    'on %s is down, or gone: a code, and nothing erased',
    async (engine) => {
      const people = await peopleOf('sqlite');
      const state = await freshDatabase(engine);
      const on = await installed(people, { state: { url: state.url } });
      const url = new URL(state.url);
      url.port = '1';
      on.env = { ...on.env, FRIST_STATE_URL: url.href };
      await refuses(on, people, /^STATE_UNREACHABLE/, 2);
      on.env = { FRIST_CRM: people.db.url };
      await state.query('drop table frist_installation');
      await refuses(on, people, /^STATE_(?:MISSING|REFUSED)/, 2);
      await state.drop();
      await refuses(on, people, /^STATE_UNREACHABLE/, 2);
    },
  );
});

describe('the trail', () => {
  it('is an older copy that was put back: exit status 4, until the newest is there again', async () => {
    const people = await peopleOf('sqlite');
    const on = await installed(people);
    await on.frist('hold', 'add', '--subject', 'email=a@b.dk', '--why', 'x');
    cpSync(on.at('data/audit'), on.at('old'), { recursive: true });
    await on.frist('hold', 'release', await holdOf(on), '--why', 'x');
    renameSync(on.at('data/audit'), on.at('newest'));
    cpSync(on.at('old'), on.at('data/audit'), { recursive: true });
    await refuses(on, people, /^AUDIT_ROLLBACK/, 4);
    rmSync(on.at('data/audit'), { recursive: true });
    mkdirSync(on.at('data/audit'));
    await refuses(on, people, /^AUDIT_ROLLBACK/, 4);
    rmSync(on.at('data/audit'), { recursive: true });
    await refuses(on, people, /^AUDIT_STORE/, 2);
    renameSync(on.at('newest'), on.at('data/audit'));
    expect(await on.json('run')).toMatchObject({ exit: 0 });
    await agrees(people, on);
  });

  it.each(all.filter((engine): engine is Server => engine !== 'sqlite'))(
    'goes away in the middle of a run on %s: nothing more goes than it has the intent of, and then it goes on',
    async (engine) => {
      const people = await peopleOf(engine, 120);
      const on = await installed(people);
      await slowDown(people, people.due[15] ?? 0, 2);
      const running = on.start('run', '--json');
      await until(people.db, DELETING[engine]);
      renameSync(on.at('data/audit'), on.at('away'));
      const ended = await running.ended;
      expect(ended.status).toBe(2);
      expect(JSON.parse(ended.stdout)).toMatchObject({
        exit: 2,
        policies: [{ status: 'failed', error: { code: 'AUDIT_STORE' } }],
      });
      expect(indecent(ended.stderr)).toBeUndefined();
      await refuses(on, people, /^AUDIT_STORE/, 2);
      renameSync(on.at('away'), on.at('data/audit'));
      await goesNoFurther(on, people);
      expect(await on.json('run')).toMatchObject({ exit: 0 });
      expect(await people.left()).toEqual(people.kept);
      await agrees(people, on);
    },
  );

  it('has no room left, or may not be written any more: the same', async () => {
    const people = await peopleOf('sqlite', 600);
    const on = await installed(people);
    const [fill, free] = shrink(on.at('data/audit'));
    fill();
    const document = await on.json('run');
    expect([document.exit, codeOf(document)]).toEqual([2, 'AUDIT_STORE']);
    expect((await people.left()).length).toBeGreaterThan(200);
    free();
    await goesNoFurther(on, people);
    expect(await on.json('run')).toMatchObject({ exit: 0 });
    expect(await people.left()).toEqual(people.kept);
    await agrees(people, on);
  });

  /** What has gone so far stands in batches whose opening is in the trail. */
  async function goesNoFurther(on: Installation, people: People): Promise<void> {
    const gone = people.due.length + people.kept.length - (await people.left()).length;
    const opened = trailOf(on).filter((entry) => entry['type'] === 'batch-opened');
    const intended = opened.reduce((sum, entry) => sum + Number(entry['count']), 0);
    expect(gone).toBeLessThanOrEqual(intended);
  }

  /** Root writes where it may not, so for root the folder becomes a small disk. */
  function shrink(folder: string): readonly [() => void, () => void] {
    if (process.getuid?.() !== 0) return [() => chmodAll(folder, 0o500), () => chmodAll(folder, 0o700)];
    const size = (kilobytes: number): readonly string[] => ['-o', `size=${String(kilobytes)}k`];
    cpSync(folder, `${folder}.before`, { recursive: true });
    execFileSync('mount', ['-t', 'tmpfs', ...size(192), 'frist-test', folder]);
    undo.push(() => execFileSync('umount', [folder]));
    cpSync(`${folder}.before`, folder, { recursive: true });
    return [() => undefined, () => void execFileSync('mount', ['-o', 'remount,size=64m', folder])];
  }

  function chmodAll(folder: string, mode: number): void {
    const folders = readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((one) => one.isDirectory())
      .map((one) => `${one.parentPath}/${one.name}`);
    for (const one of [folder, ...folders]) chmodSync(one, mode);
  }

  async function holdOf(on: Installation): Promise<string> {
    return /hold-\w+/.exec((await on.frist('hold', 'list', '--json')).stdout)?.[0] ?? '';
  }
});

describe('the keys', () => {
  it.each(['signing', 'wrapping'])('%s is gone, or read by others: nothing runs', async (name) => {
    const people = await peopleOf('sqlite');
    const on = await installed(people);
    const key = on.at('data/keys', name);
    chmodSync(key, 0o644);
    await refuses(on, people, /^AUDIT_KEY_EXPOSED/, 1);
    chmodSync(key, 0o600);
    renameSync(key, on.at('away'));
    await refuses(on, people, /^AUDIT_KEY_MISSING/, 1);
    renameSync(on.at('away'), key);
    expect(await on.json('run')).toMatchObject({ exit: 0 });
    await agrees(people, on);
  });
});
