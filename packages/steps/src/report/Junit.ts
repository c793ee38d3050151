/**
 * A report as JUnit XML: one suite with a case for each condition asked of it, then one suite for each arm with its
 * scores as properties. A wrong answer is no failed case: how many may be wrong is for the conditions to say.
 *
 * Elements, their order and their attributes fit the schemas of Ant (windyroad's JUnit.xsd) and of Jenkins' xUnit plug-in.
 */
import { counted, thousands } from "../counted.ts"
import type { Facts } from "./Facts.ts"
import { escapeOf, hidden } from "./Html.ts"
import type { Report } from "./Report.ts"
import * as words from "./words.ts"

/** A condition as it was asked, and whether it holds. */
export interface Checked {
  readonly condition: string
  readonly holds: boolean
  /** What was found: value, interval, rows. */
  readonly found: string
}

export const render = (report: Report, facts: Facts, checks: ReadonlyArray<Checked>): string => {
  const suites = [
    ...(checks.length === 0 ? [] : [conditions(report, checks)]),
    ...report.arms.map(({ name }) => arm(report, name)),
  ]
  const head = `package="${attribute(facts.run.pipeline)}" timestamp="${facts.run.startedAt.slice(0, 19)}" hostname="localhost"`
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    "<testsuites>",
    ...suites.map(
      ({ cases, failures, name, output, properties, tests }, at) =>
        `  <testsuite id="${at}" name="${attribute(name)}" ${head} tests="${tests}" failures="${failures}" errors="0" skipped="0" time="0">\n` +
        `    <properties>\n${Object.entries(properties)
          .map(([key, value]) => `      <property name="${attribute(key)}" value="${attribute(value)}"/>\n`)
          .join("")}    </properties>\n${cases}` +
        `    <system-out>${content(output)}</system-out>\n    <system-err></system-err>\n  </testsuite>`,
    ),
    "</testsuites>",
    "",
  ].join("\n")
}

interface Suite {
  readonly name: string
  readonly tests: number
  readonly failures: number
  readonly properties: Readonly<Record<string, string>>
  readonly cases: string
  readonly output: string
}

const conditions = (report: Report, checks: ReadonlyArray<Checked>): Suite => ({
  name: "conditions",
  tests: checks.length,
  failures: checks.filter(({ holds }) => !holds).length,
  properties: Object.fromEntries(report.provenance.map(([label, value]) => [label, value])),
  cases: checks
    .map(({ condition, found, holds }) => {
      const open = `    <testcase name="${attribute(condition)}" classname="sluice.conditions" time="0"`
      return holds
        ? `${open}/>\n`
        : `${open}>\n      <failure message="${attribute(found.split("\n")[0]!)}" type="condition">${content(found)}</failure>\n    </testcase>\n`
    })
    .join(""),
  output: report.verdict,
})

/** So many of an arm's wrong rows are listed. */
const mostListed = 50

const arm = (report: Report, name: string): Suite => {
  const scores = report.scores.filter((score) => score.arm === name)
  const wrong = report.rows.filter((row) => !row.answers[name]!.exact)
  const listed = wrong.slice(0, mostListed).map((row) => `${row.id}: ${row.answers[name]!.text}`)
  const more = wrong.length - listed.length
  return {
    name: `arm ${name}`,
    tests: 1,
    failures: 0,
    properties: Object.fromEntries(
      scores.flatMap(({ count, high, low, metric, rows, value }) => [
        [metric, String(value)],
        ...(low === null ? [] : [[`${metric} low`, String(low)] as const]),
        ...(high === null ? [] : [[`${metric} high`, String(high)] as const]),
        [`${metric} rows`, String(rows)],
        ...(count === null ? [] : [[`${metric} count`, String(count)] as const]),
      ]),
    ),
    cases: `    <testcase name="answered ${attribute(counted(report.rows.length, "row"))}" classname="sluice.arms.${attribute(name)}" time="0"/>\n`,
    output: [
      ...scores.map(
        (score) =>
          `${words.metric(score.metric)}: ${words.value(score.kind, score.value)} (${words.interval(score)})`,
      ),
      ...(wrong.length === 0 ? [] : [`Rows answered wrong, ${thousands(wrong.length)}:`, ...listed]),
      ...(more > 0 ? [`and ${thousands(more)} more`] : []),
    ].join("\n"),
  }
}

/** XML 1.0 has no other control characters than these three, and no unpaired surrogates (texts have none). */
const legal = (text: string): string =>
  // oxlint-disable-next-line no-control-regex -- these are what XML cannot hold
  text.replaceAll(hidden, escapeOf).replaceAll(/[\ufffe\uffff]/g, escapeOf)

const content = (text: string): string =>
  legal(text).replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;")

const attribute = (text: string): string =>
  content(text).replaceAll('"', "&quot;").replaceAll("\n", "&#10;").replaceAll("\t", "&#9;")
