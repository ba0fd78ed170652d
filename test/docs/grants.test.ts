import { describe, expect, it } from '@jest/globals';
import { grantsPage } from '../../scripts/docs/grants.ts';
import { page } from './pages.ts';

describe('deploy/grants', () => {
  it.each(['mariadb', 'mysql', 'postgres'] as const)('is what the program says, for %s', async (server) => {
    // Run `npm run docs` where this fails.
    expect(page(`deploy/grants/example.${server}.sql`)).toBe(await grantsPage(server));
  });
});
