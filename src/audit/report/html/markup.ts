/** HTML that cannot be broken by what is put into it: whatever is not markup already is escaped. Pure. */

export class Markup {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

/** What can be put into markup; `undefined` is nothing. */
export type Content = string | number | Markup | undefined | readonly Content[];

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};
/** Marks that turn the direction of what follows: a name could be made to read as another one. */
const TURNS = /[\u202a-\u202e\u2066-\u2069\u200e\u200f\u061c]/gu;

function escape(text: string): string {
  return text.replace(TURNS, '\ufffd').replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '');
}

function render(content: Content): string {
  if (content === undefined) return '';
  if (content instanceof Markup) return content.text;
  if (typeof content === 'string') return escape(content);
  if (typeof content === 'number') return String(content);
  return content.map(render).join('');
}

/** Markup from a template; its values are escaped. */
export function html(parts: TemplateStringsArray, ...values: readonly Content[]): Markup {
  return new Markup(parts.map((part, i) => part + render(values[i])).join(''));
}

/** Thousands apart by a narrow space that does not break. */
export function count(n: number): string {
  return n.toString().replace(/\B(?=(\d{3})+(?!\d))/g, '\u202f');
}

/** What stands in the place of a number that is not known. */
export const NOT_KNOWN = '–';
const DAY = /^\d{4}-\d\d-\d\d(?: \d\d:\d\d)?$/;

/** Numbers stand to the right; a day is not broken. */
function classOf(value: Content): Markup | undefined {
  if (typeof value === 'number' || value === NOT_KNOWN) return new Markup(' class="n"');
  return typeof value === 'string' && DAY.test(value) ? new Markup(' class="d"') : undefined;
}

export interface Table {
  readonly caption: string;
  readonly head: readonly string[];
  /** The first cell of a row is its heading; numbers stand to the right. */
  readonly rows: readonly (readonly Content[])[];
  /** Said in its place when there are no rows. */
  readonly none: string;
}

/** A table with a caption and headings for rows and columns, as screen readers need them. */
export function table({ caption, head, rows, none }: Table): Markup {
  if (rows.length === 0) return html`<p class="none">${none}</p>`;
  const heading = (text: string, i: number): Markup =>
    html`<th scope="col" ${classOf(rows.map((row) => row[i]).find((value) => typeof value === 'number'))}>
      ${text}
    </th>`;
  return html`<div class="table">
    <table>
      <caption>
        ${caption}
      </caption>
      <thead>
        <tr>
          ${head.map(heading)}
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          (row) =>
            html`<tr>
              ${row.map((value, i) =>
                i === 0
                  ? html`<th scope="row" ${classOf(value)}>${value}</th>`
                  : html`<td${classOf(value)}>${typeof value === 'number' ? count(value) : value}</td>`,
              )}
            </tr> `,
        )}
      </tbody>
    </table>
  </div>`;
}
