import * as Effect from "effect/Effect"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import * as Adapter from "../src/Adapter.ts"
import * as Safetensors from "../src/formats/Safetensors.ts"
import type { Weight } from "../src/formats/WeightSource.ts"
import { moduleAdapter, modules } from "./support/ramp.ts"
import { fixture } from "./support/smollm2.ts"

const sizes: Record<string, [inputs: number, outputs: number]> = {
  "self_attn.q_proj": [64, 64],
  "self_attn.k_proj": [64, 32],
  "self_attn.v_proj": [64, 32],
  "self_attn.o_proj": [64, 64],
  "mlp.gate_proj": [64, 112],
  "mlp.up_proj": [64, 112],
  "mlp.down_proj": [112, 64],
}

const config: Adapter.AdapterConfig = {
  baseModel: "tiny",
  rank: 4,
  alpha: 8,
  rsLora: false,
  targetModules: ["up_proj", "q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "down_proj"],
  rankPattern: { "layers.1.mlp.down_proj": 2 },
  alphaPattern: { q_proj: 16 },
}

/** The tiny Llama's adapter as the reference scripts fill it. */
const tiny = (): Adapter.AdapterWeights => {
  const all = new Map<string, Adapter.AdapterModule>()
  for (const layer of [0, 1]) {
    for (const module of modules) {
      const name = `model.layers.${layer}.${module}`
      const [inputs, outputs] = sizes[module]!
      const rank = Adapter.patterned(config.rankPattern, name, config.rank)
      const { a, b } = moduleAdapter(name, rank, inputs, outputs, 0.1)
      all.set(name, { a: { shape: [rank, inputs], data: a }, b: { shape: [outputs, rank], data: b } })
    }
  }
  return { config, modules: all }
}

let folder: string
beforeAll(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "sluice-adapter-"))
})
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }))

/** A folder with these settings and tensors. */
const stored = (name: string, json: unknown, tensors: Record<string, Weight>): string => {
  const at = path.join(folder, name)
  fs.mkdirSync(at)
  fs.writeFileSync(path.join(at, Adapter.configFile), JSON.stringify(json))
  fs.writeFileSync(path.join(at, Adapter.weightsFile), Safetensors.encode(new Map(Object.entries(tensors))))
  return at
}

const zeros = (...shape: Array<number>): Weight => ({
  shape,
  data: new Float32Array(shape.reduce((a, b) => a * b, 1)),
})
const failure = (at: string): Promise<string> =>
  Effect.runPromise(Effect.flip(Adapter.read(at))).then((error) => error.message)

describe("writing and reading", () => {
  it("gives back every number, name and setting", async () => {
    const at = path.join(folder, "round", "trip")
    await Effect.runPromise(Adapter.write(at, tiny()))
    expect(fs.readdirSync(at).toSorted()).toEqual(["adapter_config.json", "adapter_model.safetensors"])
    const back = await Effect.runPromise(Adapter.read(at))
    expect(back.config).toEqual({ ...config, targetModules: config.targetModules.toSorted() })
    expect([...back.modules.keys()].toSorted()).toEqual([...tiny().modules.keys()].toSorted())
    for (const [name, module] of tiny().modules) expect(back.modules.get(name)).toEqual(module)
  })

  it("names tensors as PEFT does, and writes few settings", () => {
    const files = Adapter.toFiles(tiny())
    const names = [...Safetensors.fromBytes(files[Adapter.weightsFile]).tensors.keys()]
    const peft = Safetensors.openSync(fixture("tinyLlama/gradients.safetensors"))
    expect(names).toEqual([...peft.tensors.keys()])
    peft.close()
    expect(JSON.parse(files[Adapter.configFile])).toEqual({
      alpha_pattern: { q_proj: 16 },
      base_model_name_or_path: "tiny",
      bias: "none",
      fan_in_fan_out: false,
      inference_mode: true,
      init_lora_weights: true,
      lora_alpha: 8,
      lora_dropout: 0,
      modules_to_save: null,
      peft_type: "LORA",
      r: 4,
      rank_pattern: { "layers.1.mlp.down_proj": 2 },
      revision: null,
      target_modules: ["down_proj", "gate_proj", "k_proj", "o_proj", "q_proj", "up_proj", "v_proj"],
      task_type: "CAUSAL_LM",
      use_dora: false,
      use_rslora: false,
    })
  })

  it("gives the same bytes for the same adapter, whatever order its modules came in", () => {
    const adapter = tiny()
    const turned = { ...adapter, modules: new Map([...adapter.modules].toReversed()) }
    expect(Adapter.toFiles(turned)).toEqual(Adapter.toFiles(adapter))
  })

  it("reads what PEFT wrote, from wherever its two files lie", () => {
    const read = Adapter.readSync(
      fixture("peft/adapter_config.json"),
      fixture("peft/adapter_model.safetensors"),
    )
    expect(read.config).toEqual({
      baseModel: "tiny",
      rank: 4,
      alpha: 8,
      rsLora: true,
      targetModules: expect.arrayContaining(["q_proj", "down_proj"]),
      rankPattern: { "layers.1.mlp.down_proj": 2 },
      alphaPattern: { q_proj: 16 },
    })
    expect(read.config.targetModules).toHaveLength(7)
    for (const [name, module] of tiny().modules) expect(read.modules.get(name)).toEqual(module)
  })
})

describe("scale", () => {
  it("is alpha/r, with rsLoRA alpha/√r, each module with its own rank and alpha", () => {
    expect(Adapter.scaleOf(config, "model.layers.0.self_attn.v_proj")).toBe(2)
    expect(Adapter.scaleOf(config, "model.layers.0.self_attn.q_proj")).toBe(4)
    expect(Adapter.scaleOf(config, "model.layers.1.mlp.down_proj")).toBe(4)
    expect(Adapter.scaleOf({ ...config, rsLora: true }, "model.layers.0.self_attn.v_proj")).toBe(4)
  })

  it("matches a pattern against the end of a module's path, whole names only", () => {
    const pattern = { proj: 1, "layers\\.[0-3]\\.mlp\\..*": 2, q_proj: 3 }
    expect(Adapter.patterned(pattern, "model.layers.2.mlp.up_proj", 9)).toBe(2)
    expect(Adapter.patterned(pattern, "model.layers.4.mlp.up_proj", 9)).toBe(9)
    expect(Adapter.patterned(pattern, "model.layers.4.self_attn.q_proj", 9)).toBe(3)
  })
})

describe("an adapter that does not fit", () => {
  it("names every module with both shapes, and fails once", () => {
    const shapes: Record<string, ReadonlyArray<number>> = {}
    for (const layer of [0, 1]) {
      for (const [module, [inputs, outputs]] of Object.entries(sizes)) {
        shapes[`model.layers.${layer}.${module}.weight`] = [outputs, inputs]
      }
    }
    expect(() => Adapter.check(tiny(), (name) => shapes[name])).not.toThrow()
    shapes["model.layers.0.self_attn.k_proj.weight"] = [64, 64]
    shapes["model.layers.1.mlp.down_proj.weight"] = [64, 128]
    delete shapes["model.layers.1.self_attn.q_proj.weight"]
    expect(() => Adapter.check(tiny(), (name) => shapes[name], "my/adapter")).toThrow(
      [
        "The adapter does not fit the base model.",
        "  Adapter:                          my/adapter",
        "  model.layers.0.self_attn.k_proj:  adapter [32, 64] (A [4, 64], B [32, 4]), model [64, 64]",
        "  model.layers.1.self_attn.q_proj:  is not in the model",
        "  model.layers.1.mlp.down_proj:     adapter [64, 112] (A [2, 112], B [64, 2]), model [64, 128]",
      ].join("\n"),
    )
  })

  it("to its own configuration names every tensor that is odd, alone, or of another rank", async () => {
    const module = "base_model.model.model.layers.0.self_attn"
    const message = await failure(
      stored(
        "odd",
        { peft_type: "LORA", r: 4 },
        {
          [`${module}.q_proj.lora_A.weight`]: zeros(8, 64),
          [`${module}.q_proj.lora_B.weight`]: zeros(64, 8),
          [`${module}.k_proj.lora_A.weight`]: zeros(4, 64),
          [`${module}.v_proj.lora_magnitude_vector`]: zeros(32),
        },
      ),
    )
    expect(message).toContain("The adapter does not fit its own configuration.")
    expect(message).toMatch(/v_proj\.lora_magnitude_vector: +\[32\] is no tensor of a plain LoRA adapter/)
    expect(message).toMatch(/layers\.0\.self_attn\.k_proj: +has only lora_A/)
    expect(message).toMatch(/q_proj: +A \[8, 64\] and B \[64, 8\], but its configuration says rank 4/)
  })

  it("because it needs what Sluice does not compute names every setting", async () => {
    const json = {
      peft_type: "LORA",
      use_dora: true,
      bias: "all",
      modules_to_save: ["lm_head"],
      init_lora_weights: "pissa",
      lora_alpha: -1,
    }
    const message = await failure(stored("settings", json, {}))
    expect(message).toMatch(
      /does not fit what Sluice computes[^]*use_dora: +is true[^]*bias: +is "all"[^]*modules_to_save: +is \["lm_head"\][^]*init_lora_weights: +is "pissa"[^]*lora_alpha: +is -1/,
    )
    expect(await failure(stored("ia3", { peft_type: "IA3" }, {}))).toContain('is "IA3", not "LORA"')
  })

  it("that is not there, or no JSON, is named by its file", async () => {
    expect(await failure(path.join(folder, "nowhere"))).toMatch(
      /does not exist\.[^]*nowhere\/adapter_config\.json/,
    )
    const at = stored("broken", {}, {})
    fs.writeFileSync(path.join(at, Adapter.configFile), "{")
    expect(await failure(at)).toMatch(/The file is no JSON\.[^]*broken\/adapter_config\.json/)
  })
})
