/**
 * Whether it is the same mathematics: fifty optimizer steps of SmolLM2-135M beside PEFT's in float32, with plain and with
 * rank-stabilised scaling; and batches in one packed stream beside their rows computed one by one.
 */
import * as path from "node:path"
import { Adapter } from "@sluice/llm"
import * as Effect from "effect/Effect"
import * as Contenders from "./contenders.ts"
import { batched, reviews } from "./rows.ts"

const batchRows = 4

/** Losses within 1e-4, the adapter's numbers together within a thousandth of PEFT's. */
export const besidePeft = async (
  setting: Contenders.Setting,
  adapters: Readonly<Record<"plain" | "rsLora", string>>,
): Promise<ReadonlyArray<Record<string, unknown>>> => {
  const { compared } = setting
  const batches = batched(reviews(setting.model, compared * batchRows), batchRows)
  const found: Array<Record<string, unknown>> = []
  for (const scaling of ["plain", "rsLora"] as const) {
    const task = {
      gguf: setting.gguf,
      adapter: adapters[scaling],
      batches,
      ...Contenders.recipe,
      totalSteps: compared,
      rslora: scaling === "rsLora",
    }
    const trained = async (contender: Contenders.Contender) => {
      const saveTo = path.join(setting.scratch, `${scaling}-${contender.program}`)
      const { losses } = await Contenders.run(setting, contender, { ...task, saveTo })
      return { losses, adapter: await Effect.runPromise(Adapter.read(saveTo)) }
    }
    const ours = await trained(Contenders.sluice)
    const theirs = await trained(Contenders.peft)
    const largestLossDifference = Contenders.largestDifference(ours.losses, theirs.losses)
    const adapterDifference = relativeDifference(ours.adapter, theirs.adapter)
    found.push(
      Contenders.say({
        part: "mathematics",
        scenario: `${compared} optimizer steps of ${batchRows} reviews, ${scaling}`,
        contender: Contenders.peft.name,
        firstLoss: Contenders.round3(theirs.losses[0]!),
        lastLoss: Contenders.round3(theirs.losses.at(-1)!),
        largestLossDifference,
        adapterDifference,
        // B begins at zero: all of it was learnt, while most of A is what it was at first.
        differenceOfB: relativeDifference(ours.adapter, theirs.adapter, ["b"]),
        holds: largestLossDifference <= 1e-4 && adapterDifference <= 1e-3,
      }),
    )
  }
  return found
}

/** ‖ours − theirs‖ / ‖theirs‖ of all numbers together, or of one kind of matrix. */
const relativeDifference = (
  ours: Adapter.AdapterWeights,
  theirs: Adapter.AdapterWeights,
  kinds: ReadonlyArray<"a" | "b"> = ["a", "b"],
): number => {
  let difference = 0
  let size = 0
  for (const [module, expected] of theirs.modules) {
    for (const kind of kinds) {
      const found = ours.modules.get(module)![kind].data
      expected[kind].data.forEach((value, i) => {
        difference += (found[i]! - value) ** 2
        size += value ** 2
      })
    }
  }
  return Number(Math.sqrt(difference / size).toExponential(2))
}

/** Losses of a stream with a prefix computed once, and of each row by itself: within 1e-5. */
export const packed = async (
  setting: Contenders.Setting,
  adapter: string,
): Promise<Record<string, unknown>> => {
  const batches = batched(reviews(setting.model, 8 * setting.steps), 8)
  const task = { gguf: setting.gguf, adapter, batches, ...Contenders.recipe }
  const together = await Contenders.run(setting, Contenders.sluice, task)
  const apart = await Contenders.run(setting, Contenders.sluice, { ...task, trainer: { accumulation: 8 } })
  const largestLossDifference = Contenders.largestDifference(together.losses, apart.losses)
  return Contenders.say({
    part: "packing",
    scenario: "reviews, batch 8, one stream beside single rows",
    contender: Contenders.sluice.name,
    optimizerSteps: setting.steps,
    largestLossDifference,
    largestGradientNormDifference: Contenders.largestDifference(
      together.gradientNorms!,
      apart.gradientNorms!,
    ),
    holds: largestLossDifference <= 1e-5,
  })
}
