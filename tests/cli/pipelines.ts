/**
 * Small pipelines for the tests of the command line, as the text of their files.
 */

/** Two steps: words, and the words in another case. `--set mark=?` changes the second alone. */
export const twoSteps = `
import { Pipeline, Step, Table } from "@sluice/core"
import { Effect, Schema } from "effect"
import { shout } from "./lib/shout.ts"

class Word extends Table.make({ word: Table.utf8, length: Table.int32 }) {}

const Collect = Step.make({
  name: "collect",
  inputs: {},
  config: { words: Schema.Array(Schema.String) },
  output: Word,
  run: ({ config, summarize }) => {
    summarize(\`\${config.words.length} words\`)
    return config.words.map((word) => ({ word, length: word.length }))
  }
})

const Shout = Step.make({
  name: "shout",
  inputs: { words: Word },
  config: { mark: Schema.String },
  output: Word,
  run: ({ inputs, config, summarize }) =>
    Effect.gen(function* () {
      const rows = yield* inputs.words.all
      summarize(\`\${rows.length} shouted\`)
      return rows.map((row) => ({ word: shout(row.word) + config.mark, length: row.length }))
    })
})

export default Pipeline.make(
  "words",
  { params: { mark: Schema.String.pipe(Pipeline.withDefault("!")), count: Schema.Int.pipe(Pipeline.withDefault(3)) } },
  ({ params, step }) => {
    const words = step("collect", Collect({ words: ["one", "two", "three", "four"].slice(0, params.count) }))
    return { shouted: step("shout", Shout({ words, mark: params.mark })) }
  }
)
`

export const shoutModule = "export const shout = (word: string): string => word.toUpperCase()\n"

/** A step that fails, and one below it. */
export const failing = `
import { Pipeline, Step, Table } from "@sluice/core"

class Word extends Table.make({ word: Table.utf8 }) {}

const Break = Step.make({
  name: "break",
  inputs: {},
  config: {},
  output: Word,
  run: () => {
    throw new Error("the disk of the moon is full")
  }
})

const Read = Step.make({ name: "read", inputs: { words: Word }, config: {}, output: Word, run: () => [] })

export default Pipeline.make("failing", {}, ({ step }) => {
  const words = step("break", Break({}))
  return { read: step("read", Read({ words })) }
})
`

/**
 * A step that counts and keeps a checkpoint at every count. At 5 it waits for ever, unless there is a file `go`; a
 * later attempt goes on from the checkpoint.
 */
export const waiting = `
import { Pipeline, Step, Table } from "@sluice/core"
import { Effect, Option, Schema } from "effect"
import { existsSync } from "node:fs"

class Count extends Table.make({ count: Table.int32 }) {}

const Waiting = Step.make({
  name: "waiting",
  version: "1",
  inputs: {},
  config: { until: Schema.Int },
  output: Count,
  run: ({ config, checkpoint, progress, summarize }) =>
    Effect.gen(function* () {
      const latest = yield* checkpoint.latest
      const from = Option.isSome(latest) ? (latest.value.meta as { count: number }).count : 0
      for (let count = from; count < config.until; count++) {
        progress({ done: count, total: config.until, unit: "counts", note: \`from \${from}\` })
        if (count === 5 && !existsSync("go")) return yield* Effect.never
        yield* checkpoint.save({ count: count + 1 }, {})
      }
      summarize(\`counted from \${from} to \${config.until}\`)
      return [{ count: config.until }]
    })
})

export default Pipeline.make("waiting", {}, ({ step }) => ({ count: step("count", Waiting({ until: 10 })) }))
`

/** A step that does not end when it is asked to. */
export const stubborn = `
import { Pipeline, Step, Table } from "@sluice/core"

class Row extends Table.make({ n: Table.int32 }) {}

const Stubborn = Step.make({
  name: "stubborn",
  version: "1",
  inputs: {},
  config: {},
  output: Row,
  run: ({ progress }) => {
    progress({ done: 1, total: 2, unit: "rows" })
    return new Promise<Array<{ n: number }>>(() => {})
  }
})

export default Pipeline.make("stubborn", {}, ({ step }) => ({ rows: step("rows", Stubborn({})) }))
`

/** One step with every kind of output: a metrics table, token rows, a report's files, a value. */
export const kinds = `
import { Artifact, Pipeline, Step, Table } from "@sluice/core"
import { Schema } from "effect"

class Metrics extends Table.make({ optimizerStep: Table.int32, loss: Table.float64 }) {}
class Tokens extends Table.make({ id: Table.utf8, ids: Table.list(Table.int32), labels: Table.list(Table.int32) }) {}

const Everything = Step.make({
  name: "everything",
  version: "1",
  inputs: {},
  config: {},
  outputs: {
    metrics: Metrics,
    tokens: Tokens,
    report: Artifact.files("report"),
    scores: Artifact.value("scores", Schema.Struct({ exact: Schema.Number }))
  },
  run: ({ measure }) => {
    measure("tokens per second", 213, "tok/s")
    return {
      metrics: [4, 3, 2, 1].map((loss, i) => ({ optimizerStep: i + 1, loss })),
      tokens: [{ id: "a", ids: [7, 8, 9], labels: [-100, -100, 9] }],
      report: { "report.md": "# Report\\n\\n93 of 100 are right.\\n", "report.html": "<p>93 of 100</p>" },
      scores: { exact: 0.93 }
    }
  }
})

export default Pipeline.make("kinds", {}, ({ step }) => step("everything", Everything({})))
`

/** A step in a process of its own. */
export const isolated = `
import { Pipeline, Step, Table } from "@sluice/core"
import { Schema } from "effect"

class Row extends Table.make({ n: Table.int32 }) {}

const Apart = Step.make({
  name: "apart",
  isolated: true,
  inputs: {},
  config: { fail: Schema.Boolean },
  output: Row,
  run: ({ config, summarize }) => {
    if (config.fail) throw new Error("asked to fail")
    summarize(process.send === undefined ? "the same process" : "another process")
    return [{ n: 1 }]
  }
})

export default Pipeline.make(
  "isolated",
  { params: { fail: Schema.Boolean.pipe(Pipeline.withDefault(false)) } },
  ({ params, step }) => ({ apart: step("apart", Apart({ fail: params.fail })) })
)
`
