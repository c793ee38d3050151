/**
 * `sluice audit` through the real process: same answers, other answers, tolerance, quarantine and its two ends.
 */
import { afterAll, describe, expect, it } from "vitest"
import * as Sandbox from "./Sandbox.ts"
import { settled } from "./settled.ts"

/** Three steps: one always answers the same, one by chance, one nearly the same. */
const pipeline = (salt: string) => `
import { Artifact, Pipeline, Step, Table } from "@sluice/core"
import { Effect, Schema } from "effect"

class Word extends Table.make({ word: Table.utf8, length: Table.int32 }) {}
class Score extends Table.make({ score: Table.float64 }) {}

const Collect = Step.make({
  name: "collect",
  output: Word,
  run: () => ["one", "two", "three"].map((word) => ({ word, length: word.length })),
})

const Shout = Step.make({
  name: "shout",
  inputs: { words: Word },
  output: Word,
  run: ({ inputs }) =>
    Effect.map(inputs.words.all, (rows) =>
      rows.map(({ word, length }, at) => ({ word: at === 1 ? word + ${salt} + process.hrtime.bigint() : word, length })),
    ),
})

const Judge = Step.make({
  name: "judge",
  inputs: { words: Word },
  output: Score,
  tolerance: { absolute: 1e-3 },
  run: ({ inputs }) => Effect.map(inputs.words.all, (rows) => rows.map(() => ({ score: 0.5 + Math.random() / 1e6 }))),
})

const Count = Step.make({
  name: "count",
  inputs: { words: Word },
  output: Artifact.value("count", Schema.Int),
  run: ({ inputs }) => inputs.words.rowCount,
})

export default Pipeline.make("drifting", {}, ({ step }) => {
  const words = step("collect", Collect({}))
  const shouted = step("shout", Shout({ words }))
  return { count: step("count", Count({ words: shouted })), scores: step("judge", Judge({ words })) }
})
`

const project = Sandbox.make({ "p.ts": pipeline('"-"') })
afterAll(() => project.remove())

/** Clock readings, taken out. */
const steady = (text: string): ReadonlyArray<string> =>
  settled(text.replaceAll(/-\d{9,}/g, "-<clock>").replaceAll(/\d\.\d+e?-?\d* s\b/g, "<time>"))

describe("sluice audit", () => {
  it("executes a seeded sample of the hits, and leaves their results alone", async () => {
    await project.sluice("run", "p.ts")
    const before = await project.sluice("show", "collect", "--json")
    const one = await project.sluice("audit", "--seed", "2", "--json")
    const other = await project.sluice("audit", "--seed", "2", "--json")
    const report = JSON.parse(one.stdout)
    expect(report).toMatchObject({ pipeline: "drifting", seed: "2", hits: 4, notHits: [] })
    expect(report.outcomes).toMatchObject([{ step: "collect", result: "same", differences: [] }])
    expect(JSON.parse(other.stdout).outcomes[0].step).toBe(report.outcomes[0].step)
    expect((await project.sluice("show", "collect", "--json")).stdout).toBe(before.stdout)
  })

  it("quarantines a step that answers differently and names the first difference", async () => {
    const { code, stdout, stderr } = await project.sluice("audit", "--sample", "1", "--seed", "7")
    expect(stderr).toBe("")
    expect(steady(stdout)).toEqual([
      "collect    same      <key>      <time>",
      "shout      differs   <key>      <time>",
      '                     word in row 2: "two-<clock>" -> "two-<clock>"',
      "count      same      <key>      <time>",
      "judge      within    <key>      <time>",
      "4 of 4 hits executed again: 2 same, 1 within its tolerance, 1 differs (seed 7)",
      "shout is quarantined: its results are no hits until its code changes, or sluice audit --release shout.",
    ])
    expect(code).toBe(1)
  })

  it("says in plan and why that the step is quarantined, and runs it every time", async () => {
    const planned = steady((await project.sluice("plan")).stdout)
    expect(planned.slice(0, 4)).toEqual([
      "collect    hit       <key>",
      "shout      run       shout: quarantined, an audit got another answer   about <time>",
      "count      waiting   for shout   last time <time>",
      "judge      hit       <key>",
    ])
    expect(steady((await project.sluice("why", "shout")).stdout)).toEqual([
      "shout: quarantined, an audit got another answer",
      '  word in row 2: "two-<clock>" -> "two-<clock>"',
      "  sluice audit --release shout ends the quarantine; so does another edit of its code.",
      "shout would run.",
    ])
    for (const again of [1, 2]) {
      const { stdout } = await project.sluice("run", "--json")
      const steps = JSON.parse(stdout).steps as ReadonlyArray<{ name: string; decision: string }>
      expect([again, steps.find(({ name }) => name === "shout")?.decision]).toEqual([again, "run"])
    }
    expect((await project.sluice("why", "shout", "--run", "1")).stdout.split("\n")[0]).toBe(
      "shout: quarantined, an audit got another answer",
    )
    const { stdout } = await project.sluice("audit", "--step", "shout")
    expect(settled(stdout)[0]).toBe("shout      no hit")
  })

  it("releases by name, and knows which names there are", async () => {
    const wrong = await project.sluice("audit", "--release", "shuot")
    expect({ code: wrong.code, stderr: wrong.stderr }).toEqual({
      code: 2,
      stderr: 'Step "shuot" is not under quarantine.\n  Quarantined:  shout\nDid you mean shout?\n',
    })
    expect((await project.sluice("audit", "--release", "shout")).stdout).toBe(
      "shout is released: its results are hits again.\n",
    )
    expect(settled((await project.sluice("plan")).stdout)[4]).toBe("4 steps: 4 hit, 0 to run")
  })

  it("ends a quarantine when the step's code changes", async () => {
    await project.sluice("audit", "--step", "shout")
    expect(settled((await project.sluice("plan")).stdout)[4]).toContain("2 hit, 1 to run, 1 waiting")
    project.write("p.ts", pipeline('"="'))
    await project.sluice("run")
    expect(settled((await project.sluice("plan")).stdout)[4]).toBe("4 steps: 4 hit, 0 to run")
  })

  it("refuses a share that is none and a step that is not there", async () => {
    expect((await project.sluice("audit", "--sample", "5")).stderr).toBe(
      '--sample is "5" and must be a number above 0 and at most 1.\nsluice audit --help lists what it takes.\n',
    )
    expect((await project.sluice("audit", "--step", "jugde")).stderr).toBe(
      'Pipeline "drifting" has no step "jugde".\n  Steps:  collect, shout, count, judge\nDid you mean judge?\n',
    )
  })
})
