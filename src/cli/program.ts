/**
 * The command line: which verbs there are, their options, and what each is called with. A verb lives in a file of its
 * own and answers an exit status; it knows nothing of commander.
 */
import { Command, CommanderError, Option } from 'commander';
import { EXIT } from '../errors.ts';

/** What a verb is called with: its name (`hold add`), its argument, and its options as commander read them. */
export interface Invocation {
  readonly verb: string;
  readonly argument: string | undefined;
  readonly options: Options;
}

/** Every option of every verb; absent ones are undefined or empty. */
export interface Options {
  readonly policies: readonly string[];
  readonly settings: string | undefined;
  readonly controller: string | undefined;
  readonly json: boolean;
  readonly asOf: string | undefined;
  readonly records: boolean;
  readonly why: string | undefined;
  readonly subject: readonly string[];
  readonly source: readonly string[];
  readonly review: string | undefined;
  readonly restriction: boolean;
  readonly all: boolean;
  readonly dryRun: boolean;
  readonly folder: string | undefined;
  readonly trail: string | undefined;
  readonly key: string | undefined;
  readonly head: readonly string[];
  readonly since: string | undefined;
  readonly from: string | undefined;
  readonly to: string | undefined;
  readonly out: string | undefined;
  readonly record: readonly string[];
  readonly start: readonly string[];
  readonly entry: string | undefined;
  readonly check: string | undefined;
  readonly policy: string | undefined;
  readonly run: string | undefined;
  readonly batch: string | undefined;
  readonly kind: readonly string[];
  readonly limit: string | undefined;
  readonly format: string | undefined;
  readonly grants: string | undefined;
  readonly alerts: boolean;
}

const collect = (value: string, before: readonly string[] = []): readonly string[] => [...before, value];

const POLICIES = new Option('-p, --policies <file...>', 'policy files, one per controller');
const SETTINGS = new Option('-s, --settings <file>', 'settings file (YAML or JSON)');
const CONTROLLER = new Option(
  '--controller <id>',
  'whose installation, where the settings have one for each controller',
);
const JSON_OPTION = new Option('--json', 'one JSON document on stdout');
const WHY = new Option('--why <text>', 'the reason, kept as evidence beside the trail').makeOptionMandatory();
const AS_OF_PLAN = new Option('--as-of <instant>', 'decide as of this instant, e.g. 2026-06-30T03:15:00Z');
const AS_OF_RUN = new Option(
  '--as-of <instant>',
  'as for plan, but not ahead of the clock; only where the setting clock.settable is on',
);
/** Which trail is read, by which key. */
const TRAIL: readonly Option[] = [
  new Option(
    '--trail <place>',
    'a copy of the trail: its folder, or s3://bucket/prefix; the one of the settings by default',
  ),
  new Option('--key <verifier key>', 'the public key; that of the signing key in the settings by default'),
];
/** Whom or what the trail is asked about. */
const ASKED: readonly Option[] = [
  new Option('--subject <kind=value>', 'a person, e.g. email=jens@example.dk; may be repeated').argParser(
    collect,
  ),
  new Option('--record <source.record=key>', 'a record, e.g. crm.contact=42; may be repeated').argParser(
    collect,
  ),
];
/** Which trail is verified, by which key, against what. */
const VERIFIED: readonly Option[] = [
  ...TRAIL,
  new Option('--head <file>', 'a checkpoint kept out of reach of who runs frist; may be repeated').argParser(
    collect,
  ),
];

interface Verb {
  readonly name: string;
  readonly summary: string;
  readonly argument?: string;
  readonly options: readonly Option[];
}

const VERBS: readonly Verb[] = [
  {
    name: 'check',
    summary: 'hold the policy files against the databases; changes nothing in them',
    options: [
      new Option(
        '--grants [user@host]',
        'print the SQL that makes a user with just the rights that the policies take; frist@% by default',
      ).preset('frist@%'),
      new Option('--alerts', 'send a test message to everywhere that alerts go'),
    ],
  },
  {
    name: 'plan',
    summary: 'dry run: what a sweep would erase and keep, and why; or a plan that waits. Writes nowhere',
    argument: '[plan]',
    options: [AS_OF_PLAN, new Option('--records', 'stream every record with its reason as NDJSON')],
  },
  { name: 'run', summary: 'one sweep now', options: [AS_OF_RUN] },
  {
    name: 'approve',
    summary: 'let a plan go that waits for it',
    argument: '<plan>',
    options: [
      WHY,
      AS_OF_RUN,
      new Option('--records', 'stream each approved record that is no longer erased, and why, as NDJSON'),
    ],
  },
  { name: 'status', summary: 'what ran, what waits for people, what is overdue', options: [] },
  {
    name: 'pause',
    summary: 'the kill switch: no process begins another batch, until `frist resume`',
    options: [WHY],
  },
  { name: 'resume', summary: 'end a pause', options: [WHY] },
  { name: 'serve', summary: 'the daemon: sweeps by schedule until it is told to stop', options: [] },
  {
    name: 'hold add',
    summary: 'suspend erasure for a person, for records, or of a whole policy',
    options: [
      new Option('--subject <kind=value>', 'who, e.g. email=jens@example.dk; may be repeated').argParser(
        collect,
      ),
      new Option(
        '--record <source.record=key>',
        'or a record, e.g. crm.contact=42; may be repeated',
      ).argParser(collect),
      new Option('--policy <name>', 'or all that this policy is about'),
      new Option('--source <name>', 'with --subject: only in this source; may be repeated').argParser(
        collect,
      ),
      new Option('--restriction', 'a restriction of processing (GDPR Art. 18): works as a hold'),
      new Option('--review <day>', 'when somebody must look at it again, e.g. 2027-01-31'),
      WHY,
    ],
  },
  { name: 'hold list', summary: 'the holds that stand', options: [new Option('--all', 'released ones too')] },
  { name: 'hold release', summary: 'end a hold', argument: '<hold>', options: [WHY] },
  {
    name: 'replay',
    summary: 'erase again what a restored backup has brought back',
    options: [
      new Option('--source <name>', 'the source that was restored').argParser(collect).makeOptionMandatory(),
      new Option('--since <day>', 'only what was erased from this day on (UTC): the day of the backup'),
      new Option('--dry-run', 'show what is back and what would be erased; writes nowhere'),
      new Option('--records', 'stream every record that is back with its reason as NDJSON'),
      AS_OF_RUN,
    ],
  },
  {
    name: 'audit verify',
    summary: 'hold the whole audit trail against its signature, and against heads seen elsewhere',
    options: [
      ...VERIFIED,
      new Option('--since <file>', 'a checkpoint that was verified before: reads only what came after it'),
    ],
  },
  {
    name: 'audit list',
    summary: 'the entries of the trail',
    options: [
      new Option('--policy <name>', 'only of this policy'),
      new Option('--source <name>', 'only of this source'),
      new Option('--run <run>', 'only of this run, its batches included'),
      new Option('--batch <batch>', 'only of this batch'),
      new Option('--kind <kind>', 'only of this kind, e.g. record; may be repeated').argParser(collect),
      new Option('--from <day>', 'from this day on (UTC), e.g. 2026-01-01'),
      new Option('--to <day>', 'up to this day, and with it'),
      new Option('--limit <number>', 'the first ones only'),
      new Option('--format <format>', 'csv or ndjson; columns for people by default'),
      ...TRAIL,
    ],
  },
  {
    name: 'audit find',
    summary: 'what the trail says of one person or one record',
    options: ASKED,
  },
  {
    name: 'audit prove',
    summary: 'a receipt for one entry, which anybody can check offline; or such a check',
    options: [
      ...ASKED,
      new Option(
        '--start <value>',
        'the starting point of the record as its source had it: proves which of its lives; may be repeated',
      ).argParser(collect),
      new Option('--entry <number>', 'which entry, where several are about it'),
      new Option('--out <file>', 'where the receipt goes'),
      new Option('--check <file>', 'check a receipt, with nothing but the public key'),
      new Option('--key <verifier key>', 'the public key, with --check'),
    ],
  },
  {
    name: 'audit report',
    summary: 'what the trail shows about a period: a page for an authority, or the same as JSON',
    options: [
      new Option('--from <day>', 'first day (UTC), e.g. 2026-01-01').makeOptionMandatory(),
      new Option('--to <day>', 'last day').makeOptionMandatory(),
      new Option('--out <file>', 'where the page goes (.json: the data); to stdout by default'),
      ...VERIFIED,
    ],
  },
  {
    name: 'init',
    summary: 'propose a first policy file from the names of tables and columns; reads no row',
    options: [
      new Option(
        '--from <connection>',
        "the database, or where its address stands: '${FRIST_CRM}'",
      ).makeOptionMandatory(),
      new Option('--out <file>', 'where the file goes; to stdout by default'),
    ],
  },
  { name: 'state init', summary: 'make the state, the trail and their keys, once', options: [] },
  {
    name: 'state adopt',
    summary: 'go on without what a lost state knew, from the end of the trail',
    options: [
      new Option(
        '--head <file>',
        'a checkpoint kept out of reach of who runs frist; may be repeated',
      ).argParser(collect),
      WHY,
    ],
  },
  {
    name: 'demo',
    summary: 'the whole of it on made-up people, in a folder of its own',
    options: [new Option('--folder <folder>', 'where; a temporary folder by default')],
  },
];

const GROUPS: Readonly<Record<string, string>> = {
  hold: 'suspend erasure',
  state: 'the durable memory',
  audit: 'the trail',
};

/** Reads a command line. Answers what to do, or the exit status when help or a usage error has been printed. */
export function readCommandLine(
  argv: readonly string[],
  version: string,
  print: { readonly out: (text: string) => void; readonly err: (text: string) => void },
): Invocation | number {
  let found: Invocation | undefined;
  const root = configure(new Command('frist'), print)
    .description('keeps the promises that privacy policies make about erasure, and proves it')
    .version(version);
  const groups = new Map<string, Command>();
  for (const verb of VERBS) {
    const [first = '', second] = verb.name.split(' ');
    let parent = root;
    if (second !== undefined) {
      parent = groups.get(first) ?? configure(root.command(first).description(GROUPS[first] ?? ''), print);
      groups.set(first, parent);
    }
    const command = configure(parent.command(second ?? first).description(verb.summary), print);
    if (verb.argument !== undefined) command.argument(verb.argument);
    for (const option of [POLICIES, SETTINGS, CONTROLLER, JSON_OPTION, ...verb.options])
      command.addOption(option);
    command.action(() => {
      found = { verb: verb.name, argument: command.args[0], options: optionsOf(command.opts()) };
    });
  }
  try {
    root.parse([...argv], { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.config;
    throw error;
  }
  return found ?? EXIT.config;
}

function configure(
  command: Command,
  print: { readonly out: (text: string) => void; readonly err: (text: string) => void },
): Command {
  return command
    .exitOverride()
    .allowExcessArguments(false)
    .showHelpAfterError(
      '(add --help for the options; --policies takes every word behind it, so write a plan or hold before it)',
    )
    .configureOutput({ writeOut: print.out, writeErr: print.err });
}

function optionsOf(given: Partial<Options>): Options {
  return {
    policies: given.policies ?? [],
    settings: given.settings,
    controller: given.controller,
    json: given.json ?? false,
    asOf: given.asOf,
    records: given.records ?? false,
    why: given.why,
    subject: given.subject ?? [],
    source: given.source ?? [],
    review: given.review,
    restriction: given.restriction ?? false,
    all: given.all ?? false,
    dryRun: given.dryRun ?? false,
    folder: given.folder,
    trail: given.trail,
    key: given.key,
    head: given.head ?? [],
    since: given.since,
    from: given.from,
    to: given.to,
    out: given.out,
    record: given.record ?? [],
    start: given.start ?? [],
    entry: given.entry,
    check: given.check,
    policy: given.policy,
    run: given.run,
    batch: given.batch,
    kind: given.kind ?? [],
    limit: given.limit,
    format: given.format,
    grants: given.grants,
    alerts: given.alerts ?? false,
  };
}
