// The Dockerfile and .dockerignore of the project, as far as they go: what is written otherwise than here is refused, so
// that the image cannot be built by a step that the tests do not perform.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export const ROOT = join(import.meta.dirname, '../../..');

export interface Instruction {
  readonly word: string;
  /** `--from=build` is from → build. */
  readonly flags: ReadonlyMap<string, string>;
  readonly rest: string;
}

/** What the engine makes of the last stage. Paths are those of the image. */
export interface ImageConfig {
  readonly env: Readonly<Record<string, string>>;
  readonly uid: number;
  readonly gid: number;
  readonly folder: string;
  readonly volume: string;
  readonly entrypoint: readonly string[];
  readonly command: readonly string[];
  readonly health: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  readonly stopSignal: string;
}

function instruction(line: string): Instruction {
  const [, word = '', after = ''] = /^(\w+)\s+(.*)$/.exec(line) ?? [];
  const flags = new Map<string, string>();
  let rest = after;
  for (let flag; (flag = /^--([a-z-]+)=(\S+)\s+/.exec(rest)) !== null; rest = rest.slice(flag[0].length))
    flags.set(flag[1] ?? '', flag[2] ?? '');
  return { word, flags, rest };
}

/** The stages of a Dockerfile, each beginning with its FROM; what stands before the first is left out. */
export function stagesOf(text: string): readonly (readonly Instruction[])[] {
  const lines = text
    .split('\n')
    .filter((line) => !line.startsWith('#'))
    .join('\n')
    .replace(/\\\n\s*/g, '')
    .split('\n')
    .filter((line) => line.trim() !== '');
  const stages: Instruction[][] = [];
  for (const one of lines.map(instruction)) {
    if (one.word === 'FROM') stages.push([one]);
    else stages.at(-1)?.push(one);
  }
  return stages;
}

/** Words of the exec form, the one that needs no shell. */
export function execForm(rest: string): readonly string[] {
  return JSON.parse(rest) as readonly string[];
}

function pairs(rest: string): Readonly<Record<string, string>> {
  return Object.fromEntries(
    [...rest.matchAll(/([\w.]+)=(?:"([^"]*)"|(\S+))/g)].map(([, name = '', quoted, bare = '']) => [
      name,
      quoted ?? bare,
    ]),
  );
}

/** What the last stage of a Dockerfile says of the process. Each of these words stands there once. */
export function configOf(stage: readonly Instruction[]): ImageConfig {
  const rest = (word: string): string => {
    const [one, ...more] = stage.filter((other) => other.word === word);
    if (one === undefined || more.length > 0) throw new Error(`the image needs one ${word}`);
    return one.rest;
  };
  const [uid = Number.NaN, gid = Number.NaN] = rest('USER').split(':').map(Number);
  const [volume = ''] = execForm(rest('VOLUME'));
  return {
    env: pairs(rest('ENV')),
    uid,
    gid,
    volume,
    folder: rest('WORKDIR'),
    entrypoint: execForm(rest('ENTRYPOINT')),
    command: execForm(rest('CMD')),
    health: execForm(rest('HEALTHCHECK').replace(/^CMD /, '')),
    labels: pairs(rest('LABEL')),
    stopSignal: rest('STOPSIGNAL'),
  };
}

/** Files and folders that the build may see. */
export function contextOf(ignore: string): readonly string[] {
  const [first, ...more] = ignore.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  if (first !== '*' || more.some((line) => !line.startsWith('!')))
    throw new Error('.dockerignore leaves everything out (*) and then lets in what is named (!)');
  const names = more.map((line) => line.slice(1));
  for (const name of names)
    if (!existsSync(join(ROOT, name))) throw new Error(`.dockerignore lets in ${name}, which is not there`);
  return names;
}

export function readProjectFile(name: string): string {
  return readFileSync(join(ROOT, name), 'utf8');
}
