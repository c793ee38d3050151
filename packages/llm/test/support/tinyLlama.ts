/** The tiny models of the reference values: weights from their files or by their rule, and the ruled adapters. */
import { readFileSync } from "node:fs"
import * as Safetensors from "../../src/formats/Safetensors.ts"
import type { ModelConfig, Weight, WeightSource } from "../../src/formats/WeightSource.ts"
import type { Llama } from "../../src/Llama.ts"
import * as Lora from "../../src/Lora.ts"
import type { Backend } from "../../src/ops/Ops.ts"
import type { TokenRow } from "../../src/plan/Stream.ts"
import { moduleAdapter, ramp } from "./ramp.ts"

const folder = new URL("../fixtures/tinyLlama/", import.meta.url).pathname
export const readJson = <A>(name: string): A => JSON.parse(readFileSync(folder + name, "utf8")) as A
export const openTensors = (name: string) => Safetensors.openSync(folder + name)

interface Run {
  readonly r: number
  readonly alpha: number
  readonly rsLora: boolean
  readonly weightDecay: number
  readonly peakLearningRate: number
  readonly target_modules?: ReadonlyArray<string>
  readonly losses: ReadonlyArray<number>
  readonly gradientNorms: ReadonlyArray<number>
}

export const training = readJson<{
  readonly batches: ReadonlyArray<ReadonlyArray<TokenRow>>
  readonly gradient: {
    readonly bBound: number
    readonly loss: number
    readonly gradientNorm: number
    readonly rowLosses: ReadonlyArray<number>
  }
  readonly plain: Run
  readonly rsLora: Run
  readonly weightDecay: Run
  readonly queryValueOnly: Run
}>("training.json")

/** The learning rate of the reference runs. */
export const referenceRate = (step: number, steps: number, peak: number) =>
  peak * Math.min(1, step / Math.max(1, 0.03 * steps)) * (1 - (step - 1) / steps)

/** The model of model.safetensors. */
export const source = (): WeightSource => {
  const file = openTensors("model.safetensors")
  const shape = (name: string) => file.tensors.get(name)!.shape
  return {
    file: folder,
    config: readJson<ModelConfig>("config.json"),
    names: [...file.tensors.keys()],
    has: (name) => file.tensors.has(name),
    shape,
    tensor: (name) => ({ shape: shape(name), data: file.values(name) }),
  }
}

interface Variants {
  readonly variants: Readonly<
    Record<
      string,
      {
        readonly config: ModelConfig
        readonly parameters: Readonly<Record<string, ReadonlyArray<number>>>
        readonly ids: ReadonlyArray<number>
        readonly lastLogits: ReadonlyArray<number>
      }
    >
  >
}
export const variants = () => readJson<Variants>("variants.json").variants

/** A variant's model: weights by the rule of reference/tiny_llama.py. */
export const variantSource = ({ config, parameters }: Variants["variants"][string]): WeightSource => {
  const names = Object.keys(parameters).toSorted()
  const tensor = (name: string): Weight => {
    const shape = parameters[name]!
    const [rows, columns] = shape.length === 2 ? [shape[0]!, shape[1]!] : [1, shape[0]!]
    const bound = name.includes("embed") ? 0.5 : shape.length === 1 ? 0.1 : 1.5 / Math.sqrt(columns)
    const values = ramp(1000 + names.indexOf(name), rows, columns, bound)
    return { shape, data: values.map((value) => bfloat16(name.includes("norm") ? value + 1 : value)) }
  }
  const shape = (name: string) => parameters[name]!
  return { file: "by rule", config, names, has: (name) => name in parameters, shape, tensor }
}

/** Rounded to bfloat16, ties to even. */
const bfloat16 = (value: number): number => {
  const bits = new Uint32Array(Float32Array.of(value).buffer)
  bits[0] = (bits[0]! + 0x7fff + ((bits[0]! >>> 16) & 1)) & 0xffff0000
  return new Float32Array(bits.buffer)[0]!
}

/** An adapter filled by the rule of reference/common.py. */
export const ruledLora = async (
  backend: Backend,
  model: Llama,
  options: Lora.Options,
  bBound = 0,
): Promise<Lora.Lora> => {
  const blank = Lora.create(backend, model.config, "unused", options)
  const { config, modules } = await blank.weights()
  blank.free()
  const filled = [...modules].map(([module, { a, b }]) => {
    const rule = moduleAdapter(module, a.shape[0]!, a.shape[1]!, b.shape[0]!, bBound)
    return [module, { a: { shape: a.shape, data: rule.a }, b: { shape: b.shape, data: rule.b } }] as const
  })
  return Lora.fromWeights(backend, model.config, { config, modules: new Map(filled) })
}
