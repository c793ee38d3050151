/**
 * Rows and answers: those that tell two arms apart, those that the best arm does worst on, and all of them. Rows are
 * judged by the score that the verdict goes by.
 */
import { counted, thousands } from "../counted.ts"
import type { Facts } from "./Facts.ts"
import { type Cell, escape, folded, section, table } from "./Html.ts"
import { type Answer, contenders, type Report, type Row, type Score } from "./Report.ts"
import { learntText, ofRow, placeText } from "./runSections.ts"
import * as words from "./words.ts"

/** So many rows are shown of those that changed in one direction, and of the worst. */
const mostShown = 20
/** The page holds the markup of so many answers; further rows are made by its script, from data that stand once. */
const mostStaticAnswers = 600

/** How single answers are judged. */
interface Judge {
  readonly metric: string
  readonly kind: Score["kind"]
  /** More is better; null where the score does not apply to the row. */
  readonly merit: (answer: Answer) => number | null
}

const judgeOf = (report: Report): Judge => {
  const { decidedBy: metric } = report
  const score = report.scores.find((each) => each.metric === metric)
  const sign = score?.higherIsBetter === false ? -1 : 1
  return {
    metric,
    kind: score?.kind ?? "rate",
    merit: ({ scores }) => {
      const found = scores[metric]
      return found === undefined || found === null ? null : sign * found
    },
  }
}

/** Whether an answer has a score of yes and no: the better of both. */
const isRight = ({ merit }: Judge, answer: Answer): boolean => {
  const found = merit(answer)
  return found !== null && (found === 1 || Object.is(found, -0))
}

const rightArms = (judge: Judge, row: Row): number =>
  Object.values(row.answers).filter((answer) => isRight(judge, answer)).length

/** Rows on which the two arms that the verdict is about differ: the rare ones first, or those that differ most. */
export const changed = (report: Report, facts: Facts | undefined): string => {
  const { leader, rival } = contenders(report)
  if (leader === undefined || rival === undefined) return ""
  const judge = judgeOf(report)
  const gain = (row: Row, first: string, second: string): number => {
    const [a, b] = [judge.merit(row.answers[first]!), judge.merit(row.answers[second]!)]
    return a === null || b === null ? 0 : a - b
  }
  const part = (first: string, second: string): string => {
    const rows = report.rows
      .filter((row) => gain(row, first, second) > 0)
      .toSorted((a, b) =>
        judge.kind === "rate"
          ? rightArms(judge, a) - rightArms(judge, b)
          : gain(b, first, second) - gain(a, first, second),
      )
    const title =
      judge.kind === "rate"
        ? `Only ${first} is right`
        : `${first} has the better ${words.metric(judge.metric)}`
    return rows.length === 0 ? "" : sideBySide(title, rows, [second, first], judge, facts)
  }
  const parts = part(leader.name, rival.name) + part(rival.name, leader.name)
  return section(
    "changed",
    `Rows on which ${leader.name} and ${rival.name} differ`,
    parts === "" ? "<p>There are none.</p>" : parts,
  )
}

/** Rows that the best arm gets wrong, those first that the fewest arms get right; of a mean, its lowest scores. */
export const worst = (report: Report, facts: Facts | undefined): string => {
  const { leader, rival } = contenders(report)
  if (leader === undefined) return ""
  const judge = judgeOf(report)
  const arms = rival === undefined ? [leader.name] : [rival.name, leader.name]
  const merit = (row: Row): number => judge.merit(row.answers[leader.name]!) ?? Infinity
  if (judge.kind === "mean") {
    const rows = report.rows
      .filter((row) => Number.isFinite(merit(row)))
      .toSorted((a, b) => merit(a) - merit(b))
    const title = `Rows with the worst ${words.metric(judge.metric)} of ${leader.name}`
    return section("worst", title, sideBySide("The worst first", rows, arms, judge, facts))
  }
  const wrong = report.rows
    .filter((row) => !isRight(judge, row.answers[leader.name]!))
    .toSorted((a, b) => rightArms(judge, a) - rightArms(judge, b))
  return section(
    "worst",
    `Rows that ${leader.name} gets wrong`,
    wrong.length === 0
      ? "<p>There are none.</p>"
      : sideBySide("Those first that the fewest arms get right", wrong, arms, judge, facts),
  )
}

const sideBySide = (
  title: string,
  rows: ReadonlyArray<Row>,
  arms: ReadonlyArray<string>,
  judge: Judge,
  facts: Facts | undefined,
): string => {
  const shown = rows.slice(0, mostShown)
  return table(
    shown.length < rows.length ? `${title} (${shown.length} of ${thousands(rows.length)})` : title,
    ["Row", "Prompt", "Expected", ...arms.map(escape)],
    shown.map((row) => cells(row, arms, judge, facts)),
    { cards: true },
  )
}

const cells = (
  row: Row,
  arms: ReadonlyArray<string>,
  judge: Judge,
  facts: Facts | undefined,
): ReadonlyArray<Cell> => [
  `<code>${escape(row.id)}</code>`,
  `${folded(row.prompt, '<div class="text">', "</div>")}${facts === undefined ? "" : ofRow(facts, row.id)}`,
  folded(row.expected, "<code>", "</code>"),
  ...arms.map((arm) => answerCell(judge, row.answers[arm]!)),
]

/** `✓ exact`, `✗ wrong`, `chrF 41.200`, and the class that colours it. */
const mark = (judge: Judge, answer: Answer): readonly [text: string, name: string] => {
  const score = answer.scores[judge.metric]
  if (judge.kind === "mean")
    return [
      score === undefined || score === null
        ? "–"
        : `${words.metric(judge.metric)} ${words.value("mean", score)}`,
      "score",
    ]
  const own = judge.metric === "exact" ? undefined : words.metric(judge.metric)
  return isRight(judge, answer) ? [`✓ ${own ?? "exact"}`, "right"] : [`✗ ${own ?? "wrong"}`, "wrong"]
}

const answerCell = (judge: Judge, answer: Answer): string => {
  const [text, name] = mark(judge, answer)
  return (
    `<span class="${name}">${escape(text)}</span>` +
    ` ${folded(answer.text, "<code>", "</code>")}${answer.stopped ? "" : " <small>cut</small>"}`
  )
}

/** Every row and every answer: the first ones as markup, all of them as data for the script. */
export const all = (report: Report, facts: Facts | undefined): string => {
  const judge = judgeOf(report)
  const arms = report.arms.map(({ name }) => name)
  const count = Math.max(10, Math.floor(mostStaticAnswers / Math.max(1, arms.length)))
  const shown = report.rows.slice(0, count)
  const more = report.rows.length - shown.length
  return section(
    "rows",
    "Every row",
    `${filters(judge, arms)}<div id="answers">${table(
      "Every held-out row and every answer",
      ["Row", "Prompt", "Expected", ...arms.map(escape)],
      shown.map((row) => cells(row, arms, judge, undefined)),
      { cards: true },
    )}</div>` +
      (more > 0
        ? `<noscript><p>${counted(more, "further row")} stand in report.md and report.json.</p></noscript>`
        : "") +
      `<p><button type="button" id="more" hidden>Show more rows</button></p>` +
      `<script type="application/json" id="data">${json(data(report, judge, facts))}</script>`,
  )
}

/** Shown by the script alone: without it the rows are all there. A mean has no wrong answers to filter by. */
const filters = ({ kind }: Judge, arms: ReadonlyArray<string>): string =>
  `<form class="filters" hidden><label>Show <select name="arm"><option value="">all rows</option>` +
  (kind === "mean"
    ? ""
    : arms.map((arm, at) => `<option value="${at}">rows that ${escape(arm)} gets wrong</option>`).join("")) +
  `<option value="*">rows on which the arms differ</option></select></label>` +
  `<label>Containing <input type="search" name="text"></label><output aria-live="polite"></output></form>`

/** Every text stands once: answers repeat each other. */
const data = (report: Report, judge: Judge, facts: Facts | undefined) => {
  const texts: Array<string> = []
  const positions = new Map<string, number>()
  const at = (text: string): number => {
    const known = positions.get(text)
    if (known !== undefined) return known
    positions.set(text, texts.length)
    return texts.push(text) - 1
  }
  const rows = report.rows.map((row) => [
    row.id,
    at(row.prompt),
    at(row.expected),
    report.arms.map(({ name }) => {
      const answer = row.answers[name]!
      const [text, style] = mark(judge, answer)
      return [at(answer.text), at(text), at(style), answer.stopped ? 0 : 1, judge.merit(answer)]
    }),
    placeOf(facts, row.id),
    facts?.lineage.nearest[row.id] ?? [],
  ])
  const learnt = (facts?.lineage.learnt ?? []).map((row) => [
    at(row.prompt),
    at(row.expected),
    at(learntText(row)),
  ])
  return { texts, rows, learnt }
}

const placeOf = (facts: Facts | undefined, id: string): string => {
  const place = facts?.lineage.heldOut[id]
  return place === undefined ? "" : placeText(place)
}

/** JSON that ends no script element, whatever it holds. */
const json = (value: unknown): string => JSON.stringify(value).replaceAll("<", String.raw`\u003c`)
