/**
 * The policy file: text in, `PolicyFile` out, or every problem at once, each with file, line, column and what to do.
 *
 * Three passes, so that one kind of mistake does not hide another: the text (YAML), the shape (zod, key by key), and
 * the meaning of whatever has a valid shape. docs/policies.md is the reference of the language.
 */
import { ConfigError } from '../../errors.ts';
import type { Problem } from '../../errors.ts';
import type { Controller, PolicyFile } from '../policy.ts';
import { readController } from './build/controller.ts';
import { readHolds } from './build/holds.ts';
import { readDefaults, readPolicy } from './build/policy.ts';
import { refuseReferences } from './build/reference.ts';
import type { Resolve } from './build/reference.ts';
import { readSource } from './build/source.ts';
import { checkColumns, checkMeaning } from './check/columns.ts';
import { checkConflicts } from './check/conflicts.ts';
import { checkSubjects } from './check/subjects.ts';
import { checkMissing } from './check/missing.ts';
import { readYaml } from './document.ts';
import type { Path, Position } from './position.ts';
import { createReport } from './report.ts';
import type { Report } from './report.ts';
import { fileShape } from './schema/file.ts';
import { opening, readFields, readNamed } from './shape.ts';

export type { NoValue, Resolve } from './build/reference.ts';
export type { Path, Position } from './position.ts';

export interface ParseOptions {
  /** Name of the file, for messages. */
  readonly file: string;
  /** Gives the value of `${NAME}` (asked as `NAME`) and `${file:/path}` (asked as `file:/path`). */
  readonly resolve: Resolve;
  /** Kinds of systems that there are connectors for. Undefined: any kind is accepted. */
  readonly kinds?: readonly string[];
}

/** A policy file together with where everything stands in it. */
export interface Located {
  readonly file: PolicyFile;
  /** Line and column of a path; of the nearest place above it where the path leads nowhere. */
  readonly locate: (path: Path) => Position;
  /** What is allowed but hardly meant. */
  readonly warnings: readonly Problem[];
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const below of Object.values(value)) deepFreeze(below);
  }
  return value;
}

/** Reads what the document says; undefined where something, already reported, is wrong. */
function readFile(raw: unknown, options: ParseOptions, report: Report): PolicyFile | undefined {
  const { values } = readFields(opening(fileShape, ['controller', 'sources', 'policies']), raw, [], report);
  refuseReferences(raw, [], report);
  const controller =
    values.controller === undefined ? undefined : readController(values.controller, ['controller'], report);
  const declared =
    values.sources === undefined ? [] : readNamed(values.sources, ['sources'], 'sources', report);
  const settings = { resolve: options.resolve, kinds: options.kinds };
  const sources = new Map(declared.map((one) => [one.name, readSource(one, settings, report)]));
  const defaults = readDefaults(values);
  const holds = readHolds(values.holds, ['holds'], report);
  const named =
    values.policies === undefined ? [] : readNamed(values.policies, ['policies'], 'policies', report);
  const entries = named.flatMap((one) => readPolicy(one, sources, defaults, report));
  checkColumns(sources.values(), entries, report);
  checkMeaning(entries, report);
  checkSubjects(entries, report);
  checkConflicts(sources, entries, report);
  checkMissing(
    [...sources.values()].flatMap((one) => [...one.records.values()]),
    entries,
    report,
  );
  if (controller === undefined || report.failed()) return undefined;
  return {
    file: options.file,
    controller,
    sources: [...sources.values()].map((entry) => entry.source).filter((source) => source !== undefined),
    policies: entries.map((entry) => entry.policy),
    holds,
  };
}

/**
 * Parses the text of one policy file (one controller).
 * @throws ConfigError with all problems, in the order of the text.
 */
export function parsePolicies(text: string, options: ParseOptions): Located {
  const yaml = readYaml(text, options.file);
  const report = createReport(options.file, yaml.locator, yaml.problems);
  for (const path of yaml.broken) report.silence(path);
  const file = readFile(yaml.value, options, report);
  if (file === undefined) throw new ConfigError(report.problems());
  return { file: deepFreeze(file), locate: yaml.locator.locate, warnings: report.problems() };
}

/** Whose file this is, as long as that much of it can be read; the rest may be wrong. */
export function readControllerOf(text: string, file: string): Controller | undefined {
  const { value, locator } = readYaml(text, file);
  if (typeof value !== 'object' || value === null || !('controller' in value)) return undefined;
  return readController(value.controller, ['controller'], createReport(file, locator, []));
}
