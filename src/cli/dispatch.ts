/** From a command line to its verb: reads the settings, finds the installations that it is about, and tells errors. */
import { readFileSync } from 'node:fs';
import { readSettings, type CommonSettings } from '../config.ts';
import { createConnector } from '../connectors/registry.ts';
import { EXIT, FristError } from '../errors.ts';
import { createLogger, type Logger } from '../logger.ts';
import { MEANING, type World } from '../installation/wiring.ts';
import { checkProof } from './audit/prove.ts';
import { placesOf, type Place } from './installations/places.ts';
import { resolverOf } from './installations/policy-files.ts';
import { inEach } from './installations/several.ts';
import { performAt, type Given } from './perform.ts';
import type { Io } from './print/io.ts';
import { tell } from './print/tell.ts';
import { readCommandLine, type Invocation, type Options } from './program.ts';
import { init } from './setup/init.ts';
import { writeNew } from './shared/files.ts';
import type { Process } from './shared/process.ts';

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
  const settings = readSettings({
    env: process.environment,
    file: options.settings,
    readFile: (path) => readFileSync(path, 'utf8'),
  });
  const { common } = settings;
  const world: World = { ...process, logger: loggerOf(common, process) };
  if (verb === 'init') return proposeFrom(options, common, process);
  const places = placesOf(options, settings, process);
  if (verb === 'serve') {
    const { serve } = await import('./serve.ts');
    return await serve(places, { ...process, world, http: common.http });
  }
  return await performIn(places, { invocation, world, signal, io });
}

/** Verbs that look at every installation, or do the same to all. */
const IN_EACH: ReadonlySet<string> = new Set([
  'check',
  'plan',
  'run',
  'status',
  'pause',
  'resume',
  'hold list',
  'audit verify',
  'state init',
]);

async function performIn(places: readonly Place[], given: Given): Promise<number> {
  const { verb, argument, options } = given.invocation;
  const [place, ...others] = places;
  if (place !== undefined && others.length === 0) return await performAt(place, given);
  if (!IN_EACH.has(verb) || argument !== undefined || options.grants !== undefined)
    throw new FristError('CONTROLLER_NEEDED');
  const parts = places.map((one) => ({
    name: one.name ?? '',
    work: async (io: Io) => {
      try {
        return await performAt(one, { ...given, io });
      } catch (error) {
        // What is there already need not be made.
        if (verb !== 'state init' || !(error instanceof FristError) || error.code !== 'STATE_EXISTS')
          throw error;
        if (!options.json) io.out('has a state already\n');
        return EXIT.ok;
      }
    },
  }));
  return await inEach(parts, options.json && !options.records, given.io);
}

function proposeFrom(options: Options, settings: CommonSettings, process: Process): Promise<number> {
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

function loggerOf(settings: CommonSettings, process: Process): Logger {
  const { level, format } = settings.log;
  const auto = process.logs.isTTY === true ? 'text' : 'json';
  return createLogger({
    level,
    format: format === 'auto' ? auto : format,
    stream: process.logs,
    now: process.now,
  });
}
