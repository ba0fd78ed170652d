/** The table that is erased from: made-up contacts, some of them long without activity, spread evenly over the keys. */
import type { Server } from './server.ts';

export interface Table {
  readonly name: string;
  readonly rows: number;
  /** Rows whose period has ended. */
  readonly expired: number;
  /** The condition under which a row is expired, for programs that want it as SQL. */
  readonly where: string;
  /** What an UPDATE sets that anonymises; the policy in frist.ts says the same. */
  readonly anonymise: string;
  /** Tables whose rows go with those of this one, by `contact_id`. */
  readonly dependents: readonly string[];
}

const COLUMNS = `
  id bigint unsigned not null primary key,
  company_id int not null,
  email varchar(120) not null,
  name varchar(80),
  phone varchar(30),
  street varchar(80),
  city varchar(40) not null,
  country char(2) not null,
  job varchar(60),
  note varchar(255),
  status varchar(12) not null,
  created_at datetime not null,
  last_activity_at datetime not null`;

/** The values of row `seq`. What looks like chance is a hash of the number, so that every run has the same rows. */
const values = (expiredInMillion: number): string => `
  seq, 1 + seq % 50,
  concat('person', seq, '@', substr(md5(seq), 1, 8), '.example'),
  concat('Person ', md5(seq + 1)), concat('+45 ', 10000000 + seq % 89999999), concat(md5(seq + 2), ' 12, 3. tv'),
  concat('By ', seq % 3000), 'DK', concat('Title ', seq % 900), concat('Called, ', md5(seq + 3), md5(seq + 4), md5(seq + 5)),
  if(seq % 7 = 0, 'customer', 'lead'), utc_timestamp() - interval 6 year,
  if(crc32(concat('expired', seq)) % 1000000 < ${expiredInMillion},
    utc_timestamp() - interval 13 + crc32(seq) % 40 month - interval crc32(seq + 1) % 80000 second,
    utc_timestamp() - interval crc32(seq) % 300 day - interval crc32(seq + 1) % 80000 second)`;

const ANONYMISE = `name = null, phone = null, street = null, city = '', job = null, note = null,
  email = concat('erased-', id, '@invalid')`;

/** Makes a table of `rows` rows of which about `expired` are past their period, and a copy of those to start again from. */
export async function makeTable(server: Server, name: string, rows: number, expired: number): Promise<Table> {
  const where = `last_activity_at < date_sub(utc_timestamp(), interval 12 month)`;
  await server.query(`create table ${name} (${COLUMNS}) engine = innodb`);
  const inMillion = Math.round((expired / rows) * 1e6);
  const step = 100_000;
  for (let from = 1; from <= rows; from += step) {
    const numbers = `seq_${from}_to_${Math.min(rows, from + step - 1)}`;
    await server.query(`insert into ${name} select ${values(inMillion)} from ${numbers}`);
  }
  // Afterwards: filling sorted indexes is quicker, and leaves them as a table that has grown slowly would not be.
  await server.query(
    `alter table ${name} add index last_activity_at (last_activity_at), add index email (email)`,
  );
  await server.query(`create table ${name}_expired (${COLUMNS}) engine = innodb`);
  await server.query(`insert into ${name}_expired select * from ${name} where ${where}`);
  await server.query(`analyze table ${name}, ${name}_expired`);
  const [[count] = []] = await server.query(`select count(*) from ${name}_expired`);
  return { name, rows, expired: Number(count), where, anonymise: ANONYMISE, dependents: [] };
}

/** The same table with `count` tables more: in each two rows for every contact that is expired, one for every tenth other. */
export async function addDependents(server: Server, table: Table, count: number): Promise<Table> {
  const dependents = Array.from({ length: count }, (_, i) => `${table.name}_part_${i + 1}`);
  for (const name of dependents) {
    await server.query(`create table ${name} (id bigint unsigned not null auto_increment primary key,
      contact_id bigint unsigned not null, body varchar(100) not null, index contact_id (contact_id)) engine = innodb`);
    await server.query(`insert into ${name} (contact_id, body)
      select id, concat(md5(id), md5(seq)) from ${table.name} join seq_1_to_2
      where ${table.where} or (seq = 1 and id % 10 = 0)`);
    await server.query(`create table ${name}_expired as
      select part.* from ${name} part join ${table.name}_expired contact on contact.id = part.contact_id`);
    await server.query(`analyze table ${name}`);
  }
  return { ...table, dependents };
}

/**
 * Puts expired rows back as they were, all or the first `most` of them, and waits until the server has nothing left to
 * do from before. Answers how many rows are expired now.
 */
export async function reset(server: Server, table: Table, most = table.expired): Promise<number> {
  const left = await expiredRows(server, table);
  if (left > 0) await server.query(`delete from ${table.name} where ${table.where}`);
  await server.query(
    `insert into ${table.name} select * from ${table.name}_expired order by id limit ${most}`,
  );
  for (const name of table.dependents)
    await server.query(`insert ignore into ${name} select * from ${name}_expired`);
  await server.calm();
  return Math.min(most, table.expired);
}

/** How many expired rows the table still has. */
export async function expiredRows(server: Server, table: Table): Promise<number> {
  const [[count] = []] = await server.query(`select count(*) from ${table.name} where ${table.where}`);
  return Number(count);
}

export async function dropTable(server: Server, table: Table): Promise<void> {
  for (const name of [table.name, ...table.dependents])
    await server.query(`drop table ${name}, ${name}_expired`);
}
