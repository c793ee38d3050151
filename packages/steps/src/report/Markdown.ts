import { thousands } from "../counted.ts"
import type { Facts } from "./Facts.ts"
import { escapeOf, hidden } from "./Html.ts"
import { metricsOf, reading, type Report, type Score, scoreOf } from "./Report.ts"
import * as words from "./words.ts"

/** The report as Markdown: the verdict, the arms, their differences, what the run knows, and every row. */
export const render = (report: Report, facts?: Facts): string =>
  [
    `# ${text(report.title)}`,
    "",
    `**${text(report.verdict)}**`,
    "",
    `${thousands(report.rows.length)} held-out rows, the same for every arm.`,
    ...arms(report),
    ...differences(report),
    ...confusions(report),
    ...(facts === undefined ? [] : [...costs(facts), ...curves(facts)]),
    ...report.asides.flatMap(({ head, rows, title }) =>
      section(
        title,
        table(
          head.map(text),
          rows.map((row) => row.map(text)),
        ),
      ),
    ),
    ...(facts === undefined ? [] : [...accounting(facts), ...lineage(facts)]),
    ...section(
      "Rows",
      table(
        ["Row", "Prompt", "Expected", ...report.arms.map((arm) => text(arm.name))],
        report.rows.map((row) => [
          row.id,
          text(row.prompt),
          text(row.expected),
          ...report.arms.map((arm) => {
            const answer = row.answers[arm.name]!
            return `${answer.exact ? "✓" : "✗"} ${text(answer.text)}${answer.stopped ? "" : " (cut)"}`
          }),
        ]),
      ),
    ),
    ...section(
      "Provenance",
      table(
        ["What", "Value"],
        [...run(facts), ...report.provenance].map(([label, value]) => [text(label), text(value)]),
      ),
    ),
    ...section(
      "Reading this",
      reading.map(([term, meaning]) => `- **${term}**: ${meaning}.`),
    ),
    "",
  ].join("\n")

const section = (title: string, lines: ReadonlyArray<string>): ReadonlyArray<string> =>
  lines.length === 0 ? [] : ["", `## ${text(title)}`, "", ...lines]

const shareOf = (score: Score | undefined): string =>
  score === undefined
    ? "–"
    : score.count === null
      ? words.value(score.kind, score.value)
      : `${thousands(score.count)} of ${thousands(score.rows)}`

const arms = (report: Report): ReadonlyArray<string> => {
  const metrics = metricsOf(report)
  const chief = ["exact", "validJson", "schemaValid"].filter((metric) => metrics.includes(metric))
  const fields = metrics.filter((metric) => metric.startsWith("field "))
  const own = metrics.filter((metric) => !chief.includes(metric) && !fields.includes(metric))
  const byArm = (names: ReadonlyArray<string>, shown: (metric: string) => string, cell = shareOf) =>
    names.length === 0
      ? []
      : table(
          ["Score", ...report.arms.map(({ name }) => text(name))],
          names.map((metric) => [
            text(shown(metric)),
            ...report.arms.map(({ name }) => cell(scoreOf(report, name, metric))),
          ]),
        )
  return [
    ...section(
      "Arms",
      table(
        [
          "Arm",
          "Exact",
          "95 % interval",
          ...chief.slice(1).map(words.metric),
          "Cut",
          "Tokens in",
          "Tokens out",
        ],
        report.arms.map(({ cut, name, newTokens, promptTokens }) => {
          const exact = scoreOf(report, name, "exact")
          return [
            text(name),
            shareOf(exact),
            exact === undefined ? "–" : words.interval(exact),
            ...chief.slice(1).map((metric) => shareOf(scoreOf(report, name, metric))),
            thousands(cut),
            thousands(promptTokens),
            thousands(newTokens),
          ]
        }),
      ),
    ),
    // A single field says what exact match says.
    ...section("Fields", fields.length < 2 ? [] : byArm(fields, (metric) => metric.slice("field ".length))),
    ...section(
      "Further scores",
      byArm(own, words.metric, (score) =>
        score === undefined ? "–" : `${words.value(score.kind, score.value)} (${words.interval(score)})`,
      ),
    ),
  ]
}

const differences = (report: Report): ReadonlyArray<string> =>
  metricsOf(report).flatMap((metric) =>
    section(
      metric === "exact" ? "Differences" : `Differences by ${words.metric(metric)}`,
      pairs(report.differences.filter((pair) => pair.metric === metric)),
    ),
  )

const pairs = (list: Report["differences"]): ReadonlyArray<string> =>
  list.length === 0
    ? []
    : table(
        ["Arms", "Difference", "95 % interval", "Only first", "Only second", "p", "Verdict"],
        list.map((pair) => [
          `${text(pair.first)} − ${text(pair.second)}`,
          words.difference(pair.kind, pair.difference),
          words.differenceInterval(pair),
          thousands(pair.onlyFirst),
          thousands(pair.onlySecond),
          words.p(pair.pAdjusted),
          words.verdict(pair),
        ]),
      )

const confusions = (report: Report): ReadonlyArray<string> =>
  report.confusions.flatMap(({ answered, arm, counts, expected }) =>
    section(
      `Confusion: ${arm}`,
      table(
        ["Expected ＼ answered", ...answered.map((label) => (label === null ? "no class" : text(label)))],
        expected.map((label, index) => [text(label), ...counts[index]!.map(thousands)]),
      ),
    ),
  )

const costs = (facts: Facts): ReadonlyArray<string> =>
  section(
    "Cost",
    facts.costs.length === 0
      ? []
      : table(
          [
            "Arm",
            "Prompts",
            "Tokens in",
            "Tokens out",
            "Seconds a prompt",
            "Peak memory",
            "Preparing",
            "Training",
          ],
          facts.costs.map((cost) => [
            text(cost.arm),
            thousands(cost.rows),
            thousands(cost.promptTokens),
            thousands(cost.newTokens),
            words.seconds(cost.secondsPerPrompt),
            words.gigabytes(cost.peakBytes),
            words.seconds(cost.preparationSeconds === 0 ? null : cost.preparationSeconds),
            words.seconds(cost.trainingSeconds),
          ]),
        ),
  )

const curves = (facts: Facts): ReadonlyArray<string> =>
  section(
    "Loss",
    facts.curves.map(({ heldOut, step, training }) => {
      const ends = [training[0], training.at(-1)].map((point) => point?.loss.toFixed(4) ?? "–")
      const best = heldOut.findLast((look) => look.best)
      const kept =
        best === undefined
          ? ""
          : `, least held-out loss ${best.loss.toFixed(4)} (perplexity ${words.perplexity(best.loss)}) after optimizer step ${thousands(best.optimizerStep)}`
      return `- ${text(step)}: training loss ${ends.join(" to ")} over ${thousands(training.length)} optimizer steps${kept}.`
    }),
  )

const accounting = ({ stages }: Facts): ReadonlyArray<string> => [
  ...section(
    "Where the data went",
    stages.length === 0
      ? []
      : table(
          ["Step", "Rows in", "Rows out", "Tokens", "Supervised", "It said"],
          stages.map(({ rowsIn, rowsOut, step, summary, supervisedTokens, tokens }) => [
            text(step),
            rowsIn.length === 0 ? "files" : words.rows(rowsIn.map(({ input, rows }) => [input, rows])),
            words.rows(rowsOut.map(({ output, rows }) => [output, rows])),
            tokens === null ? "" : thousands(tokens),
            supervisedTokens === null ? "" : thousands(supervisedTokens),
            text(summary ?? ""),
          ]),
        ),
  ),
  ...section(
    "Rows left out or cut",
    stages.some(({ reasons }) => reasons.length > 0)
      ? table(
          ["Step", "What", "Reason", "Rows", "For one"],
          stages.flatMap(({ reasons, step }) =>
            reasons.map(({ example, reason, rows, what }) => [
              text(step),
              what,
              text(reason),
              thousands(rows),
              text(example),
            ]),
          ),
        )
      : [],
  ),
]

const lineage = ({ lineage: { arms: all } }: Facts): ReadonlyArray<string> =>
  section(
    "From an answer back to rows",
    all.map(({ arm, chain, rows }) => {
      const steps = chain.map(({ fingerprint, step }) => `${text(step)} ${fingerprint.slice(0, 12)}`)
      return `- ${text(arm)}${rows === 0 ? "" : ` (${thousands(rows)} rows learnt)`}: ${steps.join(" ← ")}`
    }),
  )

const run = (facts: Facts | undefined): ReadonlyArray<readonly [string, string]> =>
  facts === undefined
    ? []
    : [
        ["Run", facts.run.id],
        ["Pipeline", facts.run.pipeline],
        ["Started", facts.run.startedAt],
        ...Object.entries(facts.run.params).map(([name, value]) => [`Param ${name}`, value] as const),
        ...Object.entries(facts.versions),
        ...facts.steps.map(({ key, name }) => [`Action key of ${name}`, key] as const),
      ]

const table = (
  head: ReadonlyArray<string>,
  rows: ReadonlyArray<ReadonlyArray<string>>,
): ReadonlyArray<string> => [
  `| ${head.join(" | ")} |`,
  `|${head.map(() => "---").join("|")}|`,
  ...rows.map((row) => `| ${row.join(" | ")} |`),
]

/** Text that Markdown leaves alone, on one line, readable at any length, with everything visible in it. */
const text = (value: string): string => {
  const line = value.replaceAll(/\s*\n\s*/g, " ⏎ ")
  return (line.length > 300 ? `${line.slice(0, 299)}…` : line)
    .replaceAll(/[\\`*_|[\]#]|<(?=[a-z!/?])/gi, String.raw`\$&`)
    .replaceAll(hidden, (character) => `\\${escapeOf(character)}`)
}
