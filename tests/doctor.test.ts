import { afterAll, beforeAll, describe, expect, it } from "vitest"
import type * as Sandbox from "./cli/Sandbox.ts"
import * as Outcome from "./support/Outcome.ts"
import * as tiny from "./support/tinyTuning.ts"

/** The tiny tuning, its tokens going through the data doctor. */
const pipeline = tiny.pipeline
  .replace("import { Collect, ", "import { Collect, Doctor, ")
  .replace(
    "params: {",
    "params: {\n      minimumRows: Schema.Int.pipe(Pipeline.withDefault(2)),\n      maxHeld: Schema.Int.pipe(Pipeline.withDefault(4)),",
  )
  .replace(
    'const { tokens } = step("tokenize", Tokenize.chat({ chats, model, maxTokens: 256 }))',
    `const { tokens: read } = step("tokenize", Tokenize.chat({ chats, model, maxTokens: 256 }))
    const few = step("few", Split.sample({ rows: heldOut, count: params.maxHeld, onShort: "all" }))
    const held = step("held", Format.chat({ rows: few, messages: chatOf }))
    const { tokens } = step(
      "doctor",
      Doctor.data({ chats, tokens: read, heldOut: held, model, minimumRows: params.minimumRows })
    )`,
  )

describe("the data doctor between tokens and training", () => {
  let project: Sandbox.Sandbox
  beforeAll(() => {
    project = tiny.make({ "tiny.ts": pipeline })
  })
  afterAll(() => project.remove())

  it("refuses too few rows before a step that trains is begun", async () => {
    const { code, stderr, stdout } = await project.sluice("run", "tiny.ts", "--set", "minimumRows=60")
    const said = stdout + stderr
    expect(code).toBe(1)
    expect(said).toMatch(
      /refuse fewRows: +There are fewer than 60 distinct rows: a model learns them by heart/,
    )
    expect(said).toContain('go on regardless with allow: ["fewRows"].')
    expect(said).not.toMatch(/^train +(run|done) /m)
  })

  it("hands on the tokens as Tokenize stored them, chunk for chunk", async () => {
    const { executed } = await Outcome.run(project, ["tiny.ts"])
    expect(executed).toEqual(expect.arrayContaining(["doctor", "train"]))
    const given = await Outcome.fingerprints(project, "tokenize")
    const handed = await Outcome.fingerprints(project, "doctor")
    expect(handed["tokens"]).toBe(given["tokens"])
  })

  it("runs again for other held-out rows, and nothing is trained again", async () => {
    const { executed } = await Outcome.run(project, ["--set", "maxHeld=3"])
    expect(executed.toSorted()).toEqual(["doctor", "few", "held"])
  })
})
