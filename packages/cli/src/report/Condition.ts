/**
 * What `--fail-under` asks of a report:
 *
 *     tuned.exact >= 0.85                  a score by its value
 *     tuned.exact - base.exact >= 0.05     the difference of two arms
 *     tuned > base                         the verdict: better by exact match
 *     tuned.words < base.words             the verdict by another score: worse
 *
 * A number may be a percentage. A wrong arm or score is refused with the known ones.
 */
import { Errors } from "@sluice/core"
import { type Junit, Report, words } from "@sluice/steps/report"
import * as Data from "effect/Data"
import { nearMiss } from "../nearMiss.ts"
import { count } from "../quantities.ts"

export interface Checked extends Junit.Checked {
  /** A rate, a mean or a difference; null for a verdict. */
  readonly value: number | null
  readonly low: number | null
  readonly high: number | null
}

interface Term {
  readonly arm: string
  readonly metric: string
}

type Operator = ">=" | "<=" | ">" | "<"

type Condition =
  | { readonly kind: "score"; readonly of: Term; readonly operator: Operator; readonly limit: number }
  | {
      readonly kind: "difference"
      readonly first: Term
      readonly second: Term
      readonly operator: Operator
      readonly limit: number
    }
  | {
      readonly kind: "verdict"
      readonly first: Term
      readonly second: Term
      readonly wanted: "better" | "worse"
    }

/** Conditions that cannot be asked of this report, all of them. */
export class ConditionRefused extends Data.TaggedError("ConditionRefused")<{
  readonly problems: ReadonlyArray<readonly [condition: string, problem: string]>
  readonly arms: ReadonlyArray<string>
  readonly metrics: ReadonlyArray<string>
}> {
  override get message(): string {
    return Errors.structured(
      this.problems.length === 1 ? "A condition cannot be asked." : "Conditions cannot be asked.",
      [...this.problems, ["Arms", this.arms.join(", ")], ["Scores", this.metrics.join(", ")]],
      'Write ARM.SCORE >= NUMBER, ARM.SCORE - ARM.SCORE >= NUMBER, or ARM > ARM, as in "tuned.exact >= 0.85".',
    )
  }
}

/** Checks every condition. Throws ConditionRefused, which names all that cannot be asked. */
export const check = (conditions: ReadonlyArray<string>, report: Report.Report): ReadonlyArray<Checked> => {
  const problems: Array<readonly [string, string]> = []
  const checked: Array<Checked> = []
  for (const text of conditions) {
    const found = parse(text, report)
    const condition = typeof found === "string" ? (slip(text) ?? found) : found
    if (typeof condition === "string") problems.push([text.trim() === "" ? '""' : text, condition])
    else checked.push({ condition: text, ...evaluate(condition, report) })
  }
  if (problems.length > 0)
    throw new ConditionRefused({
      problems,
      arms: report.arms.map(({ name }) => name),
      metrics: Report.metricsOf(report),
    })
  return checked
}

/** What a condition that cannot be read was meant to be. Names of scores may hold any of these: those that can are read first. */
const slip = (text: string): string | undefined => {
  if ((text.match(/[<>]=?|[≥≤]/gu) ?? []).length > 1 && /&&|\|\||[,;]\s|\s(?:and|or)\s/iu.test(text))
    return "it holds several comparisons: give each a --fail-under of its own"
  if (/=[<>]|[<>]\s+=|[≥≤]/u.test(text)) return "write >= or <="
  if (!/[<>]/u.test(text) && text.includes("=")) return "= cannot be asked: write >= or <="
  if (/[<>]=?\s*[+-]?\d+,\d+\s*%?$/u.test(text.trim())) return "write the number with a point: 0.85"
  if (/^[+-]?(?:\d+\.?\d*|\.\d+)\s*%?\s*[<>]/u.test(text.trim()))
    return "the score stands left of the comparison, the number right"
  return undefined
}

/** The condition, or what is wrong with it. */
const parse = (text: string, report: Report.Report): Condition | string => {
  if (text.trim() === "") return "it is empty"
  const match = /^(.*?)\s*(>=|<=|>|<)\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)\s*(%?)$/iu.exec(text.trim())
  if (match !== null) {
    const operator = match[2] as Operator
    const limit = Number(match[3]) / (match[4] === "%" ? 100 : 1)
    const whole = term(match[1]!, report)
    if (typeof whole !== "string")
      return limitProblem(whole, limit, report) ?? { kind: "score", of: whole, operator, limit }
    const parts = match[1]!.split(/\s+[-−–]\s+/u)
    if (parts.length !== 2) return whole
    const [first, second] = parts.map((part) => term(part, report)) as [Term | string, Term | string]
    return typeof first === "string" || typeof second === "string"
      ? problemsOf(first, second)
      : (pairProblem(first, second) ??
          limitProblem(first, limit, report) ?? { kind: "difference", first, second, operator, limit })
  }
  const verdict = /^(.*?)\s+(>=|<=|>|<)\s+(.*)$/u.exec(text.trim())
  if (verdict === null) return "it has no comparison with a number or an arm"
  const [first, second] = [verdict[1]!, verdict[3]!].map((part) => term(part, report, "exact")) as [
    Term | string,
    Term | string,
  ]
  if (typeof first === "string" || typeof second === "string") return problemsOf(first, second)
  if (verdict[2] !== ">" && verdict[2] !== "<")
    return `${verdict[2]} between arms has no meaning: a verdict is better (>) or worse (<)`
  return (
    pairProblem(first, second) ??
    verdictProblem(first, second, verdict[2], report) ?? {
      kind: "verdict",
      first,
      second,
      wanted: verdict[2] === ">" ? "better" : "worse",
    }
  )
}

const problemsOf = (...found: ReadonlyArray<Term | string>): string =>
  found.filter((each) => typeof each === "string").join("; ")

/** Of rows at most all are right: 85 is meant as 85 %. */
const limitProblem = ({ arm, metric }: Term, limit: number, report: Report.Report): string | undefined =>
  Report.scoreOf(report, arm, metric)?.kind === "rate" && Math.abs(limit) > 1
    ? `${metric} is a share of rows, at most 1: write ${limit}% or ${limit / 100}`
    : undefined

const pairProblem = (first: Term, second: Term): string | undefined =>
  first.metric !== second.metric
    ? `${first.metric} and ${second.metric} are two scores: the difference of one over two arms can be asked`
    : first.arm === second.arm
      ? `${first.arm} is compared with itself`
      : undefined

/** F1s and counts over all rows are compared by no test. */
const verdictProblem = (
  first: Term,
  second: Term,
  operator: Operator,
  report: Report.Report,
): string | undefined =>
  Report.differenceOf(report, first.metric, first.arm, second.arm) === undefined
    ? `${first.metric} has no verdict: ask for its difference, ${first.arm}.${first.metric} - ${second.arm}.${first.metric} ${operator} 0`
    : undefined

/** `ARM.SCORE`, or an arm alone where a score is given. */
const term = (text: string, report: Report.Report, only?: string): Term | string => {
  const trimmed = text.trim()
  const dot = trimmed.indexOf(".")
  if (dot < 0 && only === undefined)
    return trimmed === "" ? "it names no arm" : `${JSON.stringify(trimmed)} is no ARM.SCORE`
  const arm = dot < 0 ? trimmed : trimmed.slice(0, dot)
  const metric = dot < 0 ? only! : trimmed.slice(dot + 1)
  const arms = report.arms.map(({ name }) => name)
  if (!arms.includes(arm)) return unknown("arm", arm, arms)
  const metrics = Report.metricsOf(report)
  if (!metrics.includes(metric)) return unknown("score", metric, metrics)
  return Report.scoreOf(report, arm, metric) === undefined ? `${arm} has no score ${metric}` : { arm, metric }
}

const unknown = (what: string, given: string, known: ReadonlyArray<string>): string => {
  const near = nearMiss(given, known)
  return `there is no ${what} ${JSON.stringify(given)}${near === undefined ? "" : `; did you mean ${near}?`}`
}

const evaluate = (condition: Condition, report: Report.Report): Omit<Checked, "condition"> => {
  switch (condition.kind) {
    case "score": {
      const { arm, metric } = condition.of
      const score = Report.scoreOf(report, arm, metric)!
      const rows =
        score.count === null
          ? `over ${count(score.rows)} rows`
          : `${count(score.count)} of ${count(score.rows)} rows`
      return {
        holds: compare(score.value, condition.operator, condition.limit),
        value: score.value,
        low: score.low,
        high: score.high,
        found: `${arm}.${metric} is ${words.value(score.kind, score.value)} (${rows}, ${interval(score.low, words.interval(score))})`,
      }
    }
    case "difference": {
      const { first, second } = condition
      const pair = Report.differenceOf(report, first.metric, first.arm, second.arm)
      if (pair === undefined) {
        const [a, b] = [first, second].map(({ arm, metric }) => Report.scoreOf(report, arm, metric)!) as [
          Report.Score,
          Report.Score,
        ]
        const value = a.value - b.value
        return {
          holds: compare(value, condition.operator, condition.limit),
          value,
          low: null,
          high: null,
          found: `the difference is ${words.difference(a.kind, value)}`,
        }
      }
      return {
        holds: compare(pair.difference, condition.operator, condition.limit),
        value: pair.difference,
        low: pair.low,
        high: pair.high,
        found: `the difference is ${words.difference(pair.kind, pair.difference)} (${interval(pair.low, words.differenceInterval(pair))}; ${pair.kind === "rate" ? `only ${first.arm} right` : `${first.arm} higher`} in ${count(pair.onlyFirst)} rows, ${pair.kind === "rate" ? "only " : ""}${second.arm} in ${count(pair.onlySecond)})`,
      }
    }
    case "verdict": {
      const { first, second, wanted } = condition
      const pair = Report.differenceOf(report, first.metric, first.arm, second.arm)!
      return {
        holds: pair.verdict === wanted,
        value: null,
        low: pair.low,
        high: pair.high,
        found: `${first.arm} against ${second.arm} by ${first.metric}: ${words.verdict(pair)} (${words.difference(pair.kind, pair.difference)}, ${interval(pair.low, words.differenceInterval(pair))})`,
      }
    }
  }
}

const interval = (low: number | null, said: string): string =>
  low === null ? "no interval: all rows are alike" : `95 % interval ${said}`

/** Shares are quotients of whole numbers: 0.85 is reached by 85 of 100, whatever binary fractions say. */
const tolerance = 1e-12

const compare = (value: number, operator: Operator, limit: number): boolean => {
  const difference = value - limit
  switch (operator) {
    case ">=":
      return difference >= -tolerance
    case "<=":
      return difference <= tolerance
    case ">":
      return difference > tolerance
    case "<":
      return difference < -tolerance
  }
}
