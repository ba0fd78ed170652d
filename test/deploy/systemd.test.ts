// The unit, held against systemd's own tools. It is not started: that needs systemd as the first process.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { envOf, SETTING_NAMES } from '../../src/config/settings.ts';
import { ask } from '../support/servers/ask.ts';
import { run } from '../support/servers/server.ts';
import { read, variablesIn } from './manifests.ts';

const unit = read('systemd/frist.service');
const words = (name: string): readonly string[] =>
  [...unit.matchAll(new RegExp(`^${name}=(.*)$`, 'gm'))].map(([, value = '']) => value);

describe('the unit', () => {
  it('names settings that there are, and one folder that it may write to', () => {
    const known = SETTING_NAMES.map(envOf);
    expect(variablesIn(unit).filter((name) => !known.includes(name))).toEqual([]);
    expect(unit).toContain(`FRIST_DATA_FOLDER=/var/lib/${words('StateDirectory')[0] ?? ''} `);
    expect(words('ReadWritePaths')).toEqual([]);
  });

  it('gives the daemon time to finish a batch, and does not start again what a start does not mend', () => {
    expect(Number(words('TimeoutStopSec')[0])).toBeGreaterThanOrEqual(300);
    expect(words('KillMode')).toEqual(['mixed']);
    expect(words('RestartPreventExitStatus')).toEqual(['1 4']);
  });
});

const analyze = await ask('systemd-analyze');
if (analyze !== undefined)
  describe('systemd-analyze', () => {
    const folder = mkdtempSync(join(tmpdir(), 'frist-unit-'));
    const file = join(folder, 'frist.service');
    // It looks for the program, and Node is elsewhere on this machine.
    writeFileSync(file, unit.replaceAll('/usr/bin/node', process.execPath));
    afterAll(() => rmSync(folder, { recursive: true }));

    it('takes the unit without a word', async () => {
      expect(await run(analyze, ['verify', '--man=no', file])).toMatchObject({ stdout: '', stderr: '' });
    });

    it('finds a word that it does not know', async () => {
      const wrong = join(folder, 'wrong.service');
      writeFileSync(
        wrong,
        unit.replaceAll('/usr/bin/node', process.execPath).replace('ProtectHome=', 'ProtectHomes='),
      );
      const { stderr } = await run(analyze, ['verify', '--man=no', wrong]);
      expect(stderr).toContain('ProtectHomes');
    });

    it('finds little that the unit leaves open: at most 1.5 of 10', async () => {
      await expect(
        run(analyze, ['security', '--offline=true', '--threshold=15', '--no-pager', file]),
      ).resolves.toBeDefined();
    });
  });
