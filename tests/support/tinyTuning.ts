/**
 * A whole fine-tuning at the smallest size, as the text of a project: reviews in a JSON file, a helper in another
 * file, a Llama of two layers made on the spot, and the steps from collect to the report.
 *
 * Every use of the helper adds a letter to the file `calls`, so that executions are counted outside the engine.
 */
import { existsSync, readdirSync, rmSync, statSync } from "node:fs"
import { join } from "node:path"
import { writeTinyModel } from "../../packages/steps/test/support/tinyModel.ts"
import * as Sandbox from "../cli/Sandbox.ts"

export const pipeline = `
import { Pipeline, Table } from "@sluice/core"
import { Collect, Evaluate, Format, Model, Split, Tokenize, Train } from "@sluice/steps"
import * as Schema from "effect/Schema"
import { clean } from "./lib/text.ts"

class Review extends Table.make({ text: Table.utf8, class: Table.int32 }) {}

const Answer = Schema.Struct({ mood: Schema.Literals(["good", "bad"]) })

const chatOf = (review: Review) => [
  { role: "user" as const, content: clean(review.text) },
  { role: "assistant" as const, content: JSON.stringify({ mood: review.class === 1 ? "good" : "bad" }) }
]

export default Pipeline.make(
  "tiny",
  {
    params: {
      learningRate: Schema.Finite.check(Schema.isGreaterThan(0)).pipe(Pipeline.withDefault(2e-4))
    }
  },
  ({ params, step }) => {
    const model = step("model", Model.folder({ folder: "model" }))
    const { rows } = step("collect", Collect.json({ files: "data/*.json", row: Review }))
    const { train, heldOut } = step("split", Split.byHash({ rows, by: "text", heldOut: 0.25 }))
    const chats = step("format", Format.chat({ rows: train, messages: chatOf }))
    const { tokens } = step("tokenize", Tokenize.chat({ chats, model, maxTokens: 256 }))
    const { adapter, metrics } = step(
      "train",
      Train.lora({
        model,
        tokens,
        learningRate: params.learningRate,
        batchRows: 4,
        maxOptimizerSteps: 6,
        checkpointEvery: 2,
        rank: 4,
        alpha: 8
      })
    )
    const { predictions, report } = Evaluate.compare(step, {
      heldOut,
      model,
      messages: chatOf,
      schema: Answer,
      arms: { base: {}, tuned: { adapter } },
      maxNewTokens: 4,
      title: "A tiny tuning"
    })
    return { adapter, metrics, predictions, report }
  }
)
`

export const helper = `
import { appendFileSync } from "node:fs"

/** Leaves a trace of every call. */
export const clean = (text: string): string => {
  appendFileSync("calls", "x")
  return text.trim()
}
`

/** 32 reviews of distinct texts. */
export const reviews = (count = 32): ReadonlyArray<{ readonly text: string; readonly class: number }> =>
  Array.from({ length: count }, (_, at) => ({
    text: `  ${at % 2 === 0 ? "lovely" : "awful"} thing number ${at}`,
    class: at % 2 === 0 ? 1 : 0,
  }))

/** The reviews as the text of their file. */
export const data = (indent = 1): string => JSON.stringify(reviews(), undefined, indent)

/** Every step, in the order in which a run lists them. */
export const steps = [
  "model",
  "collect",
  "split",
  "format",
  "tokenize",
  "train",
  "evaluate/chats",
  "evaluate/base",
  "evaluate/tuned",
  "evaluate/report",
]

export const make = (files: Readonly<Record<string, string>> = {}): Sandbox.Sandbox => {
  const project = Sandbox.make({
    "tiny.ts": pipeline,
    "lib/text.ts": helper,
    "data/yelp.json": data(),
    ...files,
  })
  writeTinyModel(join(project.root, "model"))
  return project
}

/** Forgets everything that was run and stored; the program itself need not be built again. */
export const forget = (project: Sandbox.Sandbox): void => {
  const folder = join(project.root, ".sluice")
  if (!existsSync(folder)) return
  if (!statSync(folder).isDirectory()) return rmSync(folder)
  for (const name of readdirSync(folder)) {
    if (name !== "bundles") rmSync(join(folder, name), { recursive: true, force: true })
  }
}
