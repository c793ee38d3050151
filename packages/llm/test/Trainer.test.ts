import { createHash } from "node:crypto"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import * as Llama from "../src/Llama.ts"
import * as Lora from "../src/Lora.ts"
import type { TokenRow } from "../src/plan/Stream.ts"
import * as Trainer from "../src/Trainer.ts"
import { backends, largestDifference, useBackend } from "./support/backend.ts"
import { openTensors, referenceRate, ruledLora, source, training } from "./support/tinyLlama.ts"

const digest = (state: Trainer.TrainerState): string => {
  const hash = createHash("sha256").update(String(state.optimizerSteps))
  for (const [name, values] of state.parts) hash.update(name).update(new Uint8Array(values.buffer))
  return hash.digest("hex")
}

describe.each(backends)("Trainer on %s", (_, backendOptions) => {
  const backend = useBackend(backendOptions)
  let model: Llama.Llama
  beforeAll(() => {
    model = Llama.load(backend(), source())
  })
  afterAll(() => model.free())

  const start = async (
    options: Trainer.Options = {},
    lora: Lora.Options = { rank: 4, alpha: 8 },
    bBound = 0,
  ) => {
    const adapter = await ruledLora(backend(), model, lora, bBound)
    return Trainer.make(backend(), { model, adapter, options })
  }

  it.each([
    ["plain", training.plain, 50],
    ["rsLoRA", training.rsLora, 50],
    ["weight decay", training.weightDecay, 10],
    ["query and value projections only", training.queryValueOnly, 10],
  ] as const)("gives PEFT's losses and gradient norms: %s", async (name, run, steps) => {
    const trainer = await start(
      { weightDecay: run.weightDecay },
      {
        rank: run.r,
        alpha: run.alpha,
        rsLora: run.rsLora,
        ...(run.target_modules === undefined ? {} : { targetModules: run.target_modules }),
      },
    )
    const before = backend().tensorCount()
    const losses: Array<number> = []
    const norms: Array<number> = []
    for (let step = 1; step <= steps; step++) {
      const rate = referenceRate(step, steps, run.peakLearningRate)
      const result = await trainer.step(training.batches[(step - 1) % 3]!, rate)
      losses.push(result.loss)
      norms.push(result.gradientNorm)
    }
    expect(backend().tensorCount()).toBe(before)
    expect(largestDifference(losses, run.losses)).toBeLessThan(1e-4)
    expect(largestDifference(norms, run.gradientNorms)).toBeLessThan(1e-3)
    if (name === "plain" || name === "rsLoRA") {
      const reference = openTensors("adapters.safetensors")
      const { modules } = await trainer.adapter()
      for (const [module, { a, b }] of modules) {
        for (const [part, { data }] of [
          ["lora_A", a],
          ["lora_B", b],
        ] as const) {
          const key = `${name === "plain" ? "plain" : "rsLora"}.base_model.model.${module}.${part}.weight`
          const expected = reference.values(key)
          const distance = Math.hypot(...data.map((value, i) => value - expected[i]!))
          expect(distance / Math.hypot(...expected)).toBeLessThan(1e-3)
        }
      }
    }
    trainer.free()
  })

  it("gives each row's loss, as PEFT does, also without learning", async () => {
    const trainer = await start({}, { rank: 4, alpha: 8 }, training.gradient.bBound)
    const rows = training.batches[0]!
    const held = await trainer.evaluate(rows)
    expect(largestDifference(held.rowLosses, training.gradient.rowLosses)).toBeLessThan(1e-5)
    const step = await trainer.step(rows, 0)
    expect(step.rowLosses).toEqual(held.rowLosses)
    expect(step.loss).toBe(held.loss)
    expect(step.supervisedTokens).toBe(16)
    expect(step.tokens).toBe(54)
    expect(step.gradientNorm).toBeCloseTo(training.gradient.gradientNorm, 4)
    trainer.free()
  })

  it("accumulates 2 and 4 micro-batches to the same losses and adapter as the batch at once", async () => {
    const run = async (accumulation: number) => {
      const trainer = await start({ accumulation })
      const results: Array<Trainer.StepResult> = []
      for (let step = 0; step < 4; step++) results.push(await trainer.step(training.batches[step % 3]!, 1e-2))
      const { parts } = await trainer.state()
      trainer.free()
      return { results, values: [...parts].flatMap(([name, data]) => (/moment/.test(name) ? [] : [...data])) }
    }
    const whole = await run(1)
    for (const accumulation of [2, 4]) {
      const cut = await run(accumulation)
      expect(cut.results.map((result) => result.microBatches)).toEqual([
        accumulation,
        accumulation,
        accumulation,
        accumulation,
      ])
      const losses = (of: typeof cut) => of.results.map((result) => result.loss)
      expect(largestDifference(losses(cut), losses(whole))).toBeLessThan(1e-5)
      expect(largestDifference(cut.values, whole.values)).toBeLessThan(1e-5)
    }
  })

  it("goes on from a saved state to the very same bits", async () => {
    const steps = async (trainer: Trainer.Trainer, from: number, to: number) => {
      const losses: Array<number> = []
      for (let step = from; step < to; step++) {
        losses.push((await trainer.step(training.batches[step % 3]!, 1e-2)).loss)
      }
      return losses
    }
    const straight = await start()
    const losses = await steps(straight, 0, 6)
    const first = await start()
    await steps(first, 0, 2)
    const saved = await first.state()
    const resumed = await start({}, { rank: 4, alpha: 8 }, 0.3) // starts elsewhere, then takes the state
    resumed.restore(saved)
    expect(await steps(resumed, 2, 6)).toEqual(losses.slice(2))
    expect(digest(await resumed.state())).toBe(digest(await straight.state()))
    for (const trainer of [straight, first, resumed]) trainer.free()
  })
})

describe("Trainer", () => {
  const recorded = useBackend({ backend: "tensorflow", threads: 2 })
  const eager = useBackend({ backend: "tensorflow", threads: 2, jit: false })

  const make = async (backend: ReturnType<typeof recorded>, options: Trainer.Options = {}) => {
    const model = Llama.load(backend, source())
    const adapter = await ruledLora(backend, model, { rank: 4, alpha: 8 })
    return Trainer.make(backend, { model, adapter, options })
  }

  it("gives the same bits recorded and eagerly", async () => {
    const run = async (backend: ReturnType<typeof recorded>) => {
      const trainer = await make(backend, { minimumPrefix: 4, weightDecay: 0.1 })
      for (let step = 0; step < 5; step++) await trainer.step(training.batches[step % 3]!, 1e-2)
      return digest(await trainer.state())
    }
    expect(await run(recorded())).toBe(await run(eager()))
  })

  it("drops inputs by its seed alone: equal seeds, equal bits; another seed, another loss", async () => {
    const losses = async (options: Trainer.Options) => {
      const trainer = await make(recorded(), { ...options, minimumPrefix: 4 })
      const found: Array<number> = []
      for (let step = 0; step < 4; step++) found.push((await trainer.step(training.batches[0]!, 1e-2)).loss)
      return found
    }
    const dropped = await losses({ dropout: 0.3, seed: "a" })
    expect(await losses({ dropout: 0.3, seed: "a" })).toEqual(dropped)
    const other = await losses({ dropout: 0.3, seed: "b" })
    expect(other[0]).toBe(dropped[0]) // B is still zero: dropped inputs change nothing yet
    expect(other[3]).not.toBe(dropped[3])
    expect(await losses({})).not.toEqual(dropped)
  })

  it("cuts a batch into as few micro-batches as its activation budget allows", async () => {
    const rows = training.batches.flat()
    const generous = await make(recorded())
    expect((await generous.step(rows, 0)).microBatches).toBe(1)
    const whole = generous.memory(rows).activationBytes
    const tight = await make(recorded(), { activationBudgetBytes: whole * 0.6 })
    const { microBatches } = await tight.step(rows, 0)
    expect(microBatches).toBeGreaterThan(1)
    expect(microBatches).toBeLessThan(rows.length)
    expect(tight.memory(rows).activationBytes).toBeLessThan(whole * 0.6)
  })

  it("refuses a batch without a supervised token, and leaves such rows out of others", async () => {
    const trainer = await make(recorded())
    const silent: TokenRow = { ids: [5, 6, 7], labels: [-100, -100, -100] }
    await expect(trainer.step([silent], 1e-3)).rejects.toThrow(
      [
        "No token of the batch is supervised.",
        "  Rows:  1",
        "Every label is -100: check the mask that tokenizing gave.",
      ].join("\n"),
    )
    const rows = training.batches[0]!
    const result = await trainer.step([rows[0]!, silent, rows[1]!], 0)
    expect(result.rowLosses[1]).toBeNaN()
    expect(result.loss).toBeCloseTo((await trainer.evaluate([rows[0]!, rows[1]!])).loss, 6)
  })

  it("takes no optimizer step with an infinite loss", async () => {
    const trainer = await make(recorded())
    await trainer.step(training.batches[0]!, 1e30)
    const before = digest(await trainer.state())
    await expect(trainer.step(training.batches[0]!, 1e-3)).rejects.toThrow("Training diverged.")
    expect(digest(await trainer.state())).toBe(before)
  })

  it("gives no adapter and no losses after a last optimizer step that left no numbers", async () => {
    const trainer = await make(recorded())
    await trainer.step(training.batches[0]!, 1e39)
    const diverged = "Training diverged.\n  Optimizer step:         1\n  Loss of held-out rows:  NaN"
    await expect(trainer.evaluate(training.batches[0]!)).rejects.toThrow(diverged)
    await expect(trainer.adapter()).rejects.toThrow(
      /Adapter: +[\d,]+ numbers of it are infinite or no numbers/,
    )
  })

  it("refuses a state that lacks parts or was saved for another rank, naming each", async () => {
    const trainer = await make(recorded())
    const state = await trainer.state()
    const parts = new Map(state.parts)
    parts.delete("blocks.1.down.b.moment2")
    parts.set("blocks.0.down.a", new Float32Array(3))
    parts.set("extra", new Float32Array(1))
    expect(() => trainer.restore({ ...state, parts })).toThrow(
      [
        "The saved state does not fit this training.",
        "  blocks.0.down.a:          has 3 values, 448 are needed",
        "  blocks.1.down.b.moment2:  is missing",
        "  extra:                    is not known here",
        "Start from the beginning.",
      ].join("\n"),
    )
    expect(digest(await trainer.state())).toBe(digest(state))
  })
})
