import * as Effect from "effect/Effect"
import { rmSync } from "node:fs"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { expect, it } from "vitest"
import { type Run, RunLog } from "../src/index.ts"
import { type Project, project } from "./support/project.ts"

const runAt = (id: string, startedAt: number): Run.Run => ({
  id,
  pipeline: "words",
  startedAt,
  endedAt: undefined,
  state: "running",
  params: {},
  steps: [{ name: "a", key: `key of ${id}`, decision: "hit", ms: 0 }],
})

const orderOf = (at: Project) =>
  at.provide(
    Effect.map(RunLog.RunLog, (log) => ({
      runs: log.runs().map(({ id }) => id),
      last: log.last("words"),
      before: log.lastKey("words", "a", "m")?.key,
    })),
  )

it("runs follow one another as they began, also in one millisecond, or where the clock went back", async () => {
  const at = project()
  await at.provide(
    Effect.map(RunLog.RunLog, (log) => {
      for (const run of [runAt("z", 50), runAt("m", 50), runAt("k", 50), runAt("b", 7)]) {
        log.begin(run, [["a", `key of ${run.id}`]])
      }
    }),
  )
  const order = { runs: ["b", "k", "m", "z"], last: "b", before: "key of m" }
  expect(await orderOf(at)).toEqual(order)
  // Built again from the runs' files, and from the index of an earlier version.
  rmSync(join(at.store, "sluice.sqlite"))
  expect(await orderOf(at)).toEqual(order)
  const old = new DatabaseSync(join(at.store, "sluice.sqlite"))
  old.exec("alter table runs drop column state; pragma user_version = 1")
  old.close()
  expect(await orderOf(at)).toEqual(order)
})

it("a log cut at any byte gives every whole line and never an error", () => {
  const lines: ReadonlyArray<RunLog.Line> = [
    {
      type: "run",
      version: 1,
      id: "r1",
      pipeline: "p",
      at: 1,
      owner: "o",
      params: { a: "1" },
      hits: [["x", "k"]],
    },
    { type: "start", at: 2, name: "y", key: "k2" },
    { type: "warning", at: 3, name: "y", message: 'übel: "zitiert"\n' },
    { type: "step", at: 4, name: "y", key: "k2", decision: "run", ms: 2 },
    { type: "end", at: 5, state: "done" },
  ]
  const whole = Buffer.from(lines.map((line) => `${JSON.stringify(line)}\n`).join(""))
  const ends: Array<number> = []
  whole.forEach((byte, at) => {
    if (byte === 10) ends.push(at)
  })
  for (let cut = 0; cut <= whole.byteLength; cut++) {
    // A line is whole when its last brace is there: only the line feed may be missing.
    const expected = ends.filter((end) => end <= cut).length
    expect(RunLog.parse(whole.subarray(0, cut).toString())).toEqual(lines.slice(0, expected))
  }
})
