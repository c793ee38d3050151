/**
 * One row appended to a large table: what formatting and tokenizing cost again, beside what they cost at first. Also one
 * row inserted first, and one changed in the middle. Times are the steps' own, from the run log.
 *
 *   pnpm bench append [--rows 1000000]
 */
import * as fs from "node:fs"
import { measure } from "./lib/processTree.ts"
import * as project from "./lib/project.ts"

const pipeline = `import { Pipeline, Random, Step, Table } from "@sluice/core"
import { Format, Model, Tokenize } from "@sluice/steps"
import { Schema } from "effect"

class Review extends Table.make({ text: Table.utf8, positive: Table.bool }) {}

const words = "the a good bad great awful camera battery strap lens works breaks never always again very".split(" ")

const Make = Step.make({
  name: "make",
  config: { count: Schema.Int, first: Schema.Int, middle: Schema.Int, last: Schema.Int },
  output: Review,
  run: async function* ({ config }) {
    for (let added = 0; added < config.first; added++) yield { text: "inserted first", positive: true }
    const random = Random.make("rows")
    for (let row = 0; row < config.count; row++) {
      const text = Array.from({ length: 12 }, () => words[random.integer(words.length)]!).join(" ") + " " + row
      if (row === config.count >> 1 && config.middle > 0) yield { text: "changed in the middle", positive: false }
      else yield { text, positive: row % 2 === 0 }
    }
    for (let added = 0; added < config.last; added++) yield { text: "appended last", positive: true }
  },
})

const None = Schema.Int.pipe(Pipeline.withDefault(0))

export default Pipeline.make("append", { params: { count: Schema.Int, first: None, middle: None, last: None } }, ({ params, step }) => {
  const model = step("model", Model.smolLM2({ size: "135M" }))
  const rows = step("make", Make({ count: params.count, first: params.first, middle: params.middle, last: params.last }))
  const chats = step(
    "format",
    Format.chat({
      rows,
      messages: (row) => [
        { role: "user", content: row.text },
        { role: "assistant", content: row.positive ? "positive" : "negative" },
      ],
    }),
  )
  return step("tokenize", Tokenize.chat({ chats, model, maxTokens: 128 }))
})
`

interface Ran {
  readonly steps: ReadonlyArray<{ readonly name: string; readonly ms: number }>
}

const benchmark = {
  title: "One row appended to a large table: seconds of format and tokenize",
  run: async (options: Readonly<Record<string, string>>) => {
    const count = Number(options["rows"] ?? "1000000")
    const root = project.make("append", { "pipeline.ts": pipeline })
    try {
      const seconds = async (...settings: ReadonlyArray<string>) => {
        const set = [`count=${count}`, ...settings].flatMap((setting) => ["--set", setting])
        const ran = await measure({
          command: process.execPath,
          args: [project.launcher, "run", "pipeline.ts", "--json", ...set],
          cwd: root,
        })
        if (ran.exitCode !== 0) throw new Error(`${ran.stdout.slice(-2000)}${ran.stderr.slice(-2000)}`)
        const { steps } = JSON.parse(ran.stdout) as Ran
        const of = (name: string) => (steps.find((step) => step.name === name)?.ms ?? 0) / 1000
        return { format: of("format"), tokenize: of("tokenize"), peakMemoryMB: Math.round(ran.peakMemoryMB) }
      }
      const full = await seconds()
      const rows = []
      for (const [change, setting] of [
        ["none", undefined],
        ["appended last", "last=1"],
        ["inserted first", "first=1"],
        ["changed in the middle", "middle=1"],
      ] as const) {
        const one = setting === undefined ? full : await seconds(setting)
        const share = (one.format + one.tokenize) / (full.format + full.tokenize)
        rows.push({ change, ...one, percentOfFull: Math.round(share * 10_000) / 100 })
        console.error(
          `${change.padEnd(24)}format ${one.format.toFixed(2)} s, tokenize ${one.tokenize.toFixed(2)} s, ` +
            `${(share * 100).toFixed(2)} % of the full time, ${one.peakMemoryMB} MB`,
        )
      }
      return { tableRows: count, rows }
    } finally {
      fs.rmSync(root, { recursive: true, force: true })
    }
  },
}

export default benchmark
