/** The settings `audit.s3.*` in their own types, and what contradicts itself in where the trail lies. */
import { resolve } from 'node:path';
import type { S3Settings } from '../audit/store/s3/place.ts';
import { durationMs } from './formats.ts';
import type { Flat } from './inputs.ts';
import type { SettingName } from './settings.ts';

/** Servers other than AWS mostly have no regions, but the signature needs one. */
const ANY_REGION = 'us-east-1';

/** Settings without a default that mean nothing where the trail lies in a folder. */
const WITH_BUCKET: readonly SettingName[] = ['audit.s3.prefix', 'audit.s3.state'];

/** Settings that only make sense together, or not at all: what is wrong, at which of them. */
export function trailContradictions(
  values: Flat,
): { readonly name: SettingName; readonly message: string; readonly remedy: string }[] {
  const given = (name: SettingName): boolean => values.get(name) != null;
  const found: ReturnType<typeof trailContradictions> = [];
  if (given('audit.folder') && given('audit.s3.bucket'))
    found.push({
      name: 'audit.folder',
      message: 'audit.folder and audit.s3.bucket are both set: the trail has one place',
      remedy: 'Unset one of them.',
    });
  if (given('audit.s3.access.key') !== given('audit.s3.access.secret'))
    found.push({
      name: 'audit.s3.access.key',
      message: 'audit.s3.access.key and audit.s3.access.secret come together',
      remedy: 'Set both, or neither: then the environment, the files of AWS or the machine give them.',
    });
  const idle = WITH_BUCKET.find(given);
  if (idle !== undefined && !given('audit.s3.bucket'))
    found.push({
      name: idle,
      message: `${idle} is set, but not audit.s3.bucket: the trail would lie in a folder`,
      remedy: 'Set audit.s3.bucket too, or unset it.',
    });
  if (Number(values.get('audit.s3.lock.evidence') ?? 0) > Number(values.get('evidence.keep')))
    found.push({
      name: 'audit.s3.lock.evidence',
      message:
        'audit.s3.lock.evidence is longer than evidence.keep: evidence could not be erased when its life ends',
      remedy: 'Lock evidence no longer than evidence.keep days.',
    });
  if (headsInTrail(values))
    found.push({
      name: 'audit.heads.store',
      message:
        'audit.heads.store is the place of the trail itself: heads there prove nothing against who may write it',
      remedy: 'Name another place, out of reach of who runs frist. Beside the trail heads are kept anyway.',
    });
  return found;
}

function headsInTrail(values: Flat): boolean {
  const heads = values.get('audit.heads.store');
  if (heads == null) return false;
  const bucket = values.get('audit.s3.bucket');
  if (bucket != null) {
    const trail = `s3://${String(bucket)}/${String(values.get('audit.s3.prefix') ?? '')}`;
    return withoutSlash(String(heads)) === withoutSlash(trail);
  }
  const folder = values.get('audit.folder') ?? `${String(values.get('data.folder'))}/audit`;
  return resolve(String(heads)) === resolve(String(folder));
}

const withoutSlash = (place: string): string => place.replace(/\/+$/, '');

export function s3Settings(values: Flat): S3Settings {
  const text = (name: SettingName): string => String(values.get(name));
  const optional = <K extends string>(name: SettingName, key: K): { readonly [P in K]?: string } =>
    values.get(name) == null ? {} : ({ [key]: text(name) } as { readonly [P in K]: string });
  const endpoint = optional('audit.s3.endpoint', 'endpoint');
  const elsewhere = endpoint.endpoint !== undefined;
  const pathStyle = values.get('audit.s3.pathstyle');
  const evidence = values.get('audit.s3.lock.evidence');
  return {
    ...optional('audit.s3.bucket', 'bucket'),
    ...optional('audit.s3.state', 'stateBucket'),
    prefix: optional('audit.s3.prefix', 'prefix').prefix ?? '',
    ...endpoint,
    ...(elsewhere ? { region: ANY_REGION } : {}),
    ...optional('audit.s3.region', 'region'),
    ...(values.get('audit.s3.access.key') == null
      ? {}
      : { credentials: { key: text('audit.s3.access.key'), secret: text('audit.s3.access.secret') } }),
    pathStyle: pathStyle == null ? elsewhere : pathStyle === true,
    checksums: text('audit.s3.checksums') as S3Settings['checksums'],
    timeoutMs: durationMs(text('audit.s3.timeout')) ?? 0,
    lock: {
      mode: text('audit.s3.lock.mode') as S3Settings['lock']['mode'],
      years: Number(values.get('audit.s3.lock.years')),
      ...(evidence == null ? {} : { evidenceDays: Number(evidence) }),
    },
  };
}
