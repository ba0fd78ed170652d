/** From a command line to its verb: reads settings and policy files, opens what the verb needs, and tells errors. */
import { readFileSync } from 'node:fs';
import type { App } from '../installation/app.ts';
import { examineStore, type StoreReport } from '../audit/store/examine.ts';
import { createResolver, loadSettings, type Settings } from '../config.ts';
import { connectorKinds, createConnector } from '../connectors/registry.ts';
import { ConfigError, EXIT, FristError } from '../errors.ts';
import { createLogger, type Logger } from '../logger.ts';
import { parsePolicies, type Located } from '../policy/parse/parse.ts';
import type { PolicyFile } from '../policy/policy.ts';
import { compileViews } from '../policy/view.ts';
import { MEANING, openApp, openConnectors, type World } from '../installation/wiring.ts';
import { approve } from './erase/approve.ts';
import { momentOf, momentToErase } from './shared/as-of.ts';
import { exitOf } from './shared/exit.ts';
import { checkProof } from './audit/prove.ts';
import { auditVerb } from './audit/verbs.ts';
import { check, problemText } from './setup/check.ts';
import { holdAdd, holdList, holdRelease } from './hold.ts';
import { init } from './setup/init.ts';
import { readText, writeNew } from './shared/files.ts';
import { printJson, type Io } from './print/io.ts';
import { printable } from './print/printable.ts';
import type { Process } from './shared/process.ts';
import { pause, resume } from './pause.ts';
import { plan, showPlan } from './erase/plan.ts';
import { readCommandLine, type Invocation, type Options } from './program.ts';
import { replay } from './erase/replay.ts';
import { run } from './erase/run.ts';
import { stateAdopt } from './setup/state-adopt.ts';
import { stateInit } from './setup/state-init.ts';
import { status } from './status.ts';

/** Runs one command line. Answers the exit status; never throws for what a user or a system did. */
export async function dispatch(argv: readonly string[], process: Process): Promise<number> {
  const invocation = readCommandLine(argv, process.version, process.io);
  if (typeof invocation === 'number') return invocation;
  try {
    return await perform(invocation, process);
  } catch (error) {
    return tell(error, invocation.options.json, process.io);
  }
}

async function perform(invocation: Invocation, process: Process): Promise<number> {
  const { verb, options } = invocation;
  const { io, signal } = process;
  // Loaded when asked for: a server, a scheduler and the demo's people are most of the start of every other verb.
  if (verb === 'demo') return (await import('./demo.ts')).demo(options.folder, process, dispatch);
  if (verb === 'audit prove' && options.check !== undefined)
    return checkProof({ file: options.check, key: options.key, json: options.json }, io);
  const { settings, origins } = loadSettings({
    env: process.environment,
    file: options.settings,
    readFile: (path) => readFileSync(path, 'utf8'),
  });
  const world: World = { ...process, logger: loggerOf(settings, process) };
  if (verb === 'state init') return stateInit(settings, world, options.json, io);
  if (verb === 'state adopt') {
    const { head, json } = options;
    return stateAdopt(settings, world, { why: reasonOf(options), head, json }, io);
  }
  if (verb === 'hold list') return holdList(settings, world, options, io);
  if (verb.startsWith('audit ')) {
    const policies = (): PolicyFile[] =>
      readPolicyFiles(options.policies, process).map((located) => located.file);
    return auditVerb(verb, options, { settings, world, io, policies });
  }
  if (verb === 'init') return proposeFrom(options, settings, process);
  if (verb === 'pause' || verb === 'resume') {
    const app = await openApp(settings, [], world);
    const given = { why: reasonOf(options), json: options.json };
    return await opened(app, io, () => (verb === 'pause' ? pause : resume)(app, given, io));
  }
  const files = readPolicyFiles(options.policies, process);
  if (verb === 'check') {
    const opened = files.map((located) => ({
      located,
      connectors: openConnectors(located.file, settings, world),
    }));
    try {
      const inputs = opened.map(({ located, connectors }) => {
        const { of: connector, strain } = connectors;
        return { located, tasks: compileViews(located.file), connector, strain };
      });
      const store = (): Promise<StoreReport> => examineStore(settings.audit, world.now());
      return await check({ files: inputs, store, origins, json: options.json, signal }, io);
    } finally {
      for (const { connectors } of opened) await connectors.close();
    }
  }
  const app = await openApp(settings, files, world);
  return await opened(app, io, () => withApp(app, invocation, process, world));
}

function proposeFrom(options: Options, settings: Settings, process: Process): Promise<number> {
  const { from = '', out, json } = options;
  return init(
    {
      from,
      out,
      json,
      timezone: Intl.DateTimeFormat().resolvedOptions().timeZone,
      resolve: resolverOf(process),
      connect: (connection) =>
        createConnector('sql', {
          source: 'init',
          connection,
          pageSize: settings.page.size,
          meaning: MEANING,
        }),
      writeFile: writeNew,
      signal: process.signal,
    },
    process.io,
  );
}

/** Closes the app after the verb. Its one document is printed then: what fails now goes to stderr, and into the exit status. */
async function opened(app: App, io: Io, verb: () => Promise<number>): Promise<number> {
  let status: number;
  try {
    status = await verb();
  } catch (error) {
    await app.close().catch(() => undefined);
    throw error;
  }
  try {
    await app.close();
    return status;
  } catch (error) {
    return exitOf([status, tell(error, false, io)]);
  }
}

async function withApp(app: App, invocation: Invocation, process: Process, world: World): Promise<number> {
  const { verb, argument = '', options } = invocation;
  const { json } = options;
  const { io, signal } = process;
  const toErase = (): ReturnType<typeof momentToErase> =>
    momentToErase(options.asOf, app.now(), app.settings.clock.settable);
  switch (verb) {
    case 'plan': {
      const looking = { moment: momentOf(options.asOf, app.now()), json, records: options.records, signal };
      return argument === '' ? plan(app, looking, io) : showPlan(app, argument, looking, io);
    }
    case 'run':
      return run(app, { moment: toErase(), json, signal }, io);
    case 'approve':
      return approve(
        app,
        { plan: argument, why: reasonOf(options), moment: toErase(), json, records: options.records, signal },
        io,
      );
    case 'replay': {
      const { source, since, dryRun, records } = options;
      const moment = dryRun ? momentOf(options.asOf, app.now()) : toErase();
      return replay(app, { source, since, dryRun, records, moment, json, signal }, world, io);
    }
    case 'status':
      return status(app, { json }, io);
    case 'serve':
      return (await import('./serve.ts')).serve(app, {
        createJobs: process.createJobs,
        version: world.version,
        signal,
      });
    case 'hold add':
      return holdAdd(app, { ...options, why: reasonOf(options), signal }, io);
    case 'hold release':
      return holdRelease(app, { hold: argument, why: reasonOf(options), json }, io);
    default:
      throw new FristError('USAGE', { what: `there is no verb ${verb}` });
  }
}

function reasonOf(options: Options): string {
  if (options.why === undefined || options.why.trim() === '') {
    throw new FristError('USAGE', { what: '--why must give a reason' });
  }
  return options.why;
}

function loggerOf(settings: Settings, process: Process): Logger {
  const { level, format } = settings.log;
  const auto = process.logs.isTTY === true ? 'text' : 'json';
  return createLogger({
    level,
    format: format === 'auto' ? auto : format,
    stream: process.logs,
    now: process.now,
  });
}

/** All files are read before any is refused, so that every problem of all of them is told at once. */
function readPolicyFiles(paths: readonly string[], process: Process): Located[] {
  if (paths.length === 0) throw new FristError('USAGE', { what: '--policies FILE is needed' });
  const problems: ConfigError['problems'][number][] = [];
  const files: Located[] = [];
  for (const path of paths) {
    try {
      const text = readText(path);
      files.push(parsePolicies(text, { file: path, resolve: resolverOf(process), kinds: connectorKinds() }));
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      problems.push(...error.problems);
    }
  }
  if (problems.length > 0) throw new ConfigError(problems);
  // State and trail know a policy by its controller and its name.
  const names = files.map(({ file }) => file.controller.name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) {
    throw new FristError('USAGE', { what: `two of the policy files are of the same controller, ${twice}` });
  }
  return files;
}

function resolverOf(process: Process): ReturnType<typeof createResolver> {
  return createResolver({ env: process.environment, readFile: (file) => readFileSync(file, 'utf8') });
}

/** An error as the user sees it: code, what is wrong, what to do. A defect shows its code and place, and no data. */
function tell(error: unknown, json: boolean, io: Io): number {
  if (error instanceof ConfigError) {
    if (json) printJson(io, { problems: error.problems, exit: error.exit, statuses: [error.exit] });
    else for (const problem of error.problems) io.err(`${problemText(problem)}\n`);
    return error.exit;
  }
  if (error instanceof FristError) {
    const { code, message, remedy, exit } = error;
    if (json) printJson(io, { error: { code, message, remedy }, exit, statuses: [exit] });
    else io.err(`${code}: ${printable(message)}\n  → ${remedy}\n`);
    return exit;
  }
  const place =
    error instanceof Error ? /\(?([^/\s(]+:\d+:\d+)\)?$/m.exec(error.stack ?? '')?.[1] : undefined;
  const name = error instanceof Error ? error.name : typeof error;
  io.err(
    `DEFECT: ${name} at ${place ?? 'an unknown place'}\n  → This is a defect of frist: report it with this line.\n`,
  );
  return EXIT.failed;
}
