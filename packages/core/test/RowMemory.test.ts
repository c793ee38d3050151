import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { appendFileSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { ActionCache, Canonical, Pipeline, RowMemory, Step, Table } from "../src/index.ts"
import { project } from "./support/project.ts"
import { identified } from "./support/tagged.ts"

class Word extends Table.make({ text: Table.utf8 }) {}
class Shout extends Table.make({ text: Table.utf8, loud: Table.utf8 }) {}

/** A step that remembers by row, and the rows that it worked on. */
const fixture = (texts: ReadonlyArray<string>, mark = "!", version = "1") => {
  const worked: Array<string> = []
  const Make = identified(
    Canonical.digest("texts", texts),
    Step.make({ name: "make", output: Word, run: () => texts.map((text) => ({ text })) }),
  )
  const Cry = identified(
    `cry ${version}`,
    Step.make({
      name: "cry",
      inputs: { rows: Word },
      config: { mark: Schema.String },
      output: Shout,
      env: ["SLUICE_TEST_KEY"],
      remembers: { apartFrom: { inputs: ["rows"], env: ["SLUICE_TEST_KEY"] } },
      run: ({ config, inputs, memory }) =>
        Effect.gen(function* () {
          const rows: Array<Shout> = []
          for (const { text } of yield* inputs.rows.all) {
            let loud = memory.get(text) as string | undefined
            if (loud === undefined) {
              worked.push(text)
              loud = text.toUpperCase() + config.mark
              yield* memory.put([[text, loud]])
            }
            rows.push({ text, loud })
          }
          return rows
        }),
    }),
  )
  const pipeline = Pipeline.make("cries", {}, ({ step }) => ({
    cried: step("cry", Cry({ rows: step("make", Make({})), mark })),
  }))
  return { pipeline, worked }
}

const outputOf = async (at: ReturnType<typeof project>, pipeline: Pipeline.Pipeline<any, any>) =>
  (await at.plan(pipeline)).actions.find(({ name }) => name === "cry")!.outputs!["output"]!.fingerprint

const files = (store: string): ReadonlyArray<string> =>
  readdirSync(join(store, "rows"), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".jsonl"))
    .map((name) => join(store, "rows", name))

describe("a step that remembers by row", () => {
  it("works on the rows that it has not met, and writes what a fresh run writes", async () => {
    const at = project()
    const first = fixture(["a", "b"])
    await at.run(first.pipeline)
    expect(first.worked).toEqual(["a", "b"])
    const more = fixture(["c", "a", "b"])
    await at.run(more.pipeline)
    expect(more.worked).toEqual(["c"])
    const elsewhere = project()
    const fresh = fixture(["c", "a", "b"])
    await elsewhere.run(fresh.pipeline)
    expect(fresh.worked).toEqual(["c", "a", "b"])
    expect(await outputOf(at, more.pipeline)).toBe(await outputOf(elsewhere, fresh.pipeline))
  })

  it("has its scope named by the result, which keeps it; what no result names can be forgotten", async () => {
    const at = project()
    const { steps } = await at.run(fixture(["a"]).pipeline)
    await at.run(fixture(["a"], "?").pipeline)
    const memoriesOf = (key: string | undefined) =>
      at.provide(Effect.map(ActionCache.ActionCache, (cache) => cache.stored(key!)!.memories))
    const before = RowMemory.list(at.store)
    expect(before.map(({ scope }) => scope)).toHaveLength(2)
    expect(before.every(({ sizeBytes, usedAt }) => sizeBytes > 0 && usedAt > 0)).toBe(true)
    expect(await memoriesOf(steps.find(({ name }) => name === "make")!.key)).toBeUndefined()
    const [scope, ...others] = (await memoriesOf(steps.find(({ name }) => name === "cry")!.key))!
    expect(others).toEqual([])
    RowMemory.forget(at.store, before.find((one) => one.scope !== scope)!.scope)
    expect(RowMemory.list(at.store).map((one) => one.scope)).toEqual([scope])
    const more = fixture(["a", "b"])
    await at.run(more.pipeline)
    expect(more.worked).toEqual(["b"])
  })

  it("remembers nothing from other config or other code", async () => {
    const at = project()
    await at.run(fixture(["a"]).pipeline)
    const config = fixture(["a"], "?")
    await at.run(config.pipeline)
    const code = fixture(["a"], "!", "2")
    await at.run(code.pipeline)
    expect([config.worked, code.worked]).toEqual([["a"], ["a"]])
    expect(files(at.store)).toHaveLength(3)
  })

  it("keeps its memory when a variable that it declares apart changes, though the step runs", async () => {
    const at = project()
    process.env["SLUICE_TEST_KEY"] = "one"
    try {
      await at.run(fixture(["a"]).pipeline)
      process.env["SLUICE_TEST_KEY"] = "two"
      const again = fixture(["a"])
      const run = await at.run(again.pipeline)
      expect(run.steps.map(({ decision }) => decision)).toEqual(["hit", "run"])
      expect(again.worked).toEqual([])
    } finally {
      delete process.env["SLUICE_TEST_KEY"]
    }
  })

  it("computes every row again when it is forced", async () => {
    const at = project()
    await at.run(fixture(["a", "b"]).pipeline)
    const again = fixture(["a", "b"])
    await at.run(again.pipeline, { force: ["cry"] })
    expect(again.worked).toEqual(["a", "b"])
  })

  it("takes a damaged or torn line for one that is not there, and writes after it", async () => {
    const at = project()
    await at.run(fixture(["a", "b"]).pipeline)
    const [file] = files(at.store)
    writeFileSync(file!, readFileSync(file!, "utf8").replace("A!", "X!"))
    appendFileSync(file!, '0123456789abcdef ["to')
    const more = fixture(["a", "b", "c"])
    await at.run(more.pipeline)
    expect(more.worked).toEqual(["a", "c"])
    const last = fixture(["c", "b", "a"])
    await at.run(last.pipeline)
    expect(last.worked).toEqual([])
  })

  it("has no memory without a declaration", () => {
    const handle = RowMemory.open("nowhere", { remembers: undefined }, "{}", false)
    expect(handle).toBe(RowMemory.none)
  })
})
