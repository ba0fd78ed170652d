// The manifests for Kubernetes: held against its own API description, against the image and against frist's settings.
// No cluster runs here.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { Job } from 'kubernetes-models/batch/v1/Job';
import { Deployment } from 'kubernetes-models/apps/v1/Deployment';
import { NetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1/NetworkPolicy';
import { Namespace } from 'kubernetes-models/v1/Namespace';
import { Service } from 'kubernetes-models/v1/Service';
import type { IPodSpec } from 'kubernetes-models/v1/PodSpec';
import { loadSettings } from '../../src/config.ts';
import type { Settings } from '../../src/config.ts';
import { configOf, readProjectFile, ROOT, stagesOf } from '../support/image/dockerfile.ts';
import { ask } from '../support/servers/ask.ts';
import { DEPLOY, read, readYaml } from './manifests.ts';

const image = configOf(stagesOf(readProjectFile('Dockerfile')).at(-1) ?? []);
const deployment = new Deployment(readYaml('kubernetes/deployment.yaml') as never);
const job = new Job(readYaml('kubernetes/state-init.yaml') as never);

const ALL = {
  'namespace.yaml': {
    type: 'v1/Namespace',
    model: new Namespace(readYaml('kubernetes/namespace.yaml') as never),
  },
  'service.yaml': { type: 'v1/Service', model: new Service(readYaml('kubernetes/service.yaml') as never) },
  'network-policy.yaml': {
    type: 'networking.k8s.io/v1/NetworkPolicy',
    model: new NetworkPolicy(readYaml('kubernetes/network-policy.yaml') as never),
  },
  'deployment.yaml': { type: 'apps/v1/Deployment', model: deployment },
  'state-init.yaml': { type: 'batch/v1/Job', model: job },
};

describe.each(Object.entries(ALL))('%s', (_, { model }) => {
  it('is what its kind may be', () => {
    expect(() => {
      model.validate();
    }).not.toThrow();
  });
});

/** The schemas let unknown words pass, as an API server does; types do not. */
it('has no word that Kubernetes does not know', () => {
  const folder = mkdtempSync(join(tmpdir(), 'frist-kubernetes-'));
  try {
    const lines = Object.entries(ALL).map(([file, { type }], i) => {
      const name = `I${type.split('/').at(-1) ?? ''}`;
      const from = join(ROOT, 'node_modules/kubernetes-models', `${type}.js`);
      const value = JSON.stringify(readYaml(`kubernetes/${file}`));
      return `import type { ${name} } from '${from}';\nexport const value${String(i)}: ${name} = ${value};\n`;
    });
    writeFileSync(join(folder, 'manifests.mts'), lines.join(''));
    const tsc = join(ROOT, 'node_modules/@typescript/compiler/bin/tsc');
    const words = ['--noEmit', '--strict', '--skipLibCheck', '--module', 'nodenext', '--types', ''];
    const { stdout } = spawnSync(process.execPath, [tsc, ...words, 'manifests.mts'], {
      cwd: folder,
      encoding: 'utf8',
    });
    expect(stdout).toBe('');
  } finally {
    rmSync(folder, { recursive: true });
  }
});

describe.each([
  ['the daemon', deployment.spec?.template.spec],
  ['the job that makes the state', job.spec?.template.spec],
] as const)('%s', (_, pod) => {
  const [container] = pod?.containers ?? [];

  it('has no right that it does not need', () => {
    expect(pod).toMatchObject({
      automountServiceAccountToken: false,
      securityContext: {
        runAsNonRoot: true,
        runAsUser: image.uid,
        runAsGroup: image.gid,
        fsGroup: image.gid,
        seccompProfile: { type: 'RuntimeDefault' },
      },
    });
    expect(container?.securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
    expect(container?.resources).toMatchObject({ limits: { memory: '1Gi' } });
  });

  it('is the image of this version, with its volume where the image has it', () => {
    expect(container?.image).toBe(
      `registry.example.com/frist:${image.labels['org.opencontainers.image.version'] ?? ''}`,
    );
    expect(container?.volumeMounts?.find(({ name }) => name === 'data')?.mountPath).toBe(image.volume);
  });

  it('reads every secret from a file that its group may read', () => {
    expect(pod?.volumes?.find(({ name }) => name === 'secrets')?.secret?.defaultMode).toBe(0o440);
    const names = (container?.env ?? []).map(({ name, valueFrom }) => ({ name, from: valueFrom }));
    expect(names.filter(({ from }) => from !== undefined)).toEqual([]);
    for (const { name, value = '' } of container?.env ?? [])
      expect(name.endsWith('_FILE')).toBe(
        value.startsWith('/run/secrets/') && !name.startsWith('FRIST_KEYS_'),
      );
  });
});

/** What frist makes of a pod: its image's environment, its own, and the files that are mounted. */
function settingsOf(pod: IPodSpec | undefined, file?: string): Settings {
  const own = Object.fromEntries((pod?.containers[0]?.env ?? []).map(({ name, value }) => [name, value]));
  return loadSettings({
    env: { ...image.env, ...own },
    ...(file === undefined ? {} : { file }),
    readFile: (path) => {
      if (path.startsWith('/etc/frist/')) return read(path.replace('/etc/frist/', 'kubernetes/'));
      return path === '/run/secrets/state_url' ? 'mysql://frist:secret@mariadb/frist' : 'secret';
    },
  }).settings;
}

describe('the daemon and the job', () => {
  const args = deployment.spec?.template.spec?.containers[0]?.args ?? [];

  it('speak of the same state, trail and keys', () => {
    const daemon = settingsOf(deployment.spec?.template.spec, args.at(-1));
    const init = settingsOf(job.spec?.template.spec);
    expect(init).toMatchObject({ state: daemon.state, audit: daemon.audit, keys: daemon.keys });
    expect(daemon.audit.s3).toMatchObject({ bucket: 'acme-erasure-trail' });
    expect(daemon.http).toEqual({ host: '0.0.0.0', port: 8080 });
  });

  it('begin with words that frist knows', () => {
    expect(args).toEqual([
      'serve',
      '--policies',
      '/etc/frist/policies.yaml',
      '--settings',
      '/etc/frist/settings.yaml',
    ]);
    expect(job.spec?.template.spec?.containers[0]?.args).toEqual(['state', 'init']);
  });
});

describe('the daemon', () => {
  const pod = deployment.spec?.template.spec;

  it('is one, is replaced by the next version only when it has ended, and has time to finish a batch', () => {
    expect(deployment.spec).toMatchObject({ replicas: 1, strategy: { type: 'Recreate' } });
    expect(pod?.terminationGracePeriodSeconds).toBeGreaterThanOrEqual(300);
  });

  it('is asked for its health where it answers', () => {
    const port = pod?.containers[0]?.ports?.find(({ name }) => name === 'http');
    expect(String(port?.containerPort)).toBe(image.env['FRIST_HTTP_PORT']);
    expect(pod?.containers[0]).toMatchObject({
      startupProbe: { httpGet: { path: '/healthz', port: 'http' } },
      livenessProbe: { httpGet: { path: '/healthz', port: 'http' } },
      readinessProbe: { httpGet: { path: '/readyz', port: 'http' } },
    });
  });

  it('is whom the service, the network policy and the map are about', () => {
    const labels = deployment.spec?.template.metadata?.labels;
    expect(ALL['service.yaml'].model.spec?.selector).toEqual(labels);
    expect(ALL['network-policy.yaml'].model.spec?.podSelector?.matchLabels).toEqual(labels);
    expect(job.spec?.template.metadata?.labels).toEqual(labels);
    const kustomization = readYaml('kubernetes/kustomization.yaml') as {
      readonly configMapGenerator: readonly unknown[];
    };
    const map = pod?.volumes?.find(({ name }) => name === 'configuration')?.configMap?.name;
    expect(kustomization.configMapGenerator).toEqual([
      { name: map, files: ['policies.yaml', 'settings.yaml'] },
    ]);
  });

  it('cannot ask the machine for its rights', () => {
    const egress = ALL['network-policy.yaml'].model.spec?.egress?.flatMap(({ to }) => to ?? []);
    const blocks = egress?.flatMap(({ ipBlock }) => (ipBlock === undefined ? [] : [ipBlock]));
    expect(blocks).toEqual([{ cidr: '0.0.0.0/0', except: ['169.254.0.0/16'] }]);
  });
});

/** What `kubectl apply -k` would send, without a cluster to send it to. */
const kubectl = await ask('kubectl');
if (kubectl !== undefined)
  it('kubectl puts it together', () => {
    const out = execFileSync(kubectl, ['kustomize', join(DEPLOY, 'kubernetes')], { encoding: 'utf8' });
    expect(out.match(/^kind: .*$/gm)?.sort()).toEqual(
      ['ConfigMap', 'Deployment', 'Namespace', 'NetworkPolicy', 'Service'].map((kind) => `kind: ${kind}`),
    );
  });
