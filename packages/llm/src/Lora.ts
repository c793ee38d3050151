/**
 * The trained part of a model: LoRA adapters of its linear layers, as PEFT lays them out and initialises them.
 *
 * PEFT has a pair per projection, A [r, in] and B [out, r], with y += s·(x·Aᵀ)·Bᵀ and s = alpha/r (rsLoRA: alpha/√r).
 * Here projections that read the same input are one layer (see layers/linear): its A holds their transposed A side by
 * side, its B their transposed B as blocks on a diagonal, and s stands in a matrix that is zero outside the blocks.
 * `weights` gives PEFT's form back.
 *
 * @see Hu et al. 2021, arXiv:2106.09685; Kalajdzievski 2023, arXiv:2312.03732 (rsLoRA)
 */
import { Random } from "@sluice/core"
import type { AdapterConfig, AdapterModule, AdapterWeights } from "./Adapter.ts"
import * as AdapterLayout from "./AdapterLayout.ts"
import { type LinearName, type PerLinear, untrained } from "./Block.ts"
import type { Adapter } from "./layers/linear.ts"
import type { LlamaConfig } from "./LlamaConfig.ts"
import type { Backend, Tensor, Variable } from "./ops/Ops.ts"
import * as LoraShape from "./LoraShape.ts"
import { AdapterUnfit, projections } from "./Projections.ts"

export { AdapterUnfit, allProjections } from "./Projections.ts"

export type { Options } from "./LoraShape.ts"

/** A linear layer of one block with an adapter. */
export interface TrainedLayer extends Adapter, LoraShape.Layer {}

export interface Lora extends LoraShape.LoraShape {
  readonly config: AdapterConfig
  /** What each block trains, in their order. */
  readonly blocks: ReadonlyArray<PerLinear<Adapter>>
  readonly layers: ReadonlyArray<TrainedLayer>
  /** A and B of each layer in turn: the order of gradients and of optimizer state. */
  readonly parameters: ReadonlyArray<{ readonly name: string; readonly variable: Variable }>
  /** Copies in PEFT's form. */
  readonly weights: () => Promise<AdapterWeights>
  readonly free: () => void
}

/** A new adapter: A Kaiming-uniform(√5), that is uniform in ±1/√in, from a stream per module; B zero. */
export const create = (
  backend: Backend,
  model: LlamaConfig,
  seed: string,
  options: LoraShape.Options = {},
): Lora => {
  const config = LoraShape.configOf(model, options)
  return build(backend, model, config, (module, rank, inSize, outSize) => {
    const random = Random.make(Random.derive(seed, module))
    const bound = 1 / Math.sqrt(inSize)
    const a = Float32Array.from({ length: rank * inSize }, () => (2 * random.uniform() - 1) * bound)
    return {
      a: { shape: [rank, inSize], data: a },
      b: { shape: [outSize, rank], data: new Float32Array(outSize * rank) },
    }
  })
}

/** An adapter read from a directory or continued from another run. */
export const fromWeights = (
  backend: Backend,
  model: LlamaConfig,
  { config, modules }: AdapterWeights,
): Lora => {
  const facts: Array<readonly [string, string]> = []
  const expected = projections(model, config)
  for (const { inSize, module, outSize, rank } of expected) {
    const found = modules.get(module)
    if (found === undefined) {
      facts.push([module, "has no weights in the adapter"])
      continue
    }
    const wanted = [`[${rank}, ${inSize}]`, `[${outSize}, ${rank}]`]
    const shapes = [found.a, found.b].map(({ shape }) => `[${shape.join(", ")}]`)
    ;["lora_A", "lora_B"].forEach((part, i) => {
      if (shapes[i] !== wanted[i])
        facts.push([`${module} ${part}`, `is ${shapes[i]}, the model needs ${wanted[i]}`])
    })
  }
  const known = new Set(expected.map(({ module }) => module))
  for (const module of modules.keys()) {
    if (!known.has(module))
      facts.push([module, "is no projection of this model that the adapter's config targets"])
  }
  if (facts.length > 0) {
    throw new AdapterUnfit({
      reason: "The adapter does not fit the model.",
      facts,
      hint: "Use the base model that the adapter was trained on.",
    })
  }
  return build(backend, model, config, (module) => modules.get(module)!)
}

const build = (
  backend: Backend,
  model: LlamaConfig,
  config: AdapterConfig,
  initial: (module: string, rank: number, inSize: number, outSize: number) => AdapterModule,
): Lora => {
  const blocks = Array.from({ length: model.layers }, (): Record<LinearName, Adapter | null> => ({
    ...untrained,
  }))
  const layers: Array<TrainedLayer> = []
  const scales = new Map<string, Tensor>()
  const shape = LoraShape.make(model, config)
  for (const of of shape.layers) {
    const { block, inSize, members, name, outSize, rankSize } = of
    const key = JSON.stringify([outSize, members.map((m) => [m.rank, m.scale, m.outStart, m.outSize])])
    const scale = scales.get(key) ?? scaleTensor(backend, of)
    scales.set(key, scale)
    const variables = backend.scope(() => {
      const modules = members.map(({ module, outSize: out, rank }) => initial(module, rank, inSize, out))
      return {
        a: backend.variable(backend.tensor(AdapterLayout.fusedA(of, modules), [inSize, rankSize])),
        b: backend.variable(backend.tensor(AdapterLayout.fusedB(of, modules), [rankSize, outSize])),
      }
    })
    const layer = { ...of, ...variables, scale }
    layers.push(layer)
    blocks[block]![name] = { ...variables, scale }
  }
  const parameters = layers.flatMap(({ a, b, block, name }) => [
    { name: `blocks.${block}.${name}.a`, variable: a },
    { name: `blocks.${block}.${name}.b`, variable: b },
  ])
  return {
    config,
    blocks,
    layers,
    parameters,
    parameterCount: shape.parameterCount,
    weights: async () => ({ config, modules: await peftModules(backend, layers) }),
    free: () => backend.free(...parameters.map(({ variable }) => variable), ...scales.values()),
  }
}

const scaleTensor = (backend: Backend, shape: AdapterLayout.LayerShape): Tensor => {
  const data = AdapterLayout.scales(shape)
  return backend.tensor(data, data.length === 1 ? [] : [shape.rankSize, shape.outSize])
}

const peftModules = async (backend: Backend, layers: ReadonlyArray<TrainedLayer>) => {
  const modules = new Map<string, AdapterModule>()
  for (const layer of layers) {
    const values = await readVariables(backend, [layer.a, layer.b])
    for (const [name, module] of AdapterLayout.unfuse(layer, values[0]!, values[1]!))
      modules.set(name, module)
  }
  return modules
}

/** The values of variables, in order. */
export const readVariables = async (
  backend: Backend,
  variables: ReadonlyArray<Variable>,
): Promise<ReadonlyArray<Float32Array>> => {
  const values: Array<Float32Array> = []
  for (const variable of variables) {
    const tensor = backend.ops.readVariable(variable)
    values.push((await backend.read(tensor)) as Float32Array)
    backend.free(tensor)
  }
  return values
}
