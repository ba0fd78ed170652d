import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';

const read = (name: string): unknown =>
  JSON.parse(readFileSync(new URL(`../../deploy/s3/${name}`, import.meta.url), 'utf8'));

interface Statement {
  readonly Effect: string;
  readonly Action: string | readonly string[];
  readonly Resource: string | readonly string[];
  readonly Condition?: unknown;
}

describe('the policy for S3', () => {
  const { Statement: statements } = read('policy.json') as { Statement: readonly Statement[] };
  const allowing = (action: RegExp) =>
    statements.filter((one) => [one.Action].flat().some((name) => action.test(name)));

  it('lets the daemon delete evidence and nothing else, and never lift a lock', () => {
    expect(allowing(/Delete/).flatMap((one) => one.Resource)).toEqual(['arn:aws:s3:::TRAIL/evidence/*']);
    expect(allowing(/Bypass|LegalHold|BucketPolicy|\*/)).toEqual([]);
  });

  it('lets it overwrite only what changes', () => {
    const overwriting = allowing(/PutObject$/).filter((one) => one.Condition === undefined);
    expect(overwriting.flatMap((one) => one.Resource)).toEqual([
      'arn:aws:s3:::TRAIL/checkpoint',
      'arn:aws:s3:::TRAIL/.state/*',
    ]);
  });
});

describe('the policy of the bucket', () => {
  const bucket = read('bucket.json') as {
    readonly CreateBucket: unknown;
    readonly PutBucketPolicy: { readonly Statement: readonly Statement[] };
  };
  const { Statement: statements } = bucket.PutBucketPolicy;

  it('gives nobody anything, and forbids everybody to delete what must stay', () => {
    expect(statements.map((one) => one.Effect)).toEqual(['Deny', 'Deny']);
    expect(
      statements.find((one) => [one.Action].flat().includes('s3:DeleteObjectVersion'))?.Resource,
    ).toEqual(
      ['tile/*', 'heads/*', 'checkpoint', '.state/pending'].map((key) => `arn:aws:s3:::TRAIL/${key}`),
    );
  });

  it('is of a bucket that can lock', () => {
    expect(bucket.CreateBucket).toEqual({ ObjectLockEnabledForBucket: true });
  });
});

it('the rules for S3 let nothing of the trail expire but earlier versions of what changes', () => {
  const { Rules: rules } = read('lifecycle.json') as {
    Rules: readonly { Filter: { Prefix: string }; Expiration?: unknown }[];
  };
  expect(rules.map((one) => one.Filter.Prefix)).toEqual(['.state/probe-', '.state/pending', 'checkpoint']);
  expect(rules.filter((one) => one.Expiration !== undefined)).toHaveLength(1);
});
