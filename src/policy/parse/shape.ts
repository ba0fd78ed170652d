/**
 * Holds a part of the file against its schema, key by key, so that one bad value does not hide what is wrong with the
 * others: what is valid is handed on, what is not is reported.
 */
import { z } from 'zod';
import { isMapping } from './document.ts';
import type { Path } from './position.ts';
import { nearest, suggestion } from './report.ts';
import type { Complaint, Report } from './report.ts';
import { NAME, says } from './schema/values.ts';

type Shape = Readonly<Record<string, z.ZodType>>;

/** The valid values of a mapping, and which keys it has at all. */
export interface Fields<S extends Shape> {
  readonly path: Path;
  readonly values: { readonly [K in keyof S]?: Exclude<z.output<S[K]>, undefined> };
  readonly given: ReadonlySet<string>;
}

type Issue = z.core.$ZodIssue;

const KINDS: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  object: 'a mapping',
  record: 'a mapping',
  array: 'a list',
};

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object'
    ? 'a mapping'
    : typeof value === 'string'
      ? 'text'
      : (KINDS[typeof value] ?? 'a number');
}

function valueAt(value: unknown, path: Path): unknown {
  let here = value;
  for (const segment of path) {
    if (typeof here !== 'object' || here === null) return undefined;
    here = (here as Readonly<Record<string | number, unknown>>)[segment];
  }
  return here;
}

interface Meaning {
  readonly description: string;
  readonly keys: readonly string[];
}

/** The schemas that may apply one segment further down. */
function below(schema: z.core.$ZodTypes, segment: string | number): readonly z.core.$ZodType[] {
  const def = schema._zod.def;
  if (def.type === 'optional') return below(def.innerType as z.core.$ZodTypes, segment);
  if (def.type === 'union')
    return def.options.flatMap((option) => below(option as z.core.$ZodTypes, segment));
  if (def.type === 'array') return typeof segment === 'number' ? [def.element] : [];
  if (def.type === 'record') return [def.valueType];
  if (def.type !== 'object') return [];
  const next = Object.hasOwn(def.shape, segment) ? def.shape[segment] : def.catchall;
  return next === undefined || next._zod.def.type === 'never' ? [] : [next];
}

function keysOf(schema: z.core.$ZodTypes): readonly string[] {
  const def = schema._zod.def;
  if (def.type === 'optional') return keysOf(def.innerType as z.core.$ZodTypes);
  if (def.type === 'union') return def.options.flatMap((option) => keysOf(option as z.core.$ZodTypes));
  return def.type === 'object' ? Object.keys(def.shape) : [];
}

/** What the schema says about the place at `path`: its words, or the nearest above it that has some. */
function meaningOf(root: z.ZodType, path: Path): Meaning {
  let schemas: readonly z.core.$ZodType[] = [root];
  let description = '';
  const describe = (): void => {
    for (const schema of schemas) description = z.globalRegistry.get(schema)?.description ?? description;
  };
  describe();
  for (const segment of path) {
    schemas = schemas.flatMap((schema) => below(schema as z.core.$ZodTypes, segment));
    describe();
  }
  return { description, keys: schemas.flatMap((schema) => keysOf(schema as z.core.$ZodTypes)) };
}

/** The issues of the branch that was meant, where one can be told by the kind of the value. */
function meant(issue: Issue): readonly Issue[] {
  if (issue.code !== 'invalid_union') return [issue];
  const branch = issue.errors.find((issues) =>
    issues.every((one) => one.path.length > 0 || ['unrecognized_keys', 'too_small'].includes(one.code)),
  );
  if (branch === undefined || branch.length === 0) return [issue];
  return branch.flatMap((one) => meant({ ...one, path: [...issue.path, ...one.path] }));
}

function wording(issue: Issue, value: unknown, name: string): Pick<Complaint, 'code' | 'message'> {
  if (value === undefined) return { code: 'missing-key', message: `"${name}" is missing` };
  switch (issue.code) {
    case 'invalid_type':
      return {
        code: 'wrong-type',
        message: `Must be ${KINDS[issue.expected] ?? issue.expected}, not ${kindOf(value)}`,
      };
    case 'invalid_value':
      return {
        code: 'wrong-value',
        message: `Must be ${issue.values.map((one) => `"${String(one)}"`).join(' or ')}`,
      };
    case 'too_small':
      return {
        code: 'wrong-value',
        message:
          typeof value === 'number' ? `Must be at least ${String(issue.minimum)}` : 'Must not be empty',
      };
    case 'too_big':
      return { code: 'wrong-value', message: `Must be at most ${String(issue.maximum)}` };
    case 'invalid_format':
      return { code: 'wrong-value', message: `"${name}" is not written as it must be` };
    case 'invalid_key':
      return { code: 'bad-name', message: `"${name}" cannot be a name` };
    case 'custom':
      return { code: 'wrong-type', message: `${issue.message}, not ${kindOf(value)}` };
    default:
      return { code: 'wrong-type', message: `Cannot be ${kindOf(value)}` };
  }
}

const NAMING = 'Begin with a letter; then letters, digits, spaces, - and _, at most 80 in all.';

/** Reports why `value` at `path` does not fit `schema`. */
function complain(
  schema: z.ZodType,
  value: unknown,
  path: Path,
  issues: readonly Issue[],
  report: Report,
): void {
  for (const issue of issues.flatMap(meant)) {
    const inner = issue.path as Path;
    const here = [...path, ...inner];
    const { description, keys } = meaningOf(schema, inner);
    const name = String(here.at(-1) ?? '');
    if (issue.code === 'unrecognized_keys') {
      for (const key of issue.keys) unknownKey(key, here, keys, report);
    } else if (issue.code === 'invalid_key') {
      report.add({ ...wording(issue, '', name), path: here, remedy: NAMING, on: 'key' });
    } else {
      report.add({ ...wording(issue, valueAt(value, inner), name), path: here, remedy: description });
    }
  }
}

function unknownKey(key: string, path: Path, known: readonly string[], report: Report): void {
  report.add({
    code: 'unknown-key',
    path: [...path, key],
    message: `Unknown key "${key}"`,
    remedy: suggestion(key, known, 'keys'),
    on: 'key',
  });
}

/** The value where it has the shape of `schema`; undefined, and reported, where it has not. */
export function readValue<T>(schema: z.ZodType<T>, raw: unknown, path: Path, report: Report): T | undefined {
  const result = schema.safeParse(raw);
  if (result.success) return result.data;
  complain(schema, raw, path, result.error.issues, report);
  return undefined;
}

/**
 * Reads the keys of a mapping. Every problem is in `report`; `values` holds what is valid, and `given` what is there,
 * valid or not, so that a bad value is not taken for a missing one.
 */
export function readFields<S extends Shape>(shape: S, raw: unknown, path: Path, report: Report): Fields<S> {
  const values: Record<string, unknown> = {};
  if (!isMapping(raw)) {
    report.add({
      code: 'wrong-type',
      path,
      message: `Must be a mapping, not ${kindOf(raw)}`,
      remedy: `Write keys below it: ${Object.keys(shape).join(', ')}.`,
    });
    return { path, values: {}, given: new Set(Object.keys(shape)) };
  }
  const given = new Set<string>();
  for (const key of Object.keys(raw)) {
    if (!Object.hasOwn(shape, key)) unknownKey(key, path, Object.keys(shape), report);
    // A misspelt key is there, in a way: nobody needs to hear that it is missing as well.
    given.add(Object.hasOwn(shape, key) ? key : (nearest(key, Object.keys(shape)) ?? ''));
  }
  for (const [key, schema] of Object.entries(shape)) {
    if (given.has(key) && raw[key] === undefined) continue;
    const value = readValue(schema, raw[key], [...path, key], report);
    if (value !== undefined) values[key] = value;
  }
  return { path, values: values as Fields<S>['values'], given };
}

/**
 * The same shape with some keys left to be read later, by `readFields` or `readNamed` of their own: they must be there
 * where the shape wants them, and nothing more is asked here.
 */
export function opening<S extends Shape, K extends keyof S & string>(
  shape: S,
  later: readonly K[],
): Opened<S, K> {
  const parts = later.map((key) => {
    const schema = shape[key] as z.ZodType;
    const optional = schema.safeParse(undefined).success;
    const part = z.custom<unknown>((value) => value !== undefined || optional);
    return [key, says(part, schema.description ?? '')] as const;
  });
  // The compiler cannot follow keys through Object.fromEntries.
  return { ...shape, ...Object.fromEntries(parts) } as unknown as Opened<S, K>;
}

type Opened<S extends Shape, K extends keyof S> = { [P in keyof S]: P extends K ? z.ZodType : S[P] };

/** A named part of the file, e.g. one source. */
export interface Named {
  readonly name: string;
  readonly raw: unknown;
  readonly path: Path;
}

/** The entries of a mapping of named things (sources, records, policies); names are checked. */
export function readNamed(raw: unknown, path: Path, what: string, report: Report): readonly Named[] {
  if (!isMapping(raw) || Object.keys(raw).length === 0) {
    const message = isMapping(raw)
      ? `There are no ${what} here`
      : `Must be a mapping of ${what}, not ${kindOf(raw)}`;
    report.add({
      code: 'wrong-type',
      path,
      message,
      remedy: `Write each of the ${what} below it, beginning with its name.`,
    });
    return [];
  }
  return Object.entries(raw).map(([name, value]) => {
    if (!NAME.test(name)) {
      report.add({
        code: 'bad-name',
        path: [...path, name],
        message: `"${name}" cannot be a name`,
        remedy: NAMING,
        on: 'key',
      });
    }
    return { name, raw: value, path: [...path, name] };
  });
}
