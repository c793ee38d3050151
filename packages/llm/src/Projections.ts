/**
 * Which projections of a model an adapter trains, and where each stands in its linear layer.
 *
 * A target names a projection by its name or the end of its path; rank and alpha may differ by pattern, as in PEFT.
 */
import * as Data from "effect/Data"
import { type AdapterConfig, patterned, scaleOf } from "./Adapter.ts"
import { type LinearName, linearNames } from "./Block.ts"
import { structured } from "./formats/structured.ts"
import type { LlamaConfig } from "./LlamaConfig.ts"

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

/** One projection within a trained layer. */
export interface Member {
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

/** Outputs of each projection of each layer. */
export const outputSizes = (model: LlamaConfig): Record<LinearName, ReadonlyArray<number>> => {
  const { headSize, heads, hidden, intermediate, keyValueHeads } = model
  return {
    queryKeyValue: [heads * headSize, keyValueHeads * headSize, keyValueHeads * headSize],
    output: [hidden],
    gateUp: [intermediate, intermediate],
    down: [hidden],
  }
}

export interface Projection extends Member {
  readonly block: number
  readonly name: LinearName
  readonly inSize: number
}

/** The projections that a configuration trains, block after block. Throws AdapterUnfit for unknown targets. */
export const projections = (model: LlamaConfig, config: AdapterConfig): ReadonlyArray<Projection> => {
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
          const scale = scaleOf(config, module)
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

/**
 * The targets that a regular expression for whole paths stands for: names where it takes a projection in every block,
 * else paths. An adapter's configuration then says them as a list, which every reader understands.
 */
export const matching = (model: LlamaConfig, pattern: string): ReadonlyArray<string> => {
  checkExpressions([{ kind: "targetModules", pattern, text: `^(?:${pattern})$` }])
  const whole = new RegExp(`^(?:${pattern})$`)
  const found: Array<string> = []
  for (const part of Object.values(memberNames).flat()) {
    const paths = Array.from({ length: model.layers }, (_, block) => `model.layers.${block}.${part}`)
    const matched = paths.filter((path) => whole.test(path))
    if (matched.length === paths.length) found.push(part.slice(part.indexOf(".") + 1))
    else found.push(...matched)
  }
  if (found.length > 0) return found
  throw new AdapterUnfit({
    reason: "The pattern of target modules matches no projection of this model.",
    facts: [["Pattern", pattern]],
    hint: `It must match a whole path, such as model.layers.0.${memberNames.queryKeyValue[0]}.`,
  })
}

/** Throws AdapterUnfit for patterns of rank or alpha that no trained projection matches: all of them at once. */
export const checkPatterns = (model: LlamaConfig, config: AdapterConfig): void => {
  // Before the projections are told: their ranks are found by these patterns.
  const ends = (["rankPattern", "alphaPattern"] as const).flatMap((kind) =>
    Object.keys(config[kind]).map((pattern) => ({ kind, pattern, text: `^(.*\\.)?(${pattern})$` })),
  )
  checkExpressions(ends)
  const modules = projections(model, config).map(({ module }) => module)
  const facts = ends
    .filter(({ text }) => !modules.some((module) => new RegExp(text).test(module)))
    .map(({ kind, pattern }): [string, string] => [kind, pattern])
  if (facts.length === 0) return
  throw new AdapterUnfit({
    reason: "A pattern matches no projection that is trained.",
    facts,
    hint: "A pattern is a regular expression for the end of a path, such as q_proj or layers.0.mlp.down_proj.",
  })
}

/** Throws AdapterUnfit for patterns that are no regular expressions: all of them at once. */
const checkExpressions = (
  given: ReadonlyArray<{ readonly kind: string; readonly pattern: string; readonly text: string }>,
): void => {
  const facts = given
    .filter(({ text }) => !isExpression(text))
    .map(({ kind, pattern }): [string, string] => [kind, pattern])
  if (facts.length === 0) return
  throw new AdapterUnfit({
    reason: "A pattern is no regular expression.",
    facts,
    hint: "Give a regular expression as JavaScript reads it.",
  })
}

const isExpression = (text: string): boolean => {
  try {
    return new RegExp(text) instanceof RegExp
  } catch {
    return false
  }
}

const endsWith = (module: string, ending: string) => module === ending || module.endsWith(`.${ending}`)
