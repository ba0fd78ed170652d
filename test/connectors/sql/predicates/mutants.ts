/**
 * The connector with one predicate left out, or turned round: what replaces what in which file of src/connectors/sql.
 * Each text stands there exactly once, so that the list cannot go stale unseen.
 */
export type Mutant = readonly [file: string, from: string, to: string];

const PLACE: readonly Mutant[] = [
  ['compile/place.ts', 'return sql`${ref.text} = ${constantOf(context.dialect, ref.column, value)}`;', 'return TRUE;'],
  ['compile/place.ts', 'and(compileScope(context, place, scope), own)', 'own'],
  ['compile/place.ts', 'and(compileScope(context, place, scope), own)', 'compileScope(context, place, scope)'],
  ['compile/place.ts', 'and(compileMatch(context, part.match, there, place), compileScope(context, there, part.scope))', 'compileMatch(context, part.match, there, place)'],
  ['compile/place.ts', 'and(scope, compileCondition(context, theirs, related.where))', 'scope'],
  ['compile/place.ts', 'and(scope, compileCondition(context, theirs, related.where))', 'compileCondition(context, theirs, related.where)'],
  ['compile/place.ts', 'and(where, own, compileCondition(context, place, extra))', 'and(own, compileCondition(context, place, extra))'],
  ['compile/place.ts', 'and(where, own, compileCondition(context, place, extra))', 'and(where, compileCondition(context, place, extra))'],
  ['compile/place.ts', 'and(where, own, compileCondition(context, place, extra))', 'and(where, own)'],
  ['compile/place.ts', 'and(where, compileScope(context, place, relatedNamed(context, name).scope))', 'compileScope(context, place, relatedNamed(context, name).scope)'],
  ['compile/place.ts', 'and(where, compileScope(context, place, relatedNamed(context, name).scope))', 'where'],
  ['compile/place.ts', 'and(above.where, belongs(context, related, own, above.place))', 'above.where'],
  ['compile/place.ts', 'and(above.where, belongs(context, related, own, above.place))', 'belongs(context, related, own, above.place)'],
  ['compile/place.ts', 'and(above.where, belongs(context, related, place, above.place))', 'above.where'],
  ['compile/place.ts', 'and(above.where, belongs(context, related, place, above.place))', 'belongs(context, related, place, above.place)'],
  ['compile/place.ts', 'and(found, ownOf(context, related, place), compileCondition(context, place, extra))', 'and(ownOf(context, related, place), compileCondition(context, place, extra))'],
  ['compile/place.ts', 'and(found, ownOf(context, related, place), compileCondition(context, place, extra))', 'and(found, compileCondition(context, place, extra))'],
  ['compile/place.ts', 'and(found, ownOf(context, related, place), compileCondition(context, place, extra))', 'and(found, ownOf(context, related, place))'],
  ['compile/place.ts', 'const matches = [related.match, ...(related.orMatch ?? [])];', 'const matches = [related.match];'],
]; // prettier-ignore

const MATCH: readonly Mutant[] = [
  ['compile/match.ts', '...match.map((pair) => {\n      const their =', '...match.slice(0, 1).map((pair) => {\n      const their ='],
  ['compile/match.ts', '...match.map((pair) => {\n      const their =', '...match.slice(1).map((pair) => {\n      const their ='],
  ['compile/match.ts', 'sql`${exact(dialect, theirs.text)} = ${exact(dialect, ours.text)}`,', 'TRUE,'],
  ['compile/match.ts', 'const folding = ignoreCase &&', 'const folding = false &&'],
  ['compile/match.ts', 'textValue(dialect, `*${BESIDE_GLOB}`)', "textValue(dialect, '*')"],
  ['compile/match.ts', 'textValue(dialect, `${BESIDE_GLOB}*`)', "textValue(dialect, '*')"],
  ['erase/listed.ts', '...this.#bytes(distinct)', ''],
  ['erase/listed.ts', 'return [match, ...orMatch].map((one) => {', 'return [match].map((one) => {'],
  ['compile/values.ts', 'const possible = rows.filter((row) => refs.every((ref, i) => canEqual(dialect, ref.column, row[i] ?? \'\')));', 'const possible = rows;'],
  ['compile/keys.ts', 'if (part === NULL_KEY) return sql`${ref.text} IS NULL`;', 'if (part === NULL_KEY) return TRUE;'],
]; // prettier-ignore

const CONDITIONS: readonly Mutant[] = [
  ['compile/condition.ts', 'return ref.column.nullable ? or(sql`${ref.text} IS NULL`, some) : some;', 'return some;'],
  ['compile/condition.ts', 'return ref.column.nullable ? and(sql`${ref.text} IS NOT NULL`, comparison) : comparison;', 'return comparison;'],
  ['compile/condition.ts', 'return sql`COALESCE(${comparison}, ${FALSE})`;', 'return comparison;'],
  ['compile/condition.ts', "quantifier === 'every' ? { kind: 'not', of: condition.where } : condition.where", 'condition.where'],
  ['compile/condition.ts', "quantifier === 'exists' ? exists : not(exists)", 'exists'],
  ['compile/condition.ts', 'FROM frist_selection WHERE ${given}`', 'FROM frist_selection`'],
  ['compile/condition.ts', 'return not(compileCondition(context, place, condition.of));', 'return compileCondition(context, place, condition.of);'],
  ['compile/condition.ts', 'return and(...condition.of.map', 'return or(...condition.of.map'],
  ['compile/condition.ts', 'return or(...condition.of.map', 'return and(...condition.of.map'],
]; // prettier-ignore

const FACTS: readonly Mutant[] = [
  ['compile/facts.ts', 'and(scope, where, not(exempt), not(nothing))', 'and(where, not(exempt), not(nothing))'],
  ['compile/facts.ts', 'and(scope, where, not(exempt), not(nothing))', 'and(scope, not(exempt), not(nothing))'],
  ['compile/facts.ts', 'and(scope, where, not(exempt), not(nothing))', 'and(scope, where, not(nothing))'],
  ['compile/facts.ts', 'and(scope, where, not(exempt), not(nothing))', 'and(scope, where, not(exempt))'],
  ['compile/facts.ts', 'return sql`CASE WHEN COUNT(*) = COUNT(${ref.text}) THEN ${known} END`;', 'return known;'],
  ['compile/facts.ts', 'COUNT(*) = COUNT(${compared}) AND COUNT(DISTINCT ${compared}) = 1', 'COUNT(*) = COUNT(${compared})'],
  ['compile/facts.ts', 'say: (about) => sql`(SELECT ${about(value)} FROM ${place.from} WHERE ${where})`', 'say: (about) => sql`(SELECT ${about(value)} FROM ${place.from})`'],
  ['compile/facts.ts', 'relatedRows(context, root, rows.related, rows.where)', "relatedRows(context, root, rows.related, { kind: 'all', of: [] })"],
  ['run/scan.ts', 'and(scope, about, segment.where, from)', 'and(about, segment.where, from)'],
  ['run/scan.ts', 'and(scope, about, segment.where, from)', 'and(scope, segment.where, from)'],
  ['run/scan.ts', 'and(scope, about, segment.where, from)', 'and(scope, about, from)'],
  ['run/scan.ts', 'and(scope, about, segment.where, from)', 'and(scope, about, segment.where)'],
  ['run/scan.ts', 'where: unreadable, whatever: true', 'where: unreadable'],
  ['run/scan.ts', 'where: unreadable, whatever: true', 'where: FALSE, whatever: true'],
  ['run/look.ts', 'const meant = or(where, unreadable);', 'const meant = where;'],
  ['run/look.ts', ': sql`SELECT COUNT(*), ${matching} FROM ${root.from} WHERE ${scope}`', ': sql`SELECT COUNT(*), ${matching} FROM ${root.from}`'],
  ['run/look.ts', 'const where = and(keyIn(question, some), scope);', 'const where = keyIn(question, some);'],
  ['run/look.ts', '.filter((facts) => asked.has(idOf(facts.key)))', ''],
  ['run/look.ts', "'part' in one ? one.rows.matched(found.values) : one.left(found)", 'one.rows.matched(found.values)'],
  ['run/find.ts', 'and(scope, sql`COALESCE(', 'and(sql`COALESCE('],
]; // prettier-ignore

const WINDOW: readonly Mutant[] = [
  ['compile/window.ts', 'and(sql`${text} > ${dueBefore}`, sql`${text} < ${aheadAfter}`, besides(text))', 'and(sql`${text} < ${dueBefore}`, sql`${text} < ${aheadAfter}`, besides(text))'],
  ['compile/window.ts', 'and(sql`${text} > ${dueBefore}`, sql`${text} < ${aheadAfter}`, besides(text))', 'and(sql`${text} < ${aheadAfter}`, besides(text))'],
  ['compile/window.ts', 'and(sql`${text} > ${dueBefore}`, sql`${text} < ${aheadAfter}`, besides(text))', 'and(sql`${text} > ${dueBefore}`, besides(text))'],
  ['compile/window.ts', 'and(sql`${text} > ${dueBefore}`, sql`${text} < ${aheadAfter}`, besides(text))', 'and(sql`${text} > ${dueBefore}`, sql`${text} < ${aheadAfter}`)'],
  ['compile/window.ts', 'return sql`COALESCE(${condition}, ${FALSE})`;', 'return condition;'],
  ['compile/window.ts', 'and(or(...parts), not(or(...odd)))', 'or(...parts)'],
  ['compile/window.ts', 'and(or(...parts), not(or(...odd)))', 'and(and(...parts), not(or(...odd)))'],
  ['compile/window.ts', 'or(sql`${text} >= ${aheadAfter}`, sql`${text} < ${first}`)', 'sql`${text} >= ${aheadAfter}`'],
  ['compile/window.ts', 'or(sql`${text} >= ${aheadAfter}`, sql`${text} < ${first}`)', 'sql`${text} < ${first}`'],
  ['compile/window.ts', 'and(allNull(question, part), later)', 'later'],
  ['compile/window.ts', 'return (text) => (listed.length === 0 ? TRUE : sql`${text} NOT IN (${join(listed, \', \')})`);', 'return () => (listed.length === 0 ? TRUE : TRUE);'],
  ['compile/window.ts', 'and(sql`${text} <= ${dueBefore}`, open(text))', 'and(sql`${text} < ${dueBefore}`, open(text))'],
  ['compile/window.ts', 'and(sql`${text} <= ${dueBefore}`, open(text))', 'and(sql`${text} >= ${dueBefore}`, open(text))'],
  ['compile/window.ts', '{ byStart: true, from, where: ahead },', ''],
  ['compile/window.ts', 'return [{ byStart: false, from, where: value.say((text) => sql`${text} IS NULL`) }, ...known];', 'return known;'],
]; // prettier-ignore

const ERASING: readonly Mutant[] = [
  ['run/locked.ts', 'const where = and(keyIn(question, batch), scope);', 'const where = keyIn(question, batch);'],
  ['run/locked.ts', "eligible: text(row[width]) === '1'", 'eligible: true'],
  ['run/locked.ts', 'eligible: one.eligible && other.eligible', 'eligible: other.eligible'],
  ['run/locked.ts', 'eligible: one.eligible && other.eligible', 'eligible: one.eligible'],
  ['run/batch.ts', '.filter((id) => locked.get(id)?.eligible === true)', ''],
  ['run/batch.ts', 'eligible.filter((_, i) => answers[i] === true)', 'eligible'],
  ['run/batch.ts', 'const where = and(named, work.still);', 'const where = named;'],
  ['run/batch.ts', 'const where = and(named, work.still);', 'const where = work.still;'],
  ['run/batch.ts', 'if (affected === rows) return;', 'return;'],
  ['run/batch.ts', 'and(rows.matched(found.values), unshared(keys))', 'rows.matched(found.values)'],
  ['run/batch.ts', 'and(keyIn(question, keys), work.predicate)', 'work.predicate'],
  ['run/batch.ts', "throw new SourceFailure('data', 'KEPT_ROWS_CHANGED');", 'return;'],
  ['run/batch.ts', "throw new SourceFailure('transient', 'DEPENDENTS_ARRIVED');", 'return;'],
  ['run/change.ts', 'const where = and(one.left(found), reached);', 'const where = one.left(found);'],
  ['run/change.ts', 'and(where, met(found))', 'where'],
  ['run/change.ts', 'and(where, unfinished)', 'where'],
  ['run/files.ts', '(all.get(path)?.rows ?? 0) > one.rows', 'false'],
  ['erase/cascades.ts', 'where: and(keyIn(question, keys), work.predicate)', 'where: work.predicate'],
  ['erase/cascades.ts', 'FROM ${from} WHERE ${where})`', 'FROM ${from})`'],
]; // prettier-ignore

const STILL: readonly Mutant[] = [
  ['erase/still.ts', 'compileScope(context, root, record.scope),', ''],
  ['erase/still.ts', '...stands.map(holds),', ''],
  ['erase/still.ts', '...denied.map((one) => not(holds(one))),', ''],
  ['erase/still.ts', 'not(unreadable),', ''],
  ['erase/still.ts', '[record.where, view.where, stage.when]', '[view.where, stage.when]'],
  ['erase/still.ts', '[record.where, view.where, stage.when]', '[record.where, stage.when]'],
  ['erase/still.ts', '[record.where, view.where, stage.when]', '[record.where, view.where]'],
  ['erase/work.ts', 'const predicate = and(question.predicate, when);', 'const predicate = question.predicate;'],
  ['erase/work.ts', 'const predicate = and(question.predicate, when);', 'const predicate = when;'],
  ['erase/work.ts', 'and(link, others)', 'others'],
  ['erase/work.ts', 'and(link, others)', 'link'],
  ['erase/work.ts', 'const where = and(link, compileScope(context, there, record.scope));', 'const where = compileScope(context, there, record.scope);'],
]; // prettier-ignore

const DEPENDENTS: readonly Mutant[] = [
  ['erase/dependent.ts', 'and(rows.matched(found.values), chosen, ownership)', 'and(rows.matched(found.values), ownership)'],
  ['erase/dependent.ts', 'and(rows.matched(found.values), chosen, ownership)', 'and(rows.matched(found.values), chosen)'],
  ['erase/dependent.ts', 'and(meant(found), anonymising?.unfinished ?? TRUE)', 'meant(found)'],
  ['erase/dependent.ts', 'and(rows.matched(found.values), chosen, not(or(...others.map((one) => one(found.roots)))))', 'and(rows.matched(found.values), chosen)'],
  ['erase/dependent.ts', '(owners.length > 0 ? TRUE : rows.reached(roots))', 'TRUE'],
  ['erase/dependent.ts', 'FROM ${there.from} WHERE ${and(refers, own, more)})`', 'FROM ${there.from} WHERE ${and(own, more)})`'],
  ['erase/dependent.ts', 'FROM ${there.from} WHERE ${and(refers, own, more)})`', 'FROM ${there.from} WHERE ${and(refers, more)})`'],
  ['erase/dependent.ts', 'FROM ${there.from} WHERE ${and(refers, own, more)})`', 'FROM ${there.from} WHERE ${and(refers, own)})`'],
  ['erase/rows.ts', 'and(listed(context, related, place, columns, values), own)', 'listed(context, related, place, columns, values)'],
  ['erase/rows.ts', 'and(listed(context, related, place, columns, values), own)', 'own'],
  ['erase/rows.ts', 'FROM ${from.place.from} WHERE ${from.matched(values)}`', 'FROM ${from.place.from}`'],
  ['erase/rows.ts', 'and(belongs(context, related, place, there), ownOf(context, above, there))', 'belongs(context, related, place, there)'],
  ['erase/rows.ts', 'and(belongs(context, related, place, there), ownOf(context, above, there))', 'ownOf(context, above, there)'],
  ['erase/rows.ts', 'WHERE ${and(link, further(roots))})`', 'WHERE ${link})`'],
  ['erase/rows.ts', 'WHERE ${and(link, listed(context, above, there, columns, roots))})`', 'WHERE ${link})`'],
  ['erase/done.ts', 'FROM ${place.from} WHERE ${and(where, wrong)})`', 'FROM ${place.from} WHERE ${where})`'],
  ['erase/done.ts', 'FROM ${place.from} WHERE ${and(where, wrong)})`', 'FROM ${place.from} WHERE ${wrong})`'],
  ['erase/change.ts', 'return field.part === undefined ? written : or(not(hasPart(context, place, field.part)), written);', 'return written;'],
  ['erase/change.ts', 'if (by.kind === \'constant\' && by.value === null) return sql`${ref.text} IS NULL`;', "if (by.kind === 'constant' && by.value === null) return TRUE;"],
]; // prettier-ignore

export const MUTANTS: readonly Mutant[] = [
  ...PLACE,
  ...MATCH,
  ...CONDITIONS,
  ...FACTS,
  ...WINDOW,
  ...ERASING,
  ...STILL,
  ...DEPENDENTS,
];
