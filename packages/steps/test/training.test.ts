/** What a training may be asked for beside the plain recipe, on a model of two layers in plain JavaScript. */
import { ModelFiles as Opened } from "@sluice/llm"
import type { Forecast, Step } from "@sluice/core"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { createHash } from "node:crypto"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { Chat } from "../src/Chat.ts"
import { ModelFiles } from "../src/kinds.ts"
import { Tokens } from "../src/Tokens.ts"
import * as Train from "../src/Train.ts"
import * as forecast from "../src/train/forecast.ts"
import type * as Pace from "../src/train/Pace.ts"
import * as Record from "../src/train/Record.ts"
import * as Snapshots from "../src/train/Snapshots.ts"
import * as Timing from "../src/train/Timing.ts"
import { inMemory } from "./support/checkpoints.ts"
import { filesReader } from "./support/files.ts"
import { reader, ref, runStep } from "./support/runStep.ts"
import { writeTinyModel } from "./support/tinyModel.ts"

let folder: string
let model: ReturnType<typeof filesReader>
beforeAll(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "sluice-training-"))
  writeTinyModel(folder)
  model = filesReader(Opened.filesOf(folder))
})
afterAll(() => fs.rmSync(folder, { recursive: true }))

/** Rows of bytes: a question of one letter, and its answer, which is learnt. */
const row = (id: string, question: string, answer: string) => {
  const ids = [256, ...Buffer.from(`${question}?`), 256, ...Buffer.from(answer), 257]
  const from = ids.length - answer.length - 1
  return { id, ids, labels: ids.map((token, at) => (at < from ? -100 : token)), weights: null }
}
const rows = Array.from({ length: 6 }, (_, at) => row(`row${at}`, "abcdef"[at]!, at % 2 === 0 ? "x" : "y"))
const held = Array.from({ length: 5 }, (_, at) => row(`held${at}`, "ghijk"[at]!, at % 2 === 0 ? "x" : "y"))

const modelRef = { ...ref(Tokens), kind: ModelFiles } as never
const base = { model: modelRef, tokens: ref(Tokens), rank: 2, batchRows: 2, epochs: 2, learningRate: 0.02 }
const heldOut = { tokens: ref(Tokens) }

const train = (
  options: Partial<Train.LoraOptions> = {},
  more: Parameters<typeof runStep>[2] = {},
  tokens: ReadonlyArray<object> = rows,
) =>
  runStep(
    Train.lora({ ...base, ...options }),
    { model, tokens: reader(tokens as never), heldOutTokens: reader(held) },
    { settings: { backend: "cpu" }, ...more },
  )

/** A digest of all outputs: the adapter's bytes and every table. */
const digest = ({ outputs }: Awaited<ReturnType<typeof train>>): string => {
  const { adapter, snapshots = {}, ...tables } = outputs
  const hash = createHash("sha256").update(JSON.stringify(tables))
  for (const file of Object.values({ ...adapter, ...snapshots } as globalThis.Record<
    string,
    string | Uint8Array
  >))
    hash.update(file)
  return hash.digest("hex")
}

describe("rows that are held out", () => {
  it("are looked at before, at each epoch's end, or every so many optimizer steps", async () => {
    const steps = async (every?: number) => {
      const { outputs } = await train({ heldOut: { ...heldOut, ...(every === undefined ? {} : { every }) } })
      return outputs["heldOutLosses"].map((look: { optimizerStep: number }) => look.optimizerStep)
    }
    expect(await steps()).toEqual([0, 3, 6])
    expect(await steps(4)).toEqual([0, 4, 6])
  })

  it("have the mean of their rows' losses, weighted by supervised tokens, and change no adapter", async () => {
    const { outputs, summary } = await train({ heldOut: { ...heldOut, keep: "last" } })
    const looks = outputs["heldOutLosses"] as ReadonlyArray<globalThis.Record<string, number>>
    for (const look of looks) {
      const seen = outputs["rowLosses"].filter(
        (loss: { split: string; optimizerStep: number }) =>
          loss.split === "heldOut" && loss.optimizerStep === look["optimizerStep"],
      )
      expect(seen.map(({ id }: { id: string }) => id)).toEqual(held.map(({ id }) => id))
      const mean = seen.reduce((sum: number, { loss }: { loss: number }) => sum + loss, 0) / held.length
      expect(look["loss"]).toBeCloseTo(mean, 6) // two supervised tokens in each
      expect(look).toMatchObject({ rows: 5, supervisedTokens: 10 })
    }
    expect(looks[2]!["loss"]).toBeLessThan(looks[0]!["loss"]! - 0.5)
    expect(summary).toMatch(/, held-out loss \d\.\d{4} to \d\.\d{4} after 6$/)
    const without = await train()
    expect(without.outputs["heldOutLosses"]).toEqual([])
    expect(without.outputs["adapter"]).toEqual(outputs["adapter"])
    expect(without.outputs["metrics"]).toEqual(outputs["metrics"])
  })

  it("stop a training that only gets worse, and the best adapter is kept", async () => {
    // A rate that learns in the first optimizer steps and then destroys what was learnt.
    const wild = { learningRate: 0.6, schedule: "constant", warmup: 8, epochs: 8 } as const
    const stopped = await train({ ...wild, heldOut: { ...heldOut, every: 1, patience: 3 } })
    const looks = stopped.outputs["heldOutLosses"] as ReadonlyArray<{
      optimizerStep: number
      loss: number
      best: boolean
    }>
    const best = looks.findLast((look) => look.best)!
    expect(best.loss).toBe(Math.min(...looks.slice(1).map(({ loss }) => loss)))
    expect(looks.at(-1)!.optimizerStep).toBe(best.optimizerStep + 3)
    expect(stopped.outputs["metrics"]).toHaveLength(best.optimizerStep + 3)
    expect(stopped.summary).toMatch(
      new RegExp(`after ${best.optimizerStep}, which is kept, stopped early of 24$`),
    )
    // The same training ended there gives the same adapter: a constant rate does not depend on the total.
    const short = await train({ ...wild, maxOptimizerSteps: best.optimizerStep })
    expect(stopped.outputs["adapter"]).toEqual(short.outputs["adapter"])
  })
})

describe("rows that do not fit their purpose", () => {
  it("are warned of where held-out ones are learnt from too", async () => {
    const warnings = async (tokens: ReadonlyArray<object>) =>
      (await train({ heldOut, epochs: 1 }, {}, tokens)).warnings
    expect(await warnings(rows)).toEqual([])
    const words = "held-out rows are learnt from too: their losses say nothing about new rows"
    expect(await warnings([...rows, held[0]!])).toEqual([`1 of 5 ${words}`])
    expect(await warnings(held)).toEqual([`all 5 ${words}`])
  })

  it("are refused where there are none", async () => {
    await expect(train({}, {}, [])).rejects.toThrow(
      "There is nothing to learn from.\n  tokens:  0 rows\nSee what the steps before it dropped.",
    )
    const silent = held.map((one) => ({ ...one, labels: one.labels.map(() => -100) }))
    const given = { model, tokens: reader(rows), heldOutTokens: reader(silent) }
    await expect(
      runStep(Train.lora({ ...base, heldOut }), given, { settings: { backend: "cpu" } }),
    ).rejects.toThrow(
      "No held-out row has a supervised token.\n  heldOut.tokens:  5 rows\n" +
        "Hold out rows with answers, or leave heldOut out.",
    )
  })
})

describe("rows that were tokenized for another model", () => {
  it("are refused by row before anything is trained, held-out ones too", async () => {
    const foreign = [...rows, { ...rows[0]!, id: "other", ids: rows[0]!.ids.with(1, 258) }]
    await expect(train({}, {}, foreign)).rejects.toThrow(
      "1 row has tokens that the model does not have.\n  Model:      tokens 0 to 257\n  Row other:  token 258\n" +
        "Tokenize with the model that is trained.",
    )
    const strange = held.map((one) => ({ ...one, ids: one.ids.with(0, -1) }))
    const given = { model, tokens: reader(rows), heldOutTokens: reader(strange) }
    const use = Train.lora({ ...base, heldOut })
    await expect(runStep(use, given, { settings: { backend: "cpu" } })).rejects.toThrow(
      "5 rows have tokens that the model does not have.",
    )
  })
})

describe("what cannot do what it is there for", () => {
  const warnings = async (options: Partial<Train.LoraOptions>) => (await train(options)).warnings

  it("is warned of: a warmup longer than the training, patience that cannot run out, ranks above the matrices", async () => {
    expect(await warnings({ warmup: 7 })).toEqual([
      "warmup: 7 is more than the 6 optimizer steps of this training: the learning rate only rises",
    ])
    expect(await warnings({ heldOut: { ...heldOut, patience: 1 } })).toEqual([
      "heldOut.patience: 1 never ends this training early: it looks at its held-out rows 2 times; set heldOut.every",
    ])
    expect(await warnings({ rankPattern: { v_proj: 17, down_proj: 32 }, epochs: 1 })).toEqual([
      "the rank is above the size of 2 projections, such as 17 for model.layers.0.self_attn.v_proj, 16 x 32: 16 can learn the same",
    ])
  })

  it("is warned of: rows longer than the model's context", async () => {
    const text = (length: number) => row(`of ${length}`, "a".repeat(length - 5), "b")
    expect(text(1024).ids).toHaveLength(1024)
    const { warnings: said } = await train({ maxOptimizerSteps: 1 }, {}, [text(1024), text(1025)])
    expect(said).toEqual([
      "1 of 7 rows is longer than the model's context of 1,024 tokens; set maxTokens where they are tokenized",
    ])
  })

  it("is not where it just does", async () => {
    const least = { warmup: 6, heldOut: { ...heldOut, every: 2, patience: 1 }, rankPattern: { v_proj: 16 } }
    expect(await warnings(least)).toEqual([])
    expect(await warnings({ warmup: 0.99, epochs: 1, maxOptimizerSteps: 1 })).toEqual([])
  })

  it("is warned of where not even a row fits into the memory for activations", async () => {
    const long = Array.from({ length: 2 }, (_, at) => row(`long${at}`, "a".repeat(900), "b".repeat(90)))
    const options = { batchRows: 1, maxOptimizerSteps: 1, activationMiB: 1 } as const
    const { warnings: said } = await train({ ...options, recompute: "never" }, {}, long)
    expect(said).toEqual([
      expect.stringMatching(
        /^activationMiB: 1 is less than a single row takes, \d+ MB; recompute: never keeps it so$/,
      ),
    ])
    expect((await train({ ...options, activationMiB: 64 }, {}, long)).warnings).toEqual([])
  })
})

describe("a training that diverges", () => {
  const tooFast = { schedule: "constant", warmup: 0, maxOptimizerSteps: 1 } as const
  const said = (what: string, rate: number) =>
    `Training diverged.\n  Optimizer step:  1\n  ${what}\n  Learning rate:   ${rate}\nTry a smaller learning rate.`

  it("gives no adapter where its last optimizer step left no numbers", async () => {
    const broken = said("Adapter:         2,048 numbers of it are infinite or no numbers", 1e39)
    await expect(train({ ...tooFast, learningRate: 1e39 })).rejects.toThrow(broken)
  })

  it("is told by its held-out rows, and no look without a loss is the best one", async () => {
    const lost = said("Loss of held-out rows:  NaN", 1e20).replaceAll(/:  +/g, ":  +")
    await expect(train({ ...tooFast, learningRate: 1e20, heldOut })).rejects.toThrow(new RegExp(lost))
  })
})

describe("the account of rows", () => {
  it("has each row once an epoch, and adds up to the metrics", async () => {
    const silent = { ...row("silent", "z", "x"), labels: row("silent", "z", "x").labels.map(() => -100) }
    const { outputs } = await train({}, {}, [...rows, silent, row("long", "q", "xyx")])
    const losses = outputs["rowLosses"] as ReadonlyArray<any>
    const ids = [...rows.map(({ id }) => id), "long", "silent"]
    for (const [from, to] of [
      [1, 4],
      [5, 8],
    ] as const) {
      const epoch = losses.filter(({ optimizerStep: step }) => step >= from && step <= to)
      expect(new Set(epoch.map(({ id }): string => id))).toEqual(new Set(ids))
      expect(epoch).toHaveLength(ids.length)
    }
    for (const metric of outputs["metrics"]) {
      const seen = losses.filter(({ optimizerStep }) => optimizerStep === metric.optimizerStep)
      const sum = (of: (loss: any) => number) => seen.reduce((total, loss) => total + of(loss), 0)
      expect([seen.length, sum((l) => l.tokens), sum((l) => l.supervisedTokens)]).toEqual([
        metric.rows,
        metric.tokens,
        metric.supervisedTokens,
      ])
      const mean = sum((l) => (l.loss ?? 0) * l.supervisedTokens) / metric.supervisedTokens
      expect(mean).toBeCloseTo(metric.loss, 6)
    }
    expect(losses.filter(({ loss }) => loss === null).map(({ id }) => id)).toEqual(["silent", "silent"])
  })
})

describe("samples", () => {
  it("are answers before, at each epoch's end and after the last optimizer step", async () => {
    const { outputs } = await train({
      learningRate: 0.05,
      epochs: 6,
      samples: { prompts: ["a", [{ role: "user", content: "b" }]], every: 10, maxNewTokens: 3 },
    })
    const samples = outputs["samples"] as ReadonlyArray<any>
    expect(samples.map(({ optimizerStep, prompt }) => [optimizerStep, prompt])).toEqual(
      [0, 10, 18].flatMap((step) => [
        [step, "a"],
        [step, "b"],
      ]),
    )
    for (const { newTokens, stopped } of samples) {
      expect(newTokens).toBeLessThanOrEqual(3)
      expect(newTokens === 3 || stopped).toBe(true)
    }
    expect(samples.at(-1).text).not.toBe(samples[1].text)
  })
})

describe("snapshots", () => {
  it("are the adapters that the same training has after so many optimizer steps, the last one included", async () => {
    const constant = { schedule: "constant", warmup: 0 } as const
    const { outputs } = await train({ ...constant, snapshots: { every: 4 } })
    expect(Object.keys(outputs["snapshots"])).toEqual(
      ["step-000004", "step-000006"].flatMap((folder) => [
        `${folder}/adapter_config.json`,
        `${folder}/adapter_model.safetensors`,
      ]),
    )
    for (const maxOptimizerSteps of [4, 6]) {
      const { adapter } = (await train({ ...constant, maxOptimizerSteps })).outputs
      for (const [name, content] of Object.entries(adapter))
        expect(outputs["snapshots"][`step-00000${maxOptimizerSteps}/${name}`]).toEqual(content)
    }
  })

  it("have one of the optimizer step after which a training stops early, though another adapter is kept", async () => {
    const wild = { learningRate: 0.6, schedule: "constant", warmup: 8, epochs: 8 } as const
    const watched = { ...heldOut, every: 1, patience: 3 }
    const { outputs } = await train({ ...wild, heldOut: watched, snapshots: { every: 100 } })
    const last = outputs["metrics"].at(-1).optimizerStep as number
    expect(last).toBeLessThan(24)
    const weights = `step-${String(last).padStart(6, "0")}/adapter_model.safetensors`
    expect(Object.keys(outputs["snapshots"])[1]).toBe(weights)
    const unwatched = await train({ ...wild, maxOptimizerSteps: last })
    expect(outputs["snapshots"][weights]).toEqual(unwatched.outputs["adapter"]["adapter_model.safetensors"])
    expect(outputs["snapshots"][weights]).not.toEqual(outputs["adapter"]["adapter_model.safetensors"])
  })

  it("are foretold: as many as there are, four bytes a parameter", () => {
    // After 10, 20, 30 and 38.
    expect(Snapshots.bytesOf({ every: 10 }, 38, 4_884_480)).toBe(4 * 4 * 4_884_480)
    expect(Snapshots.bytesOf({ every: 10 }, 40, 5)).toBe(4 * 4 * 5)
    expect(Snapshots.bytesOf(null, 38, 5)).toBe(0)
  })

  it("change nothing else, and are no output where nobody asks for them", async () => {
    const { snapshots, ...others } = (await train({ snapshots: { every: 1 } })).outputs
    expect(Object.keys(snapshots)).toHaveLength(12)
    expect((await train()).outputs).toEqual(others)
  })
})

const everything = {
  rsLora: true,
  targetModules: ".*(self_attn[.][qv]|mlp[.](up|down))_proj",
  rankPattern: { up_proj: 3 },
  alphaPattern: { "layers.1.*": 8 },
  loraPlusRatio: 4,
  dropout: 0.1,
  noiseAlpha: 5,
  schedule: "warmupStableDecay",
  weightDecay: 0.05,
  recompute: "always",
  heldOut: { ...heldOut, every: 2, patience: 9 },
  samples: { prompts: ["a"], every: 3, maxNewTokens: 2 },
  snapshots: { every: 2 },
  epochs: 2,
} as const satisfies Partial<Train.LoraOptions>

describe.each(["adamW", "adafactor"] as const)("a training with every option on, and %s", (optimizer) => {
  const options = { ...everything, optimizer }

  it("gives one digest in five runs", async () => {
    const digests = new Set<string>()
    for (let run = 0; run < 5; run++) digests.add(digest(await train(options)))
    expect(digests.size).toBe(1)
  })

  it("goes on from a checkpoint of any optimizer step to the same digest", async () => {
    const expected = digest(await train(options))
    for (let at = 1; at <= 5; at++) {
      const { handle, saves } = inMemory()
      const stop = new AbortController()
      const interrupted = train(options, {
        checkpoint: handle,
        signal: stop.signal,
        progress: ({ done }) => {
          if (done === at) stop.abort()
        },
      })
      await expect(interrupted).rejects.toThrow(/interrupt/)
      expect(JSON.parse(saves.at(-1)!.meta)).toMatchObject({ optimizerSteps: at })
      const done: Array<number> = []
      const resumed = await train(options, {
        checkpoint: handle,
        progress: (progress) => done.push(progress.done),
      })
      expect(done[0]).toBe(at + 1)
      expect(digest(resumed)).toBe(expected)
    }
  })
})

describe("what a training will take", () => {
  /** Of the tiny model with rank 2: its parameters, and those of the base model. */
  const parameters = 2560
  const settings = { backend: "cpu", device: "cpu", threads: 1, precision: "float32" }

  const said = async (
    options: Partial<Train.LoraOptions> = {},
    more: Parameters<typeof runStep>[2] = {},
  ): Promise<ReadonlyArray<string>> => {
    const notes: Array<string> = []
    await train(options, { settings, note: (text) => notes.push(text), ...more })
    return notes
  }

  it("is said before it begins, with the time where such a model was trained before", async () => {
    const [first] = await said({ heldOut })
    expect(first).toMatch(/^\d,\d{3} trained parameters, 6 optimizer steps, peak memory about \d{3} MB$/)
    const names: Array<string> = []
    const measured = (name: string) => {
      names.push(name)
      return name.startsWith("training rate") ? [1e-6, 2e-6, 9] : [3]
    }
    const [timed] = await said({ heldOut }, { measured })
    expect(timed!.replace(/\d+:\d\d/, "TIME")).toBe(`${first}, about TIME of training`)
    const where = /^training rate \((\d+, cpu cpu, 1 threads, float32)\)$/.exec(names[0]!)![1]!
    expect(names).toEqual([`training rate (${where})`, `training warm-up (${where})`])
  })

  const plan = (
    inputs: object,
    waiting: object,
    measured: (name: string) => ReadonlyArray<number> = () => [],
  ) => {
    const { config, facts } = Train.lora({ ...base, heldOut })
    const context = {
      name: "train",
      config: Schema.decodeUnknownSync(Schema.Struct(facts.config) as never)(config),
      seed: "seed",
      settings,
      inputs,
      waiting,
      measured,
    }
    return Effect.runPromise(facts.forecast!(context) as Effect.Effect<Forecast.Forecast>)
  }
  const tokens = reader(rows)
  const heldOutTokens = reader(held)

  it("is told by a plan as far as its inputs are known", async () => {
    const { facts: all } = await plan({ model, tokens, heldOutTokens }, {})
    const [lora, steps, memory, time] = all
    expect([steps, time]).toEqual(["6 optimizer steps", "time known once training has begun"])
    expect((await said({ heldOut }))[0]).toBe([lora, steps, memory].join(", "))
    const waits = async (inputs: object, waiting: object) => (await plan(inputs, waiting)).facts.join("; ")
    expect(await waits({ model, heldOutTokens }, { tokens: "tokenize" })).toBe(
      `${lora}; optimizer steps, memory and time known once tokenize has run`,
    )
    expect(await waits({ tokens, heldOutTokens }, { model: "model" })).toBe(
      "6 optimizer steps; trained parameters, memory and time known once model has run",
    )
    expect(await waits({}, { model: "model", tokens: "tokenize", heldOutTokens: "tokenizeHeldOut" })).toBe(
      "trained parameters, optimizer steps, memory and time known once model, tokenize and tokenizeHeldOut have run",
    )
    expect(await waits({ model, tokens }, { heldOutTokens: "tokenizeHeldOut" })).toBe(
      `${lora}; 6 optimizer steps; ${memory}; time known once tokenizeHeldOut has run`,
    )
  })

  it("fails in a plan as it would in a run", async () => {
    await expect(plan({ model, tokens: reader([]), heldOutTokens }, {})).rejects.toThrow(
      "There is nothing to learn from.\n  tokens:  0 rows\nSee what the steps before it dropped.",
    )
    const silent = held.map((one) => ({ ...one, labels: one.labels.map(() => -100) }))
    await expect(plan({ model, tokens, heldOutTokens: reader(silent) }, {})).rejects.toThrow(
      "No held-out row has a supervised token.",
    )
  })

  it("takes as long as its products at the rate of earlier trainings, the newest five", async () => {
    const told = async (rates: ReadonlyArray<number>) => {
      const measured = (name: string) => (name.startsWith("training rate") ? rates : [2])
      const { facts, ms } = await plan({ model, tokens, heldOutTokens }, {}, measured)
      return [facts.at(-1), ms] as const
    }
    const [, ms] = await told([1e-3])
    const work = (ms! - 2000) * 1e3 // at 1e6 a second
    expect(await told([1e-3, 1e-6, 1e-3, 9, 1e-3, 9, 9])).toEqual([
      expect.stringMatching(/^about \d+:\d\d of training$/),
      ms,
    ])
    expect((await told([2e-3]))[1]).toBeCloseTo(2000 + work / 2e3, -1)
  })

  it("is reported where it was wrong: memory by more than 15 %, time by more than 50 %", () => {
    const settled = (settle: (context: Pick<Step.Context, "measure" | "warn">) => void) => {
      const found: Array<unknown> = []
      settle({
        measure: (name, value) => void found.push([name, value]),
        warn: (text) => void found.push(text),
      })
      return found
    }
    const memory = (reached: number, predicted = 1000e6) =>
      settled((context) => forecast.settleMemory(context, predicted, reached))
    const measures = (reached: number) => [
      ["predicted peak memory", 1000e6],
      ["peak memory", reached],
    ]
    expect(memory(1150e6)).toEqual(measures(1150e6))
    expect(memory(1300e6)).toEqual([
      ...measures(1300e6),
      "peak memory was 1,300 MB, 30 % more than the 1,000 MB predicted",
    ])
    // 20 %, but no more than processes differ by.
    expect(memory(400e6, 500e6)).toHaveLength(2)
    expect(memory(700e6)[2]).toBe("peak memory was 700 MB, 30 % less than the 1,000 MB predicted")

    const time = (taken: number, predicted: number) =>
      settled((context) => forecast.settleTime(context, predicted, taken))
    expect(time(90, 60)).toEqual([])
    expect(time(130, 60)).toEqual(["training took 2:10, 117 % more than the 1:00 predicted"])
    expect(time(20, 60)).toEqual(["training took 0:20, 67 % less than the 1:00 predicted"])
    // Three times as long, but no more than a machine is busy with other things for.
    expect(time(9, 3)).toEqual([])
  })

  it("is refined by the optimizer steps after the first, once there is enough to go by", () => {
    const followed = (pace: Pace.Pace | undefined) => {
      const found: Array<unknown> = []
      const timing = Timing.make({
        context: {
          settings,
          measure: (name, value) => void found.push([name, value]),
          note: (text) => void found.push(text),
          warn: (text) => void found.push(text),
        },
        work: (learnt, looks) => learnt * 1e9 + looks * 5e9,
        allWork: 1005e9,
        pace,
        parameters,
      })
      timing.passed(1, 2, 100, 0)
      timing.passed(2, 3, 200, 0) // not enough optimizer steps
      timing.passed(3, 4.05, 300, 1) // 205e9 in 2.05 s: 100e9 a second, and 700e9 to come
      timing.passed(4, 5.05, 400, 1)
      timing.ended(65.05, true)
      return found
    }
    const where = `(${parameters}, cpu cpu, 1 threads, float32)`
    const ended = [
      ["training seconds", 65.05],
      [`training rate ${where}`, 100],
      [`training warm-up ${where}`, 1],
    ]
    expect(followed(undefined)).toEqual(["about 0:11 of training", ...ended])
    expect(followed({ rate: 100e9, warmUpSeconds: 1 })).toEqual([
      ...ended,
      ["predicted training seconds", 11.05],
      "training took 1:05, 489 % more than the 0:11 predicted",
    ])
    expect(followed({ rate: 10e9, warmUpSeconds: 0 })).toEqual([
      "about 0:11 of training instead of 1:41",
      ...ended,
      ["predicted training seconds", 100.5],
    ])
  })

  it("has times as people say them", () => {
    expect([5, 65, 3599, 7300].map(forecast.duration)).toEqual(["0:05", "1:05", "59:59", "2 h 1 min"])
  })
})

describe("the standing of a training", () => {
  const looks = (...losses: ReadonlyArray<number>) => {
    const record = Record.make()
    losses.forEach((loss, optimizerStep) => {
      const best = Record.isBest(record, optimizerStep, loss, { minImprovement: 0.1 })
      record.heldOutLosses.push({ optimizerStep, loss, rows: 1, supervisedTokens: 1, best })
    })
    return record
  }
  const config = { every: 1, patience: 2, minImprovement: 0.1, keep: "best" } as const

  it("counts looks since the best one, which beats the one before by the least improvement", () => {
    expect(Record.standing(looks(1))).toEqual({ best: undefined, since: 0 })
    expect(Record.standing(looks(1, 3, 2, 1.95)).best).toMatchObject({ optimizerStep: 2, loss: 2 })
    expect(Record.standing(looks(1, 3, 2, 1.95)).since).toBe(1)
    expect(Record.standing(looks(1, 3, 2, 1.95, 1.85)).since).toBe(0)
  })

  it("is over when patience has run out", () => {
    expect(Record.isOver(looks(1, 3, 2, 2), config)).toBe(false)
    expect(Record.isOver(looks(1, 3, 2, 2, 2), config)).toBe(true)
    expect(Record.isOver(looks(1, 3, 2, 2, 2), { ...config, patience: null })).toBe(false)
    expect(Record.isOver(looks(1, 3, 2, 2, 2), null)).toBe(false)
  })
})

describe("options", () => {
  it("are checked where the pipeline is built", () => {
    const config = (changed: Partial<Train.LoraOptions>) => () => {
      const use = Train.lora({ ...base, ...changed })
      return Schema.decodeUnknownSync(Schema.Struct(use.facts.config) as never)(use.config)
    }
    expect(config({ targetModules: [] })).toThrow(/targetModules/)
    expect(config({ rankPattern: { q_proj: 0 } })).toThrow(/rankPattern/)
    expect(config({ loraPlusRatio: 0 })).toThrow(/loraPlusRatio/)
    expect(config({ warmup: 1.5 })).toThrow("Expected a share below 1, or a whole number of optimizer steps")
    expect(config({ warmup: 2 })).not.toThrow()
    expect(config({ heldOut: { ...heldOut, patience: 0 } })).toThrow(/patience/)
    expect(config({ samples: { prompts: [] } })).toThrow(/prompts/)
    expect(config(everything)).not.toThrow()
  })

  it("are refused where a group has a name that is not its own, or held-out tokens are none", () => {
    const given = { heldOut: { tokens: ref(Chat), evry: 1 }, samples: { prompts: ["a"], maxNewToken: 4 } }
    expect(() => Train.lora({ ...base, ...given, snapshots: { every: 1, keep: 2 } } as never)).toThrow(
      [
        "Train.lora is given options that it cannot take.",
        "  heldOut.evry:         no such option; it takes tokens, every, patience, minImprovement, keep",
        "  samples.maxNewToken:  no such option; it takes prompts, every, maxNewTokens",
        "  snapshots.keep:       no such option; it takes every",
        "  heldOut.tokens:       column 'ids' (List<Int32>) is missing in what rows wrote",
        "  heldOut.tokens:       column 'labels' (List<Int32>) is missing in what rows wrote",
        "  heldOut.tokens:       column 'weights' (List<Float32>?) is missing in what rows wrote",
        "Correct them where the step is used.",
      ].join("\n"),
    )
  })
})
