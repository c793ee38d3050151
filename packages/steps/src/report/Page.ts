import { counted, thousands } from "../counted.ts"
import { type Answered, type Comparison, percent, points, pText, type Rate } from "../evaluate/Comparison.ts"
import * as grids from "./grids.ts"
import { escape, table } from "./Html.ts"
import { script, style } from "./look.ts"
import * as Plot from "./Plot.ts"
import { reading, type Report } from "./Report.ts"

/**
 * The report as one HTML page that needs nothing else: it opens from a file, asks no network, follows the
 * reader's light or dark setting, and reads without its script, which only filters the rows.
 */
export const render = (report: Report): string => {
  const { comparison } = report
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'">
<title>${escape(report.title)}</title>
<style>${style}</style>
</head>
<body>
<a class="skip" href="#rows">Skip to the rows</a>
<header><h1>${escape(report.title)}</h1>
<p class="verdict">${escape(comparison.verdict)}</p></header>
<main>
<section aria-labelledby="arms"><h2 id="arms">Arms</h2>
<p>${counted(comparison.rows, "held-out row")}, the same for every arm.</p>
${Plot.intervals(comparison.arms)}
${armsTable(comparison)}${fieldsTable(comparison)}</section>
${differences(comparison)}
${confusions(comparison)}
${asides(report)}
<section aria-labelledby="rows"><h2 id="rows">Rows</h2>
${filters(comparison)}
${rowsTable(report)}</section>
<section aria-labelledby="provenance"><h2 id="provenance">Provenance</h2>
${table(
  "What the results follow from",
  ["What", "Value"],
  report.provenance.map(([label, value]) => [escape(label), `<code>${escape(value)}</code>`]),
)}</section>
<section aria-labelledby="reading"><h2 id="reading">Reading this</h2>
<dl>${reading.map(([term, meaning]) => `<dt>${escape(term)}</dt><dd>${escape(meaning)}</dd>`).join("")}</dl></section>
</main>
<script>${script}</script>
</body>
</html>
`
}

const share = (rate: Rate | null): string =>
  rate === null ? "–" : `${thousands(rate.count)} of ${thousands(rate.rows)} (${percent(rate.rate)})`

const cells = { text: escape, share }

const armsTable = (comparison: Comparison): string => {
  const { head, rows } = grids.arms(comparison, cells)
  return table("Each arm's answers", head, rows)
}

const fieldsTable = (comparison: Comparison): string => {
  const grid = grids.fields(comparison, cells)
  return grid === undefined ? "" : table("Fields answered exactly", grid.head, grid.rows)
}

const differences = (comparison: Comparison): string =>
  comparison.pairs.length === 0
    ? ""
    : `<section aria-labelledby="differences"><h2 id="differences">Differences</h2>
${table(
  "Exact match, first arm less second, over the same rows",
  ["Arms", "Difference", "95 % interval", "Only first right", "Only second right", "p", "Verdict"],
  comparison.pairs.map((pair) => [
    `${escape(pair.first)} − ${escape(pair.second)}`,
    points(pair.difference),
    `${points(pair.low)} to ${points(pair.high)}`,
    thousands(pair.onlyFirst),
    thousands(pair.onlySecond),
    escape(pText(pair.pAdjusted)),
    `<span class="${pair.verdict}">${pair.verdict}</span>`,
  ]),
)}</section>`

const confusions = (comparison: Comparison): string =>
  comparison.confusions.length === 0
    ? ""
    : `<section aria-labelledby="confusion"><h2 id="confusion">Confusion</h2><div class="side">
${comparison.confusions
  .map((confusion) =>
    table(
      `${confusion.arm}: expected (down) and answered (across)`,
      [
        "Expected",
        ...confusion.answered.map((label) => (label === null ? "<em>no class</em>" : escape(label))),
      ],
      confusion.expected.map((label, index) => [
        escape(label),
        ...confusion.counts[index]!.map((count, at) =>
          confusion.answered[at] === label ? `<strong>${thousands(count)}</strong>` : thousands(count),
        ),
      ]),
    ),
  )
  .join("\n")}</div></section>`

const asides = ({ asides: all = [] }: Report): string =>
  all.length === 0
    ? ""
    : `<section aria-labelledby="asides"><h2 id="asides">How arms came to ask</h2>
${all
  .map(({ head, rows, title }) =>
    table(
      title,
      head.map(escape),
      rows.map((row) => row.map(escape)),
    ),
  )
  .join("\n")}</section>`

/** Shown by the script alone: without it the rows are all there. */
const filters = (comparison: Comparison): string =>
  `<form class="filters" hidden><label>Show <select name="arm"><option value="">all rows</option>` +
  comparison.arms
    .map((arm) => `<option value="${escape(arm.name)}">rows that ${escape(arm.name)} gets wrong</option>`)
    .join("") +
  `<option value="*">rows on which the arms differ</option></select></label>` +
  `<label>Containing <input type="search" name="text"></label><output aria-live="polite"></output></form>`

const rowsTable = ({ comparison, rows }: Report): string =>
  `<div id="answers">${table(
    "Every held-out row and every answer",
    ["Row", "Prompt", "Expected", ...comparison.arms.map((arm) => escape(arm.name))],
    rows.map((row) => [
      `<code>${escape(row.id)}</code>`,
      `<div class="text">${escape(row.prompt)}</div>`,
      `<code>${escape(row.expected)}</code>`,
      ...comparison.arms.map((arm) => answerCell(row, arm.name)),
    ]),
  )}</div>`

const answerCell = (row: Answered, arm: string): string => {
  const answer = row.answers[arm]!
  const mark = answer.score.exact
    ? `<span class="right">✓ exact</span>`
    : `<span class="wrong">✗ wrong</span>`
  return (
    `<div data-arm="${escape(arm)}" data-exact="${answer.score.exact ? 1 : 0}">${mark} ` +
    `<code>${escape(answer.text)}</code>${answer.stopped ? "" : " <small>cut</small>"}</div>`
  )
}
