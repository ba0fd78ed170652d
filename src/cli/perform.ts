/** One verb in one installation: opens what the verb needs, and closes it again. */
import { examineStore, type StoreReport } from '../audit/store/examine.ts';
import { createUlids } from '../audit/format/ulid.ts';
import type { LoadedSettings, Settings } from '../config.ts';
import { FristError } from '../errors.ts';
import type { App } from '../installation/app.ts';
import { openApp, openConnectors, type World } from '../installation/wiring.ts';
import type { Located } from '../policy/parse/parse.ts';
import type { PolicyFile } from '../policy/policy.ts';
import { compileViews } from '../policy/view.ts';
import { auditVerb } from './audit/verbs.ts';
import { approve } from './erase/approve.ts';
import { plan, showPlan } from './erase/plan.ts';
import { replay } from './erase/replay.ts';
import { run } from './erase/run.ts';
import { holdAdd, holdList, holdRelease } from './hold.ts';
import type { Place } from './installations/places.ts';
import { allOf, downOf, wellOf, type PolicyFiles } from './installations/policy-files.ts';
import { besideBroken } from './installations/several.ts';
import { pause, resume } from './pause.ts';
import type { Io } from './print/io.ts';
import { tell } from './print/tell.ts';
import type { Invocation, Options } from './program.ts';
import { examineAlerts, type AlertRoute } from './setup/alerts.ts';
import { check } from './setup/check.ts';
import { isStateMade } from '../state/open.ts';
import { stateAdopt } from './setup/state-adopt.ts';
import { stateInit } from './setup/state-init.ts';
import { strayVariables } from './setup/variables.ts';
import { readText } from './shared/files.ts';
import { momentOf, momentToErase } from './shared/as-of.ts';
import { exitOf } from './shared/exit.ts';
import { status } from './status.ts';

/** What a verb is performed with. */
export interface Given {
  readonly invocation: Invocation;
  readonly world: World;
  /** Aborts when the process is asked to stop. */
  readonly signal: AbortSignal;
  readonly io: Io;
}

/** Whether it goes on with the policy files that are well where another one is not. */
function bearsBroken({ verb, argument }: Invocation): boolean {
  return verb === 'run' || verb === 'status' || (verb === 'plan' && argument === undefined);
}

/** Performs the verb in one installation. Answers the exit status. */
export async function performAt(place: Place, given: Given): Promise<number> {
  const { verb, options } = given.invocation;
  if (FILELESS.test(verb)) return await withoutFiles(place.settings().settings, () => place.files(), given);
  const read = place.files();
  const loaded = place.settings(read);
  if (verb === 'check') return await checkAll(loaded, allOf(read), given);
  const files = bearsBroken(given.invocation) ? wellOf(read) : allOf(read);
  const work = async (io: Io): Promise<number> => {
    const app = await openApp(loaded.settings, files, given.world, downOf(read.broken));
    return await opened(app, io, () => withApp(app, { ...given, io }));
  };
  return await besideBroken(read.broken, work, options.json && !options.records, given.io);
}

/** Verbs that work without policy files, or read them themselves. */
const FILELESS = /^(?:state init|state adopt|hold list|pause|resume|audit .*)$/;

async function withoutFiles(
  settings: Settings,
  files: () => PolicyFiles,
  { invocation: { verb, options }, world, io }: Given,
): Promise<number> {
  const { json, head } = options;
  switch (verb) {
    case 'state init':
      return stateInit(settings, world, json, io);
    case 'state adopt':
      return stateAdopt(settings, world, { why: reasonOf(options), head, json }, io);
    case 'hold list':
      return holdList(settings, world, options, io);
    case 'pause':
    case 'resume': {
      const app = await openApp(settings, [], world);
      const given = { why: reasonOf(options), json };
      return await opened(app, io, () => (verb === 'pause' ? pause : resume)(app, given, io));
    }
    default: {
      const policies = (): PolicyFile[] => allOf(files()).map(({ file }) => file);
      return auditVerb(verb, options, { settings, world, io, policies });
    }
  }
}

async function checkAll(
  { settings, origins, strangers }: LoadedSettings,
  files: readonly Located[],
  { invocation: { options }, world, signal, io }: Given,
): Promise<number> {
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
    const state = (): Promise<boolean> => isStateMade(settings.state.url, { clock: world.now });
    const { json, grants } = options;
    // Of every controller, whichever this installation is of: all have the same environment.
    const stray = strayVariables(strangers, options.policies.map(readText));
    const { now, randomBytes } = world;
    const alerts = (): Promise<AlertRoute[]> =>
      examineAlerts({
        settings: settings.alerts,
        tryThem: options.alerts,
        // The state is not opened: nobody knows the installation's id here.
        sender: { installation: '', controllers: files.map(({ file }) => file.controller.name) },
        id: createUlids(randomBytes, now)(),
        now,
        signal,
      });
    return await check({ files: inputs, stray, store, state, origins, grants, alerts, json, signal }, io);
  } finally {
    for (const { connectors } of opened) await connectors.close();
  }
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

async function withApp(app: App, { invocation, world, signal, io }: Given): Promise<number> {
  const { verb, argument = '', options } = invocation;
  const { json } = options;
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
