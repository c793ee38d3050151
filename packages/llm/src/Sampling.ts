/**
 * Choosing the next token from the best candidates, and whether the choice was so narrow that another order of
 * summation (another batch) could have turned it.
 */
import { Random } from "@sluice/core"

export interface Choice {
  readonly token: number
  readonly narrow: boolean
}

/** From the logits and ids of the best tokens, best first. */
export type Choose = (logits: Float32Array, ids: Int32Array) => Choice

export interface Options {
  readonly seed: string
  /** Divides logits; above 0. Default 1. */
  readonly temperature?: number
  /** Draw from this many best tokens, default 50. */
  readonly topK?: number
  /** Draw from the best tokens that together have this probability, default 1. */
  readonly topP?: number
}

/** Logits nearer than this may change places between batches, whose differences stay below 1e-4. */
export const narrowLogits = 1e-3
/** The same for probabilities, cumulated. */
const narrowProbability = 1e-3

/** Greedy: the best token. */
export const best: Choose = (logits, ids) => ({
  token: ids[0]!,
  narrow: logits.length > 1 && logits[0]! - logits[1]! < narrowLogits,
})

/** One more than are drawn from: the last shows how sharp the cut is. */
export const candidateCount = ({ topK = 50 }: Options): number => topK + 1

/** A chooser for one prompt: its draws come from a stream of its own. */
export const make = (options: Options, row: number): Choose => {
  const { seed, temperature = 1, topK = 50, topP = 1 } = options
  const random = Random.make(Random.derive(seed, `row ${row}`))
  return (logits, ids) => {
    const count = Math.min(topK, ids.length)
    const cutNarrow = ids.length > count && logits[count - 1]! - logits[count]! < narrowLogits
    const weights = Array.from(logits.subarray(0, count), (logit) =>
      Math.exp((logit - logits[0]!) / temperature),
    )
    const total = sum(weights)
    const kept: Array<{ readonly id: number; readonly probability: number }> = []
    let mass = 0
    let massNarrow = false
    for (let i = 0; i < count && (i === 0 || mass < topP); i++) {
      kept.push({ id: ids[i]!, probability: weights[i]! / total })
      mass += weights[i]! / total
      massNarrow ||= topP < 1 && Math.abs(mass - topP) < narrowProbability
    }
    // In the order of ids, so that candidates of nearly equal probability cannot change places.
    kept.sort((a, b) => a.id - b.id)
    const draw = random.uniform() * mass
    let below = 0
    let token = kept.at(-1)!.id
    let drawNarrow = false
    for (const { id, probability } of kept) {
      const above = below + probability
      drawNarrow ||= Math.abs(draw - above) < narrowProbability && above < mass - 1e-12
      if (draw >= below && draw < above) token = id
      below = above
    }
    return { token, narrow: cutNarrow || massNarrow || drawNarrow }
  }
}

const sum = (values: ReadonlyArray<number>) => values.reduce((total, value) => total + value, 0)
