import * as Schema from "effect/Schema"
import { readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { Artifact, Engine, Pipeline, Step, Table } from "../src/index.ts"
import { project } from "./support/project.ts"
import { identified } from "./support/tagged.ts"

class Line extends Table.make({ text: Table.utf8 }) {}
const Length = Artifact.value("length", Schema.Int)

/** Lines, and a step that tells how many it will take: four seconds each, or what earlier runs measured. */
const fixture = () => {
  let asked = 0
  const Lines = identified(
    "lines",
    Step.make({
      name: "lines",
      config: { count: Schema.Int },
      output: Line,
      run: ({ config }) => Array.from({ length: config.count }, (_, at) => ({ text: `line ${at}` })),
    }),
  )
  const Learn = identified(
    "learn",
    Step.make({
      name: "learn",
      inputs: { rows: Line, more: Line },
      config: { times: Schema.Int },
      output: Length,
      forecast: async ({ config, inputs, measured, name, waiting }) => {
        asked++
        if (config.times < 0) throw new Error("times is negative")
        const seconds = measured("seconds each")[0] ?? 4
        const rows = inputs.rows?.rowCount
        const waits = Object.entries(waiting).map(([input, step]) => `${input} from ${step}`)
        return rows === undefined
          ? { facts: [name, ...waits] }
          : { facts: [name, `${rows} rows`, ...waits], ms: rows * config.times * seconds * 1000 }
      },
      run: (context) => {
        context.measure("seconds each", 7, "s")
        return context.inputs.rows.rowCount * context.config.times
      },
    }),
  )
  const Int = (value: number) => Schema.Int.pipe(Pipeline.withDefault(value))
  const pipeline = Pipeline.make(
    "learning",
    { params: { count: Int(2), more: Int(1), times: Int(3) } },
    ({ params, step }) => {
      const rows = step("lines", Lines({ count: params.count }))
      const more = step("moreLines", Lines({ count: params.more }))
      return step("learn", Learn({ rows, more, times: params.times }))
    },
  )
  return { pipeline, asked: () => asked }
}

describe("forecasts", () => {
  const told = async (
    { provide }: ReturnType<typeof project>,
    pipeline: Pipeline.Pipeline<any, any>,
    params: Readonly<Record<string, number>> = {},
  ) => Object.fromEntries((await provide(Engine.forecast(pipeline, { params }))).forecasts)

  it("are told from the inputs that are there, and name the steps that others wait for", async () => {
    const here = project()
    const { pipeline } = fixture()
    expect(await told(here, pipeline)).toEqual({
      learn: { facts: ["learn", "rows from lines", "more from moreLines"] },
    })
    await here.run(pipeline, { only: ["lines"] })
    expect(await told(here, pipeline)).toEqual({
      learn: { facts: ["learn", "2 rows", "more from moreLines"], ms: 24_000 },
    })
  })

  it("are asked of steps that will run, by a forecast alone", async () => {
    const here = project()
    const { asked, pipeline } = fixture()
    await here.plan(pipeline)
    await here.run(pipeline)
    expect(asked()).toBe(0)
    expect(await told(here, pipeline)).toEqual({})
    expect(asked()).toBe(0)
  })

  it("see what runs on this machine measured, the newest first", async () => {
    const here = project()
    const { pipeline } = fixture()
    await here.run(pipeline)
    expect(await told(here, pipeline, { times: 5 })).toEqual({
      learn: { facts: ["learn", "2 rows"], ms: 70_000 },
    })
    // The same runs as another machine would have logged them.
    const folder = join(here.store, "runs")
    for (const name of readdirSync(folder)) {
      const path = join(folder, name)
      writeFileSync(path, readFileSync(path, "utf8").replace(/"machine":"[^"]*"/, '"machine":"another × 64"'))
    }
    expect(await told(here, pipeline, { times: 5 })).toEqual({
      learn: { facts: ["learn", "2 rows"], ms: 40_000 },
    })
  })

  it("say why a step would fail", async () => {
    const here = project()
    const { pipeline } = fixture()
    expect(await told(here, pipeline, { times: -1 })).toEqual({
      learn: { problem: "times is negative" },
    })
  })
})
