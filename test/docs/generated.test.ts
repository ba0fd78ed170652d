// Run `npm run docs` where these fail. docs/errors.md: test/repo/errors.test.ts.
import { describe, expect, it } from '@jest/globals';
import { grantsPage } from '../../scripts/docs/grants.ts';
import { withSettings } from '../../scripts/docs/settings-table.ts';
import { page } from './pages.ts';

describe('what is generated from the code is not stale:', () => {
  it.each(['mariadb', 'mysql', 'postgres'] as const)('the grants for %s', async (server) => {
    expect(page(`deploy/grants/example.${server}.sql`)).toBe(await grantsPage(server));
  });

  it('the table of settings', () => {
    const operating = page('docs/operating.md');
    expect(withSettings(operating)).toBe(operating);
  });
});
