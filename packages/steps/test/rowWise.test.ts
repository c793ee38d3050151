/** Format and Tokenize over tables that grow and are edited, in a whole engine. */
import { type Artifact, Canonical, Pipeline, Random, Step, Table } from "@sluice/core"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { type Project, project } from "../../core/test/support/project.ts"
import { identified, tagged } from "../../core/test/support/tagged.ts"
import * as Format from "../src/Format.ts"
import { ModelFiles } from "../src/kinds.ts"
import * as Tokenize from "../src/Tokenize.ts"
import { writeTinyModel } from "./support/tinyModel.ts"

class Review extends Table.make({ text: Table.utf8, positive: Table.bool }) {}

let model: Artifact.FilesOut
let folder: string
beforeAll(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "sluice-rows-"))
  writeTinyModel(folder)
  model = Object.fromEntries(fs.readdirSync(folder).map((name) => [name, { path: path.join(folder, name) }]))
})
afterAll(() => fs.rmSync(folder, { recursive: true }))

/** The use with a note of each chunk that it goes through, and with tags as a transform would give them. */
const noted = <U extends Step.Use<any, any>>(use: U, chunks: Array<string>): U => {
  const { name, rowWise, run } = use.facts
  const noting = (context: Step.Context<unknown, Readonly<Record<string, Table.Reader<Table.Any>>>>) => {
    chunks.push(...context.inputs[rowWise!.input]!.chunks.map(({ digest }) => digest))
    return run(context)
  }
  const { finish } = rowWise!
  return {
    ...use,
    facts: {
      ...use.facts,
      run: tagged(name, noting),
      rowWise: { ...rowWise, ...(finish === undefined ? {} : { finish: tagged(`${name} finish`, finish) }) },
    },
  }
}

interface Options extends Pick<Tokenize.ChatOptions, "onTooLong"> {
  readonly maxTokens: number
}

/** Formats and tokenizes rows, also as texts that are no chats. */
const fixture = (rows: ReadonlyArray<Review>, options: Options) => {
  const chunks = { format: [], tokenize: [], text: [] } as Record<
    "format" | "tokenize" | "text",
    Array<string>
  >
  const Rows = identified(
    Canonical.digest("rows", rows),
    Step.make({ name: "rows", output: Review, run: () => rows }),
  )
  const Model = identified("model", Step.make({ name: "model", output: ModelFiles, run: () => model }))
  const messages = tagged("messages", (row: Review) => [
    { role: "user" as const, content: row.text },
    { role: "assistant" as const, content: row.positive ? "good" : "bad" },
  ])
  const pipeline = Pipeline.make("edited", {}, ({ step }) => {
    const read = step("rows", Rows({}))
    const given = { model: step("model", Model({})), ...options }
    const chats = step("format", noted(Format.chat({ rows: read, messages }), chunks.format))
    return {
      tokenize: step("tokenize", noted(Tokenize.chat({ chats, ...given }), chunks.tokenize)),
      text: step("text", noted(Tokenize.text({ rows: read, ...given }), chunks.text)),
    }
  })
  return { pipeline, chunks }
}

/** What the three steps gave and said. */
const outcome = async (at: Project, pipeline: Pipeline.Pipeline<any, any>) => {
  at.events.splice(0)
  await at.run(pipeline)
  const { actions } = await at.plan(pipeline)
  return {
    steps: actions
      .filter(({ name }) => ["format", "tokenize", "text"].includes(name))
      .map(({ name, outputs, summary }) => ({
        name,
        summary,
        outputs: Object.entries(outputs!).map(([output, { fingerprint }]) => `${output} ${fingerprint}`),
      })),
    warnings: at.events.flatMap((event) => (event.type === "warning" ? [event.message] : [])),
  }
}

const drawn = (random: Random.Random): Review => ({
  text: Array.from({ length: 1 + random.integer(8) }, () => random.uint32().toString(36)).join(" "),
  positive: random.integer(2) === 1,
})

/** The rows with something appended, inserted, taken out or changed. */
const edit = (rows: ReadonlyArray<Review>, random: Random.Random): ReadonlyArray<Review> => {
  const at = random.integer(rows.length)
  const fresh = Array.from({ length: 1 + random.integer(3) }, () => drawn(random))
  return [
    () => [...rows, ...fresh],
    () => rows.toSpliced(at, 0, ...fresh),
    () => rows.toSpliced(at, 1 + random.integer(5)),
    () => rows.toSpliced(at, 1, { text: rows[at]!.text, positive: !rows[at]!.positive }),
  ][random.integer(4)]!()
}

describe("a table that is edited", () => {
  it.each([
    ["first", { maxTokens: 64, onTooLong: "drop" }],
    ["second", { maxTokens: 64, onTooLong: "cut" }],
  ] as const)(
    "is formatted and tokenized again where it changed, and the outcome is that of a full run (%s draw)",
    async (seed, options) => {
      const random = Random.make(seed)
      let rows: ReadonlyArray<Review> = Array.from({ length: 5000 }, () => drawn(random))
      const at = project()
      const first = fixture(rows, options)
      await at.run(first.pipeline)
      const met = {
        format: new Set(first.chunks.format),
        tokenize: new Set(first.chunks.tokenize),
        text: new Set(first.chunks.text),
      }
      for (let round = 0; round < 4; round++) {
        rows = edit(rows, random)
        const partly = fixture(rows, options)
        const full = fixture(rows, options)
        expect(await outcome(at, partly.pipeline)).toEqual(await outcome(project(), full.pipeline))
        for (const name of ["format", "tokenize", "text"] as const) {
          expect(partly.chunks[name]).toEqual(full.chunks[name].filter((digest) => !met[name].has(digest)))
          expect(partly.chunks[name].length).toBeLessThanOrEqual(name === "tokenize" ? 5 : 3)
          for (const digest of partly.chunks[name]) met[name].add(digest)
        }
      }
    },
  )

  it("is refused with every chat that is too long, those of remembered chunks too", async () => {
    const random = Random.make("too long")
    const rows = Array.from({ length: 5000 }, () => ({ text: random.uint32().toString(36), positive: true }))
    const long = { text: "long ".repeat(30), positive: true }
    const only = { only: ["tokenize"] }
    const at = project()
    const first = fixture([long, ...rows], { maxTokens: 64 })
    const one = await at.failure(first.pipeline, only)
    expect(one.message).toContain("1 chat of 5,001 cannot be learnt from.")
    const more = fixture([long, ...rows, { ...long, positive: false }], { maxTokens: 64 })
    const two = await at.failure(more.pipeline, only)
    expect(two.message).toContain("2 chats of 5,002 cannot be learnt from.")
    expect(more.chunks.tokenize.filter((digest) => first.chunks.tokenize.includes(digest))).toEqual([])
    const full = fixture([long, ...rows, { ...long, positive: false }], { maxTokens: 64 })
    expect(two.message).toBe((await project().failure(full.pipeline, only)).message)
    expect(full.chunks.tokenize.length).toBeGreaterThan(more.chunks.tokenize.length)
  })
})
