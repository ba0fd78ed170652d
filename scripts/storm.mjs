// `npm run test:storm -- --kills N --seed S`: the storm of test/storm, with 500 kills unless told otherwise.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: { kills: { type: 'string', default: '500' }, seed: { type: 'string' } },
});
const seed = values.seed === undefined ? {} : { FRIST_TEST_SEED: values.seed };
const jest = spawnSync(process.execPath, ['scripts/test.mjs', 'test/storm', '--testTimeout=7200000'], {
  cwd: join(import.meta.dirname, '..'),
  env: { ...process.env, ...seed, FRIST_STORM_KILLS: values.kills },
  stdio: 'inherit',
});
process.exitCode = jest.status ?? 1;
