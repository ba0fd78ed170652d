import { randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { needPrograms } from './locate.ts';
import { account, freePort, launch, ownFolder, run } from './server.ts';
import type { Account, Server } from './server.ts';

const PACKAGES = ['ceph-mon', 'ceph-osd', 'radosgw', 'ceph-common'];
const PROGRAMS = ['ceph-mon', 'ceph-osd', 'radosgw', 'ceph', 'radosgw-admin', 'monmaptool', 'ceph-authtool'];

const KEY = 'TESTKEY';
const SECRET = 'test-secret';

/** What each part of the cluster may do. Without these keys the gateway hangs for ever. */
const CAPABILITIES: Readonly<Record<string, readonly string[]>> = {
  'mon.': ['mon', 'allow *'],
  'client.admin': ['mon', 'allow *', 'osd', 'allow *'],
  'client.rgw': ['mon', 'allow rw', 'osd', 'allow rwx'],
  'osd.0': ['mon', 'allow profile osd', 'osd', 'allow *'],
};

interface Ports {
  readonly v1: number;
  readonly v2: number;
  readonly s3: number;
}

/** One monitor, one store in memory, one gateway: what warns of so little redundancy is off. */
function configuration(folder: string, fsid: string, { v1, v2, s3 }: Ports): string {
  return `
[global]
fsid = ${fsid}
mon_host = [v2:127.0.0.1:${v2}/0,v1:127.0.0.1:${v1}/0]
public_addr = 127.0.0.1
cluster_addr = 127.0.0.1
ms_bind_ipv6 = false
keyring = ${folder}/keyring
auth_cluster_required = cephx
auth_service_required = cephx
auth_client_required = cephx
run_dir = ${folder}
crash_dir = ${folder}
admin_socket =
log_file = ${folder}/$name.log
osd_pool_default_size = 1
osd_pool_default_min_size = 1
osd_pool_default_pg_num = 1
osd_pool_default_pgp_num = 1
osd_pool_default_pg_autoscale_mode = off
mon_allow_pool_size_one = true
osd_crush_chooseleaf_type = 0
mon_max_pg_per_osd = 1000
mon_data_avail_crit = 0
mon_data_avail_warn = 0
[mon]
mon_data = ${folder}/mon
[osd]
osd_data = ${folder}/osd
osd_objectstore = memstore
memstore_device_bytes = 1073741824
osd_op_num_shards = 2
osd_op_num_threads_per_shard = 1
osd_class_load_list = *
osd_class_default_list = *
[client.rgw]
rgw_frontends = beast endpoint=127.0.0.1:${s3}
rgw_data = ${folder}/rgw
rgw_run_sync_thread = false
rgw_thread_pool_size = 32
`;
}

async function listens(port: number): Promise<void> {
  const socket = connect(port, '127.0.0.1');
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve).once('error', reject);
  });
  socket.destroy();
}

/** Runs the programs of one cluster, each as its owner. */
function inCluster(
  folder: string,
  owner: Account,
  paths: readonly string[],
): (name: string, ...args: readonly string[]) => Promise<string> {
  return async (name, ...args) => {
    const program = paths[PROGRAMS.indexOf(name)] ?? name;
    const env = { ...process.env, CEPH_CONF: join(folder, 'ceph.conf') };
    const { stdout } = await run(program, args, { ...owner, cwd: '/', env, timeout: 120_000 });
    return stdout.trim();
  };
}

/** Starts a Ceph with an S3 gateway in `folder`: http://key:secret@127.0.0.1:port. */
export async function startCeph(folder: string): Promise<Server> {
  const paths = await needPrograms(PACKAGES, PROGRAMS);
  const owner = await account();
  await ownFolder(folder, owner);
  for (const name of ['mon', 'osd', 'rgw']) await ownFolder(join(folder, name), owner);
  const ports = { v1: await freePort(), v2: await freePort(), s3: await freePort() };
  const [fsid, keyring, monmap] = [randomUUID(), join(folder, 'keyring'), join(folder, 'monmap')];
  await writeFile(join(folder, 'ceph.conf'), configuration(folder, fsid, ports), { mode: 0o644 });
  const ceph = inCluster(folder, owner, paths);
  for (const [name, caps] of Object.entries(CAPABILITIES)) {
    const args = caps.flatMap((word, i) => (i % 2 === 0 ? ['--cap', word] : [word]));
    await ceph(
      'ceph-authtool',
      keyring,
      ...(name === 'mon.' ? ['--create-keyring'] : []),
      '--gen-key',
      '-n',
      name,
      ...args,
    );
  }
  const address = `[v2:127.0.0.1:${ports.v2}/0,v1:127.0.0.1:${ports.v1}/0]`;
  await ceph('monmaptool', '--create', '--fsid', fsid, '--addv', 'a', address, monmap);
  await ceph('ceph-mon', '--mkfs', '-i', 'a', '--monmap', monmap, '--keyring', keyring);
  const stops: (() => Promise<void>)[] = [];
  const begin = async (name: string, id: readonly string[], ping: () => Promise<void>): Promise<void> => {
    const program = paths[PROGRAMS.indexOf(name)] ?? name;
    const args = ['-f', '-c', join(folder, 'ceph.conf'), ...id];
    stops.unshift(await launch({ program, args, owner, folder, signal: 'SIGKILL', ping }));
  };
  // Those that need another go first: without its monitor a store does not end.
  const stop = async (): Promise<void> => {
    for (const one of stops) await one();
  };
  try {
    await begin('ceph-mon', ['-i', 'a'], () => listens(ports.v2));
    await ceph('ceph', 'osd', 'create');
    await ceph('ceph-osd', '-i', '0', '--mkfs', '--keyring', keyring);
    await begin('ceph-osd', ['-i', '0'], () => Promise.resolve());
    await ceph(
      'radosgw-admin',
      'user',
      'create',
      '--uid=test',
      '--display-name=test',
      `--access-key=${KEY}`,
      `--secret-key=${SECRET}`,
    );
    await begin('radosgw', ['-n', 'client.rgw', '--keyring', keyring], async () => {
      await fetch(`http://127.0.0.1:${ports.s3}/`);
    });
  } catch (error) {
    await stop();
    throw error;
  }
  return { url: `http://${KEY}:${SECRET}@127.0.0.1:${ports.s3}`, stop };
}
