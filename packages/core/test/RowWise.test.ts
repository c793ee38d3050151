import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { spawnSync } from "node:child_process"
import { chmodSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { Artifact, Canonical, Pipeline, Random, Source, Step, Table } from "../src/index.ts"
import { type Project, project } from "./support/project.ts"
import { identified } from "./support/tagged.ts"

class Word extends Table.make({ text: Table.utf8 }) {}
class Long extends Table.make({ text: Table.utf8, length: Table.int32 }) {}

const fixture = (rows: ReadonlyArray<Word>) => {
  const seen: Array<number> = []
  const Make = identified(
    Canonical.digest("rows", rows),
    Step.make({ name: "make", output: Word, run: () => rows }),
  )
  const Measure = identified(
    "measure",
    Step.make({
      name: "measure",
      inputs: { rows: Word },
      config: { twice: Schema.Boolean.pipe(Step.withDefault(false)) },
      rowWise: { input: "rows" },
      output: Long,
      run: (context) => {
        seen.push(context.inputs.rows.rowCount)
        return Effect.map(context.inputs.rows.all, (all) =>
          all.map((row) => ({ text: row.text, length: row.text.length })),
        )
      },
    }),
  )
  const Sum = identified(
    "sum",
    Step.make({
      name: "sum",
      inputs: { rows: Long },
      output: Artifact.value("sum", Schema.Int),
      run: (context) =>
        Effect.map(context.inputs.rows.all, (all) => all.reduce((sum, row) => sum + row.length, 0)),
    }),
  )
  const pipeline = Pipeline.make("rows", {}, ({ step }) => {
    const measured = step("measure", Measure({ rows: step("make", Make({})) }))
    return { measured, sum: step("sum", Sum({ rows: measured })) }
  })
  return { pipeline, seen }
}

const words = (count: number, seed: string): Array<Word> => {
  const random = Random.make(seed)
  return Array.from({ length: count }, () => ({ text: "w".repeat(1 + random.integer(20)) + random.uint32() }))
}

const fingerprint = async (
  at: ReturnType<typeof project>,
  pipeline: Pipeline.Pipeline<any, any>,
): Promise<string> => {
  const plan = await at.plan(pipeline)
  return plan.actions.find((action) => action.name === "measure")!.outputs!["output"]!.fingerprint
}

/** The file of one chunk of what the step wrote. */
const blobOf = async (at: Project, pipeline: Pipeline.Pipeline<any, any>, chunk: number): Promise<string> => {
  const manifest = await at.provide(Artifact.readManifest("table", await fingerprint(at, pipeline)))
  const { digest } = manifest.chunks.at(chunk)!
  return join(at.store, "blobs", digest.slice(0, 2), digest)
}

describe("a row-wise step", () => {
  it("runs only for chunks that it has not seen, and gives what a full run gives, byte for byte", async () => {
    const rows = words(30_000, "first")
    const at = project()
    const first = fixture(rows)
    await at.run(first.pipeline)
    expect(first.seen.length).toBeGreaterThan(3)
    expect(first.seen.reduce((sum, count) => sum + count, 0)).toBe(30_000)

    for (const edited of [
      [...rows, { text: "appended" }],
      [{ text: "inserted first" }, ...rows],
      [...rows.slice(0, 15_000), { text: "inserted" }, ...rows.slice(15_000)],
      [...rows.slice(0, 100), ...rows.slice(101)],
    ]) {
      const again = fixture(edited)
      await at.run(again.pipeline)
      expect(again.seen.length).toBeGreaterThan(0)
      expect(again.seen.length).toBeLessThanOrEqual(2)

      const { actions } = await at.plan(again.pipeline)
      expect(actions[1]!.summary).toBe(`${edited.length.toLocaleString("en-US")} rows`)
      const fresh = project()
      const full = fixture(edited)
      await fresh.run(full.pipeline)
      expect(await fingerprint(at, again.pipeline)).toBe(await fingerprint(fresh, full.pipeline))
    }
  })

  it("runs for every chunk again when it is forced", async () => {
    const at = project()
    const rows = words(12_000, "forced")
    const first = fixture(rows)
    await at.run(first.pipeline)
    const again = fixture(rows)
    await at.run(again.pipeline, { force: ["measure"] })
    expect(again.seen).toEqual(first.seen)
  })

  it("runs again for a chunk whose bytes are missing or damaged, and for no other", async () => {
    const rows = words(12_000, "damage")
    const harms: ReadonlyArray<(blob: string) => void> = [
      (blob) => rmSync(blob),
      (blob) => {
        const bytes = readFileSync(blob)
        bytes[bytes.length >> 1]! ^= 1
        chmodSync(blob, 0o600)
        writeFileSync(blob, bytes)
      },
    ]
    for (const harm of harms) {
      const at = project()
      const first = fixture(rows)
      await at.run(first.pipeline)
      harm(await blobOf(at, first.pipeline, -1))
      const again = fixture(rows)
      await at.run(again.pipeline)
      expect(again.seen).toEqual([first.seen.at(-1)])
      const fresh = project()
      await fresh.run(fixture(rows).pipeline)
      expect(await fingerprint(at, again.pipeline)).toBe(await fingerprint(fresh, again.pipeline))
    }
  })

  it("takes what it remembers from a store that was copied", async () => {
    const at = project()
    const first = fixture(words(3000, "copied"))
    await at.run(first.pipeline)
    // A copy has other inodes: bytes are read once and found right.
    const blob = await blobOf(at, first.pipeline, 0)
    const bytes = readFileSync(blob)
    rmSync(blob)
    writeFileSync(blob, bytes)
    const again = fixture([...words(3000, "copied"), { text: "appended" }])
    await at.run(again.pipeline)
    expect(again.seen).toHaveLength(1)
  })

  it("runs once for chunks of equal rows", async () => {
    const rows = Array.from({ length: 16_384 * 3 }, () => ({ text: "same" }))
    const at = project()
    const same = fixture(rows)
    await at.run(same.pipeline)
    expect(same.seen).toEqual([16_384])
    const { actions } = await at.plan(same.pipeline)
    expect(actions[1]!.summary).toBe("49,152 rows")
  })

  it("runs for the same chunk of a table whose columns are declared otherwise", async () => {
    const seen: Array<string> = []
    const Describe = identified(
      "describe",
      Step.make({
        name: "describe",
        inputs: { rows: Step.anyTable },
        rowWise: { input: "rows" },
        output: Word,
        run: ({ inputs }) => {
          const text = JSON.stringify(inputs.rows.table.type.columns[0]!.type)
          seen.push(text)
          return [{ text }]
        },
      }),
    )
    class Open extends Table.make({ label: Table.dictionary() }) {}
    class Closed extends Table.make({ label: Table.dictionary(["a", "b"]) }) {}
    const rows = [{ label: "a" as const }, { label: "b" as const }]
    const open = identified("open", Step.make({ name: "open", output: Open, run: () => rows }))
    const closed = identified("closed", Step.make({ name: "closed", output: Closed, run: () => rows }))
    const at = project()
    await at.run(
      Pipeline.make("kinds", {}, ({ step }) => ({
        open: step("describeOpen", Describe({ rows: step("open", open({})) })),
        closed: step("describeClosed", Describe({ rows: step("closed", closed({})) })),
      })),
    )
    expect(seen.toSorted()).toEqual([
      '{"kind":"dictionary","values":["a","b"]}',
      '{"kind":"dictionary","values":null}',
    ])
  })

  it("keeps the chunks that were finished before its process was killed", async () => {
    const program = join(import.meta.dirname, "fixtures/rowCrash/pipeline.ts")
    const lab = () => {
      const { root } = project()
      const run = (env: NodeJS.ProcessEnv = {}) =>
        spawnSync(process.execPath, [program], {
          env: { ...process.env, LAB: root, SLUICE_TRANSFORMED: "1", ...env },
        })
      return { run, chunks: () => readFileSync(join(root, "chunks"), "utf8").trimEnd().split("\n") }
    }
    const whole = lab()
    expect(whole.run().status).toBe(0)
    const killed = lab()
    expect(killed.run({ KILL_AT: "3" }).signal).toBe("SIGKILL")
    expect(killed.chunks()).toEqual(whole.chunks().slice(0, 2))
    expect(killed.run().status).toBe(0)
    expect(killed.chunks()).toEqual(whole.chunks())
    expect(whole.chunks().length).toBeGreaterThan(3)
  })

  it("remembers nothing of a run during which a file that it reads was changed", async () => {
    const at = project()
    const rows = words(12_000, "files")
    let seen = 0
    const prefixed = (onChunk: () => void) => {
      const Make = identified("rows", Step.make({ name: "make", output: Word, run: () => rows }))
      const Prefix = identified(
        "prefix",
        Step.make({
          name: "prefix",
          inputs: { rows: Word, files: Source.files },
          rowWise: { input: "rows" },
          output: Word,
          run: ({ inputs }) => {
            seen++
            onChunk()
            return Effect.map(inputs.rows.all, (all) =>
              all.map(({ text }) => ({ text: readFileSync(join(at.root, "prefix.txt"), "utf8") + text })),
            )
          },
        }),
      )
      return Pipeline.make("prefixes", {}, ({ step }) =>
        step("prefix", Prefix({ rows: step("make", Make({})), files: "prefix.txt" })),
      )
    }
    at.write("prefix.txt", "a")
    const error = await at.failure(prefixed(() => at.write("prefix.txt", "b")))
    expect(error.message).toMatch(/prefix\.txt/)
    const chunks = seen
    expect(chunks).toBeGreaterThan(1)
    at.write("prefix.txt", "a")
    await at.run(prefixed(() => {}))
    expect(seen).toBe(2 * chunks)
    rows.push({ text: "appended" })
    await at.run(
      prefixed(() => {}),
      { force: ["make"] },
    )
    expect(seen).toBe(2 * chunks + 1)
  })

  it("is refused where it is declared row-wise in something else than a table", () => {
    const inputs = { files: Source.files }
    expect(() =>
      Step.make({ name: "bad", inputs, rowWise: { input: "files" }, output: Word, run: () => [] }),
    ).toThrow(new TypeError('Step "bad" is row-wise in "files", which is no input that is a table.'))
  })

  it("names the row of the whole table that does not fit", async () => {
    const at = project()
    const Bad = identified(
      "bad",
      Step.make({
        name: "bad",
        inputs: { rows: Word },
        rowWise: { input: "rows" },
        output: Long,
        run: (context) =>
          Effect.map(context.inputs.rows.all, (all) =>
            all.map((row) => ({ text: row.text, length: row.text === "bad" ? 0.5 : 1 })),
          ),
      }),
    )
    const rows = [...words(12_000, "bad"), { text: "bad" }]
    const pipeline = Pipeline.make("bad", {}, ({ step }) => {
      const made = fixture(rows).pipeline.build({ params: {}, step, ref: undefined as never })
      return step("bad", Bad({ rows: { ...made.measured, node: "make", kind: Word } as never }))
    })
    const error = await at.failure(pipeline)
    expect(error.message.split("\n")[0]).toBe("Row 12001 does not fit table Long.")
  })
})
