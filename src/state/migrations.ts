/**
 * The schema of the state database, as a list of steps that only ever grows: what has been released is never edited.
 *
 * `frist_migrations` holds one row per step taken. A step may be met half-done (MySQL commits every CREATE TABLE by
 * itself, so a crash can fall between two of them); it therefore makes only what is not there yet.
 *
 * Text that others wrote (names of policies) is compared byte by byte on every engine: MySQL's default collation would
 * take `Kunde` and `kunde` for one policy.
 */
import type { Knex } from 'knex';
import type { Dialect } from '../database.ts';
import { FristError } from '../errors.ts';
import { ONE } from './turn.ts';

/** Most characters of a name (controller, policy, source): two of them and a slot fit in one index of InnoDB. */
const NAME = 255;
const ID = 128;
/** An ISO instant. */
const MOMENT = 40;

/**
 * SQLite overwrites what is deleted (`secure_delete`), but not the copies that stay behind in a page when its rows are
 * spread anew over their neighbours: measured, one secret in some hundreds. Only the pages that a long row overflows
 * into belong to that row alone, and those are cleaned. So every table with raw keys, identifiers or epoch keys has them last,
 * behind a filler that takes all of the room that a row can have in a shared page (page size 4096, less 35).
 */
export const FILLER: Readonly<Record<Dialect, string>> = {
  sqlite: '.'.repeat(4096),
  mysql: '',
  postgres: '',
};

/** Creates a table unless it is there. */
export type CreateTable = (name: string, columns: (table: Knex.CreateTableBuilder) => void) => Promise<void>;

export interface Migration {
  /** 1, 2, 3 … without a gap. */
  readonly version: number;
  readonly up: (create: CreateTable, db: Knex) => Promise<void>;
}

async function createIdentity(create: CreateTable, db: Knex): Promise<void> {
  await create('frist_turn', (table) => {
    table.integer('one').primary();
    table.bigInteger('turn').notNullable();
  });
  await db('frist_turn').insert({ one: ONE, turn: 0 }).onConflict('one').ignore();
  await create('frist_installation', (table) => {
    table.integer('one').primary();
    table.string('id', ID).notNullable();
    table.string('origin', NAME).notNullable();
    table.string('created', MOMENT).notNullable();
  });
  await create('frist_leases', (table) => {
    table.string('name', 600).primary();
    table.string('holder', NAME).notNullable();
    table.bigInteger('fence').notNullable();
    table.bigInteger('until').notNullable();
    table.bigInteger('length').notNullable();
  });
  await create('frist_epoch_keys', (table) => {
    table.string('epoch', ID).primary();
    table.string('valid_from', MOMENT).notNullable();
    table.string('destroyed', MOMENT);
    table.string('true_from', MOMENT);
    table.text('filler').notNullable();
    // NULL once the key is destroyed: which epoch it was, and when it ended, stay.
    table.text('wrapped');
  });
}

async function createRuns(create: CreateTable): Promise<void> {
  await create('frist_runs', (table) => {
    table.bigIncrements('seq');
    table.string('id', ID).notNullable().unique({ indexName: 'frist_runs_id' });
    table.string('controller', NAME).notNullable();
    table.string('policy', NAME).notNullable();
    table.string('slot', 64).notNullable();
    table.string('kind', 20).notNullable();
    table.string('state', 20).notNullable();
    // 1 while the run is running, else NULL: a unique index lets any number of NULLs stand beside each other.
    table.integer('running');
    table.string('as_of', MOMENT).notNullable();
    table.string('started', MOMENT).notNullable();
    table.string('finished', MOMENT);
    table.text('summary');
    table.string('code', ID);
    table.unique(['controller', 'policy', 'slot'], { indexName: 'frist_runs_slot' });
    table.unique(['controller', 'policy', 'running'], { indexName: 'frist_runs_running' });
  });
  await create('frist_policies', (table) => {
    table.string('controller', NAME).notNullable();
    table.string('policy', NAME).notNullable();
    table.string('digest', ID).notNullable();
    table.string('trusted', ID);
    table.bigInteger('population');
    table.string('last_success', MOMENT);
    table.text('failing', 'longtext');
    table.primary(['controller', 'policy']);
  });
}

async function createPlans(create: CreateTable): Promise<void> {
  await create('frist_plans', (table) => {
    table.bigIncrements('seq');
    table.string('id', ID).notNullable().unique({ indexName: 'frist_plans_id' });
    table.string('run', ID).notNullable();
    table.string('controller', NAME).notNullable();
    table.string('policy', NAME).notNullable();
    table.string('policy_digest', ID).notNullable();
    table.string('catalogue', ID).notNullable();
    table.string('as_of', MOMENT).notNullable();
    table.string('created', MOMENT).notNullable();
    table.string('expires', MOMENT).notNullable();
    table.string('status', 20).notNullable();
    table.bigInteger('records').notNullable();
    table.bigInteger('population').notNullable();
    table.text('guard').notNullable();
    table.text('summary').notNullable();
    table.string('requested_by', NAME).notNullable();
  });
  await create('frist_plan_keys', (table) => {
    table.string('plan', ID).notNullable();
    table.integer('sequence').notNullable();
    table.bigInteger('written').notNullable();
    table.text('filler').notNullable();
    table.text('record_keys', 'longtext').notNullable();
    table.primary(['plan', 'sequence']);
  });
}

async function createWork(create: CreateTable): Promise<void> {
  await create('frist_holds', (table) => {
    table.bigIncrements('seq');
    table.string('id', ID).notNullable().unique({ indexName: 'frist_holds_id' });
    table.string('kind', 20).notNullable();
    table.text('sources');
    table.string('placed', MOMENT).notNullable();
    table.string('placed_by', NAME).notNullable();
    table.string('review', MOMENT);
    table.string('released', MOMENT);
    table.text('filler').notNullable();
    // NULL once the hold is released: the identifiers are forgotten, id, dates and who stay.
    table.text('subjects', 'longtext');
  });
  await create('frist_batches', (table) => {
    table.bigIncrements('seq');
    table.string('id', ID).notNullable().unique({ indexName: 'frist_batches_id' });
    table.string('run', ID).notNullable();
    table.string('controller', NAME).notNullable();
    table.string('policy', NAME).notNullable();
    table.string('source', NAME).notNullable();
    table.integer('stage').notNullable();
    table.string('as_of', MOMENT).notNullable();
    table.string('opened', MOMENT).notNullable();
    table.string('epoch', ID).notNullable();
    table.text('filler').notNullable();
    table.text('record_keys', 'longtext').notNullable();
    table.text('detail', 'longtext').notNullable();
  });
  await create('frist_outbox', (table) => {
    table.bigIncrements('id');
    table.integer('length').notNullable();
    table.text('entries', 'longtext').notNullable();
  });
  await create('frist_head', (table) => {
    table.integer('one').primary();
    table.bigInteger('size').notNullable();
    table.string('root', ID).notNullable();
  });
}

async function createTrailIndex(create: CreateTable): Promise<void> {
  await create('frist_trail_index', (table) => {
    table.binary('prefix', 8).notNullable();
    table.bigInteger('entry').notNullable();
    table.primary(['prefix', 'entry']);
  });
  await create('frist_trail_index_reach', (table) => {
    table.integer('one').primary();
    table.bigInteger('size').notNullable();
    table.string('root', ID).notNullable();
  });
}

/** Holds of records and of policies, and the grace after a release. The keys of records come behind the filler too. */
async function extendHolds(db: Knex): Promise<void> {
  const columns: Readonly<Record<string, (table: Knex.AlterTableBuilder) => void>> = {
    until: (table) => table.string('until', MOMENT),
    policies: (table) => table.text('policies'),
    records: (table) => table.text('records', 'longtext'),
  };
  for (const [name, add] of Object.entries(columns))
    if (!(await db.schema.hasColumn('frist_holds', name))) await db.schema.alterTable('frist_holds', add);
}

async function createProofs(create: CreateTable): Promise<void> {
  await create('frist_proofs', (table) => {
    table.bigIncrements('seq');
    table.string('batch', ID).notNullable().unique({ indexName: 'frist_proofs_batch' });
    table.string('controller', NAME).notNullable();
    table.string('policy', NAME).notNullable();
    table.string('source', NAME).notNullable();
    table.integer('stage').notNullable();
    table.string('action', 20).notNullable();
    table.string('due', MOMENT).notNullable();
    table.text('filler').notNullable();
    table.text('record_keys', 'longtext').notNullable();
  });
}

/** What a pending proof is about. One from before says nothing of it, and no policy is like it. */
async function extendProofs(db: Knex): Promise<void> {
  if (await db.schema.hasColumn('frist_proofs', 'sense')) return;
  await db.schema.alterTable('frist_proofs', (table) => {
    table.string('sense', ID).notNullable().defaultTo('');
  });
}

/** What was counted since the state was made, and how old the oldest was that a run left overdue. */
async function createTotals(create: CreateTable, db: Knex): Promise<void> {
  await create('frist_totals', (table) => {
    table.string('controller', NAME).notNullable();
    table.string('policy', NAME).notNullable();
    table.string('what', 20).notNullable();
    table.bigInteger('total').notNullable();
    table.primary(['controller', 'policy', 'what']);
  });
  if (await db.schema.hasColumn('frist_runs', 'oldest_overdue')) return;
  await db.schema.alterTable('frist_runs', (table) => {
    table.string('oldest_overdue', MOMENT);
  });
}

async function createPartitions(create: CreateTable, db: Knex): Promise<void> {
  await create('frist_partitions', (table) => {
    table.string('run', ID).notNullable();
    table.integer('number').notNullable();
    table.string('controller', NAME).notNullable();
    table.string('policy', NAME).notNullable();
    table.text('work').notNullable();
    table.integer('ended').notNullable();
    table.integer('withdrawn').notNullable();
    table.text('told', 'longtext');
    table.primary(['run', 'number']);
  });
  await create('frist_partition_records', (table) => {
    table.string('run', ID).notNullable();
    table.integer('number').notNullable();
    table.integer('sequence').notNullable();
    table.text('filler').notNullable();
    table.text('records', 'longtext').notNullable();
    table.primary(['run', 'number', 'sequence']);
  });
  if (await db.schema.hasColumn('frist_batches', 'part')) return;
  await db.schema.alterTable('frist_batches', (table) => {
    table.integer('part');
  });
}

async function createAlarms(create: CreateTable): Promise<void> {
  await create('frist_alarms', (table) => {
    table.string('channel', 20).notNullable();
    table.string('alarm', 64).notNullable();
    table.string('occurrence', ID).notNullable();
    table.string('event', 20).notNullable();
    table.string('told', MOMENT).notNullable();
    table.text('message').notNullable();
    table.integer('pending').notNullable();
    table.integer('attempts').notNullable();
    table.bigInteger('next').notNullable();
    table.primary(['channel', 'alarm']);
  });
}

/** Since when the cause of an alarm is not seen any more. */
async function extendAlarms(db: Knex): Promise<void> {
  if (await db.schema.hasColumn('frist_alarms', 'gone')) return;
  await db.schema.alterTable('frist_alarms', (table) => {
    table.bigInteger('gone').notNullable().defaultTo(0);
  });
}

/** Which process a run was of. */
async function extendRuns(db: Knex): Promise<void> {
  if (await db.schema.hasColumn('frist_runs', 'replica')) return;
  await db.schema.alterTable('frist_runs', (table) => {
    table.string('replica', ID);
  });
}

export const MIGRATIONS: readonly Migration[] = [
  {
    version: 1,
    up: async (create, db) => {
      await createIdentity(create, db);
      await createRuns(create);
      await createPlans(create);
      await createWork(create);
    },
  },
  { version: 2, up: createTrailIndex },
  {
    version: 3,
    up: (create) =>
      create('frist_jobs', (table) => {
        table.string('name', NAME).primary();
        table.string('slot', MOMENT).notNullable();
        table.text('note');
      }),
  },
  {
    version: 4,
    up: (create) =>
      create('frist_trail_objects', (table) => {
        table.string('name', NAME).notNullable();
        table.integer('part').notNullable();
        table.bigInteger('version').notNullable();
        table.text('bytes', 'longtext').notNullable();
        table.primary(['name', 'part']);
      }),
  },
  {
    version: 5,
    up: (create) =>
      create('frist_pause', (table) => {
        table.integer('one').primary();
        table.string('since', MOMENT).notNullable();
        table.string('by_whom', NAME).notNullable();
      }),
  },
  { version: 6, up: (_, db) => extendHolds(db) },
  { version: 7, up: createProofs },
  { version: 8, up: (_, db) => extendProofs(db) },
  { version: 9, up: createTotals },
  { version: 10, up: createPartitions },
  { version: 11, up: createAlarms },
  { version: 12, up: (_, db) => extendRuns(db) },
  {
    version: 13,
    up: (create) =>
      create('frist_rates', (table) => {
        table.string('name', 600).primary();
        table.bigInteger('free').notNullable();
      }),
  },
  { version: 14, up: (_, db) => extendAlarms(db) },
];

function tableCreator(db: Knex, dialect: Dialect): CreateTable {
  return async (name, columns) => {
    if (await db.schema.hasTable(name)) return;
    await db.schema.createTable(name, (table) => {
      if (dialect === 'mysql') {
        table.engine('InnoDB');
        table.charset('utf8mb4');
        table.collate('utf8mb4_bin');
      }
      columns(table);
    });
  };
}

/** The last step that this database has taken; 0 where it has no frist schema. */
export async function schemaVersion(db: Knex): Promise<number> {
  if (!(await db.schema.hasTable('frist_migrations'))) return 0;
  const row = await db<{ version: number }>('frist_migrations').max({ version: 'version' }).first();
  return row?.version ?? 0;
}

/** Refuses a schema that a newer frist has made: this one would not know what it must preserve. */
export function refuseNewer(version: number, migrations: readonly Migration[]): void {
  const known = migrations.length;
  if (version > known) throw new FristError('STATE_NEWER', { version, known });
}

/** Takes the steps that are missing. The caller holds the schema lock (open.ts). */
export async function migrate(
  db: Knex,
  dialect: Dialect,
  migrations: readonly Migration[] = MIGRATIONS,
): Promise<void> {
  const create = tableCreator(db, dialect);
  const version = await schemaVersion(db);
  refuseNewer(version, migrations);
  await create('frist_migrations', (table) => {
    table.integer('version').primary();
  });
  for (const migration of migrations) {
    if (migration.version <= version) continue;
    await migration.up(create, db);
    await db('frist_migrations').insert({ version: migration.version });
  }
}
