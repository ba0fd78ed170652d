/** How the page looks: on a screen, on paper (A4), without any resource from elsewhere. */
export const STYLE = `
:root { color-scheme: light; --ink: #1b1f23; --soft: #4a5157; --line: #c9ced3; --shade: #f3f5f7; --good: #1d5c3a; --bad: #9c1c1c; }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 2rem 1.25rem 4rem; max-width: 60rem; background: #fff; color: var(--ink);
  font: 1rem/1.5 "Iowan Old Style", "Palatino Linotype", Palatino, "Book Antiqua", Georgia, serif; overflow-wrap: anywhere; }
h1, h2, h3, table, dt { font-family: "Helvetica Neue", Arial, "Liberation Sans", sans-serif; }
h1 { font-size: 1.8rem; line-height: 1.2; margin: 0 0 .25rem; }
h2 { font-size: 1.2rem; line-height: 1.3; margin: 2.5rem 0 .5rem; padding-top: .75rem; border-top: 2px solid var(--ink); }
h3 { font-size: 1rem; margin: 1.75rem 0 .25rem; }
p { margin: .5rem 0; }
.sub, .none, figcaption { color: var(--soft); }
.good { color: var(--good); font-weight: bold; }
.bad { color: var(--bad); font-weight: bold; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .25rem 1.25rem; align-items: baseline; margin: .75rem 0; }
dt { font-size: .85rem; color: var(--soft); }
dd { margin: 0; }
blockquote { margin: .5rem 0; padding: .1rem 0 .1rem 1rem; border-left: 3px solid var(--line); font-style: italic; }
.table { overflow-x: auto; margin: 1rem 0; }
table { border-collapse: collapse; width: 100%; font-size: .85rem; line-height: 1.35; overflow-wrap: normal; }
caption { text-align: left; font-weight: bold; padding-bottom: .35rem; }
th, td { text-align: left; vertical-align: top; padding: .35em .9em .35em 0; border-bottom: 1px solid var(--line); }
thead th { border-bottom: 1px solid var(--ink); font-size: .92em; vertical-align: bottom; }
tbody th { font-weight: normal; min-width: 8em; overflow-wrap: anywhere; }
th.n, td.n { text-align: right; font-variant-numeric: tabular-nums; }
td.n, .d { white-space: nowrap; }
code, pre { font-family: ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; font-size: .82rem; }
table code { overflow-wrap: anywhere; }
pre { background: var(--shade); border: 1px solid var(--line); padding: .6rem .75rem; white-space: pre-wrap; overflow-wrap: anywhere; }
figure { margin: 1rem 0; }
svg { display: block; width: 100%; height: auto; overflow: visible; }
svg text { font: 11px "Helvetica Neue", Arial, "Liberation Sans", sans-serif; fill: var(--soft); }
nav ol { columns: 2; column-gap: 2rem; padding-left: 1.25rem; margin: .5rem 0; }
nav li { break-inside: avoid; }
a { color: inherit; }
footer { margin-top: 3rem; border-top: 1px solid var(--line); padding-top: .75rem; color: var(--soft); font-size: .85rem; }
@media print {
  @page { size: A4; margin: 18mm 16mm 20mm; }
  body { padding: 0; max-width: none; font-size: 10pt; }
  h2, h3, caption { break-after: avoid; }
  tr, figure, blockquote, pre { break-inside: avoid; }
  thead { display: table-header-group; break-after: avoid; }
  tbody tr:first-child { break-before: avoid; }
  .table { overflow: visible; }
  table { font-size: 8.5pt; }
  th, td { padding-right: .6em; }
  nav { display: none; }
}
`;
