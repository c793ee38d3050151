import { mkdirSync, readFileSync, rmSync, statSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import type * as Sandbox from "./cli/Sandbox.ts"
import * as Outcome from "./support/Outcome.ts"
import * as tiny from "./support/tinyTuning.ts"

const poison = { NODE_OPTIONS: `--import=${fileURLToPath(new URL("support/poison.mjs", import.meta.url))}` }

/** What has train above it. */
const tuned = ["train", "evaluate/tuned", "evaluate/report"]

describe("a tuning from files to report", () => {
  let project: Sandbox.Sandbox
  let first: Outcome.Outcome
  let adapter: string

  beforeAll(async () => {
    project = tiny.make()
    first = await Outcome.run(project, ["tiny.ts"])
    adapter = (await Outcome.fingerprints(project, "train"))["adapter"]!
  })
  afterAll(() => project.remove())

  const calls = (): number => statSync(join(project.root, "calls")).size
  const why = async (...args: ReadonlyArray<string>): Promise<ReadonlyArray<string>> => {
    const { code, stdout, stderr } = await project.sluice("why", "train", ...args)
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" })
    return stdout.trimEnd().split("\n")
  }

  it("executes every step once", () => {
    expect(first.executed.toSorted()).toEqual(tiny.steps.toSorted())
    // Every one of the 32 rows is made a chat once, on one side or the other.
    expect(calls()).toBe(32)
  })

  it("trains an adapter in PEFT's form, with one metrics row for each optimizer step", async () => {
    const { stdout } = await project.sluice("show", "train", "--json")
    const { outputs, summary } = JSON.parse(stdout)
    expect(outputs.adapter.files.map((file: { name: string }) => file.name)).toEqual([
      "adapter_config.json",
      "adapter_model.safetensors",
    ])
    const config = JSON.parse(readFileSync(outputs.adapter.files[0].path, "utf8"))
    expect(config).toMatchObject({ peft_type: "LORA", r: 4, lora_alpha: 8, task_type: "CAUSAL_LM" })
    expect(outputs.metrics.rows.map((row: { optimizerStep: number }) => row.optimizerStep)).toEqual([
      1, 2, 3, 4, 5, 6,
    ])
    expect(summary).toMatch(/^6 optimizer steps, loss \d\.\d{4} to \d\.\d{4}, 4,096 trained parameters$/)
  })

  it("accounts for every row: learnt from, or held out and answered by both arms", async () => {
    const rows = async (step: string, output: string) => {
      const { stdout } = await project.sluice("show", step, "--json", "--rows", "100")
      return JSON.parse(stdout).outputs[output].rows as ReadonlyArray<Record<string, unknown>>
    }
    const tokens = await rows("tokenize", "tokens")
    const predictions = await rows("evaluate/report", "predictions")
    expect(tokens.length + predictions.length / 2).toBe(32)
    expect(predictions.filter((row) => row["arm"] === "base")).toHaveLength(predictions.length / 2)
    expect(new Set(predictions.map((row) => row["expected"]))).toEqual(
      new Set(['{"mood":"good"}', '{"mood":"bad"}']),
    )
  })

  it("executes nothing the second time, even where every step is poisoned", async () => {
    const before = calls()
    rmSync(join(project.root, "calls"))
    mkdirSync(join(project.root, "calls"))
    const second = await Outcome.run(project, [], poison)
    expect(second).toEqual({ executed: [], hits: expect.anything(), keys: first.keys })
    expect(second.hits.toSorted()).toEqual(tiny.steps.toSorted())

    // The poison works: with work to do, both kinds of steps fail.
    const training = await project.start(["run", "--set", "learningRate=1e-3"], poison).result
    expect(training.code).toBe(1)
    project.write("data/yelp.json", JSON.stringify(tiny.reviews(33)))
    const formatting = await project.start(["run", "--only", "format"], poison).result
    expect(formatting.code).toBe(1)
    expect(formatting.stderr).toContain("EISDIR")

    rmSync(join(project.root, "calls"), { recursive: true })
    project.write("calls", "x".repeat(before))
    project.write("data/yelp.json", tiny.data())
  })

  it("lists a run that follows an unchanged one with its steps, all of them hits", async () => {
    await Outcome.run(project)
    await Outcome.run(project)
    const { runs } = JSON.parse((await project.sluice("runs", "--json", "--limit", "1")).stdout)
    expect(runs[0].steps.map((step: { decision: string }) => step.decision)).toEqual(
      tiny.steps.map(() => "hit"),
    )
    const shown = await project.sluice("show", "train", "--json")
    expect(JSON.parse(shown.stdout).outputs.adapter.fingerprint).toBe(adapter)
  })

  it("reruns train and what reads it after another learning rate, and says why", async () => {
    expect(await why("--set", "learningRate=1e-4")).toEqual([
      "learningRate: 0.0002 -> 0.0001",
      "train would run.",
    ])
    const before = calls()
    const changed = await Outcome.run(project, ["--set", "learningRate=1e-4"])
    expect(changed.executed.toSorted()).toEqual(tuned.toSorted())
    expect(calls()).toBe(before)
    expect((await why("--set", "learningRate=1e-4"))[0]).toBe("learningRate: 0.0002 -> 0.0001")
    expect((await Outcome.fingerprints(project, "train"))["adapter"]).not.toBe(adapter)
  })

  it("finds the earlier results again when the param goes back", async () => {
    const back = await Outcome.run(project, ["--set", "learningRate=0.0002"])
    expect(back).toEqual({ executed: [], hits: expect.anything(), keys: first.keys })
  })

  it("reruns exactly one step where its output comes out the same", async () => {
    project.write("data/yelp.json", tiny.data(4))
    const changed = await Outcome.run(project)
    expect(changed.executed).toEqual(["collect"])
    const { stdout } = await project.sluice("why", "collect")
    expect(stdout.split("\n")[0]).toBe("collect: data/yelp.json changed")
  })

  it("names the helper in another file, and executes its callers alone where nothing else changes", async () => {
    project.write("lib/text.ts", tiny.helper.replace("text.trim()", "text.trim().trim()"))
    expect(await why()).toEqual([
      "clean() in lib/text.ts changed",
      "  by way of format -> tokenize -> train",
      "train waits for tokenize, and is spared if the result comes out the same.",
    ])
    const changed = await Outcome.run(project)
    expect(changed.executed.toSorted()).toEqual(["evaluate/chats", "format"])
  })

  it("does not see comments, types and formatting", async () => {
    project.write(
      "lib/text.ts",
      `// Another comment.\nimport * as fs from "node:fs"\nimport { appendFileSync } from "node:fs"\nexport type Text = string\n` +
        `export const clean = (given: Text): Text => {\n  appendFileSync("calls", "x");\n\n  return given.trim().trim();\n}\n` +
        `export const unused = (): number => fs.statSync(".").size\n`,
    )
    expect((await Outcome.run(project)).executed).toEqual([])
  })

  it("names the changed data, and a row's change goes all the way", async () => {
    const rows = tiny
      .reviews()
      .map((row, at) => (at === 3 ? { ...row, text: "awful thing number three" } : row))
    project.write("data/yelp.json", JSON.stringify(rows))
    expect((await why())[0]).toBe("collect: data/yelp.json changed")
    const changed = await Outcome.run(project)
    expect(changed.executed).toContain("collect")
    expect((await project.sluice("why", "collect")).stdout.split("\n")[0]).toBe(
      "collect: data/yelp.json changed",
    )
  })

  it("names the changed data, helper and param after the run too", async () => {
    project.write("data/yelp.json", tiny.data())
    project.write("lib/text.ts", tiny.helper)
    await Outcome.run(project)
    project.write("lib/text.ts", tiny.helper.replace("text.trim()", "text.trim().toUpperCase()"))
    const changed = await Outcome.run(project)
    expect(changed.executed.toSorted()).toEqual(
      ["format", "tokenize", "evaluate/chats", "evaluate/base", ...tuned].toSorted(),
    )
    expect((await why())[0]).toBe("clean() in lib/text.ts changed")
    project.write("data/yelp.json", JSON.stringify(tiny.reviews(33)))
    await Outcome.run(project)
    expect((await why())[0]).toBe("collect: data/yelp.json changed")
  })
})
