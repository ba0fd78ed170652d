import { describe, expect, it } from '@jest/globals';
import { patternOf } from '../../../src/connectors/files/pattern.ts';

const read = (pattern: string, path: string) => patternOf(pattern).read(path.split('/'));

describe('a pattern', () => {
  it('reads the parts of a path', () => {
    const path = 'chats/anna@example.dk/2024-02-29-7.log';
    expect(read('chats/{email}/{yyyy}-{mm}-{dd}-*.log', path)).toEqual({
      email: 'anna@example.dk',
      date: '2024-02-29',
    });
    expect(read('logs/*.log', 'logs/.log')).toEqual({});
    expect(read('{yyyy}{mm}{dd}{shift}.log', '20240229night.log')).toEqual({
      date: '2024-02-29',
      shift: 'night',
    });
  });

  it.each([
    ['logs/*.log', 'logs/a/b.log'],
    ['logs/*.log', 'other/a.log'],
    ['logs/*.log', 'logs/a.log.gz'],
    ['logs/*.log', 'logs/aXlog'],
    ['{email}.log', '.log'],
    ['{yyyy}-{mm}-{dd}.log', '24-02-29.log'],
    ['{yyyy}-{mm}-{dd}.log', '2024-02-2９.log'],
    ['a+(b).log', 'aab.log'],
  ])('%s does not fit %s', (pattern, path) => {
    expect(read(pattern, path)).toBeUndefined();
  });

  it('calls ambiguous what can be read in several ways, but not where nothing is read of it', () => {
    expect(read('{a}-{b}.log', 'x-y-z.log')).toBe('ambiguous');
    expect(read('*-{b}.log', 'x-y-z.log')).toBe('ambiguous');
    expect(read('{a}-{b}.log', 'x-y.log')).toEqual({ a: 'x', b: 'y' });
    expect(read('*-*.log', 'x-y-z.log')).toEqual({});
  });

  it('takes line breaks and letters beyond ASCII as text', () => {
    expect(read('{who}.log', 'Ærø\n😀.log')).toEqual({ who: 'Ærø\n😀' });
  });

  it('leads into no folder that cannot hold a file that fits', () => {
    const { leadsOn } = patternOf('chats/{email}/*.log');
    expect(leadsOn(['chats'])).toBe(true);
    expect(leadsOn(['chats', 'a@b'])).toBe(true);
    expect(leadsOn(['other'])).toBe(false);
    expect(leadsOn(['chats', 'a@b', 'c'])).toBe(false);
  });
});
