import { beforeAll, describe, expect, it } from "vitest"
import * as Llama from "../src/Llama.ts"
import * as Lora from "../src/Lora.ts"
import { floats, useBackend } from "./support/backend.ts"
import { ruledLora, source } from "./support/tinyLlama.ts"

describe("Lora", () => {
  const backend = useBackend({ backend: "cpu" })
  let model: Llama.Llama
  beforeAll(() => {
    model = Llama.load(backend(), source())
  })
  const create = (options: Lora.Options = {}, seed = "a") =>
    Lora.create(backend(), model.config, seed, options)

  it("starts as PEFT does: A uniform within ±1/√in, B zero", async () => {
    const { modules } = await create({ rank: 16 }).weights()
    expect(modules.size).toBe(14)
    for (const [module, { a, b }] of modules) {
      const inSize = module.endsWith("down_proj") ? 112 : 64
      expect(a.shape).toEqual([16, inSize])
      const bound = 1 / Math.sqrt(inSize)
      expect(Math.max(...a.data)).toBeLessThanOrEqual(bound)
      expect(Math.min(...a.data)).toBeGreaterThanOrEqual(-bound)
      const variance = a.data.reduce((sum, value) => sum + value * value, 0) / a.data.length
      expect(variance / (bound ** 2 / 3)).toBeGreaterThan(0.85)
      expect(variance / (bound ** 2 / 3)).toBeLessThan(1.15)
      expect(b.data.every((value) => value === 0)).toBe(true)
    }
  })

  it("draws each module's start from the seed and the module alone", async () => {
    const all = await create().weights()
    const few = await create({ targetModules: ["v_proj", "up_proj"] }).weights()
    expect(few.modules.size).toBe(4)
    for (const [module, { a }] of few.modules) expect(a.data).toEqual(all.modules.get(module)!.a.data)
    const other = await create({}, "b").weights()
    const module = "model.layers.0.mlp.up_proj"
    expect(other.modules.get(module)!.a.data).not.toEqual(all.modules.get(module)!.a.data)
  })

  it("counts what it trains as rank times inputs and outputs of each projection", () => {
    // q 64→64, k and v 64→32, o 64→64, gate and up 64→112, down 112→64; two blocks.
    const sizes = 128 + 96 + 96 + 128 + 176 + 176 + 176
    expect(create({ rank: 4 }).parameterCount).toBe(2 * 4 * sizes)
    expect(create({ rank: 4, targetModules: ["q_proj"] }).parameterCount).toBe(2 * 4 * 128)
  })

  it("gives back the weights that it was made from", async () => {
    const lora = await ruledLora(
      backend(),
      model,
      { rank: 3, targetModules: ["q_proj", "v_proj", "gate_proj"] },
      0.2,
    )
    const weights = await lora.weights()
    const again = await Lora.fromWeights(backend(), model.config, weights).weights()
    expect(again).toEqual(weights)
    expect(weights.modules.get("model.layers.1.self_attn.v_proj")!.b.data.some((value) => value !== 0)).toBe(
      true,
    )
  })

  it("scales by alpha/r, by alpha/√r for rsLoRA, and by patterns, projection by projection", async () => {
    const scaleOf = async (options: Lora.Options, name: "output" | "queryKeyValue") => {
      const layer = create(options).layers.find((found) => found.name === name)!
      return [...new Set(await floats(backend(), layer.scale))]
    }
    expect(await scaleOf({ rank: 4, alpha: 8 }, "output")).toEqual([2])
    expect(await scaleOf({ rank: 4, alpha: 8, rsLora: true }, "output")).toEqual([4])
    const patterns = { rank: 4, alpha: 8, rankPattern: { q_proj: 2 }, alphaPattern: { ".*\\.v_proj": 32 } }
    expect(await scaleOf(patterns, "queryKeyValue")).toEqual([4, 0, 2, 8])
    const { modules } = await create(patterns).weights()
    expect(modules.get("model.layers.0.self_attn.q_proj")!.a.shape).toEqual([2, 64])
    expect(modules.get("model.layers.0.self_attn.k_proj")!.a.shape).toEqual([4, 64])
  })

  it("names target modules that the model does not have", () => {
    expect(() => create({ targetModules: ["q_proj", "query", "w1"] })).toThrow(
      [
        "Target modules name no projection of this model.",
        "  Target module:  query",
        "  Target module:  w1",
        "Its projections are q_proj, k_proj, v_proj, o_proj, gate_proj, up_proj, down_proj.",
      ].join("\n"),
    )
  })

  it("lists everything in which an adapter differs from the model", async () => {
    const { config, modules } = await create({ rank: 2, targetModules: ["q_proj", "o_proj"] }).weights()
    const changed = new Map(modules)
    const module = "model.layers.0.self_attn.o_proj"
    changed.set(module, { ...changed.get(module)!, a: { shape: [2, 65], data: new Float32Array(130) } })
    changed.delete("model.layers.1.self_attn.q_proj")
    changed.set("model.layers.7.self_attn.q_proj", changed.get(module)!)
    expect(() => Lora.fromWeights(backend(), model.config, { config, modules: changed })).toThrow(
      [
        "The adapter does not fit the model.",
        "  model.layers.0.self_attn.o_proj lora_A:  is [2, 65], the model needs [2, 64]",
        "  model.layers.1.self_attn.q_proj:         has no weights in the adapter",
        "  model.layers.7.self_attn.q_proj:         is no projection of this model that the adapter's config targets",
        "Use the base model that the adapter was trained on.",
      ].join("\n"),
    )
  })

  it("takes target modules by a pattern for whole paths, and says them as names or paths", () => {
    const targets = (targetModules: string) => create({ targetModules }).config.targetModules
    expect(targets(".*self_attn[.][qv]_proj")).toEqual(["q_proj", "v_proj"])
    expect(targets("model.layers.1.(self_attn.o|mlp.down)_proj")).toEqual([
      "model.layers.1.self_attn.o_proj",
      "model.layers.1.mlp.down_proj",
    ])
    expect(() => targets("q_proj")).toThrow(
      [
        "The pattern of target modules matches no projection of this model.",
        "  Pattern:  q_proj",
        "It must match a whole path, such as model.layers.0.self_attn.q_proj.",
      ].join("\n"),
    )
    expect(() => targets("(")).toThrow("A pattern is no regular expression.\n  targetModules:  (\n")
  })

  it("refuses patterns of rank and alpha that match nothing trained, all at once", () => {
    expect(() =>
      create({
        targetModules: ["q_proj"],
        rankPattern: { q_proj: 2, v_proj: 2 },
        alphaPattern: { "layers.7.*": 4 },
      }),
    ).toThrow(
      [
        "A pattern matches no projection that is trained.",
        "  rankPattern:   v_proj",
        "  alphaPattern:  layers.7.*",
      ].join("\n"),
    )
  })
  it("refuses patterns of rank and alpha that are no regular expressions, all at once", () => {
    expect(() => create({ rankPattern: { q_proj: 2, "[": 2 }, alphaPattern: { "(": 4 } })).toThrow(
      [
        "A pattern is no regular expression.",
        "  rankPattern:   [",
        "  alphaPattern:  (",
        "Give a regular expression as JavaScript reads it.",
      ].join("\n"),
    )
  })
})
