import { thousands } from "../counted.ts"
import { points, pText, type Rate } from "../evaluate/Comparison.ts"
import * as grids from "./grids.ts"
import { reading, type Report } from "./Report.ts"

/** The report as Markdown: the verdict, the arms, their differences, confusions, provenance and every row. */
export const render = (report: Report): string => {
  const { comparison } = report
  const lines = [`# ${text(report.title)}`, "", `**${text(comparison.verdict)}**`, ""]
  lines.push(`${thousands(comparison.rows)} held-out rows, the same for every arm.`, "", "## Arms", "")
  const cells = { text, share }
  const arms = grids.arms(comparison, cells)
  lines.push(...table(arms.head, arms.rows))
  const fields = grids.fields(comparison, cells)
  if (fields !== undefined) lines.push("", "## Fields", "", ...table(fields.head, fields.rows))
  if (comparison.pairs.length > 0) {
    lines.push("", "## Differences", "")
    lines.push(
      ...table(
        [
          "Arms",
          "Difference in exact",
          "95 % interval",
          "Only first right",
          "Only second right",
          "p",
          "Verdict",
        ],
        comparison.pairs.map((pair) => [
          `${text(pair.first)} − ${text(pair.second)}`,
          points(pair.difference),
          `${points(pair.low)} to ${points(pair.high)}`,
          thousands(pair.onlyFirst),
          thousands(pair.onlySecond),
          pText(pair.pAdjusted),
          pair.verdict,
        ]),
      ),
    )
  }
  for (const confusion of comparison.confusions) {
    lines.push("", `## Confusion: ${text(confusion.arm)}`, "")
    lines.push(
      ...table(
        [
          "Expected ＼ answered",
          ...confusion.answered.map((label) => (label === null ? "no class" : text(label))),
        ],
        confusion.expected.map((label, index) => [text(label), ...confusion.counts[index]!.map(thousands)]),
      ),
    )
  }
  for (const { head, rows, title } of report.asides ?? []) {
    lines.push("", `## ${text(title)}`, "")
    lines.push(
      ...table(
        head.map(text),
        rows.map((row) => row.map(text)),
      ),
    )
  }
  lines.push("", "## Rows", "")
  lines.push(
    ...table(
      ["Row", "Prompt", "Expected", ...comparison.arms.map((arm) => text(arm.name))],
      report.rows.map((row) => [
        row.id,
        text(row.prompt),
        text(row.expected),
        ...comparison.arms.map((arm) => {
          const answer = row.answers[arm.name]!
          return `${answer.score.exact ? "✓" : "✗"} ${text(answer.text)}${answer.stopped ? "" : " (cut)"}`
        }),
      ]),
    ),
  )
  lines.push("", "## Provenance", "")
  lines.push(
    ...table(
      ["What", "Value"],
      report.provenance.map(([label, value]) => [text(label), text(value)]),
    ),
  )
  lines.push("", "## Reading this", "", ...reading.map(([term, meaning]) => `- **${term}**: ${meaning}.`), "")
  return lines.join("\n")
}

const share = (rate: Rate | null): string => (rate === null ? "–" : `${rate.count} of ${rate.rows}`)

const table = (
  head: ReadonlyArray<string>,
  rows: ReadonlyArray<ReadonlyArray<string>>,
): ReadonlyArray<string> => [
  `| ${head.join(" | ")} |`,
  `|${head.map(() => "---").join("|")}|`,
  ...rows.map((row) => `| ${row.join(" | ")} |`),
]

/** Text that Markdown leaves alone, on one line, readable at any length. */
const text = (value: string): string => {
  const line = value.replaceAll(/\s*\n\s*/g, " ⏎ ")
  return (line.length > 300 ? `${line.slice(0, 299)}…` : line).replaceAll(
    /[\\`*_|[\]#]|<(?=[a-z!/?])/gi,
    String.raw`\$&`,
  )
}
