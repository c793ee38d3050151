import { afterAll, beforeAll, describe, expect, it } from "vitest"
import * as Generate from "../src/Generate.ts"
import * as Llama from "../src/Llama.ts"
import * as Sampling from "../src/Sampling.ts"
import { backends, useBackend } from "./support/backend.ts"
import { hash32 } from "./support/ramp.ts"
import { readJson, ruledLora, source } from "./support/tinyLlama.ts"

const { greedy: reference } = readJson<{
  readonly greedy: ReadonlyArray<{
    readonly prompt: ReadonlyArray<number>
    readonly ids: ReadonlyArray<number>
    readonly gaps: ReadonlyArray<number>
  }>
}>("forward.json")

/** Prompts of mixed lengths behind a common beginning of twelve tokens. */
const prompts = Array.from({ length: 10 }, (_, row) => [
  ...Array.from({ length: 12 }, (__, i) => 3 + i),
  ...Array.from({ length: 1 + (hash32(row) % 9) }, (__, i) => 3 + (hash32(100 * row + i) % 250)),
])

describe.each(backends)("Generate on %s", (_, options) => {
  const backend = useBackend(options)
  let model: Llama.Llama
  beforeAll(() => {
    model = Llama.load(backend(), source())
  })
  afterAll(() => model.free())

  const ids = (answers: ReadonlyArray<Generate.Answer>) => answers.map((answer) => answer.ids)

  it("gives transformers' greedy continuations, together and one by one", async () => {
    const before = backend().tensorCount()
    const given = { model, maxNewTokens: 12, stop: [] }
    const together = await Generate.greedy(backend(), { ...given, prompts: reference.map((r) => r.prompt) })
    expect(ids(together)).toEqual(reference.map((r) => r.ids))
    // One of the reference's choices is between logits 9e-4 apart: that row was decoded again alone.
    const narrow = reference.map((r) => r.gaps.some((gap) => gap < Sampling.narrowLogits))
    expect(narrow).toEqual([false, true, false])
    expect(together.map((answer) => answer.alone)).toEqual(narrow)
    expect(backend().tensorCount()).toBe(before)
  })

  it("gives each prompt the same answer in every batch", async () => {
    const run = (batchRows: number) =>
      Generate.greedy(backend(), { model, prompts, maxNewTokens: 6, stop: [], batchRows })
    const alone = ids(await run(1))
    expect(alone.every((answer) => answer.length === 6)).toBe(true)
    expect(ids(await run(10))).toEqual(alone)
    expect(ids(await run(3))).toEqual(alone)
  })

  it("ends a row at a stop token and lets the others go on", async () => {
    const free = await Generate.greedy(backend(), { model, prompts, maxNewTokens: 8, stop: [] })
    const stop = free[4]!.ids[3]!
    const ended = await Generate.greedy(backend(), { model, prompts, maxNewTokens: 8, stop: [stop] })
    free.forEach((answer, row) => {
      const end = answer.ids.indexOf(stop)
      expect(ended[row]!.ids).toEqual(end < 0 ? answer.ids : answer.ids.slice(0, end))
      expect(ended[row]!.stopped).toBe(end >= 0)
    })
    expect(ended.some((answer) => answer.stopped)).toBe(true)
    expect(ended.some((answer) => !answer.stopped)).toBe(true)
  })
})

describe("Generate", () => {
  const backend = useBackend({ backend: "tensorflow", threads: 2 })
  let model: Llama.Llama
  beforeAll(() => {
    model = Llama.load(backend(), source())
  })

  it("applies an adapter, and answers as the base model where its B is zero", async () => {
    const given = { model, prompts, maxNewTokens: 6, stop: [] }
    const base = await Generate.greedy(backend(), given)
    const blank = await ruledLora(backend(), model, { rank: 4, alpha: 8 })
    const tuned = await ruledLora(backend(), model, { rank: 4, alpha: 8 }, 0.3)
    const answers = async (adapter: typeof blank) =>
      (await Generate.greedy(backend(), { ...given, adapter })).map((answer) => answer.ids)
    expect(await answers(blank)).toEqual(base.map((answer) => answer.ids))
    expect(await answers(tuned)).not.toEqual(base.map((answer) => answer.ids))
  })

  it("draws the same tokens for the same seed, whatever the batch", async () => {
    const run = async (seed: string, batchRows: number) => {
      const sampling = { seed, temperature: 1.2, topK: 20, topP: 0.95 }
      const given = { model, prompts, maxNewTokens: 6, stop: [], batchRows, sampling }
      return (await Generate.sample(backend(), given)).map((answer) => answer.ids)
    }
    const first = await run("a", 10)
    expect(await run("a", 3)).toEqual(first)
    expect(await run("b", 10)).not.toEqual(first)
  })

  it("reports every finished row", async () => {
    const seen: Array<number> = []
    const onProgress = ({ done, total }: { done: number; total: number }) => {
      expect(total).toBe(10)
      seen.push(done)
    }
    await Generate.greedy(backend(), { model, prompts, maxNewTokens: 2, stop: [], onProgress })
    expect(seen).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
  })

  it("stops between tokens when it is told to, and frees what it held", async () => {
    const before = backend().tensorCount()
    const stopping = new AbortController()
    const onProgress = () => stopping.abort(new Error("enough"))
    const { signal } = stopping
    const given = { model, prompts, maxNewTokens: 3, stop: [], batchRows: 5, onProgress, signal }
    await expect(Generate.greedy(backend(), given)).rejects.toThrow("enough")
    expect(backend().tensorCount()).toBe(before)
  })

  it("names the prompts that are too long for the context", async () => {
    const long = [[1, 2, 3], Array.from({ length: 125 }, () => 5)]
    const given = { model, prompts: long, maxNewTokens: 4, stop: [] }
    await expect(Generate.greedy(backend(), given)).rejects.toThrow(
      [
        "Prompts are too long for the model's context.",
        "  Context:  128 tokens, 4 of them for the answer",
        "  Prompts:  1 (125 tokens)",
        "Shorten these prompts or allow fewer new tokens.",
      ].join("\n"),
    )
  })
})

describe("Sampling", () => {
  const logits = Float32Array.of(3, 2, 1, -20)
  const ids = Int32Array.of(40, 10, 30, 20)

  it("draws with the probabilities of the softmax", () => {
    const choose = Sampling.make({ seed: "x", topK: 3 }, 0)
    const counts = new Map<number, number>()
    for (let i = 0; i < 20_000; i++) {
      const { token } = choose(logits, ids)
      counts.set(token, (counts.get(token) ?? 0) + 1)
    }
    const weights = [Math.exp(0), Math.exp(-1), Math.exp(-2)]
    const total = weights.reduce((a, b) => a + b, 0)
    ;[40, 10, 30].forEach((token, i) => {
      expect(Math.abs(counts.get(token)! / 20_000 - weights[i]! / total)).toBeLessThan(0.012)
    })
  })

  it("keeps to the best tokens that make up topP, and calls draws near a boundary narrow", () => {
    const choose = Sampling.make({ seed: "x", topK: 3, topP: 0.6 }, 0)
    for (let i = 0; i < 50; i++) expect(choose(logits, ids).token).toBe(40)
    const tied = Sampling.make({ seed: "x", topK: 2 }, 0)(
      Float32Array.of(1, 0.5, 0.4999),
      Int32Array.of(1, 2, 3),
    )
    expect(tied.narrow).toBe(true)
  })

  it("calls a greedy choice narrow below a gap of one thousandth", () => {
    expect(Sampling.best(Float32Array.of(5, 4.9995), Int32Array.of(7, 8))).toEqual({ token: 7, narrow: true })
    expect(Sampling.best(Float32Array.of(5, 4.99), Int32Array.of(7, 8))).toEqual({ token: 7, narrow: false })
  })
})
