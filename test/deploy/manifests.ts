// The files of deploy/ as data.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseDocument } from 'yaml';
import { ROOT } from '../support/image/dockerfile.ts';

export const DEPLOY = join(ROOT, 'deploy');

export function read(name: string): string {
  return readFileSync(join(DEPLOY, name), 'utf8');
}

/** A YAML file of deploy/; a warning of the parser is an error. */
export function readYaml(name: string): unknown {
  const document = parseDocument(read(name));
  const [problem] = [...document.errors, ...document.warnings];
  if (problem !== undefined) throw problem;
  return document.toJS();
}

/** Every environment variable of frist that a text names. */
export function variablesIn(text: string): readonly string[] {
  return [...new Set(text.match(/\bFRIST_[A-Z0-9_]+/g))];
}
