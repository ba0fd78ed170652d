/** JSON Schema of the policy file, for completion and help in editors; from the same definitions as the parser. */
import { z } from 'zod';
import { policyFile } from './schema/file.ts';

/** The schema as data, in the draft that editors know best. */
export function policyJsonSchema(): Readonly<Record<string, unknown>> {
  const { $schema, ...rest } = z.toJSONSchema(policyFile, {
    target: 'draft-7',
    io: 'input',
    unrepresentable: 'any',
  });
  return {
    $schema,
    title: 'frist policies',
    description:
      'What a privacy policy promises about erasure, as frist keeps it. Reference: docs/policies.md',
    ...rest,
  };
}
