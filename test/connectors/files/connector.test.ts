/** Whole files as records: what of the contract is about them, on a folder that somebody means ill with. */
import { createHash } from 'node:crypto';
import { existsSync, renameSync, symlinkSync, utimesSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readdir, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Batch, BatchResult, Connector } from '../../../src/connectors/connector.ts';
import { createFilesConnector } from '../../../src/connectors/files/connector.ts';
import { dryRunOf } from '../../../src/connectors/wrap/dry-run.ts';
import { parsePolicies } from '../../../src/policy/parse/parse.ts';
import type { Facts, View } from '../../../src/policy/policy.ts';
import { compileViews } from '../../../src/policy/view.ts';
import { failureOf, ON, pagesOf, scanAll } from '../conformance/support.ts';
import { MEANING } from '../memory-harness.ts';

const OLD = '2020-01-01-1.log';

let root: string;
let connector: Connector;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'frist-files-'));
  connector = connect();
});
afterEach(async () => {
  await connector.close();
  await rm(root, { recursive: true });
});

const connect = (pageSize = 100, connection = `file:${root}`): Connector =>
  createFilesConnector({ source: 'exports', connection, pageSize, meaning: MEANING });

async function put(...paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), 'text');
  }
}

const has = (path: string): boolean => existsSync(join(root, path));
const pathsOf = (facts: readonly Facts[]): readonly string[] => facts.map((one) => one.key[0] ?? '');
const scan = async (view: View): Promise<readonly string[]> => pathsOf(await scanAll(connector, view));

interface Asked {
  readonly files?: string;
  readonly subject?: string;
  readonly policy?: string;
}

function viewOf({
  files = 'chats/{email}/{yyyy}-{mm}-{dd}-*.log',
  subject = '{ email: email }',
  policy = 'start: date, action: delete',
}: Asked = {}): View {
  // prettier-ignore
  const text = `
frist: 1
controller: { name: Eksempel A/S, timezone: Europe/Copenhagen }
sources:
  exports:
    kind: files
    connection: file:/srv/exports
    records:
      chat: { files: '${files}', subject: ${subject} }
policies:
  chats: { records: exports.chat, within: 12 months, ${policy} }
`;
  const options = { file: 'x.yaml', resolve: () => undefined, kinds: ['files'] };
  return compileViews(parsePolicies(text, options).file)[0]!.view;
}

async function erase(view: View, paths: readonly string[], more: Partial<Batch> = {}): Promise<BatchResult> {
  const session = await connector.erasing(view, ON);
  try {
    const batch: Batch = {
      keys: paths.map((path) => [path]),
      action: { kind: 'delete' },
      dependents: [],
      stage: 0,
      stillDue: (facts) => facts.map(() => true),
      ...more,
    };
    return await session.erase(batch, ON);
  } finally {
    await session.release();
  }
}

describe('files as records', () => {
  it('are those that fit the pattern, in pages, resumed behind any', async () => {
    const all = ['a@x', 'b@x', 'c@x'].flatMap((who) => [1, 2].map((n) => `chats/${who}/2020-01-0${String(n)}-x.log`)); // prettier-ignore
    await put(...all, 'chats/a@x/other.txt', 'chats/2020-01-01-x.log', 'logs/a@x/2020-01-01-x.log');
    const view = viewOf();
    expect(await scan(view)).toEqual(all);
    expect(await connector.count(view, ON)).toEqual({ population: 6, matching: 6 });
    const seen: string[] = [];
    for await (const page of pagesOf(connect(2), view)) {
      expect(page.facts.length).toBeLessThanOrEqual(2);
      seen.push(...pathsOf(page.facts));
      const rest = await scanAll(connector, view, undefined, page.cursor);
      expect([...seen, ...pathsOf(rest)]).toEqual(all);
    }
  });

  it('tell what their names and their times tell', async () => {
    await put(`chats/Anna@X.dk/${OLD}`);
    await utimes(join(root, 'chats/Anna@X.dk', OLD), 1_600_000_000.25, 1_600_000_000.25);
    const [dated] = await scanAll(connector, viewOf());
    expect(dated).toMatchObject({ starts: ['2020-01-01'], subjects: ['Anna@X.dk'], done: [false] });
    const [written] = await scanAll(connector, viewOf({ policy: 'start: modified, action: delete' }));
    expect(written?.starts).toEqual(['2020-09-13T12:26:40.250Z']);
    const { encodings } = await connector.check([viewOf()], ON);
    expect([...encodings.values()]).toEqual([[{ kind: 'date' }]]);
  });

  it('are found by the person that their names tell', async () => {
    await put(`chats/Anna@X.dk/${OLD}`, `chats/bo@x.dk/${OLD}`);
    const view = viewOf();
    expect(await connector.find(view.record, 'email', 'anna@x.dk')).toBe(1);
    expect(await connector.find(view.record, 'email', '')).toBe(0);
    expect(pathsOf(await connector.lookup(view, 0, ['anna@x.dk', ''], ON))).toEqual([
      `chats/Anna@X.dk/${OLD}`,
    ]);
  });

  it('go with the folder that is named after the person, and no other', async () => {
    await put(`chats/a@x/${OLD}`, `chats/b@x/${OLD}`, 'chats/b@x/keep.txt');
    const keys = [`chats/a@x/${OLD}`, `chats/b@x/${OLD}`, `chats/gone@x/${OLD}`];
    const { outcomes } = await erase(viewOf(), keys);
    expect(outcomes).toEqual(['erased', 'erased', 'already-absent']);
    expect(await readdir(join(root, 'chats'))).toEqual(['b@x']);
    expect(has('chats/b@x/keep.txt')).toBe(true);
    await rm(join(root, 'chats/b@x'), { recursive: true });
    await put(`chats/c@x/${OLD}`);
    await erase(viewOf(), [`chats/c@x/${OLD}`]);
    expect(await readdir(join(root, 'chats'))).toEqual([]);
    expect(await connector.verify(viewOf(), 0, [[keys[0]!], ['chats/b@x/keep.txt']], ON)).toEqual([
      'gone',
      'gone',
    ]);
  });

  it('stay where they are not due any more, or the policy is not about them', async () => {
    await put(`chats/a@x/${OLD}`, `chats/b@x/${OLD}`, `chats/vip@x/${OLD}`);
    const view = viewOf({
      policy:
        'start: date, action: delete, where: { email: { not: b@x } }, unless: { vip: { email: vip@x } }',
    });
    const paths = ['a@x', 'b@x', 'vip@x'].map((who) => `chats/${who}/${OLD}`);
    expect(await scan(view)).toEqual([paths[0], paths[2]]);
    expect((await erase(view, paths, { stillDue: () => [false, true, true] })).outcomes).toEqual(['changed', 'changed', 'changed']); // prettier-ignore
    expect((await erase(view, paths)).outcomes).toEqual(['erased', 'changed', 'changed']);
    expect(paths.map(has)).toEqual([false, true, true]);
  });

  it('stay where somebody writes to them while they are judged', async () => {
    await put(`chats/a@x/${OLD}`);
    await utimes(join(root, 'chats/a@x', OLD), 1, 1);
    const stillDue = (): boolean[] => {
      utimesSync(join(root, 'chats/a@x', OLD), 2, 2);
      return [true];
    };
    expect((await erase(viewOf(), [`chats/a@x/${OLD}`], { stillDue })).outcomes).toEqual(['changed']);
    expect(has(`chats/a@x/${OLD}`)).toBe(true);
  });
});

describe('a hostile folder', () => {
  it('leads nowhere: neither links nor paths that climb are followed', async () => {
    const outside = await mkdtemp(join(tmpdir(), 'frist-outside-'));
    try {
      await writeFile(join(outside, OLD), 'precious');
      await put(`chats/a@x/${OLD}`);
      await symlink(outside, join(root, 'chats/linked@x'));
      await symlink(join(outside, OLD), join(root, 'chats/a@x/2020-01-01-2.log'));
      await mkdir(join(root, 'chats/a@x/2020-01-01-3.log'));
      expect(await scan(viewOf())).toEqual([`chats/a@x/${OLD}`]);
      const paths = [
        `chats/linked@x/${OLD}`,
        'chats/a@x/2020-01-01-2.log',
        'chats/a@x/2020-01-01-3.log',
        `chats/../chats/a@x/${OLD}`,
        `/chats/a@x/${OLD}`,
        join(outside, OLD),
        `chats//a@x/${OLD}`,
        '',
      ];
      const { outcomes } = await erase(viewOf(), paths);
      expect(new Set(outcomes)).toEqual(new Set(['already-absent']));
      expect(existsSync(join(outside, OLD))).toBe(true);
      expect(has(`chats/a@x/${OLD}`)).toBe(true);
    } finally {
      await rm(outside, { recursive: true });
    }
  });

  it('has names that no text is: kept and reported', async () => {
    const folder = Buffer.from(join(root, 'logs/'));
    await put('logs/plain.log');
    await writeFile(Buffer.concat([folder, Buffer.from([0xff, 0xfe]), Buffer.from('.log')]), 'x');
    const view = viewOf({ files: 'logs/*.log', subject: 'none', policy: 'start: modified, action: delete' });
    const facts = await scanAll(connector, view);
    expect(facts.map((one) => one.unreadable)).toEqual([undefined, ['path']]);
    expect((await erase(view, pathsOf(facts))).outcomes).toEqual(['erased', 'already-absent']);
    expect(await readdir(join(root, 'logs'))).toHaveLength(1);
  });

  it('has names that can be read in two ways: kept and reported', async () => {
    await put('logs/x-y-z.log');
    const view = viewOf({ files: 'logs/{email}-{desk}.log', policy: 'start: modified, action: delete' });
    expect((await scanAll(connector, view)).map((one) => one.unreadable)).toEqual([['path']]);
    expect((await erase(view, ['logs/x-y-z.log'])).outcomes).toEqual(['changed']);
    expect(has('logs/x-y-z.log')).toBe(true);
  });

  it('is missing: a failure, not a folder without files', async () => {
    const away = connect(100, `file:${root}/not-mounted`);
    expect(await failureOf(() => away.count(viewOf(), ON))).toMatchObject({ code: 'ROOT_MISSING' });
    expect(await failureOf(() => away.verify(viewOf(), 0, [['a']], ON))).toMatchObject({
      code: 'ROOT_MISSING',
    });
  });

  if (process.getuid?.() === 0) {
    it('that forbids one of several files is left untried: nothing is forbidden to root', () => undefined);
    return;
  }

  it('forbids one of several files: it fails alone', async () => {
    const paths = [`chats/a@x/${OLD}`, `chats/b@x/${OLD}`];
    await put(...paths);
    await chmod(join(root, 'chats/b@x'), 0o500);
    try {
      expect((await erase(viewOf(), paths)).outcomes).toEqual(['erased', { failed: 'EACCES' }]);
    } finally {
      await chmod(join(root, 'chats/b@x'), 0o700);
    }
  });

  it('breaks off for another reason: what went is not called left alone', async () => {
    const paths = [`chats/a@x/${OLD}`, `chats/b@x/${OLD}`];
    await put(...paths);
    const stillDue = (facts: readonly Facts[]): boolean[] => {
      renameSync(join(root, 'chats/b@x'), join(root, 'chats/c@x'));
      symlinkSync('b@x', join(root, 'chats/b@x'));
      return facts.map(() => true);
    };
    const failure = await failureOf(() => erase(viewOf(), paths, { stillDue }));
    expect(failure).toMatchObject({ failure: 'uncertain', code: 'ELOOP' });
  });
});

describe('the lock of a folder', () => {
  it('is held by one, for one policy, and its file is no record', async () => {
    const view = viewOf({ files: '*', subject: 'none', policy: 'start: modified, action: delete' });
    await put('a');
    const session = await connector.erasing(view, ON);
    expect(await failureOf(() => connect().erasing(view, ON))).toMatchObject({ code: 'BUSY' });
    await (await connect().erasing({ ...view, policy: 'another' }, ON)).release();
    expect(await scan(view)).toEqual(['a']);
    await session.release();
    await (await connect().erasing(view, ON)).release();
  });

  it('is not taken in a dry run, nor anything else changed', async () => {
    await put(`chats/a@x/${OLD}`);
    const dry = dryRunOf(connector);
    await scanAll(dry, viewOf());
    expect(await failureOf(() => dry.erasing(viewOf(), ON))).toMatchObject({ code: 'DRY_RUN' });
    expect(await readdir(root)).toEqual(['chats']);
  });
});

describe('check', () => {
  const codes = async (view: View, of = connector): Promise<readonly string[]> =>
    (await of.check([view], ON)).findings.map((one) => `${one.severity} ${one.code}`);

  it('finds nothing wrong, or warns of a pattern that no file fits', async () => {
    expect(await codes(viewOf())).toEqual(['warning no-files']);
    await put(`chats/a@x/${OLD}`);
    expect(await codes(viewOf())).toEqual([]);
  });

  it('refuses what files do not have, and what cannot be done to them', async () => {
    await put(`chats/a@x/${OLD}`);
    const view = viewOf({
      subject: '{ email: mail }',
      policy: 'start: changed, where: { owner: x }, action: anonymise, set: { email: null }',
    });
    expect(await codes(view)).toEqual([
      'error unknown-column',
      'error unknown-column',
      'error delete-only',
      'error unknown-column',
    ]);
    expect(await codes(viewOf({ policy: 'start: email, action: delete' }))).toEqual(['error start-type']);
  });

  it.each(['s3:bucket', 'file:relative', 'file:/', 'file:/srv/../etc', 'sqlite:x'])(
    'refuses %s, which is no folder',
    async (connection) => {
      expect(await codes(viewOf(), connect(100, connection))).toEqual(['error no-folder']);
    },
  );

  it('refuses a folder that is not there', async () => {
    expect(await codes(viewOf(), connect(100, `file:${root}/no`))).toEqual(['error folder-out-of-reach']);
  });

  it('answers a catalogue that moves with the pattern and tells nothing of the connection', async () => {
    const { catalogue } = await connector.check([viewOf()], ON);
    const other = await connector.check([viewOf({ files: 'logs/{email}/{yyyy}-{mm}-{dd}.log' })], ON);
    expect(other.catalogue).not.toBe(catalogue);
    expect(catalogue).toBe(createHash('sha256').update(viewOf().record.table).digest('hex'));
  });
});
