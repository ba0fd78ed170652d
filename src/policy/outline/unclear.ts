/** What a proposal leaves out, because a catalogue cannot tell: for a person to look at. */
import type { Outline, OutlineTable } from './outline.ts';

/** One line each: what it is, and how the policy file would say it. */
export function unclearIn({ tables, elsewhere = [] }: Outline): readonly string[] {
  const kinds = tables.flatMap((table) =>
    kindsOf(table).map(
      ([type, id]) =>
        `${table.name} (${type}, ${id}): each row may belong to a row of another table. Where it is one of people: related: { …: { table: ${table.name}, match: { ${id}: … }, where: { ${type}: … } } }`,
    ),
  );
  const schemas = elsewhere.map(
    ({ schema, tables: count }) =>
      `schema ${schema}: ${String(count)} table(s) that were not looked at, because a table of it has to be written ${schema}.…`,
  );
  return [...kinds, ...schemas];
}

const TYPE = /^(.+?)(_?)(?:type|kind|class|table|model)$/i;

/** Columns that say of which table the row is that a second one refers to: `commentable_type`, `commentable_id`. */
function kindsOf({ columns }: OutlineTable): readonly (readonly [type: string, id: string])[] {
  return columns.flatMap(({ name }) => {
    const [, what, separator] = TYPE.exec(name) ?? [];
    if (what === undefined || separator === undefined) return [];
    const wanted = `${what}${separator}id`.toLowerCase();
    const id = columns.find((one) => one.name.toLowerCase() === wanted);
    return id === undefined ? [] : [[name, id.name] as const];
  });
}
