/**
 * `sluice report`: what a run's comparison found, in every form, and conditions on it for continuous integration.
 */
import { RunLog } from "@sluice/core"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import { relative, resolve } from "node:path"
import * as Arguments from "../Arguments.ts"
import type { Context } from "../main.ts"
import { nearMiss } from "../nearMiss.ts"
import { NothingToShow, nothingWasRun } from "../NothingToShow.ts"
import * as Project from "../Project.ts"
import * as Condition from "../report/Condition.ts"
import { folderOf } from "../report/folder.ts"
import { gather } from "../report/gather.ts"
import * as Source from "../report/Source.ts"
import { type Format, formats, usual, write } from "../report/write.ts"
import * as Store from "../Store.ts"
import type * as Text from "../Text.ts"

export const report = (context: Context) => {
  if (!Store.exists(context.root)) return Effect.fail(nothingWasRun(context.root))
  return render(context).pipe(Effect.provide(Store.layer(context.root)))
}

const render = Effect.fnUntraced(function* (context: Context) {
  const { cwd, invocation, json, root, screen } = context
  const compared = yield* chosen(context)
  const gathered = yield* gather(compared)
  const conditions = Arguments.many(invocation, "fail-under")
  const checks = yield* Effect.try({
    try: () => Condition.check(conditions, gathered.report),
    catch: (error) => error,
  })
  const out = Arguments.one(invocation, "out")
  const log = yield* RunLog.RunLog
  const folder =
    out === undefined ? folderOf(root, log.stepsOf(compared.run.id), compared.name) : resolve(cwd, out)
  const paths = yield* Effect.try({
    try: () => write(folder, gathered, wanted(Arguments.many(invocation, "format")), checks),
    catch: (error) => notWritten(folder, error),
  })
  const { verdict } = gathered.report
  if (json) {
    const document = {
      run: compared.run.id,
      comparison: compared.name,
      verdict,
      conditions: checks,
      files: paths,
    }
    screen.write(`${JSON.stringify(document, undefined, 2)}\n`)
  } else {
    screen.write(
      [
        verdict,
        ...checks.map((each) => checkedText(each, screen.paint)),
        ...paths.map((path) => relative(cwd, path)),
        "",
      ].join("\n"),
    )
  }
  return checks.every(({ holds }) => holds) ? 0 : 1
})

const wanted = (given: ReadonlyArray<string>): ReadonlyArray<Format> =>
  given.length === 0 ? usual : given.includes("all") ? formats : (given as ReadonlyArray<Format>)

/** `holds   tuned.exact >= 0.85: tuned.exact is 93.0 % (93 of 100 rows, …)`. */
const checkedText = ({ condition, found, holds }: Condition.Checked, paint: Text.Paint): string =>
  `${holds ? paint("green", "holds") : paint("red", "fails")}   ${condition}: ${found}`

/** The comparison that the flags name: of the run given, else of the newest run that has one. */
const chosen = Effect.fnUntraced(function* ({ cwd, invocation }: Context) {
  const log = yield* RunLog.RunLog
  const pipeline = yield* pipelineTyped(Arguments.file(invocation), cwd)
  const runs = log.runs(pipeline === undefined ? {} : { pipeline })
  const given = Arguments.one(invocation, "run")
  const candidates = given === undefined ? runs : [yield* Store.findRun(runs, given)]
  for (const run of candidates) {
    const found = yield* Source.comparisons(run)
    if (found.length > 0) return yield* named(found, Arguments.one(invocation, "comparison"))
  }
  return yield* new NothingToShow({
    headline:
      given === undefined
        ? `No run${pipeline === undefined ? "" : ` of ${pipeline}`} has a comparison of arms.`
        : `Run ${candidates[0]!.id} has no comparison of arms, or it is no longer stored.`,
    hint: "Evaluate.compare makes one; sluice runs lists the runs.",
  })
})

/** The name of the pipeline whose file was typed: a project may have several. */
const pipelineTyped = (typed: string | undefined, cwd: string) => {
  if (typed === undefined) return Effect.succeed(undefined)
  const located = Project.locate(typed, cwd)
  return "problem" in located
    ? Effect.fail(new UsageError({ message: located.problem }))
    : Effect.sync(() => Project.pipelineName(located.file))
}

class UsageError extends Data.TaggedError("UsageError")<{ readonly message: string }> {}

const named = (
  found: ReadonlyArray<Source.Compared>,
  name: string | undefined,
): Effect.Effect<Source.Compared, NothingToShow> => {
  const names = found.map((each) => each.name)
  const one = name === undefined && found.length === 1 ? found[0] : found.find((each) => each.name === name)
  if (one !== undefined) return Effect.succeed(one)
  const near = name === undefined ? undefined : nearMiss(name, names)
  return Effect.fail(
    new NothingToShow({
      headline:
        name === undefined
          ? `Run ${found[0]!.run.id} has several comparisons: ${names.join(", ")}.`
          : `Run ${found[0]!.run.id} has no comparison "${name}".`,
      hint:
        name === undefined
          ? `Name one: --comparison ${names[0]!}`
          : near === undefined
            ? `It has ${names.join(", ")}.`
            : `Did you mean ${near}?`,
    }),
  )
}

const notWritten = (folder: string, error: unknown): NothingToShow =>
  new NothingToShow({
    headline: `The report cannot be written to ${folder}: ${error instanceof Error ? error.message : String(error)}`,
    hint: "Name another folder: --out FOLDER",
  })
