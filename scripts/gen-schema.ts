// `npm run generate`: writes the JSON Schema of the policy file, for editors. A test fails when it is stale.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { policySchemaText } from '../src/policy/parse/json-schema.ts';

writeFileSync(join(import.meta.dirname, '..', 'config', 'policies.schema.json'), policySchemaText());
