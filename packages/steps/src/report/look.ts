/** Style of the report: system fonts, light and dark, contrast of 4.5 : 1 and more. */
export const style = `
:root { --ink: #1b1f24; --soft: #57606a; --paper: #ffffff; --panel: #f4f6f8; --line: #d0d7de; --accent: #0b57d0; --good: #116329; --bad: #a40e26; --hit: #b4e3c0; --miss: #f6c4c8; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6edf3; --soft: #9da7b3; --paper: #0d1117; --panel: #161b22; --line: #3d444d; --accent: #79b8ff; --good: #56d364; --bad: #ff8f8a; --hit: #1d4428; --miss: #5a2328; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 76rem; padding: 1.5rem; color: var(--ink); background: var(--paper); font: 16px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.6rem; line-height: 1.25; margin: 0 0 .75rem; } h2 { font-size: 1.25rem; margin: 2.5rem 0 .5rem; } h3 { font-size: 1rem; margin: 1rem 0 .25rem; }
.verdict { font-size: 1.15rem; margin: 0; padding: .75rem 1rem; border-left: 4px solid var(--accent); background: var(--panel); }
.skip { position: absolute; left: -99rem; } .skip:focus { position: static; }
nav ul { display: flex; flex-wrap: wrap; gap: .25rem 1.1rem; list-style: none; margin: 1rem 0 0; padding: 0; }
a { color: var(--accent); } :focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
.scroll { overflow-x: auto; margin: .25rem 0 .75rem; position: relative; }
table { border-collapse: collapse; min-width: 60%; } table.cards { width: 100%; }
.caption { color: var(--soft); margin: .75rem 0 0; } .caption.wide::after { content: " (scrolls sideways →)"; } .unseen { position: absolute; clip-path: inset(50%); width: 1px; height: 1px; overflow: hidden; white-space: nowrap; }
th, td { text-align: left; vertical-align: top; padding: .35rem .75rem .35rem 0; border-bottom: 1px solid var(--line); }
th:last-child, td:last-child { padding-right: .25rem; }
table[data-sortable] tbody th { white-space: nowrap; }
thead th { border-bottom: 2px solid var(--line); vertical-align: bottom; } tbody th { font-weight: 600; } tbody th code { white-space: nowrap; }
.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
th button { font: inherit; color: inherit; background: none; border: 0; padding: 0; text-align: inherit; cursor: pointer; }
th button::after { content: " ↕"; color: var(--soft); } th[aria-sort=ascending] button::after { content: " ↑"; } th[aria-sort=descending] button::after { content: " ↓"; }
.scroll > table:not(.cards) tbody th { position: sticky; left: 0; background: var(--paper); } #answers td, .cards td:nth-child(n+4) { min-width: 7rem; } .said { display: block; min-width: 10rem; }
code { font: .85rem ui-monospace, monospace; overflow-wrap: anywhere; white-space: pre-wrap; }
.text { min-width: 12rem; max-width: 34rem; white-space: pre-wrap; overflow-wrap: anywhere; }
.esc { color: var(--bad); background: var(--panel); border: 1px solid var(--line); border-radius: 3px; padding: 0 .15rem; font: .8rem ui-monospace, monospace; }
.right, .better { color: var(--good); font-weight: 600; } .wrong, .worse { color: var(--bad); font-weight: 600; } .score { color: var(--soft); } .right, .wrong, .score { white-space: nowrap; } small { color: var(--soft); }
.side { display: flex; flex-wrap: wrap; gap: .5rem 2rem; } .side .table { flex: 1 1 18rem; max-width: 30rem; } .side table { width: 100%; }
.share { display: block; padding: 0 .4rem; margin: -.1rem 0; } .share.hit { background: linear-gradient(to left, var(--hit) var(--share), transparent 0); } .share.miss { background: linear-gradient(to left, var(--miss) var(--share), transparent 0); }
figure { margin: .75rem 0; max-width: 46rem; } figcaption { color: var(--soft); margin-bottom: .4rem; }
.bar { display: grid; grid-template-columns: minmax(5rem, 9rem) 1fr 4.2rem; gap: 0 1rem; align-items: center; }
.bar .name { text-align: right; overflow-wrap: anywhere; } .bar .value { text-align: right; font-variant-numeric: tabular-nums; }
.track { position: relative; height: 2.2rem; background: repeating-linear-gradient(to right, var(--line) 0 1px, transparent 1px 25%); border-right: 1px solid var(--line); }
.interval { position: absolute; top: calc(50% - .2rem); height: .4rem; background: var(--soft); opacity: .45; border-radius: .2rem; }
.dot { position: absolute; width: .8rem; height: .8rem; margin: -.4rem 0 0 -.4rem; border-radius: 50%; background: var(--soft); } .track .dot { top: 50%; }
.tuned .interval, .tuned .dot, .curve .dot { background: var(--accent); }
.axis { color: var(--soft); font-size: .85rem; } .axis .track { height: 1.3rem; background: none; border: 0; } .axis .track span { position: absolute; transform: translateX(-50%); }
.curve { display: grid; padding-right: .4rem; grid-template: "top area area" auto ". area area" 1fr "zero area area" auto ". from to" auto / 3.2rem 1fr 1fr; gap: 0 .5rem; color: var(--soft); font-size: .85rem; }
.curve .top { grid-area: top; text-align: right; } .curve .zero { grid-area: zero; text-align: right; } .curve .from { grid-area: from; } .curve .to { grid-area: to; text-align: right; }
.curve .area { grid-area: area; position: relative; height: 11rem; border: solid var(--line); border-width: 0 0 1px 1px; } .curve svg { position: absolute; inset: 0; width: 100%; height: 100%; }
.curve polyline { fill: none; stroke: var(--soft); stroke-width: 2; vector-effect: non-scaling-stroke; }
.key { margin-left: .75rem; white-space: nowrap; } .key::before { content: ""; display: inline-block; margin-right: .35rem; vertical-align: middle; } .key.line::before { width: 1.2rem; border-top: 2px solid var(--soft); } .key.points::before { width: .7rem; height: .7rem; border-radius: 50%; background: var(--accent); }
details { margin: .35rem 0; } summary { cursor: pointer; color: var(--accent); } td details { font-size: .9rem; max-width: 34rem; } td details ol, .chain ol { margin: .25rem 0; padding-left: 1.4rem; } td details p { margin: .25rem 0; }
.filters { display: flex; flex-wrap: wrap; gap: .5rem 1rem; align-items: center; padding: .5rem 0; } .filters[hidden] { display: none; }
select, input, #more { font: inherit; color: inherit; background: var(--paper); border: 1px solid var(--soft); border-radius: 4px; padding: .25rem .5rem; max-width: 100%; }
dt { font-weight: 600; } dd { margin: 0 0 .4rem 0; color: var(--soft); } .facts { margin: .25rem 0 .75rem 1rem; } .facts dd { overflow-wrap: anywhere; }
@media (max-width: 40rem) {
  .cards, .cards tbody, .cards tr, .cards th, .cards td { display: block; width: 100%; border: 0; padding: .1rem 0; } .cards tbody tr { border-bottom: 1px solid var(--line); padding: .5rem 0; }
  .cards td::before { content: attr(data-label); display: block; color: var(--soft); font-size: .85rem; } .cards .text, .cards td, #answers td { min-width: 0; } .cards .n { text-align: left; } .cards td:empty { display: none; }
  .cards thead { position: absolute; clip-path: inset(50%); height: 1px; overflow: hidden; } #answers thead { position: static; clip-path: none; height: auto; } #answers thead tr { display: flex; flex-wrap: wrap; gap: .25rem 1rem; } #answers thead th { width: auto; }
}
@media (max-width: 40rem) { body { padding: 1rem; } .bar { grid-template-columns: 1fr 4.2rem; } .bar .name { grid-column: 1 / -1; text-align: left; } .axis .name { display: none; } .curve { grid-template-columns: 2.6rem 1fr 1fr; } }
@media print { :root { color-scheme: light; --ink: #1b1f24; --soft: #57606a; --paper: #ffffff; --panel: #f4f6f8; --line: #d0d7de; --accent: #0b57d0; --good: #116329; --bad: #a40e26; --hit: #b4e3c0; --miss: #f6c4c8; } .filters, .skip, nav, #more, th button::after { display: none; } .scroll { overflow: visible; } table { font-size: 8.5pt; } th, td, .n { white-space: normal; } .cards td, .cards td:nth-child(n+4), #answers td, .said, .text { min-width: 0; } tbody th code { white-space: pre-wrap; } code, td details, .esc { font-size: 8pt; } td details:not([open]):not(.rest) { display: none; } .caption.wide::after { content: none; } .scroll > table:not(.cards) tbody th { position: static; } table[data-sortable] tbody th { white-space: normal; } body { max-width: none; padding: 0; font-size: 11pt; } tr, figure { break-inside: avoid; } h2 { break-after: avoid; } .interval, .dot, .share { print-color-adjust: exact; } }
`
