/** JSON Schema of the policy file, for completion and help in editors; from the same definitions as the parser. */
import { z } from 'zod';
import { policyFile } from './schema/file.ts';

/** The text of config/policies.schema.json, in the draft that editors know best. */
export function policySchemaText(): string {
  const { $schema, ...rest } = z.toJSONSchema(policyFile, {
    target: 'draft-7',
    io: 'input',
    // A constant has no type in JSON Schema; `scalar` in schema/values.ts spells it out.
    unrepresentable: 'any',
  });
  const schema = {
    $schema,
    title: 'frist policies',
    description:
      'What a privacy policy promises about erasure, as frist keeps it. Reference: docs/policies.md',
    ...rest,
  };
  return `${JSON.stringify(schema, null, 2)}\n`;
}
