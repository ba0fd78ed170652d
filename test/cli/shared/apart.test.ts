import { describe, expect, it } from '@jest/globals';
import { apart } from '../../../src/cli/shared/apart.ts';
import type { App, Controlled } from '../../../src/installation/app.ts';
import { FristError } from '../../../src/errors.ts';

const logged: unknown[] = [];
const logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: (_: string, fields: unknown) => void logged.push(fields),
};
const controllers = ['one', 'two', 'three'].map(
  (name) => ({ engine: { controller: { name } } }) as unknown as Controlled,
);
const app: Pick<App, 'controllers' | 'logger'> = { controllers, logger };
const nameOf = ({ engine }: Controlled): string => engine.controller.name;

describe('work for each controller', () => {
  it('goes on after one for whom it fails, and says for whom', async () => {
    const error = new TypeError('a defect');
    const result = await apart(app, (one) =>
      nameOf(one) === 'two' ? Promise.reject(error) : Promise.resolve([nameOf(one)]),
    );
    expect(result).toEqual({ done: ['one', 'three'], failures: [{ controller: 'two', error }] });
    expect(logged).toEqual([{ controller: 'two', error }]);
  });

  it('fails where it fails for all', async () => {
    const failing = apart(app, () => Promise.reject(new FristError('STATE_MISSING')));
    await expect(failing).rejects.toThrow(new FristError('STATE_MISSING'));
  });
});
