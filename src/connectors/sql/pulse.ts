/**
 * How busy a database is. MySQL and MariaDB count the statements under way in the status `Threads_running`, and each
 * replica says itself how far it is behind (`SHOW REPLICA STATUS`, before MySQL 8.0.22 and MariaDB 10.5.1
 * `SHOW SLAVE STATUS`); a PostgreSQL primary knows both of itself and of its replicas (`pg_stat_activity`,
 * `pg_stat_replication`).
 */
import { text } from '../../database.ts';
import type { Database, Result } from '../../database.ts';
import type { SourceLimits } from '../../policy/policy.ts';
import { SourceFailure } from '../connector.ts';
import type { Pulse, Strain } from '../connector.ts';
import { dialectOf } from './dialect.ts';
import { connectTo, openSource, unfit } from './failure.ts';
import { sql, type Sql } from './sql.ts';

/** Where `Seconds_Behind_Source`, formerly `Seconds_Behind_Master`, stands in a replica's status: the same in both. */
const SECONDS_BEHIND = 32;
/** MySQL before 8.0.22 and MariaDB before 10.5.1 know only the older word. */
const UNKNOWN_STATEMENT = 'ER_PARSE_ERROR';

/** The pulse of a database and its replicas; connects when it is first asked. */
export function createSqlPulse(connection: string, limits: SourceLimits): Pulse {
  const open = new Map<string, Database>();
  const ask = async (url: string, statement: Sql): Promise<Result> => {
    const database = open.get(url) ?? openSource(url, { readOnly: true });
    open.set(url, database);
    const asked = await connectTo(database);
    try {
      return await asked.query(statement);
    } finally {
      await asked.destroy();
    }
  };
  const looks = looksOf(connection, limits, ask);
  return {
    strain: async () => {
      for (const { name, limit, look } of looks) {
        const observed = await look();
        if (observed === undefined || observed > limit) return strainOf(name, limit, observed);
      }
      return undefined;
    },
    close: async () => {
      for (const database of open.values()) await database.close();
    },
  };
}

const strainOf = (name: Strain['name'], limit: number, observed: number | undefined): Strain =>
  observed === undefined ? { name, limit } : { name, limit, observed };

type AskAt = (url: string, statement: Sql) => Promise<Result>;

interface Look {
  readonly name: Strain['name'];
  readonly limit: number;
  /** Undefined where it cannot be told, which is worse than any number. */
  readonly look: () => Promise<number | undefined>;
}

function looksOf(connection: string, limits: SourceLimits, ask: AskAt): Look[] {
  const dialect = dialectOf(connection);
  if (dialect === 'sqlite') throw unfit('PAUSE_ABOVE_SQLITE');
  const { threadsRunning, replicaLag, replicas } = limits;
  const looks: Look[] = [];
  const add = (name: Strain['name'], limit: number, look: Look['look']): unknown =>
    looks.push({ name, limit, look });
  const own = dialect === 'mysql' ? mysqlThreads : postgresThreads;
  if (threadsRunning !== undefined)
    add('threads running', threadsRunning, () => own((one) => ask(connection, one)));
  if (replicaLag === undefined) return looks;
  if (dialect === 'mysql' && replicas.length === 0) throw unfit('REPLICAS_MISSING');
  if (dialect === 'postgres')
    add('replica lag', replicaLag, () => postgresLag((one) => ask(connection, one)));
  for (const url of dialect === 'mysql' ? replicas : [])
    add('replica lag', replicaLag, () => mysqlLag((one) => ask(url, one)));
  return looks;
}

type AskIt = (statement: Sql) => Promise<Result>;

async function mysqlThreads(ask: AskIt): Promise<number | undefined> {
  const { rows } = await ask(sql`SHOW GLOBAL STATUS LIKE 'Threads_running'`);
  return numberIn(rows[0]?.[1]);
}

async function postgresThreads(ask: AskIt): Promise<number | undefined> {
  const { rows } = await ask(sql`SELECT count(*) FROM pg_stat_activity WHERE state = 'active'`);
  return numberIn(rows[0]?.[0]);
}

/** Without a replica there is none that could be behind. */
async function postgresLag(ask: AskIt): Promise<number | undefined> {
  const lag = sql`SELECT coalesce(max(ceil(extract(epoch FROM replay_lag))), 0) FROM pg_stat_replication`;
  return numberIn((await ask(lag)).rows[0]?.[0]);
}

/** Undefined where the server is no replica, or its replication is broken. */
async function mysqlLag(ask: AskIt): Promise<number | undefined> {
  const { rows } = await ask(sql`SHOW REPLICA STATUS`).catch(async (error: unknown) => {
    if (!(error instanceof SourceFailure) || error.code !== UNKNOWN_STATEMENT) throw error;
    return await ask(sql`SHOW SLAVE STATUS`);
  });
  return numberIn(rows[0]?.[SECONDS_BEHIND]);
}

function numberIn(cell: unknown): number | undefined {
  const value = text(cell);
  return value === null || value === '' ? undefined : Number(value);
}
