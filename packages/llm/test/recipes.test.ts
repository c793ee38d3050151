/** LoRA+, Adafactor and patterns against PEFT and transformers (reference/recipes.py), and what noise and recomputing do. */
import { createHash } from "node:crypto"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import * as EmbeddingNoise from "../src/EmbeddingNoise.ts"
import * as Llama from "../src/Llama.ts"
import type * as Lora from "../src/Lora.ts"
import * as BatchPlan from "../src/plan/BatchPlan.ts"
import { type TokenRow, trainingRow } from "../src/plan/Stream.ts"
import * as Trainer from "../src/Trainer.ts"
import { backends, floats, largestDifference, useBackend } from "./support/backend.ts"
import { openTensors, readJson, referenceRate, ruledLora, source, training } from "./support/tinyLlama.ts"

interface Recipe {
  readonly losses: ReadonlyArray<number>
  readonly gradientNorms: ReadonlyArray<number>
  readonly rank_pattern?: Readonly<Record<string, number>>
  readonly alpha_pattern?: Readonly<Record<string, number>>
  readonly target_modules?: string
}

const { peakLearningRate, recipes, steps } = readJson<{
  readonly steps: number
  readonly peakLearningRate: number
  readonly recipes: Readonly<Record<string, Recipe>>
}>("recipes.json")
const adapters = openTensors("recipes.safetensors")

const digest = (state: Trainer.TrainerState): string => {
  const hash = createHash("sha256").update(String(state.optimizerSteps))
  for (const [name, values] of state.parts) hash.update(name).update(new Uint8Array(values.buffer))
  return hash.digest("hex")
}

describe.each(backends)("Recipes on %s", (_, backendOptions) => {
  const backend = useBackend(backendOptions)
  let model: Llama.Llama
  beforeAll(() => {
    model = Llama.load(backend(), source())
  })
  afterAll(() => model.free())

  const start = async (options: Trainer.Options, lora: Lora.Options = {}) => {
    const adapter = await ruledLora(backend(), model, { rank: 4, alpha: 8, ...lora })
    return Trainer.make(backend(), { model, adapter, options })
  }

  it.each([
    ["loraPlus", { loraPlusRatio: 16 }],
    ["loraPlusDecay", { loraPlusRatio: 4, weightDecay: 0.1 }],
    ["adafactor", { optimizer: "adafactor" }],
    ["adafactorDecay", { optimizer: "adafactor", weightDecay: 0.1 }],
    ["patterns", {}],
    ["targetPattern", {}],
  ] satisfies ReadonlyArray<[string, Trainer.Options]>)(
    "gives the reference's losses, norms and adapter: %s",
    async (name, options) => {
      const recipe = recipes[name]!
      const trainer = await start(options, {
        ...(recipe.rank_pattern === undefined ? {} : { rankPattern: recipe.rank_pattern }),
        ...(recipe.alpha_pattern === undefined ? {} : { alphaPattern: recipe.alpha_pattern }),
        ...(recipe.target_modules === undefined ? {} : { targetModules: recipe.target_modules }),
      })
      const losses: Array<number> = []
      const norms: Array<number> = []
      const before = backend().tensorCount()
      for (let step = 1; step <= steps; step++) {
        const rate = referenceRate(step, steps, peakLearningRate)
        const result = await trainer.step(training.batches[(step - 1) % 3]!, rate)
        losses.push(result.loss)
        norms.push(result.gradientNorm)
      }
      expect(backend().tensorCount()).toBe(before)
      expect(largestDifference(losses, recipe.losses)).toBeLessThan(1e-4)
      expect(largestDifference(norms, recipe.gradientNorms)).toBeLessThan(1e-3)
      const { modules } = await trainer.adapter()
      const expectedNames = [...adapters.tensors.keys()].filter((key) => key.startsWith(`${name}.`))
      expect(modules.size * 2).toBe(expectedNames.length)
      for (const [module, weights] of modules) {
        for (const [part, { data }] of [
          ["lora_A", weights.a],
          ["lora_B", weights.b],
        ] as const) {
          const expected = adapters.values(`${name}.base_model.model.${module}.${part}.weight`)
          const distance = Math.hypot(...data.map((value, i) => value - expected[i]!))
          expect(distance / Math.hypot(...expected)).toBeLessThan(1e-3)
        }
      }
      trainer.free()
    },
  )

  const everything: Trainer.Options = {
    optimizer: "adafactor",
    loraPlusRatio: 8,
    weightDecay: 0.1,
    dropout: 0.1,
    noiseAlpha: 5,
    recompute: true,
    accumulation: 2,
    seed: "everything",
  }

  it("goes on from a saved state to the very same bits with every option on", async () => {
    const steps = async (trainer: Trainer.Trainer, from: number, to: number) => {
      for (let step = from; step < to; step++) await trainer.step(training.batches[step % 3]!, 1e-2)
      return trainer
    }
    const straight = await steps(await start(everything), 0, 4)
    const expected = digest(await straight.state())
    for (const at of [1, 2, 3]) {
      const saved = await (await steps(await start(everything), 0, at)).state()
      const resumed = await start({ ...everything })
      resumed.restore(saved)
      expect(digest(await (await steps(resumed, at, 4)).state())).toBe(expected)
    }
  })

  it("gives the same bits whether blocks are kept or computed again", async () => {
    const run = async (recompute: boolean) => {
      const trainer = await start({ recompute })
      const before = backend().tensorCount()
      const results = [
        await trainer.step(training.batches[0]!, 1e-2),
        await trainer.step(training.batches[1]!, 1e-2),
      ]
      expect(backend().tensorCount()).toBe(before)
      expect(results.map(({ recomputed }) => recomputed)).toEqual([recompute, recompute])
      return { digest: digest(await trainer.state()), losses: results.map(({ loss }) => loss) }
    }
    expect(await run(true)).toEqual(await run(false))
  })

  it("counts tokens by their weights: weight 2 is the token twice, weight 0 is not supervised", async () => {
    const plain = training.batches[1]!
    const weighted = (weight: (label: number, i: number) => number): ReadonlyArray<TokenRow> =>
      plain.map((row) => ({ ...row, weights: Array.from(row.labels, weight) }))
    const loss = async (rows: ReadonlyArray<TokenRow>) => {
      const trainer = await start({})
      const { gradientNorm, loss: found, rowLosses } = await trainer.step(rows, 0)
      return [found, gradientNorm, ...rowLosses]
    }
    const expected = await loss(plain)
    expect(largestDifference(await loss(weighted(() => 2)), expected)).toBeLessThan(1e-6)
    const twice = plain.flatMap((row, at) => (at === 0 ? [row, row] : [row]))
    const first = plain.map((row, at) =>
      at === 0 ? { ...row, weights: Array.from(row.labels, () => 2) } : row,
    )
    const [all, norm] = await loss(first)
    const [doubled, doubledNorm] = await loss(twice)
    expect(all).toBeCloseTo(doubled!, 5)
    expect(norm).toBeCloseTo(doubledNorm!, 5)
    const masked = plain.map((row) => ({
      ids: row.ids,
      labels: Array.from(row.labels, (label, i) => (i % 2 === 0 ? -100 : label)),
    }))
    const silent = await loss(weighted((_, i) => (i % 2 === 0 ? 0 : 1)))
    expect(largestDifference(silent.slice(0, 2), (await loss(masked)).slice(0, 2))).toBeLessThan(1e-6)
  })
})

describe("Trainer", () => {
  const backend = useBackend({ backend: "tensorflow", threads: 2 })
  const make = async (options: Trainer.Options) => {
    const model = Llama.load(backend(), source())
    const adapter = await ruledLora(backend(), model, { rank: 4, alpha: 8 }, 0.1)
    return Trainer.make(backend(), { model, adapter, options })
  }

  it("computes again only where not even single rows fit into the budget", async () => {
    const rows = training.batches[0]!
    const budgetOf = async (recompute: boolean) =>
      Math.max(
        ...(await Promise.all(
          rows.map(async (row) => (await make({ recompute })).memory([row]).activationBytes),
        )),
      )
    const kept = await budgetOf(false)
    const again = await budgetOf(true)
    expect(again).toBeLessThan(kept)
    const choice = async (activationBudgetBytes: number) => {
      const { microBatches, recomputed } = await (
        await make({ activationBudgetBytes, minimumPrefix: Infinity })
      ).step(rows, 0)
      return { microBatches, recomputed }
    }
    expect(await choice(kept)).toMatchObject({ microBatches: rows.length, recomputed: false })
    expect(await choice(kept - 1)).toMatchObject({ recomputed: true })
    expect(await choice(1)).toEqual({ microBatches: rows.length, recomputed: true })
  })

  it("adds noise to embeddings by its seed alone, wherever the batch is cut", async () => {
    const losses = async (options: Trainer.Options) => {
      const trainer = await make(options)
      return [
        (await trainer.step(training.batches[0]!, 1e-3)).loss,
        (await trainer.step(training.batches[1]!, 1e-3)).loss,
      ]
    }
    const noisy = await losses({ noiseAlpha: 5, seed: "a" })
    expect(await losses({ noiseAlpha: 5, seed: "a" })).toEqual(noisy)
    const cut = await losses({ noiseAlpha: 5, seed: "a", accumulation: 4 })
    expect(largestDifference(cut, noisy)).toBeLessThan(1e-5)
    expect(largestDifference(await losses({ noiseAlpha: 5, seed: "b" }), noisy)).toBeGreaterThan(1e-4)
    expect(largestDifference(await losses({}), noisy)).toBeGreaterThan(1e-4)
    const trainer = await make({ noiseAlpha: 5, seed: "a" })
    const still = await trainer.evaluate(training.batches[0]!)
    expect(still.loss).toBe((await (await make({})).evaluate(training.batches[0]!)).loss)
  })

  it("draws noise uniformly within ±alpha / √(L·C) of the row's own length", async () => {
    const rows = training.batches[0]!
    const plan = BatchPlan.make(
      rows.map(trainingRow),
      { heads: 4, keyValueHeads: 2 },
      { minimumPrefix: Infinity },
    )
    const lengths = rows.map(({ ids }) => ids.length)
    const options = { alpha: 5, hidden: 64, lengths, firstRow: 0, seed: "s" }
    const values = await floats(backend(), EmbeddingNoise.noise(backend(), plan, options))
    expect(values.length).toBe(plan.tokenCount * 64)
    plan.starts.forEach((start, row) => {
      const own = values.subarray(start * 64, (start + plan.lengths[row]!) * 64)
      const bound = 5 / Math.sqrt(lengths[row]! * 64)
      const largest = own.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
      expect(largest).toBeLessThanOrEqual(bound)
      expect(largest).toBeGreaterThan(0.97 * bound)
      const variance = own.reduce((sum, value) => sum + value * value, 0) / own.length
      expect(variance / (bound ** 2 / 3)).toBeCloseTo(1, 0)
    })
  })
})
