/** Follows the time of a training: what was said at first, what it looks like on the way, and what it was. */
import type { Step } from "@sluice/core"
import * as forecast from "./forecast.ts"
import type { Outlook } from "./Outlook.ts"
import * as Pace from "./Pace.ts"

export interface Timing {
  /** After an optimizer step: seconds, tokens and looks at the held-out rows since the start. */
  readonly passed: (optimizerSteps: number, seconds: number, tokens: number, looks: number) => void
  /** Reports what was measured; warns where a training that went to its end took much longer or shorter than said. */
  readonly ended: (seconds: number, isWhole: boolean) => void
}

export interface Given {
  readonly context: Pick<Step.Context, "measure" | "note" | "settings" | "warn">
  readonly work: Outlook["work"]
  /** Of all optimizer steps from here on. */
  readonly allWork: number
  /** As far as it is known before the first optimizer step. */
  readonly pace: Pace.Pace | undefined
  /** Of the base model: the rate's name says them. */
  readonly parameters: number
}

/** A refined prediction is said where it differs by more than this share. */
const tolerance = 0.2

export const make = ({ allWork, context, pace, parameters, work }: Given): Timing => {
  const said = pace === undefined ? undefined : Pace.seconds(pace, allWork)
  let refined = false
  let firstMoment: Pace.Moment | undefined
  let last: Pace.Moment | undefined
  return {
    passed: (optimizerSteps, seconds, tokens, looks) => {
      last = { optimizerSteps, seconds, work: work(tokens, looks) }
      firstMoment ??= last
      const found = refined ? undefined : Pace.ofMoments(firstMoment, last)
      if (found === undefined) return
      refined = true
      const left = (allWork - last.work) / found.rate
      if (left < 1) return // nothing to wait for any more
      const now = seconds + left
      if (said === undefined) context.note(forecast.time(now))
      else if (Math.abs(now / said - 1) > tolerance)
        context.note(`${forecast.time(now)} instead of ${forecast.duration(said)}`)
    },
    ended: (seconds, isWhole) => {
      context.measure("training seconds", seconds, "s")
      const found =
        firstMoment === undefined || last === undefined ? undefined : Pace.ofMoments(firstMoment, last)
      if (found !== undefined) {
        const names = Pace.names(parameters, context.settings)
        context.measure(names.rate, found.rate / 1e9, "GFLOP/s")
        context.measure(names.warmUp, found.warmUpSeconds, "s")
      }
      if (said === undefined) return
      context.measure("predicted training seconds", said, "s")
      if (isWhole) forecast.settleTime(context, said, seconds)
    },
  }
}
