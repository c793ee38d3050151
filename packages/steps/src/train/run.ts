import { type Artifact, Random, type Step, type Table } from "@sluice/core"
import { Adapter, Backend, Llama, Lora, Schedule, Trainer } from "@sluice/llm"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { counted } from "../counted.ts"
import * as OpenModel from "../model/open.ts"
import { backendOptions, precisionOf } from "../numeric.ts"
import type { Metrics } from "../Train.ts"
import type { Tokens } from "../Tokens.ts"
import { batches } from "./order.ts"
import * as State from "./state.ts"

export interface Config {
  readonly learningRate: number
  readonly schedule: Schedule.Shape
  readonly warmup: number
  readonly epochs: number
  readonly batchRows: number
  readonly maxOptimizerSteps: number | null
  readonly rank: number
  readonly alpha: number
  readonly rsLora: boolean
  readonly targetModules: ReadonlyArray<string> | null
  readonly dropout: number
  readonly weightDecay: number
  readonly clip: number | null
  readonly checkpointEvery: number
}

export interface Inputs {
  readonly model: Artifact.FilesReader
  readonly tokens: Table.Reader<typeof Tokens>
}

type Metric = Table.Row<typeof Metrics>

/** What a checkpoint says beside the packed state. */
interface Saved {
  readonly optimizerSteps: number
  readonly index: State.Index
  readonly metrics: ReadonlyArray<Metric>
}

/**
 * Optimizer steps are native calls whose promises resolve at once: without a turn of the event loop between them the
 * message that interrupts this process would never be read.
 */
const giveWay = Effect.promise(() => new Promise<void>((resolve) => setImmediate(resolve)))

/** Without weights, every label counts 1. */
const trainingRow = ({ ids, labels, weights }: Table.Row<typeof Tokens>): Trainer.TokenRow =>
  weights === null ? { ids, labels } : { ids, labels, weights }

/** The whole training: open, resume, optimizer steps with checkpoints, adapter and metrics. */
export const train = (context: Step.Context<Config, Inputs>) =>
  Effect.scoped(
    Effect.gen(function* () {
      const { config } = context
      const rows = (yield* context.inputs.tokens.all).map(trainingRow)
      const epochSteps = Math.ceil(rows.length / config.batchRows)
      const order = batches(rows.length, {
        seed: context.seed,
        epochs: config.epochs,
        batchRows: config.batchRows,
      })
      const total = Math.min(order.length, config.maxOptimizerSteps ?? order.length)
      const schedule = { peak: config.learningRate, shape: config.schedule, warmup: config.warmup }

      const { weights: baseWeights } = yield* OpenModel.open(context.inputs.model)
      const backend = yield* Backend.open(backendOptions(context.settings))
      const model = Llama.load(backend, baseWeights, precisionOf(context.settings))
      const lora = Lora.create(backend, model.config, Random.derive(context.seed, "adapter"), {
        rank: config.rank,
        alpha: config.alpha,
        rsLora: config.rsLora,
        ...(config.targetModules === null ? {} : { targetModules: config.targetModules }),
      })
      const trainer = Trainer.make(backend, {
        model,
        adapter: lora,
        options: {
          weightDecay: config.weightDecay,
          clip: config.clip,
          dropout: config.dropout,
          seed: Random.derive(context.seed, "dropout"),
        },
      })

      const metrics: Array<Metric> = []
      const saved = yield* context.checkpoint.latest
      if (Option.isSome(saved)) {
        const meta = saved.value.meta as Saved
        const bytes = yield* saved.value.part("state")
        trainer.restore({ optimizerSteps: meta.optimizerSteps, parts: State.unpack(meta.index, bytes) })
        metrics.push(...meta.metrics)
        context.measure("resumed after optimizer step", meta.optimizerSteps)
      }
      const save = Effect.gen(function* () {
        const state = yield* Effect.promise(() => trainer.state())
        const { index, bytes } = State.pack(state.parts)
        yield* context.checkpoint.save(
          { optimizerSteps: state.optimizerSteps, index, metrics } satisfies Saved,
          {
            state: bytes,
          },
        )
      })

      const started = yield* Clock.currentTimeMillis
      let tokens = 0
      for (let step = metrics.length + 1; step <= total; step++) {
        yield* giveWay
        if (context.signal.aborted) {
          if (metrics.length > 0) yield* save
          return yield* Effect.interrupt
        }
        const batch = order[step - 1]!.map((row) => rows[row]!)
        const learningRate = Schedule.learningRate(schedule, step, total)
        const result = yield* Effect.tryPromise({
          try: () => trainer.step(batch, learningRate),
          catch: (error) => error,
        })
        metrics.push({
          optimizerStep: step,
          epoch: Math.ceil(step / epochSteps),
          loss: result.loss,
          learningRate,
          gradientNorm: result.gradientNorm,
          rows: batch.length,
          tokens: result.tokens,
          supervisedTokens: result.supervisedTokens,
        })
        tokens += result.tokens
        const seconds = ((yield* Clock.currentTimeMillis) - started) / 1000
        const rate = Math.round(tokens / Math.max(seconds, 0.001))
        context.progress({
          done: step,
          total,
          unit: "optimizer step",
          note: `loss ${result.loss.toFixed(4)}  ${rate} tok/s`,
        })
        if (step === total) {
          context.measure("training seconds", seconds, "s")
          context.measure("tokens per second", tokens / Math.max(seconds, 0.001), "tok/s")
          context.measure("peak memory", process.resourceUsage().maxRSS * 1024, "bytes")
        } else if (step % config.checkpointEvery === 0) yield* save
      }

      const weights = yield* Effect.promise(() => trainer.adapter())
      const last = metrics.at(-1)!
      context.summarize(
        `${counted(total, "optimizer step")}, loss ${metrics[0]!.loss.toFixed(4)} to ${last.loss.toFixed(4)}, ` +
          counted(lora.parameterCount, "trained parameter"),
      )
      trainer.free()
      const files = Adapter.toFiles({
        ...weights,
        config: { ...weights.config, baseModel: OpenModel.nameOf(context.inputs.model) },
      })
      return { adapter: files, metrics }
    }),
  )
