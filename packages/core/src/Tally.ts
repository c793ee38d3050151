/**
 * What a row-wise step notes of its chunks: kept as JSON with their results, and summed up by its `finish`.
 */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Errors from "./Errors.ts"
import type { Hooks, Job } from "./Job.ts"
import * as StepCall from "./StepCall.ts"

/** A tally as JSON. Throws StepFailed where it is not what the step declares. */
export const encode = (job: Job, value: unknown): unknown => {
  const codec = codecOf(job)
  if (codec === undefined) {
    throw new Errors.StepFailed({
      step: job.name,
      reason: "it tallies, but its definition declares no tally",
      hint: "Declare rowWise: { input, tally, finish }: the tally's schema, and what is made of all tallies.",
    })
  }
  const encoded = Schema.encodeUnknownResult(codec, { errors: "all" })(value)
  if (Result.isSuccess(encoded)) return encoded.success
  throw new Errors.StepFailed({
    step: job.name,
    reason: `it tallies something else than its definition declares\n${encoded.failure.message}`,
    hint: "Give context.tally what rowWise.tally describes, or change the description.",
  })
}

/** Whether remembered tallies are such as the step declares now. */
export const fit = (job: Job, tallies: ReadonlyArray<unknown>): boolean => {
  const codec = codecOf(job)
  if (codec === undefined) return tallies.length === 0
  return tallies.every((tally) => Result.isSuccess(Schema.decodeUnknownResult(codec)(tally)))
}

/** Lets the step sum up, and gives the summary that it words. */
export const finish = (
  job: Job,
  hooks: Pick<Hooks, "measure" | "warn">,
  tallies: ReadonlyArray<unknown>,
): Effect.Effect<string | undefined, unknown> =>
  Effect.suspend(() => {
    const { finish: sumUp } = job.facts.rowWise ?? {}
    if (sumUp === undefined) return Effect.succeed(undefined)
    const codec = codecOf(job)
    const decoded = codec === undefined ? [] : tallies.map((tally) => Schema.decodeUnknownSync(codec)(tally))
    let summary: string | undefined
    const returned = sumUp(decoded, {
      name: job.name,
      config: job.config,
      warn: hooks.warn,
      measure: hooks.measure,
      summarize: (text) => {
        summary = text
      },
    })
    return Effect.map(StepCall.settled(returned), () => summary)
  }).pipe(Effect.catchDefect((defect) => Effect.fail(defect)))

type JsonCodec = Schema.Codec<unknown, Schema.Json>

const codecs = new WeakMap<object, JsonCodec>()

const codecOf = ({ facts }: Job): JsonCodec | undefined => {
  const schema = facts.rowWise?.tally
  if (schema === undefined) return undefined
  let codec = codecs.get(schema)
  if (codec === undefined) codecs.set(schema, (codec = Schema.toCodecJson(schema) as unknown as JsonCodec))
  return codec
}
