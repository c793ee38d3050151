import { cpSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { fileURLToPath } from "node:url"
import { writeTinyModel } from "../packages/steps/test/support/tinyModel.ts"
import type * as Sandbox from "./cli/Sandbox.ts"
import * as Group from "./support/Group.ts"
import * as Outcome from "./support/Outcome.ts"
import * as tiny from "./support/tinyTuning.ts"

const preload = { NODE_OPTIONS: `--import=${fileURLToPath(new URL("support/crash.mjs", import.meta.url))}` }
const total = 300
const pipeline = tiny.pipeline
  .replace("maxOptimizerSteps: 6", `epochs: 100,\n        maxOptimizerSteps: ${total}`)
  .replace("checkpointEvery: 2", `checkpointEvery: ${total}`)

/** Optimizer steps done in the only checkpoint that there is. */
const saved = (project: Sandbox.Sandbox): number => {
  const folder = join(project.root, ".sluice/checkpoints")
  const heads = Outcome.files(folder).filter((path) => path.endsWith("checkpoint.json"))
  expect(heads).toHaveLength(1)
  return JSON.parse(readFileSync(heads[0]!, "utf8")).meta.optimizerSteps
}

/** Measurements of the newest run, by name. */
const measured = (project: Sandbox.Sandbox): Readonly<Record<string, number>> => {
  const folder = join(project.root, ".sluice/runs")
  // By time, not by name: two runs may begin in one second.
  const written = (name: string): number => statSync(join(folder, name)).mtimeMs
  const newest = readdirSync(folder)
    .toSorted((a, b) => written(a) - written(b))
    .at(-1)!
  const events = readFileSync(join(folder, newest), "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line))
  return Object.fromEntries(
    events.filter(({ type }) => type === "measure").map(({ measure, value }) => [measure, value]),
  )
}

describe("a training that is interrupted", () => {
  let project: Sandbox.Sandbox
  let uninterrupted: Readonly<Record<string, string>>
  /** Of the interrupted training. */
  let key: string

  beforeAll(async () => {
    project = tiny.make({ "tiny.ts": pipeline })
    await Outcome.run(project, ["tiny.ts", "--only", "train"])
    uninterrupted = await Outcome.fingerprints(project, "train")
    tiny.forget(project)
    await Outcome.run(project, ["--only", "tokenize"])
  })
  afterAll(() => project.remove())

  it("ends within seconds of Ctrl-C, with a checkpoint of the step reached, and goes on from there", async () => {
    const running = project.terminal(["run", "--only", "train"])
    await running.until(new RegExp(`\\d+/${total}`))
    const pressed = performance.now()
    running.type("\u0003")
    expect((await running.result).code).toBe(130)
    expect(performance.now() - pressed).toBeLessThan(5000)

    const reached = saved(project)
    expect(reached).toBeGreaterThan(0)
    expect(reached).toBeLessThan(total)
    key = readdirSync(join(project.root, ".sluice/checkpoints"))[0]!
    cpSync(join(project.root, ".sluice/checkpoints"), join(project.root, "kept"), { recursive: true })
    const again = await Outcome.run(project, ["--only", "train"])
    expect(again.executed).toEqual(["train"])
    expect(measured(project)["resumed after optimizer step"]).toBe(reached)
    expect(await Outcome.fingerprints(project, "train")).toEqual(uninterrupted)
  })

  /** The store as it was after the interruption. */
  const interruptedAgain = async (): Promise<void> => {
    tiny.forget(project)
    await Outcome.run(project, ["--only", "tokenize"])
    cpSync(join(project.root, "kept"), join(project.root, ".sluice/checkpoints"), { recursive: true })
  }
  const refused = (differences: ReadonlyArray<string>) => {
    const indent = " ".repeat("  Checkpoint:  ".length)
    return [
      'A checkpoint of step "train" cannot be resumed exactly.',
      `  Checkpoint:  ${join(project.root, ".sluice/checkpoints", key, "1")}`,
      `  Differs:     ${differences.join(`\n${indent}`)}`,
      "Run with the settings of the checkpoint, or run without it to start over.",
      "",
    ].join("\n")
  }

  it("goes on from the checkpoint that is asked for, also from a copy elsewhere", async () => {
    await interruptedAgain()
    rmSync(join(project.root, ".sluice/checkpoints"), { recursive: true })
    await Outcome.run(project, ["--only", "train", "--resume-from", join("kept", key)])
    expect(measured(project)["resumed after optimizer step"]).toBeGreaterThan(0)
    expect(await Outcome.fingerprints(project, "train")).toEqual(uninterrupted)
  })

  it("names a checkpoint of other settings as not used, and refuses it where it is asked for", async () => {
    await interruptedAgain()
    const other = ["run", "--only", "train", "--set", "learningRate=0.001"]
    const asked = await project.sluice(...other, "--resume-from", key.slice(0, 8))
    expect(asked).toEqual({
      code: 2,
      stdout: "",
      stderr: refused(["learningRate: 0.0002 -> 0.001"]),
    })
    const { code, stdout } = await project.sluice(...other)
    expect(code).toBe(0)
    expect(stdout).toContain(
      "warning: train: a checkpoint of other settings is not used: learningRate: 0.0002 -> 0.001",
    )
  })

  it("refuses a checkpoint of other rows, template or base model, as soon as they are known", async () => {
    await interruptedAgain()
    const config = join(project.root, "model/tokenizer_config.json")
    const original = readFileSync(config, "utf8")
    const trained = ["run", "--only", "train", "--resume-from", key]
    project.write("data/yelp.json", JSON.stringify(tiny.reviews(48)))
    const rows = await project.sluice(...trained)
    expect(rows.code).toBe(1)
    expect(rows.stderr).toContain(refused(["input tokens changed"]).trimEnd())
    project.write("data/yelp.json", tiny.data())
    writeFileSync(config, original.replace("<|im_start|>assistant\\n", "<|im_start|>assistant\\n\\n"))
    const template = await project.sluice(...trained)
    expect(template.code).toBe(1)
    expect(template.stderr).toContain("input model changed")
    writeFileSync(config, original)
    writeTinyModel(join(project.root, "model"), "another")
    const base = await project.sluice(...trained)
    expect(base.code).toBe(1)
    expect(base.stderr).toContain("input model changed")
    writeTinyModel(join(project.root, "model"))
  })

  it("refuses a checkpoint that lacks a part or has a damaged one, each by its name", async () => {
    await interruptedAgain()
    const folder = join(project.root, ".sluice/checkpoints", key, "1")
    const state = readFileSync(join(folder, "part-0"))
    state[100] = state[100]! ^ 1
    writeFileSync(join(folder, "part-0"), state)
    rmSync(join(folder, "part-1"))
    const { code, stderr } = await project.sluice("run", "--only", "train", "--resume-from", key)
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: refused([
        'part "state" (part-0) is damaged: its digest is another',
        'part "record" (part-1) is missing',
      ]),
    })
  })

  it("has the same key whenever its checkpoints are saved", async () => {
    await interruptedAgain()
    await Outcome.run(project, ["--only", "train"])
    project.write("tiny.ts", pipeline.replace(`checkpointEvery: ${total}`, "checkpointEvery: 7"))
    expect((await Outcome.run(project, ["--only", "train"])).executed).toEqual([])
  })
})

/** Everything that a training may be asked for. */
const everything = tiny.pipeline
  .replace("rank: 4,", "rank: 4, ...everything(heldOutTokens),")
  .replace(
    "export default",
    `const everything = (tokens: any) => ({
  rsLora: true,
  targetModules: ".*(self_attn[.][qv]|mlp[.](up|down))_proj",
  rankPattern: { up_proj: 3 },
  alphaPattern: { "layers.1.*": 8 },
  loraPlusRatio: 4,
  dropout: 0.1,
  noiseAlpha: 5,
  schedule: "warmupStableDecay" as const,
  optimizer: "adafactor" as const,
  weightDecay: 0.05,
  recompute: "always" as const,
  heldOut: { tokens, every: 2, patience: 9 },
  samples: { prompts: ["lovely"], every: 2, maxNewTokens: 2 }
})

export default`,
  )
  .replace(
    "const { adapter, metrics }",
    `const heldOutChats = step("formatHeldOut", Format.chat({ rows: heldOut, messages: chatOf }))
    const { tokens: heldOutTokens } = step("tokenizeHeldOut", Tokenize.chat({ chats: heldOutChats, model, maxTokens: 256 }))
    const { adapter, metrics }`,
  )
  .replace("maxOptimizerSteps: 6", "maxOptimizerSteps: 4")
  .replace("checkpointEvery: 2", "checkpointEvery: 1")

describe("a training with every option on", () => {
  let project: Sandbox.Sandbox
  beforeAll(() => {
    project = tiny.make({ "tiny.ts": everything })
  })
  afterAll(() => project.remove())

  it("comes out the same when it is killed after each of its checkpoints", async () => {
    const trace = join(project.root, "trace")
    await Outcome.run(project, ["tiny.ts", "--only", "train"], { ...preload, CRASH_TRACE: trace })
    const uninterrupted = await Outcome.fingerprints(project, "train")
    const operations = readFileSync(trace, "utf8")
      .split("\n")
      .filter((line) => line.startsWith("child"))
    const saves = operations.filter((line) => /renameSync .*\/checkpoints\/[0-9a-f]+\/\d+$/.test(line))
    expect(saves).toHaveLength(3)
    for (const save of saves) {
      tiny.forget(project)
      await Outcome.run(project, ["--only", "tokenize", "--only", "tokenizeHeldOut"])
      const [process, number, name] = operations[operations.indexOf(save) + 1]!.split(" ")
      const killed = await Group.start(project, ["run", "--only", "train"], {
        ...preload,
        CRASH_AT: `${process}:${number}:${name}`,
      }).ended
      expect(killed.code).toBe(null)
      await Outcome.run(project, ["--only", "train"])
      expect(measured(project)["resumed after optimizer step"]).toBe(saves.indexOf(save) + 1)
      expect(await Outcome.fingerprints(project, "train")).toEqual(uninterrupted)
    }
  })
})
