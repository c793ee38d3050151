/**
 * How long until the held-out loss is as low as TRL's in the end: both learn the same 300 reviews once, in the same order
 * and batches, from a recipe of one rate and rank; TRL with its other defaults in float32, looked at once when it is
 * done. Sluice looks every ten optimizer steps and stops when it is there.
 */
import * as Contenders from "./contenders.ts"
import { batched, reviews } from "./rows.ts"

/** With one recipe the two differ by rounding alone: their held-out losses of 0.0185 by less than 1e-6 at the end. */
const rounding = 1e-5

const trainRows = 300
const heldOutRows = 100

export const row = async (setting: Contenders.Setting, adapter: string): Promise<Record<string, unknown>> => {
  const all = reviews(setting.model, trainRows + heldOutRows)
  const batches = [...batched(all.slice(0, trainRows), 8), all.slice(trainRows - (trainRows % 8), trainRows)]
  const heldOut = all.slice(trainRows)
  const task = {
    gguf: setting.gguf,
    adapter,
    batches,
    heldOut,
    ...Contenders.recipe,
    totalSteps: batches.length,
  }
  const theirs = await Contenders.run(setting, Contenders.trl, task)
  const until = theirs.heldOutLoss! + rounding
  const ours = await Contenders.run(setting, Contenders.sluice, { ...task, lookEvery: 10, until })
  const theirSeconds = theirs.seconds.reduce((sum, seconds) => sum + seconds, 0)
  const last = ours.looks!.at(-1)!
  const isReached = last.loss <= until
  return Contenders.say({
    part: "heldOut",
    scenario: `until TRL's final loss on ${heldOutRows} held-out reviews`,
    contender: Contenders.trl.name,
    itsLoss: Number(theirs.heldOutLoss!.toPrecision(6)),
    itsOptimizerSteps: theirs.seconds.length,
    itsTrainingSeconds: Contenders.round3(theirSeconds),
    sluiceLoss: Number(last.loss.toPrecision(6)),
    largestTrainingLossDifference: Contenders.largestDifference(
      ours.losses,
      theirs.losses.slice(0, ours.losses.length),
    ),
    sluiceOptimizerSteps: last.optimizerStep,
    sluiceTrainingSeconds: Contenders.round3(last.trainingSeconds),
    sluiceSecondsWithLooks: Contenders.round3(last.seconds),
    // With our looks, without TRL's.
    shareOfItsTime: isReached ? Contenders.round3(last.seconds / theirSeconds) : null,
    shareOfItsTrainingTime: isReached ? Contenders.round3(last.trainingSeconds / theirSeconds) : null,
  })
}
