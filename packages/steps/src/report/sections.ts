/** What a comparison found, as sections of the page: arms, differences, scores, confusions. */
import { counted, thousands } from "../counted.ts"
import { type Cell, details, escape, none, number, section, table, written } from "./Html.ts"
import type { Facts } from "./Facts.ts"
import * as Plot from "./Plot.ts"
import { type Difference, differenceOf, metricsOf, type Report, type Score, scoreOf } from "./Report.ts"
import * as words from "./words.ts"

const scoreCell = (score: Score | undefined): Cell =>
  score === undefined
    ? none
    : score.count === null
      ? number(words.value(score.kind, score.value), score.value)
      : number(
          `${thousands(score.count)} of ${thousands(score.rows)} <small>${words.value(score.kind, score.value)}</small>`,
          score.value,
        )

/** Metrics that stand in the table of arms. */
const chief = ["exact", "validJson", "schemaValid"]

export const arms = (report: Report, facts: Facts | undefined): string => {
  const shown = chief.filter((metric) => metricsOf(report).includes(metric))
  const deciding = report.scores.filter(({ metric }) => metric === report.decidedBy)
  const rows = report.arms.map((arm): ReadonlyArray<Cell> => {
    const score = scoreOf(report, arm.name, "exact")
    return [
      `${escape(arm.name)}${arm.tuned ? ` <small>${adapter(arm.name, facts)}</small>` : ""}`,
      scoreCell(score),
      score === undefined ? none : number(words.interval(score), score.low ?? score.value),
      ...shown.slice(1).map((metric) => scoreCell(scoreOf(report, arm.name, metric))),
      number(thousands(arm.cut), arm.cut),
      number(thousands(arm.promptTokens), arm.promptTokens),
      number(thousands(arm.newTokens), arm.newTokens),
    ]
  })
  return section(
    "arms",
    "Arms",
    `<p>${counted(report.rows.length, "held-out row")}, the same for every arm.</p>
${Plot.intervals(
  `${report.decidedBy === "exact" ? "Exact match" : words.metric(report.decidedBy)} by arm, with 95 % intervals`,
  deciding,
  report.arms.filter(({ tuned }) => tuned).map(({ name }) => name),
)}
${table(
  "Each arm's answers",
  ["Arm", "Exact", "95 % interval", ...shown.slice(1).map(words.metric), "Cut", "Tokens in", "Tokens out"],
  rows,
  { sortable: true },
)}`,
  )
}

/** Leads to the rows that it learnt from, where the page has them. */
const adapter = (arm: string, facts: Facts | undefined): string =>
  facts === undefined ? "with an adapter" : `<a href="#lineage-${escape(arm)}">with an adapter</a>`

export const differences = (report: Report): string =>
  report.differences.length === 0
    ? ""
    : section(
        "differences",
        "Differences",
        [report.decidedBy, ...metricsOf(report).filter((metric) => metric !== report.decidedBy)]
          .map((metric) => [metric, report.differences.filter((each) => each.metric === metric)] as const)
          .filter(([, pairs]) => pairs.length > 0)
          .map(([metric, pairs]) =>
            metric === report.decidedBy
              ? matrix(report, metric) +
                (pairs.length > mostPairs
                  ? details(`All ${pairs.length} pairs`, pairsTable(metric, pairs))
                  : pairsTable(metric, pairs))
              : details(`By ${words.metric(metric)}`, matrix(report, metric) + pairsTable(metric, pairs)),
          )
          .join("\n"),
      )

/** Above so many pairs the matrix says enough at first sight. */
const mostPairs = 15

/** Each arm against each: the arm of the row less the arm of the column. */
const matrix = (report: Report, metric: string): string =>
  report.arms.length < 3
    ? ""
    : table(
        `${words.metric(metric)}: the arm of the row less the arm of the column`,
        ["Arm", ...report.arms.map(({ name }) => escape(name))],
        report.arms.map(({ name: first }) => [
          escape(first),
          ...report.arms.map(({ name: second }): Cell => {
            const pair = first === second ? undefined : differenceOf(report, metric, first, second)
            if (pair === undefined) return ""
            const text = words.difference(pair.kind, pair.difference).replace(" points", "")
            return `<span class="${pair.verdict}">${text}<br><small>${pair.verdict}</small></span>`
          }),
        ]),
      )

const pairsTable = (metric: string, pairs: ReadonlyArray<Difference>): string =>
  table(
    `${words.metric(metric)}: first arm less second, over the same rows`,
    [
      "Arms",
      "Difference",
      "95 % interval",
      metric === "exact" ? "Only first right" : "First higher",
      metric === "exact" ? "Only second right" : "Second higher",
      "p",
      "Verdict",
    ],
    pairs.map((pair) => [
      `${escape(pair.first)} − ${escape(pair.second)}`,
      number(words.difference(pair.kind, pair.difference), pair.difference),
      number(words.differenceInterval(pair), pair.low ?? pair.difference),
      number(thousands(pair.onlyFirst), pair.onlyFirst),
      number(thousands(pair.onlySecond), pair.onlySecond),
      number(escape(words.p(pair.pAdjusted)), pair.pAdjusted),
      `<span class="said ${pair.verdict}">${words.verdict(pair)}</span>`,
    ]),
    { sortable: true },
  )

/** Scores that the table of arms has no room for: fields, and the user's own. */
export const scores = (report: Report): string => {
  const other = metricsOf(report).filter((metric) => !chief.includes(metric))
  const fields = other.filter((metric) => metric.startsWith("field "))
  const own = other.filter((metric) => !metric.startsWith("field "))
  const of = (caption: string, metrics: ReadonlyArray<string>, withInterval: boolean): string =>
    metrics.length === 0
      ? ""
      : table(
          caption,
          ["Score", ...report.arms.map(({ name }) => escape(name))],
          metrics.map((metric) => [
            written(withInterval ? words.metric(metric) : metric.slice("field ".length)),
            ...report.arms.map(({ name }): Cell => {
              const score = scoreOf(report, name, metric)
              const cell = scoreCell(score)
              return !withInterval || score === undefined || typeof cell === "string"
                ? cell
                : { ...cell, html: `${cell.html}<br><small>${words.interval(score)}</small>` }
            }),
          ]),
        )
  // A single field says what exact match says.
  const parts = [
    of("Fields answered exactly", fields.length < 2 ? [] : fields, false),
    of("By arm, with 95 % intervals", own, true),
  ]
  return section("scores", "Further scores", parts.join(""))
}

export const confusions = (report: Report): string =>
  section(
    "confusion",
    "Confusion",
    report.confusions.length === 0
      ? ""
      : `<div class="side">${report.confusions
          .map(({ answered, arm, counts, expected }) => {
            const most = Math.max(1, ...counts.flat())
            return table(
              `${arm}: expected (down) and answered (across)`,
              [
                "Expected",
                ...answered.map((label) => (label === null ? "<em>no class</em>" : written(label))),
              ],
              expected.map((label, row) => [
                written(label),
                ...counts[row]!.map((count, column): Cell => {
                  const right = answered[column] === label
                  const share = Math.round((count / most) * 100)
                  const text = right ? `<strong>${thousands(count)}</strong>` : thousands(count)
                  return number(
                    `<span class="share ${right ? "hit" : "miss"}" style="--share:${share}%">${text}</span>`,
                    count,
                  )
                }),
              ]),
            )
          })
          .join("\n")}</div>`,
  )

export const asides = ({ asides: all }: Report): string =>
  section(
    "asides",
    "Beside the comparison",
    all
      .map(({ head, rows, title }) =>
        table(
          title,
          head.map(escape),
          rows.map((row) => row.map(written)),
        ),
      )
      .join("\n"),
  )
