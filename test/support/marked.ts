// Databases full of one mark, which no sink may show, and which do what they can to put it there: triggers that quote the
// row, a copy that is there already, casts that fail, foreign keys.
import type { Engine, TestDatabase } from './servers/index.ts';

/** Stands in every value of every row, in names of files, and in a password. */
export const MARK = 'zyxomma';

export const MARKED_POLICIES = `
frist: 1
controller: { name: Eksempel A/S, timezone: UTC }
first run guards: { records: 5, percent: 100 }
guards: { records: 100, percent: 100 }
sources:
  crm:
    kind: sql
    connection: \${FRIST_CRM}
    datetimes in: UTC
    records:
${['goes', 'raises', 'copied', 'counted', 'referred', 'renamed', 'waits']
  .map(
    (table) => `      ${table}:
        table: ${table}
        key: id
        subject: { email: email }
        related: { rest: { table: ${table}_rest, match: { owner: id } } }`,
  )
  .join('\n')}
  gone:
    kind: sql
    connection: \${FRIST_GONE}
    datetimes in: UTC
    records:
      person: { table: people, key: id, subject: { email: email } }
  exports:
    kind: files
    connection: \${FRIST_EXPORTS}
    records:
      transcript: { files: '{email}.txt', subject: { email: email } }
policies:
${['goes', 'raises', 'copied', 'counted', 'referred', 'waits']
  .map(
    (table) => `  ${table}:
    records: crm.${table}
    start: { column: last, null: unknown }
    within: 3 months
    action: delete
    dependents:
      - delete: rest`,
  )
  .join('\n')}
  renamed:
    records: crm.renamed
    start: { column: last, null: unknown }
    within: 3 months
    action: anonymise
    set: { email: { placeholder: 'gone-{key}@invalid' }, note: { redact: [email] } }
  people:
    records: gone.person
    start: { column: last, null: unknown }
    within: 3 months
    action: delete
  transcripts:
    records: exports.transcript
    start: modified
    within: 3 months
    action: delete
`;

const TABLES = ['goes', 'raises', 'copied', 'counted', 'referred', 'renamed', 'waits'] as const;

/** What happens before a row of the table is deleted or changed. */
function hostility(engine: Engine, table: string): readonly string[] {
  const event = table === 'renamed' ? 'UPDATE' : 'DELETE';
  const body: Readonly<Record<string, readonly [mariadb: string, postgres: string]>> = {
    raises: ["SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = OLD.email", "RAISE EXCEPTION '%', OLD.email"],
    copied: ['INSERT INTO copies VALUES (OLD.email)', 'INSERT INTO copies VALUES (OLD.email)'],
    counted: [
      'INSERT INTO numbers VALUES (OLD.email)',
      'INSERT INTO numbers SELECT CAST(OLD.email AS integer)',
    ],
    renamed: ["SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = OLD.note", "RAISE EXCEPTION '%', OLD.note"],
  };
  const [mariadb, postgres] = body[table] ?? [];
  if (mariadb === undefined || postgres === undefined) return [];
  if (engine === 'mariadb')
    return [`CREATE TRIGGER on_${table} BEFORE ${event} ON ${table} FOR EACH ROW ${mariadb}`];
  return [
    `CREATE FUNCTION on_${table}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN ${postgres}; RETURN OLD; END $$`,
    `CREATE TRIGGER on_${table} BEFORE ${event} ON ${table} FOR EACH ROW EXECUTE FUNCTION on_${table}()`,
  ];
}

/** Makes the tables; each has three rows, \`waits\` twenty. */
export async function makeMarked(db: TestDatabase): Promise<void> {
  const moment = db.engine === 'mariadb' ? 'DATETIME' : 'TIMESTAMP';
  const statements = [
    'CREATE TABLE copies (email VARCHAR(80) PRIMARY KEY)',
    'CREATE TABLE numbers (n INT)',
    ...TABLES.flatMap((table) => [
      `CREATE TABLE ${table} (id VARCHAR(60) PRIMARY KEY, email VARCHAR(80), note VARCHAR(200), last ${moment})`,
      `CREATE TABLE ${table}_rest (id VARCHAR(60) PRIMARY KEY, owner VARCHAR(60))`,
      ...Array.from({ length: table === 'waits' ? 20 : 3 }, (_, i) => {
        const [id, email] = [`${table}-${MARK}-${String(i)}`, `${MARK}.${String(i)}@example.dk`];
        return `INSERT INTO ${table} VALUES ('${id}', '${email}', 'write to ${email}', '2020-01-01 10:00:00');
          INSERT INTO ${table}_rest VALUES ('rest-${id}', '${id}')`;
      }),
      ...hostility(db.engine, table),
    ]),
    `INSERT INTO copies SELECT email FROM copied`,
    `CREATE TABLE visits (id INT PRIMARY KEY, who VARCHAR(60), FOREIGN KEY (who) REFERENCES referred (id))`,
    `INSERT INTO visits SELECT 1, MIN(id) FROM referred`,
  ];
  for (const statement of statements) await db.query(statement);
}
