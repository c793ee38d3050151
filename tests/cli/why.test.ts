/**
 * `sluice why` through the real process: rows, environment, any two runs.
 */
import { afterAll, describe, expect, it } from "vitest"
import * as Sandbox from "./Sandbox.ts"
import { settled } from "./settled.ts"

const pipeline = `
import { Pipeline, Source, Step, Table } from "@sluice/core"
import { Effect, Schema } from "effect"

class Word extends Table.make({ word: Table.utf8, length: Table.int32 }) {}

const Collect = Step.make({
  name: "collect",
  inputs: { files: Source.files },
  output: Word,
  run: ({ inputs }) =>
    Effect.map(inputs.files[0]!.bytes, (bytes) =>
      (JSON.parse(Buffer.from(bytes).toString()) as Array<string>).map((word) => ({ word, length: word.length })),
    ),
})

const Greet = Step.make({
  name: "greet",
  inputs: { words: Word },
  config: { mark: Schema.String },
  output: Word,
  run: ({ inputs, config }) => {
    const greeting = process.env.GREETING ?? "hello"
    const secret = process.env.GREETING_TOKEN ?? ""
    return Effect.map(inputs.words.all, (rows) =>
      rows.map(({ word, length }) => ({ word: greeting + secret.length + word + config.mark, length })),
    )
  },
})

export default Pipeline.make(
  "greetings",
  { params: { mark: Schema.String.pipe(Pipeline.withDefault("!")) } },
  ({ params, step }) => {
    const words = step("collect", Collect({ files: "words.json" }))
    return { greeted: step("greet", Greet({ words, mark: params.mark })) }
  },
)
`

const project = Sandbox.make({ "p.ts": pipeline, "words.json": '["one","two","three"]' })
afterAll(() => project.remove())

const run = async (args: ReadonlyArray<string>, env: NodeJS.ProcessEnv) => {
  const { code, stdout, stderr } = await project.start(args, env).result
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" })
  return settled(stdout)
}

/** Ids and ages of runs, taken out. */
const aside = (lines: ReadonlyArray<string>): ReadonlyArray<string> =>
  lines.map((line) =>
    line.replaceAll(/<key>\s*-\d{6}-[0-9a-f]{6}/g, "<run>").replaceAll(/, (just now|\S+ \S+ ago)/g, ""),
  )

describe("sluice why", () => {
  it("tells which rows of an input changed, below the file that changed", async () => {
    await run(["run", "p.ts"], { GREETING: "hi", GREETING_TOKEN: "one" })
    project.write("words.json", '["one","two","four","five"]')
    expect(await run(["run"], { GREETING: "hi", GREETING_TOKEN: "one" })).toContain(
      "collect    run       collect: words.json changed",
    )
    const env = { GREETING: "hi", GREETING_TOKEN: "one" }
    expect(aside(await run(["why", "greet"], env))).toEqual([
      "collect: words.json changed",
      "  by way of collect -> greet",
      "words from collect, 3 -> 4 rows: 2 added, 1 removed, 0 changed",
      '  added    row 3: word "four", length 4',
      '  added    row 4: word "five", length 4',
      '  removed  row 3: word "three", length 5',
      "greet is a hit now; it ran in <run>.",
    ])
    expect(aside(await run(["why", "collect"], env)).slice(0, 2)).toEqual([
      "collect: words.json changed",
      "output, 3 -> 4 rows: 2 added, 1 removed, 0 changed",
    ])
    const { stdout } = await project.start(["why", "greet", "--json"], env).result
    expect(JSON.parse(stdout).data).toEqual([
      {
        table: "words from collect",
        rowsBefore: 3,
        rowsAfter: 4,
        added: 2,
        removed: 1,
        changed: 0,
        columnsAdded: [],
        columnsRemoved: [],
        examples: [
          {
            kind: "added",
            row: 3,
            columns: [
              { name: "word", after: "four" },
              { name: "length", after: 4 },
            ],
          },
          {
            kind: "added",
            row: 4,
            columns: [
              { name: "word", after: "five" },
              { name: "length", after: 4 },
            ],
          },
          {
            kind: "removed",
            row: 3,
            columns: [
              { name: "word", before: "three" },
              { name: "length", before: 5 },
            ],
          },
        ],
      },
    ])
  })

  it("names variables with both values, a secret by digests alone, and before it runs too", async () => {
    const env = { GREETING: "good day", GREETING_TOKEN: "another" }
    const expected = [
      'GREETING: "hi" -> "good day"',
      expect.stringMatching(/^GREETING_TOKEN: sha256 <key> {4}-> sha256 <key>$/),
    ]
    expect((await run(["why", "greet"], env)).slice(0, 2)).toEqual(expected)
    await run(["run"], env)
    const after = await run(["why", "greet", "--run", "1"], env)
    expect(after.slice(0, 2)).toEqual(expected)
    const { stdout } = await project.start(["why", "greet", "--run", "1", "--json"], env).result
    expect(stdout).not.toContain("another")
  })

  it("says of a run that a step was forced in it", async () => {
    const env = { GREETING: "good day", GREETING_TOKEN: "another" }
    await run(["run", "--force", "greet"], env)
    expect(aside(await run(["why", "greet", "--run", "1"], env))).toEqual([
      "greet: forced",
      "greet ran in <run>.",
    ])
  })

  it("names the step that was meant", async () => {
    expect((await project.sluice("why", "great")).stderr).toBe(
      'Pipeline "greetings" has no step "great".\n  Steps:  collect, greet\nDid you mean greet?\n',
    )
  })
})
