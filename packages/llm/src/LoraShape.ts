/** An adapter's shape: which layers it trains, and how many numbers that are. Follows from settings, before any tensor. */
import type { AdapterConfig } from "./Adapter.ts"
import type * as AdapterLayout from "./AdapterLayout.ts"
import type { LinearName } from "./Block.ts"
import type { LlamaConfig } from "./LlamaConfig.ts"
import { allProjections, checkPatterns, matching, outputSizes, projections } from "./Projections.ts"

export interface Options {
  /** R, default 16 */
  readonly rank?: number
  /** default 32 */
  readonly alpha?: number
  /** Scale alpha/√r instead of alpha/r. */
  readonly rsLora?: boolean
  /**
   * Names or path endings of the projections to train, or one regular expression for whole paths, as in PEFT:
   * `.*[.][0-3][.].*_proj` trains the first four blocks. All seven by default.
   */
  readonly targetModules?: ReadonlyArray<string> | string
  /** Other ranks and alphas for some modules, by name, path ending or regular expression, as in PEFT. */
  readonly rankPattern?: Readonly<Record<string, number>>
  readonly alphaPattern?: Readonly<Record<string, number>>
}

/** A linear layer of one block that is trained. */
export interface Layer extends AdapterLayout.LayerShape {
  readonly block: number
  readonly name: LinearName
}

export interface LoraShape {
  /** In the order of the blocks. */
  readonly layers: ReadonlyArray<Layer>
  /** Numbers that are trained. */
  readonly parameterCount: number
}

/** The configuration that options stand for. Throws AdapterUnfit for a pattern that matches nothing. */
export const configOf = (model: LlamaConfig, options: Options = {}): AdapterConfig => {
  const { targetModules = allProjections } = options
  const config: AdapterConfig = {
    baseModel: "",
    rank: options.rank ?? 16,
    alpha: options.alpha ?? 32,
    rsLora: options.rsLora ?? false,
    targetModules: typeof targetModules === "string" ? matching(model, targetModules) : targetModules,
    rankPattern: options.rankPattern ?? {},
    alphaPattern: options.alphaPattern ?? {},
  }
  checkPatterns(model, config)
  return config
}

/** Throws AdapterUnfit for target modules that the model lacks. */
export const make = (model: LlamaConfig, config: AdapterConfig): LoraShape => {
  const trained = projections(model, config)
  const byLayer = Map.groupBy(trained, ({ block, name }) => `${block}.${name}`)
  return {
    layers: [...byLayer.values()].map((members): Layer => {
      const { block, inSize, name } = members[0]!
      return {
        block,
        name,
        inSize,
        outSize: outputSizes(model)[name].reduce((total, size) => total + size, 0),
        rankSize: members.reduce((total, { rank }) => total + rank, 0),
        members,
      }
    }),
    parameterCount: trained.reduce((total, m) => total + m.rank * (m.inSize + m.outSize), 0),
  }
}
