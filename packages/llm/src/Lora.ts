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
import * as Data from "effect/Data"
import type { AdapterConfig, AdapterModule, AdapterWeights } from "./Adapter.ts"
import { type LinearName, linearNames, type PerLinear, untrained } from "./Block.ts"
import { structured } from "./formats/structured.ts"
import type { Adapter } from "./layers/linear.ts"
import type { LlamaConfig } from "./LlamaConfig.ts"
import type { Backend, Tensor, Variable } from "./ops/Ops.ts"

/** The seven projections of a block: both feed-forward and attention, PEFT's `all-linear` for these models. */
export const allProjections: ReadonlyArray<string> = [
  "q_proj",
  "k_proj",
  "v_proj",
  "o_proj",
  "gate_proj",
  "up_proj",
  "down_proj",
]

export interface Options {
  /** R, default 16 */
  readonly rank?: number
  /** default 32 */
  readonly alpha?: number
  /** Scale alpha/√r instead of alpha/r. */
  readonly rsLora?: boolean
  /** Names or path endings of the projections to train; all seven by default. */
  readonly targetModules?: ReadonlyArray<string>
  /** Other ranks and alphas for some modules, by name, path ending or regular expression, as in PEFT. */
  readonly rankPattern?: Readonly<Record<string, number>>
  readonly alphaPattern?: Readonly<Record<string, number>>
}

/** One projection within a trained layer. */
interface Member {
  /** `model.layers.0.self_attn.q_proj` */
  readonly module: string
  readonly rank: number
  readonly scale: number
  /** First of its rank's columns in A and rows in B. */
  readonly rankStart: number
  /** First of its columns in B. */
  readonly outStart: number
  readonly outSize: number
}

/** A linear layer of one block with an adapter. */
export interface TrainedLayer extends Adapter {
  readonly block: number
  readonly name: LinearName
  readonly inSize: number
  readonly outSize: number
  /** Sum of the members' ranks. */
  readonly rankSize: number
  readonly members: ReadonlyArray<Member>
}

export interface Lora {
  readonly config: AdapterConfig
  /** In the order of the blocks. */
  readonly blocks: ReadonlyArray<PerLinear<Adapter>>
  readonly layers: ReadonlyArray<TrainedLayer>
  /** A and B of each layer in turn: the order of gradients and of optimizer state. */
  readonly parameters: ReadonlyArray<{ readonly name: string; readonly variable: Variable }>
  /** Numbers that are trained. */
  readonly parameterCount: number
  /** Copies in PEFT's form. */
  readonly weights: () => Promise<AdapterWeights>
  readonly free: () => void
}

/** Adapter options that fit no projection, or adapter weights that do not fit the model: all of them at once. */
export class AdapterUnfit extends Data.TaggedError("AdapterUnfit")<{
  readonly reason: string
  readonly facts: ReadonlyArray<readonly [label: string, value: string]>
  readonly hint: string
}> {
  override get message(): string {
    return structured(this.reason, this.facts, this.hint)
  }
}

/** A new adapter: A Kaiming-uniform(√5), that is uniform in ±1/√in, from a stream per module; B zero. */
export const create = (backend: Backend, model: LlamaConfig, seed: string, options: Options = {}): Lora => {
  const config: AdapterConfig = {
    baseModel: "",
    rank: options.rank ?? 16,
    alpha: options.alpha ?? 32,
    rsLora: options.rsLora ?? false,
    targetModules: options.targetModules ?? allProjections,
    rankPattern: options.rankPattern ?? {},
    alphaPattern: options.alphaPattern ?? {},
  }
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

/** Which projections read the same input, by layer; the order is that of the rows of the layer's weight. */
const memberNames: Readonly<Record<LinearName, ReadonlyArray<string>>> = {
  queryKeyValue: ["self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"],
  output: ["self_attn.o_proj"],
  gateUp: ["mlp.gate_proj", "mlp.up_proj"],
  down: ["mlp.down_proj"],
}

/** Inputs of each linear layer. */
export const inputSizes = ({
  headSize,
  heads,
  hidden,
  intermediate,
}: LlamaConfig): Record<LinearName, number> => ({
  queryKeyValue: hidden,
  output: heads * headSize,
  gateUp: hidden,
  down: intermediate,
})

const outputSizes = (model: LlamaConfig): Record<LinearName, ReadonlyArray<number>> => {
  const { headSize, heads, hidden, intermediate, keyValueHeads } = model
  return {
    queryKeyValue: [heads * headSize, keyValueHeads * headSize, keyValueHeads * headSize],
    output: [hidden],
    gateUp: [intermediate, intermediate],
    down: [hidden],
  }
}

interface Projection extends Member {
  readonly block: number
  readonly name: LinearName
  readonly inSize: number
}

/** The projections that a configuration trains, block after block. */
const projections = (model: LlamaConfig, config: AdapterConfig): ReadonlyArray<Projection> => {
  const found: Array<Projection> = []
  const unused = new Set(config.targetModules)
  for (let block = 0; block < model.layers; block++) {
    for (const name of linearNames) {
      let rankStart = 0
      let outStart = 0
      memberNames[name].forEach((part, index) => {
        const module = `model.layers.${block}.${part}`
        const outSize = outputSizes(model)[name][index]!
        const targets = config.targetModules.filter((target) => endsWith(module, target))
        for (const target of targets) unused.delete(target)
        if (targets.length > 0) {
          const rank = patterned(config.rankPattern, module, config.rank)
          const alpha = patterned(config.alphaPattern, module, config.alpha)
          const scale = alpha / (config.rsLora ? Math.sqrt(rank) : rank)
          const inSize = inputSizes(model)[name]
          found.push({ block, name, module, rank, scale, rankStart, outStart, outSize, inSize })
          rankStart += rank
        }
        outStart += outSize
      })
    }
  }
  if (unused.size > 0) {
    throw new AdapterUnfit({
      reason: "Target modules name no projection of this model.",
      facts: [...unused].map((target) => ["Target module", target]),
      hint: `Its projections are ${allProjections.join(", ")}.`,
    })
  }
  return found
}

const endsWith = (module: string, ending: string) => module === ending || module.endsWith(`.${ending}`)

/** The first matching pattern's value, PEFT's rule: a regular expression for the end of the module's path. */
const patterned = (patterns: Readonly<Record<string, number>>, module: string, otherwise: number): number => {
  for (const [pattern, value] of Object.entries(patterns)) {
    if (new RegExp(`^(.*\\.)?(${pattern})$`).test(module)) return value
  }
  return otherwise
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
  const byLayer = Map.groupBy(projections(model, config), ({ block, name }) => `${block}.${name}`)
  for (const members of byLayer.values()) {
    const { block, inSize, name } = members[0]!
    const outSize = outputSizes(model)[name].reduce((total, size) => total + size, 0)
    const rankSize = members.reduce((total, { rank }) => total + rank, 0)
    const shape = { inSize, outSize, rankSize, members }
    const key = JSON.stringify([outSize, members.map((m) => [m.rank, m.scale, m.outStart, m.outSize])])
    const scale = scales.get(key) ?? scaleTensor(backend, shape)
    scales.set(key, scale)
    const variables = backend.scope(() => {
      const modules = members.map(({ module, outSize: out, rank }) => initial(module, rank, inSize, out))
      return {
        a: backend.variable(backend.tensor(fusedA(shape, modules), [inSize, rankSize])),
        b: backend.variable(backend.tensor(fusedB(shape, modules), [rankSize, outSize])),
      }
    })
    const layer = { block, name, ...shape, ...variables, scale }
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
    parameterCount: [...byLayer.values()]
      .flat()
      .reduce((total, m) => total + m.rank * (m.inSize + m.outSize), 0),
    weights: async () => ({ config, modules: await peftModules(backend, layers) }),
    free: () => backend.free(...parameters.map(({ variable }) => variable), ...scales.values()),
  }
}

type Shape = Pick<TrainedLayer, "inSize" | "outSize" | "rankSize" | "members">

/** The scale as a number where one projection is the whole layer, else as [ΣR, out] with zeros between the blocks. */
const scaleTensor = (backend: Backend, { members, outSize, rankSize }: Shape): Tensor => {
  if (members.length === 1 && members[0]!.outSize === outSize) {
    return backend.tensor(Float32Array.of(members[0]!.scale), [])
  }
  const data = new Float32Array(rankSize * outSize)
  for (const { outSize: size, outStart, rank, rankStart, scale } of members) {
    for (let r = rankStart; r < rankStart + rank; r++) {
      data.fill(scale, r * outSize + outStart, r * outSize + outStart + size)
    }
  }
  return backend.tensor(data, [rankSize, outSize])
}

/** A [in, ΣR] from the members' [r, in]. */
const fusedA = (
  { inSize, members, rankSize }: Shape,
  modules: ReadonlyArray<AdapterModule>,
): Float32Array => {
  const data = new Float32Array(inSize * rankSize)
  members.forEach(({ rank, rankStart }, index) => {
    const a = modules[index]!.a.data
    for (let r = 0; r < rank; r++) {
      for (let i = 0; i < inSize; i++) data[i * rankSize + rankStart + r] = a[r * inSize + i]!
    }
  })
  return data
}

/** B [ΣR, out] from the members' [out, r]. */
const fusedB = (
  { members, outSize, rankSize }: Shape,
  modules: ReadonlyArray<AdapterModule>,
): Float32Array => {
  const data = new Float32Array(rankSize * outSize)
  members.forEach(({ outSize: size, outStart, rank, rankStart }, index) => {
    const b = modules[index]!.b.data
    for (let o = 0; o < size; o++) {
      for (let r = 0; r < rank; r++) data[(rankStart + r) * outSize + outStart + o] = b[o * rank + r]!
    }
  })
  return data
}

/** The members' A [r, in] and B [out, r] from a layer's values (weights, or their gradients). */
export const unfuse = (
  layer: Shape,
  a: Float32Array,
  b: Float32Array,
): ReadonlyMap<string, AdapterModule> => {
  const { inSize, members, outSize: outAll, rankSize } = layer
  return new Map(
    members.map(({ module, outSize, outStart, rank, rankStart }) => {
      const memberA = new Float32Array(rank * inSize)
      const memberB = new Float32Array(outSize * rank)
      for (let r = 0; r < rank; r++) {
        for (let i = 0; i < inSize; i++) memberA[r * inSize + i] = a[i * rankSize + rankStart + r]!
        for (let o = 0; o < outSize; o++) memberB[o * rank + r] = b[(rankStart + r) * outAll + outStart + o]!
      }
      return [
        module,
        { a: { shape: [rank, inSize], data: memberA }, b: { shape: [outSize, rank], data: memberB } },
      ] as const
    }),
  )
}

const peftModules = async (backend: Backend, layers: ReadonlyArray<TrainedLayer>) => {
  const modules = new Map<string, AdapterModule>()
  for (const layer of layers) {
    const values = await readVariables(backend, [layer.a, layer.b])
    for (const [name, module] of unfuse(layer, values[0]!, values[1]!)) modules.set(name, module)
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
