import { Random, type Step } from "@sluice/core"
import { Adapter, Backend, Calibration, Cost, Llama, LlamaConfig, Lora, Schedule, Trainer } from "@sluice/llm"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { counted } from "../counted.ts"
import * as OpenModel from "../model/open.ts"
import { backendOptions, precisionOf } from "../numeric.ts"
import { isAborted } from "./Aborted.ts"
import type { Config, Inputs } from "./Config.ts"
import * as forecast from "./forecast.ts"
import { giveWay } from "./giveWay.ts"
import * as HeldOut from "./HeldOut.ts"
import { costOptions, loraOptions, scheduleOf, trainerOptions } from "./options.ts"
import { batchAt, lengthOf } from "./order.ts"
import * as Outlook from "./Outlook.ts"
import * as Pace from "./Pace.ts"
import * as Record from "./Record.ts"
import { remarks } from "./remarks.ts"
import * as Samples from "./Samples.ts"
import * as Snapshots from "./Snapshots.ts"
import * as State from "./state.ts"
import * as Timing from "./Timing.ts"
import {
  foreign,
  learnable,
  type Row,
  rowLosses,
  rowOf,
  RowsMissing,
  seenInTraining,
  TokensForeign,
} from "./rows.ts"

/** What a checkpoint says beside its parts: the packed state, the record, the best adapter and snapshots where kept. */
interface Saved {
  readonly optimizerSteps: number
  readonly state: State.Index
  readonly best: State.Index | null
  /** Optimizer steps of the snapshots. */
  readonly snapshots: ReadonlyArray<number>
}

/** The whole training: open, resume, optimizer steps with looks and checkpoints, adapter and tables. */
export const train = (context: Step.Context<Config, Inputs>) =>
  Effect.scoped(
    Effect.gen(function* () {
      const { config, inputs } = context
      const rows = (yield* inputs.tokens.all).map(rowOf)
      if (rows.length === 0) return yield* new RowsMissing({ input: "tokens", rows: 0 })
      const heldOutRows =
        inputs.heldOutTokens === undefined ? [] : learnable((yield* inputs.heldOutTokens.all).map(rowOf))
      if (inputs.heldOutTokens !== undefined && heldOutRows.length === 0)
        return yield* new RowsMissing({ input: "heldOut.tokens", rows: inputs.heldOutTokens.rowCount })
      const seen = seenInTraining(rows, heldOutRows)
      if (seen > 0) {
        const which = seen === heldOutRows.length ? `all ${seen}` : `${seen} of ${heldOutRows.length}`
        context.warn(`${which} held-out rows are learnt from too: their losses say nothing about new rows`)
      }
      const length = lengthOf(rows.length, config)
      const { epochSteps, total } = length
      const order = batchAt(rows.length, { seed: context.seed, batchRows: config.batchRows })
      const batchOf = (step: number): ReadonlyArray<Row> => order(step).map((row) => rows[row]!)

      const backend = yield* Backend.open(backendOptions(context.settings))
      const opened = yield* OpenModel.open(inputs.model)
      const model = Llama.load(backend, opened.weights, precisionOf(context.settings))
      const { contextTokens, vocabulary } = model.config
      const looked = [...rows, ...heldOutRows]
      const others = foreign(looked, vocabulary)
      if (others.length > 0) return yield* new TokensForeign({ rows: others, vocabulary })
      const lora = Lora.create(
        backend,
        model.config,
        Random.derive(context.seed, "adapter"),
        loraOptions(config),
      )
      const trainer = Trainer.make(backend, {
        model,
        adapter: lora,
        options: trainerOptions(config, Random.derive(context.seed, "dropout")),
      })
      const asked = config.samples === null ? [] : Samples.prompts(opened, config.samples)

      let record = Record.make()
      let best: ReadonlyMap<string, Float32Array> | undefined
      let snapshots: Snapshots.Snapshots = new Map()
      const saved = yield* context.checkpoint.latest
      if (Option.isSome(saved)) {
        const meta = saved.value.meta as Saved
        const parts = State.unpack(meta.state, yield* saved.value.part("state"))
        trainer.restore({ optimizerSteps: meta.optimizerSteps, parts })
        record = Record.decode(yield* saved.value.part("record"))
        if (meta.best !== null) best = State.unpack(meta.best, yield* saved.value.part("best"))
        snapshots = yield* Snapshots.restore(meta.snapshots, saved.value.part)
        context.note(`goes on from optimizer step ${meta.optimizerSteps}`)
        context.measure("resumed after optimizer step", meta.optimizerSteps)
      }
      const save = Effect.gen(function* () {
        const { optimizerSteps, parts } = yield* Effect.promise(() => trainer.state())
        const state = State.pack(parts)
        const kept = best === undefined ? undefined : State.pack(best)
        yield* context.checkpoint.save(
          {
            optimizerSteps,
            state: state.index,
            best: kept?.index ?? null,
            snapshots: [...snapshots.keys()],
          } satisfies Saved,
          {
            state: state.bytes,
            record: Record.encode(record),
            ...(kept === undefined ? {} : { best: kept.bytes }),
            ...Snapshots.parts(snapshots),
          },
        )
      })
      const interrupt = Effect.gen(function* () {
        if (record.metrics.length > 0) yield* save
        return yield* Effect.interrupt
      })

      /** The adapter as it is now. */
      const adapterFiles = Effect.map(
        Effect.tryPromise({ try: () => trainer.adapter(), catch: (error) => error }),
        (weights) =>
          Adapter.toFiles({
            ...weights,
            config: { ...weights.config, baseModel: OpenModel.nameOf(inputs.model) },
          }),
      )

      /** What is due after an optimizer step and is not in the record yet. Aborted halfway, it leaves the record as it was. */
      const look = Effect.fnUntraced(function* (step: number) {
        const { heldOut, samples } = config
        const lastLook = record.heldOutLosses.at(-1)?.optimizerStep
        if (heldOut !== null && lastLook !== step && Record.isDue(heldOut.every, step, length)) {
          const found = yield* HeldOut.losses(trainer, heldOutRows, config.batchRows, context.signal)
          const isBest = Record.isBest(record, step, found.loss, heldOut)
          if (isBest && heldOut.keep === "best") best = yield* Effect.promise(() => trainer.parameters())
          const row = { optimizerStep: step, ...found, rows: heldOutRows.length, best: isBest }
          record.heldOutLosses.push(HeldOut.tableRow(row))
          record.rowLosses.push(...rowLosses("heldOut", step, heldOutRows, found.rowLosses))
        }
        const isLast = Record.isOver(record, heldOut)
        const { snapshots: kept } = config
        if (
          kept !== null &&
          step > 0 &&
          !snapshots.has(step) &&
          (isLast || Record.isDue(kept.every, step, length))
        )
          snapshots.set(step, (yield* adapterFiles)[Adapter.weightsFile])
        const lastSample = record.samples.at(-1)?.optimizerStep
        if (
          samples !== null &&
          lastSample !== step &&
          (isLast || Record.isDue(samples.every, step, length))
        ) {
          const answers = yield* Samples.answers(
            backend,
            { model, lora, opened, asked },
            samples,
            step,
            context.signal,
          )
          record.samples.push(...answers)
        }
      })

      const first = record.metrics.length + 1
      const outlook = Outlook.of(Cost.make(model.config, lora, costOptions(config, context.settings)), {
        batches: Array.from({ length: Math.min(total, 2 * epochSteps) }, (_, at) => batchOf(at + 1)),
        heldOut: heldOutRows,
        batchRows: config.batchRows,
        savesCheckpoints: total > config.checkpointEvery,
        snapshotBytes: Snapshots.bytesOf(config.snapshots, total, lora.parameterCount),
      })
      for (const remark of remarks({ config, contextTokens, length, lora, outlook, rows: looked }))
        context.warn(remark)
      const allTokens = Outlook.tokensFrom(first, length, rows, batchOf)
      const allWork = outlook.work(allTokens, Outlook.looksFrom(first, config.heldOut, length))
      const clock = yield* Clock.Clock
      const parameters = LlamaConfig.parameterCount(model.config)
      const pace =
        Pace.ofHistory(context, parameters) ??
        (backend.kind === "tensorflow"
          ? Pace.ofProducts(
              yield* Effect.promise(() =>
                // sluice: not in the result
                Calibration.productRate(backend, model, () => clock.currentTimeMillisUnsafe()),
              ),
            )
          : undefined)
      const facts = [
        forecast.parameters(lora.parameterCount),
        forecast.optimizerSteps(total),
        forecast.peakMemory(outlook.peakBytes),
        ...(pace === undefined ? [] : [forecast.time(Pace.seconds(pace, allWork))]),
      ]
      context.note(facts.join(", "))
      yield* Effect.catchIf(look(record.metrics.length), isAborted, () => interrupt)
      const looksBefore = record.heldOutLosses.length
      const timing = Timing.make({ context, work: outlook.work, allWork, pace, parameters })
      // sluice: not in the result
      const started = yield* Clock.currentTimeMillis
      let tokens = 0
      for (let step = first; step <= total && !Record.isOver(record, config.heldOut); step++) {
        yield* giveWay
        if (context.signal.aborted) return yield* interrupt
        const batch = batchOf(step)
        const learningRate = Schedule.learningRate(scheduleOf(config), step, total)
        const result = yield* Effect.tryPromise({
          try: () => trainer.step(batch, learningRate),
          catch: (error) => error,
        })
        record.metrics.push({
          optimizerStep: step,
          epoch: Math.ceil(step / epochSteps),
          loss: result.loss,
          learningRate,
          gradientNorm: result.gradientNorm,
          rows: batch.length,
          tokens: result.tokens,
          supervisedTokens: result.supervisedTokens,
        })
        record.rowLosses.push(...rowLosses("train", step, batch, result.rowLosses))
        tokens += result.tokens
        // sluice: not in the result
        const seconds = ((yield* Clock.currentTimeMillis) - started) / 1000
        const rate = Math.round(tokens / Math.max(seconds, 0.001))
        const note = `loss ${result.loss.toFixed(4)}  ${rate} tok/s`
        context.progress({ done: step, total, unit: "optimizer step", note })
        timing.passed(step, seconds, tokens, record.heldOutLosses.length - looksBefore)
        yield* Effect.catchIf(look(step), isAborted, () => interrupt)
        if (step < total && step % config.checkpointEvery === 0) yield* save
      }
      // sluice: not in the result
      const seconds = ((yield* Clock.currentTimeMillis) - started) / 1000
      timing.ended(seconds, record.metrics.length === total)
      context.measure("tokens per second", tokens / Math.max(seconds, 0.001), "tok/s")
      const peak = process.resourceUsage().maxRSS * 1024
      if (backend.kind === "tensorflow") forecast.settleMemory(context, outlook.peakBytes, peak)
      else context.measure("peak memory", peak, "bytes")

      if (best !== undefined) trainer.take(best)
      const adapter = yield* adapterFiles
      context.summarize(summary(record, total, lora.parameterCount, config))
      trainer.free()
      return {
        adapter,
        ...(record satisfies Record.Record),
        ...(config.snapshots === null
          ? {}
          : { snapshots: Snapshots.files(snapshots, adapter[Adapter.configFile]) }),
      }
    }),
  )

/** `38 optimizer steps, loss 0.8370 to 0.0041, 4,884,480 trained parameters`. */
const summary = (record: Record.Record, total: number, parameters: number, { heldOut }: Config): string => {
  const { metrics } = record
  const parts = [
    counted(metrics.length, "optimizer step"),
    `loss ${metrics[0]!.loss.toFixed(4)} to ${metrics.at(-1)!.loss.toFixed(4)}`,
    counted(parameters, "trained parameter"),
  ]
  const { best } = Record.standing(record)
  if (best !== undefined && heldOut !== null) {
    const base = record.heldOutLosses.find(({ optimizerStep }) => optimizerStep === 0)
    const from = base === undefined ? "" : `${base.loss.toFixed(4)} to `
    parts.push(
      `held-out loss ${from}${best.loss.toFixed(4)} after ${best.optimizerStep}` +
        (heldOut.keep === "best" ? ", which is kept" : ""),
    )
  }
  if (metrics.length < total) parts.push(`stopped early of ${total}`)
  return parts.join(", ")
}
