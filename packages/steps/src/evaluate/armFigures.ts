/** What is counted of one arm's answers. */
import * as Classification from "../scores/Classification.ts"
import * as Fields from "../scores/Fields.ts"
import type { JsonScore } from "../scores/JsonAnswer.ts"
import * as Bootstrap from "../stats/Bootstrap.ts"
import * as Wilson from "../stats/Wilson.ts"
import type { Answered, Arm, ArmResult, ClassResult, Figure, Rate } from "./Comparison.ts"

/** `count` of `rows`. */
export const rate = (count: number, rows: number): Rate => ({
  count,
  rows,
  rate: rows === 0 ? 0 : count / rows,
  ...Wilson.interval(count, rows),
})

/** One arm's figures over all rows. `classes`: those of the expected answers, where they are classes. */
export const armResult = (
  { name, tuned }: Arm,
  rows: ReadonlyArray<Answered>,
  classes: ReadonlyArray<string> | null,
  draws: (name: string) => Bootstrap.Draws,
): ArmResult => {
  const answers = rows.map((row) => row.answers[name]!)
  const shareOf = <A>(of: ReadonlyArray<A>, holds: (each: A) => boolean) =>
    rate(of.filter(holds).length, of.length)
  const exact = shareOf(answers, ({ score }) => score.exact)
  const json = answers.flatMap(({ score }) => (score.json === null ? [] : [score.json]))
  const isJson = json.length > 0
  return {
    name,
    tuned,
    exact,
    validJson: isJson ? shareOf(json, ({ parses }) => parses) : null,
    schemaValid: isJson ? shareOf(json, ({ schemaValid }) => schemaValid) : null,
    json: isJson
      ? {
          leaking: shareOf(json, ({ leakage }) => leakage !== null && leakage !== "none"),
          exactUnwrapped: shareOf(json, ({ exactUnwrapped }) => exactUnwrapped),
          f1: fieldsF1(json, () => true, draws(`${name}: fields`)),
        }
      : null,
    fields: Fields.summarize(json.map(({ fields }) => fields))
      .filter(({ field, wanted }) => wanted > 0 && field !== "")
      .map(({ field, precision, recall, right, wanted }) => ({
        field,
        rate: rate(right, wanted),
        precision,
        recall,
        f1: fieldsF1(json, (each) => each === field, draws(`${name}: field ${field}`)),
      })),
    classes: classes === null ? null : classResult(name, rows, classes, draws(`${name}: classes`)),
    cut: answers.filter((answer) => !answer.stopped).length,
    promptTokens: answers.reduce((sum, answer) => sum + answer.promptTokens, 0),
    newTokens: answers.reduce((sum, answer) => sum + answer.newTokens, 0),
  }
}

/** F1 = 2 · right / (given + wanted) over the leaves that are asked for. */
const fieldsF1 = (
  json: ReadonlyArray<JsonScore>,
  asked: (field: string) => boolean,
  draws: Bootstrap.Draws,
): Figure => {
  const rights = new Uint32Array(json.length)
  const sides = new Uint32Array(json.length)
  json.forEach(({ fields }, row) => {
    for (const [field, outcome] of Object.entries(fields)) {
      if (!asked(field)) continue
      if (outcome === "right") rights[row]!++
      // What is right or wrong is given and wanted; what is missing or extra is on one side.
      sides[row]! += outcome === "right" || outcome === "wrong" ? 2 : 1
    }
  })
  return figure(json.length, draws, (drawn) => {
    let right = 0
    let all = 0
    for (const row of drawn) {
      right += rights[row]!
      all += sides[row]!
    }
    return all === 0 ? 0 : (2 * right) / all
  })
}

const classResult = (
  arm: string,
  rows: ReadonlyArray<Answered>,
  classes: ReadonlyArray<string>,
  draws: Bootstrap.Draws,
): ClassResult => {
  const labelled = rows.map(({ answers, label }) => ({
    expected: label!,
    answered: answers[arm]!.score.label,
  }))
  const { macroF1, right } = Classification.make(labelled, classes)
  const places = Classification.places(labelled, classes)
  const interval = figure(rows.length, draws, (drawn) =>
    Classification.macroF1(places, classes.length, drawn),
  )
  return { accuracy: rate(right, rows.length), macroF1: { ...interval, value: macroF1 } }
}

const figure = (
  rows: number,
  draws: Bootstrap.Draws,
  statistic: (drawn: Iterable<number>) => number,
): Figure => ({
  rows,
  value: statistic(Array.from({ length: rows }, (_, row) => row)),
  ...Bootstrap.ofStatistic(rows, statistic, draws),
})
