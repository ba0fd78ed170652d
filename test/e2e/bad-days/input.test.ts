// What is not what it should be: files, settings, verbs, options, output. Each ends with a code, a place and a remedy,
// never with the inside of the program.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import {
  indecent,
  install,
  POLICIES,
  startFrist,
  type Ended,
  type Installation,
} from '../../support/bad-days/installation.ts';
import { makePeople, type People } from '../../support/bad-days/people.ts';
import { seeded } from '../../support/random.ts';

let people: People;
let on: Installation;
beforeAll(async () => {
  people = await makePeople('sqlite', 30);
  on = await install({ env: { FRIST_CRM: people.db.url } });
  mkdirSync(on.at('folder'));
});
afterAll(async () => {
  on.remove();
  await people.db.drop();
});

const random = seeded(2026);
const garbage = (bytes: number): Buffer =>
  Buffer.from(Array.from({ length: bytes }, () => Math.floor(random() * 256)));

/** A bad policy file by its content. */
const FILES: readonly (readonly [string, string | Buffer, RegExp])[] = [
  ['nothing at all', '', /CONFIG|error: /],
  ['no YAML', 'frist: 1\n  controller: [}', /:\d+:\d+: error: /],
  ['a picture', garbage(20_000), /:\d+:\d+: error: /],
  ['text in UTF-16', Buffer.from(`\ufeff${POLICIES}`, 'utf16le'), /:\d+:\d+: error: /],
  ['zero bytes', Buffer.alloc(3000), /:\d+:\d+: error: /],
  ['a list', '- frist\n- 1\n', /:\d+:\d+: error: /],
  ['a number', '42\n', /:\d+:\d+: error: /],
  ['brackets without end', '['.repeat(100_000), /:\d+:\d+: error: /],
  [
    'mappings within mappings',
    Array.from({ length: 3000 }, (_, i) => `${' '.repeat(i)}a:`).join('\n'),
    /:\d+:\d+: error: /,
  ],
  [
    'aliases of aliases',
    `a: &a [x, x, x, x, x, x, x, x, x]\n${'bcdefghij'
      .split('')
      .map(
        (name, i) =>
          `${name}: &${name} [${Array(9)
            .fill(`*${'abcdefghi'[i] ?? ''}`)
            .join(', ')}]`,
      )
      .join('\n')}\n`,
    /:\d+:\d+: error: /,
  ],
  [
    'ten megabytes of comment and then nonsense',
    `${'# twelve bytes\n'.repeat(700_000)}nonsense: 1\n`,
    /:\d+:\d+: error: /,
  ],
  [
    'ten megabytes of keys',
    Array.from({ length: 400_000 }, (_, i) => `key number ${String(i)}: 1`).join('\n'),
    /:\d+:\d+: error: /,
  ],
  ['two documents', `${POLICIES}\n---\n${POLICIES}`, /:\d+:\d+: error: /],
  [
    'an environment variable that is not set',
    POLICIES.replace('FRIST_CRM', 'FRIST_NOWHERE'),
    /:\d+:\d+: error: .*FRIST_NOWHERE/,
  ],
];

function well({ stdout, stderr, status, signal }: Ended, text: RegExp): void {
  expect([status, signal, indecent(stdout + stderr)]).toEqual([1, null, undefined]);
  expect(stderr).toMatch(text);
  expect(stderr).toMatch(/→ |--help/);
  // Nobody reads a thousand lines.
  expect(stderr.length).toBeLessThan(200_000);
}

describe('a policy file that is', () => {
  it.each(FILES)('%s', async (name, content, place) => {
    const file = on.at(`${name.replace(/\W+/g, '-')}.yaml`);
    writeFileSync(file, content);
    const words = ['--settings', on.at('settings.json'), '--policies', file];
    well(await startFrist(['check', ...words], on.env).ended, place);
    const json = await startFrist(['run', '--json', ...words], on.env).ended;
    expect([json.status, indecent(json.stderr)]).toEqual([1, undefined]);
    expect(JSON.parse(json.stdout)).toMatchObject({ exit: 1 });
  });
});

describe('a command line with', () => {
  const SETTINGS = (): readonly string[] => ['--settings', on.at('settings.json')];
  const POLICY = (): readonly string[] => ['--policies', on.at('policies.yaml')];
  const LINES: readonly (readonly [string, () => readonly string[], RegExp])[] = [
    ['nothing', () => [], /Usage: frist|--help/],
    ['an unknown verb', () => ['erase-all'], /unknown command 'erase-all'/],
    ['half a verb', () => ['hold'], /Usage: frist hold|--help/],
    ['an unknown option', () => ['run', '--force', ...POLICY()], /unknown option '--force'/],
    ['too many words', () => ['run', 'now', ...POLICY()], /too many arguments/],
    ['no policies', () => ['run', ...SETTINGS()], /--policies/],
    [
      'a folder for a policy file',
      () => ['run', ...SETTINGS(), '-p', on.at('folder')],
      /CONFIG_UNREADABLE.*EISDIR/,
    ],
    [
      'a policy file that is not there',
      () => ['run', ...SETTINGS(), '-p', on.at('none.yaml')],
      /CONFIG_UNREADABLE.*ENOENT/,
    ],
    [
      'settings that are not there',
      () => ['run', ...POLICY(), '-s', on.at('none.json')],
      /CONFIG_UNREADABLE.*ENOENT/,
    ],
    ['a folder for settings', () => ['run', ...POLICY(), '-s', on.at('folder')], /CONFIG_UNREADABLE.*EISDIR/],
    ...[
      'yesterday',
      '2026-02-30T00:00:00Z',
      '2026-06-30',
      '1e99',
      '',
      '2026-06-30T25:00:00Z',
      '9999999999999',
    ].map(
      (moment) =>
        [
          `--as-of ${JSON.stringify(moment)}`,
          () => ['plan', ...POLICY(), ...SETTINGS(), '--as-of', moment],
          /^USAGE: --as-of/,
        ] as const,
    ),
    [
      '--as-of where the clock may not be set',
      () => ['run', ...POLICY(), ...SETTINGS(), '--as-of', '2026-01-01T00:00:00Z'],
      /^USAGE: .*clock\.settable/,
    ],
    [
      'a plan that nobody made',
      () => ['approve', 'plan-1', '--why', 'x', ...POLICY(), ...SETTINGS()],
      /^PLAN_UNKNOWN/,
    ],
    [
      'an approval without a reason',
      () => ['approve', 'plan-1', '--why', ' ', ...POLICY(), ...SETTINGS()],
      /--why/,
    ],
    [
      'a hold on nobody',
      () => ['hold', 'add', '--subject', 'email', '--why', 'x', ...POLICY(), ...SETTINGS()],
      /^USAGE: .*kind=value/,
    ],
    [
      'a hold in a source that is not there',
      () => ['hold', 'add', '--subject', 'a=b', '--source', 'x', '--why', 'x', ...POLICY(), ...SETTINGS()],
      /^USAGE: there is no source x/,
    ],
    [
      'a review on no day',
      () => [
        'hold',
        'add',
        '--subject',
        'email=b',
        '--review',
        '2026-02-30',
        '--why',
        'x',
        ...POLICY(),
        ...SETTINGS(),
      ],
      /^USAGE: --review/,
    ],
    [
      'a hold that does not stand',
      () => ['hold', 'release', 'hold-1', '--why', 'x', ...POLICY(), ...SETTINGS()],
      /^HOLD_UNKNOWN/,
    ],
  ];

  it.each(LINES)('%s', async (_, args, text) => {
    const ended = await startFrist(args(), on.env).ended;
    expect([ended.status, ended.signal, indecent(ended.stdout + ended.stderr)]).toEqual([1, null, undefined]);
    expect(ended.stdout + ended.stderr).toMatch(text);
  });
});

describe('settings that are', () => {
  const BAD: readonly (readonly [string, string | Buffer, RegExp])[] = [
    ['no YAML', '{ data: [', /:\d+:\d+: error: /],
    ['garbage', garbage(5000), /:\d+:\d+: error: /],
    ['of another program', 'port: 80\nbatch:\n  max: 0\n', /unknown-setting.*\n.*\n.*bad-setting/s],
  ];
  it.each(BAD)('%s', async (name, content, text) => {
    const file = on.at(`settings-${name.replace(/\W+/g, '-')}.yaml`);
    writeFileSync(file, content);
    const ended = await startFrist(['run', '-p', on.at('policies.yaml'), '-s', file], on.env).ended;
    well(ended, text);
  });

  it('not for us to read', async () => {
    if (process.getuid?.() === 0) return;
    const file = on.at('secret.json');
    writeFileSync(file, '{}');
    chmodSync(file, 0);
    well(
      await startFrist(['run', '-p', on.at('policies.yaml'), '-s', file], on.env).ended,
      /CONFIG_UNREADABLE.*EACCES/,
    );
  });

  it('a state at an address that is none', async () => {
    for (const url of ['mysql://localhost', 'http://x/y', 'postgres://:::/', 'sqlite:']) {
      const ended = await startFrist(['run', '-p', on.at('policies.yaml'), '-s', on.at('settings.json')], {
        ...on.env,
        FRIST_STATE_URL: url,
      }).ended;
      well(ended, /bad-setting|DATABASE_URL/);
    }
  });

  it('a source at an address that is none, and the password in it stays out of sight', async () => {
    for (const url of [
      'mysql://u:zebrahund-secret@localhost',
      'oracle://u:zebrahund-secret@h/d',
      'postgres://u:zebrahund-secret@h:x/d',
    ]) {
      on.env = { FRIST_CRM: url };
      for (const verb of ['run', 'check', 'plan']) {
        const ended = await on.frist(verb);
        expect([
          verb,
          url,
          [1, 2].includes(ended.status ?? 0),
          indecent(ended.stdout + ended.stderr),
        ]).toEqual([verb, url, true, undefined]);
      }
    }
    on.env = { FRIST_CRM: people.db.url };
  });
});

describe('a reader who goes away', () => {
  it('does not make the command fall over', async () => {
    const { child, ended } = on.start('plan', '--records');
    child.stdout?.destroy();
    const { signal, stderr } = await ended;
    expect([signal, indecent(stderr)]).toEqual([null, undefined]);
  });
});

it('nobody has gone through all this', async () => {
  expect(await people.left()).toHaveLength(30);
});
