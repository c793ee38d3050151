/** What a run knows, as sections of the page: costs, curves, where the data went, lineage, provenance. */
import { counted, thousands } from "../counted.ts"
import type { Curve, Facts, Learnt, Place, Stage, Step } from "./Facts.ts"
import { type Cell, details, escape, none, number, section, table, written } from "./Html.ts"
import * as Plot from "./Plot.ts"
import type { Report } from "./Report.ts"
import * as words from "./words.ts"

export const costs = ({ costs: all }: Facts): string =>
  section(
    "cost",
    "Cost",
    all.length === 0
      ? ""
      : table(
          "What an answer costs, and what came before; seconds and memory as the run measured them that computed it",
          [
            "Arm",
            "Tokens in, each",
            "Tokens out, each",
            "Seconds, each",
            "Peak memory",
            "Preparing",
            "Training",
            "Its memory",
          ],
          all.map((cost): ReadonlyArray<Cell> => {
            const each = (tokens: number): Cell =>
              cost.rows === 0 ? none : number((tokens / cost.rows).toFixed(1), tokens / cost.rows)
            const seconds = (of: number | null): Cell => (of === null ? none : number(words.seconds(of), of))
            const memory = (of: number | null): Cell => (of === null ? none : number(words.gigabytes(of), of))
            return [
              escape(cost.arm),
              each(cost.promptTokens),
              each(cost.newTokens),
              seconds(cost.secondsPerPrompt),
              memory(cost.peakBytes),
              seconds(cost.preparationSeconds === 0 ? null : cost.preparationSeconds),
              seconds(cost.trainingSeconds),
              memory(cost.trainingPeakBytes),
            ]
          }),
          { sortable: true },
        ),
  )

export const curves = ({ curves: all }: Facts): string => section("curves", "Loss", all.map(curve).join("\n"))

const curve = ({ heldOut, step, training }: Curve): string => {
  const first = training[0]
  const last = training.at(-1)
  const best = heldOut.findLast((look) => look.best)
  const said = [
    ...(first === undefined || last === undefined
      ? []
      : [
          `training loss ${first.loss.toFixed(4)} at optimizer step ${first.optimizerStep}, ` +
            `${last.loss.toFixed(4)} at ${last.optimizerStep}`,
        ]),
    ...(best === undefined
      ? []
      : [
          `least held-out loss ${best.loss.toFixed(4)} (perplexity ${words.perplexity(best.loss)}) after optimizer step ${best.optimizerStep}`,
        ]),
  ].join("; ")
  const points = (list: Curve["training"]) =>
    list.map(({ loss, optimizerStep }) => ({ x: optimizerStep, y: loss }))
  return (
    Plot.curves(`${step}: loss by optimizer step.`, `${step}: ${said}`, [
      { name: "training", kind: "line", points: points(training) },
      { name: "held-out", kind: "points", points: points(heldOut) },
    ]) +
    `<p>${escape(`${said.slice(0, 1).toUpperCase()}${said.slice(1)}.`)}</p>` +
    (heldOut.length === 0
      ? ""
      : details(
          "Held-out losses as a table",
          table(
            `${step}: mean loss over the supervised tokens of the held-out rows`,
            ["After optimizer step", "Loss", "Perplexity", "Best so far"],
            heldOut.map(({ best: isBest, loss, optimizerStep }) => [
              number(thousands(optimizerStep), optimizerStep),
              number(loss.toFixed(4), loss),
              number(words.perplexity(loss), loss),
              isBest ? "yes" : "",
            ]),
          ),
        ))
  )
}

export const accounting = ({ stages }: Facts): string =>
  section(
    "accounting",
    "Where the data went",
    stages.length === 0
      ? ""
      : table(
          "From files to the tokens learnt and the rows asked",
          ["Step", "Rows in", "Rows out", "Tokens", "Supervised", "It said"],
          stages.map(({ rowsIn, rowsOut, step, summary, supervisedTokens, tokens }): ReadonlyArray<Cell> => [
            `<code>${escape(step)}</code>`,
            rowsIn.length === 0 ? "files" : words.rows(rowsIn.map(({ input, rows }) => [input, rows])),
            words.rows(rowsOut.map(({ output, rows }) => [output, rows])),
            tokens === null ? "" : thousands(tokens),
            supervisedTokens === null ? "" : thousands(supervisedTokens),
            written(summary ?? ""),
          ]),
          { cards: true },
        ) + reasons(stages),
  )

const reasons = (stages: ReadonlyArray<Stage>): string => {
  const all = stages.flatMap(({ reasons: own, step }) => own.map((each) => ({ step, ...each })))
  return all.length === 0
    ? ""
    : table(
        "Rows left out or cut, and why",
        ["Step", "What", "Reason", "Rows", "For one"],
        all.map(({ example, reason, rows, step, what }) => [
          `<code>${escape(step)}</code>`,
          escape(what),
          written(reason),
          number(thousands(rows), rows),
          written(example),
        ]),
        { cards: true },
      )
}

export const lineage = ({ lineage: { arms, leftOut } }: Facts): string =>
  section(
    "lineage",
    "From an answer back to rows",
    arms.length === 0
      ? ""
      : arms
          .map(
            ({ arm, chain, rows }) =>
              `<div class="chain" id="lineage-${escape(arm)}"><h3>${escape(arm)}</h3>` +
              (rows === 0
                ? "<p>No adapter: nothing was learnt for it.</p>"
                : `<p>Its adapter learnt from ${counted(rows, "row")}.</p>`) +
              `<ol>${chain
                .map(
                  ({ fingerprint, step, summary }) =>
                    `<li><code>${escape(step)}</code> <small><code>${fingerprint.slice(0, 12)}</code></small>` +
                    `${summary === null ? "" : `<br>${written(summary)}`}</li>`,
                )
                .join("")}</ol></div>`,
          )
          .join("\n") +
          `<p>Each row below names its place in the files, and the rows learnt whose prompts share its most telling words. ` +
          `That is likeness, not influence: it says where to look first.${leftOut === null ? "" : ` ${escape(leftOut)}`}</p>`,
  )

/** A row's own lineage: its place, and the rows learnt that are most like it. */
export const ofRow = (facts: Facts, id: string): string => {
  const place = facts.lineage.heldOut[id]
  const near = (facts.lineage.nearest[id] ?? []).map((at) => facts.lineage.learnt[at]!)
  if (place === undefined && near.length === 0) return ""
  return (
    `<details><summary>Where from</summary>` +
    (place === undefined ? "" : `<p>Asked: ${escape(placeText(place))}</p>`) +
    (near.length === 0
      ? ""
      : `<p>Most like it among the rows learnt:</p><ol>${near.map(learnt).join("")}</ol>`) +
    `</details>`
  )
}

const learnt = (row: Learnt): string =>
  `<li>${written(row.prompt)} → <code>${written(row.expected)}</code><br><small>${escape(learntText(row))}</small></li>`

/** `yelp.json row 12 (line 12)`. */
export const placeText = ({ file, line, row }: Place): string =>
  `${file} row ${thousands(row)} (line ${thousands(line)})`

/** `yelp.json row 12 (line 12), seen once, loss 0.8370`. */
export const learntText = ({ firstLoss, lastLoss, place, times }: Learnt): string =>
  [
    ...(place === null ? [] : [placeText(place)]),
    times === 0 ? "not learnt from" : times === 1 ? "seen once" : `seen ${thousands(times)} times`,
    ...(firstLoss === null
      ? []
      : times < 2 || lastLoss === null
        ? [`loss ${firstLoss.toFixed(4)}`]
        : [`loss ${firstLoss.toFixed(4)} to ${lastLoss.toFixed(4)}`]),
  ].join(", ")

/** What the results follow from; of a run, every step with all of its record. */
export const provenance = (report: Report, facts: Facts | undefined): string => {
  const code = (text: string): string => `<code>${written(text)}</code>`
  const own = table(
    "What the comparison follows from",
    ["What", "Value"],
    report.provenance.map(([label, value]) => [escape(label), code(value)]),
  )
  if (facts === undefined) return section("provenance", "Provenance", own)
  const { run, steps, versions } = facts
  const about = table(
    "The run",
    ["What", "Value"],
    [
      ["Run", code(run.id)],
      ["Pipeline", escape(run.pipeline)],
      ["Started", `<time datetime="${escape(run.startedAt)}">${escape(run.startedAt)}</time>`],
      ...Object.entries(run.params).map(([name, value]) => [`Param ${escape(name)}`, code(value)]),
      ...Object.entries(versions).map(([name, value]) => [escape(name), code(value)]),
    ],
  )
  return section(
    "provenance",
    "Provenance",
    `${about}${own}<h3>Steps</h3>${steps.map(stepDetails).join("\n")}${packages(steps)}`,
  )
}

/** Steps share most of them: they are listed once for all. */
const packages = (steps: ReadonlyArray<Step>): string => {
  const all = Object.entries(Object.assign({}, ...steps.map((step) => step.packages)) as Step["packages"])
  return all.length === 0
    ? ""
    : `<details class="step"><summary>Packages that the steps' code reaches (${all.length})</summary><dl class="facts">${all
        .toSorted(([a], [b]) => (a < b ? -1 : 1))
        .map(([name, integrity]) => `<dt>${escape(name)}</dt><dd><code>${escape(integrity)}</code></dd>`)
        .join("")}</dl></details>`
}

const stepDetails = (step: Step): string => {
  const code = (text: string): string => `<code>${written(text)}</code>`
  const long = (text: string): string => (text.length > 600 ? `${text.slice(0, 599)}…` : text)
  const rows: ReadonlyArray<readonly [string, string]> = [
    ["Action key", step.key],
    ...step.outputs.map(({ fingerprint, name }) => [`Output ${name}`, fingerprint] as const),
    ...step.inputs.map(
      ({ fingerprints, from, name }) =>
        [`Input ${name}${from === null ? "" : ` from ${from}`}`, long(fingerprints.join(" "))] as const,
    ),
    ...(step.seed === "" ? [] : [["Seed", step.seed] as const]),
    ...(step.code === "" ? [] : [["Code", step.code] as const]),
    ...Object.entries(step.config).map(([name, value]) => [`Config ${name}`, long(value)] as const),
    ...Object.entries(step.numeric).map(([name, value]) => [`Numeric ${name}`, String(value)] as const),
    ...Object.entries(step.runtime).map(([name, value]) => [`Runtime ${name}`, value] as const),
  ]
  return (
    `<details class="step"><summary><code>${escape(step.name)}</code> <small>${escape(step.definition)}, ` +
    `${step.outputs.map(({ fingerprint, name }) => `${escape(name)} <code>${fingerprint.slice(0, 12)}</code>`).join(", ")}</small></summary>` +
    `<dl class="facts">${rows.map(([label, value]) => `<dt>${escape(label)}</dt><dd>${code(value)}</dd>`).join("")}</dl></details>`
  )
}
