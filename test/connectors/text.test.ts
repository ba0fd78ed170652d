/** What is found in free text, and what must be left as it is. */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { isPattern, redactor } from '../../src/connectors/text.ts';

const all = redactor(
  [
    { named: 'email' },
    { named: 'phone' },
    { named: 'ip address' },
    { named: 'cpr' },
    { named: 'personnummer' },
  ],
  '…',
);

describe('redacting', () => {
  it.each([
    ['skriv til Jens.O’Hansen+x@mail.example.dk, tak', 'skriv til Jens.O’…, tak'],
    ["o'brien@x.ie", '…'],
    ['jørgen@blåbær.dk!', '…!'],
    ['ring +45 20 12 34 56 nu', 'ring … nu'],
    ['ring 20123456 eller 20 12 34 56 eller 2012 3456', 'ring … eller … eller …'],
    ['070-123 45 67', '…'],
    ['0046 70 123 45 67.', '….'],
    ['CPR 010190-1234 og 0101901234', 'CPR … og …'],
    ['pnr 19900101-1234, 900161-1234', 'pnr …, …'],
    ['from 192.168.0.1 and 2001:db8::1 and fe80:0:0:0:0:0:0:1', 'from … and … and …'],
  ])('finds %s', (text, redacted) => {
    expect(all(text)).toBe(redacted);
  });

  it.each([
    'Aftalt den 01-02-2026 kl. 12:30:45',
    '2026-01-02T03:04:05Z',
    'std::vector, 3 x 4, version 1.2.3',
    'ordre 1234567, 12 stk. à 99,50 kr.',
    'mød mig @ caféen',
    '',
  ])('leaves %s', (text) => {
    expect(all(text)).toBe(text);
  });

  it('takes own patterns and any replacement to the letter', () => {
    expect(redactor([{ matching: 'kunde \\d+' }], '[$0 \\1]')('kunde 12 og kunde 7')).toBe(
      '[$0 \\1] og [$0 \\1]',
    );
  });

  it('of a redacted text changes nothing', () => {
    const piece = fc.constantFrom(
      '12',
      '34 ',
      '+45',
      'a@b',
      '.dk',
      '-',
      '0101',
      '90',
      '::1',
      '192.',
      '168.0.1',
      ' ',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const once = all(pieces.join(''));
        expect(all(once)).toBe(once);
      }),
    );
  });

  it('is done in time that grows with the text, whatever the pattern', () => {
    const evil = redactor([{ matching: '(a|a)*$' }, { matching: '(x+x+)+y' }], '');
    expect(evil(`${'a'.repeat(20_000)}!${'x'.repeat(20_000)}`)).toHaveLength(40_001);
  });

  it('knows what is no pattern', () => {
    expect(['kunde \\d+', '(?i)a', '(', '(?=x)', '\\1', 'a*', ''].map(isPattern)).toEqual([true, true, false, false, false, false, false]); // prettier-ignore
  });
});
