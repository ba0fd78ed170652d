// docs/metrics.md is generated in part; and what it shows is what Prometheus takes.
import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { withMetrics } from '../../scripts/docs/metrics-table.ts';
import { INSTALLATION_METRICS, POLICY_METRICS, PROCESS_METRICS } from '../../src/metrics/table.ts';
import { blocks, page } from './pages.ts';

describe('docs/metrics.md', () => {
  it('is as `npm run docs` writes it', () => {
    expect(page('docs/metrics.md')).toBe(withMetrics(page('docs/metrics.md')));
  });

  it('has a name for each metric that says its unit, and words that say the rest', () => {
    for (const { name, help, counter } of [...POLICY_METRICS, ...INSTALLATION_METRICS, ...PROCESS_METRICS]) {
      expect(name).toMatch(/^(?:frist|process)_[a-z_]+$/);
      expect(name.endsWith('_total')).toBe(counter === true);
      expect(help).toMatch(/^[A-Z].*[^.]$/);
    }
  });

  it('shows YAML', () => {
    const shown = blocks('yaml', ['docs/metrics.md']).filter(({ info }) => info === 'yaml prometheus');
    expect(shown).toHaveLength(2);
    for (const { text } of shown) expect(parse(text)).toBeInstanceOf(Object);
  });
});
