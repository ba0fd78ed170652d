import { ERRORS } from '../../src/errors.ts';
import type { ErrorRow } from '../../src/errors/row.ts';

const HEAD = `# Error codes

Every error that frist reports has one of these codes. A code is stable: scripts and alarms may rely on it. Words in
braces stand for what the error is about.

This page is generated from \`src/errors.ts\` by \`npm run docs\`.
`;

/** One entry of the page. */
function entry(code: string, row: ErrorRow): string {
  return `## ${code}\n\n${row.message}.\n\n- What to do: ${row.remedy}\n- Exit status: ${row.exit}\n`;
}

/** The text of docs/errors.md: every code with its message, remedy and exit status, in the order of the table. */
export function errorsPage(): string {
  const rows: [string, ErrorRow][] = Object.entries(ERRORS);
  return [HEAD, ...rows.map(([code, row]) => entry(code, row))].join('\n');
}
