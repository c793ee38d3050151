/** What `sluice plan` says of a training: from rows and model where they are there, without any backend. */
import type { Forecast, Table } from "@sluice/core"
import { Cost, LlamaConfig, LoraShape } from "@sluice/llm"
import * as Effect from "effect/Effect"
import { shapeOf } from "../model/shape.ts"
import type { Tokens } from "../Tokens.ts"
import type { Config, Inputs } from "./Config.ts"
import * as forecast from "./forecast.ts"
import { costOptions, loraOptions } from "./options.ts"
import { batches, lengthOf } from "./order.ts"
import * as Outlook from "./Outlook.ts"
import * as Pace from "./Pace.ts"
import * as Snapshots from "./Snapshots.ts"
import { learnable, type Row, rowOf, RowsMissing } from "./rows.ts"

/** Rows that are looked at; of longer tables the first ones stand for all. */
const examined = 4096

export const foretell = (context: Forecast.Context<Config, Inputs>) =>
  Effect.gen(function* () {
    const { config, inputs, waiting } = context
    const shape = inputs.model === undefined ? undefined : yield* shapeOf(inputs.model)
    const lora =
      shape === undefined ? undefined : LoraShape.make(shape, LoraShape.configOf(shape, loraOptions(config)))
    if (inputs.tokens?.rowCount === 0) return yield* new RowsMissing({ input: "tokens", rows: 0 })
    const length = inputs.tokens === undefined ? undefined : lengthOf(inputs.tokens.rowCount, config)
    const known = [
      ...(lora === undefined ? [] : [forecast.parameters(lora.parameterCount)]),
      ...(length === undefined ? [] : [forecast.optimizerSteps(length.total)]),
    ]
    const unknown = [
      ...(lora === undefined ? ["trained parameters"] : []),
      ...(length === undefined ? ["optimizer steps"] : []),
    ]
    if (shape === undefined || lora === undefined || length === undefined || inputs.tokens === undefined)
      return { facts: [...known, onceKnown([...unknown, "memory", "time"], waiting)] }

    const rows = yield* firstRows(inputs.tokens)
    const heldOut =
      inputs.heldOutTokens === undefined ? [] : learnable(yield* firstRows(inputs.heldOutTokens))
    if (inputs.heldOutTokens !== undefined && heldOut.length === 0)
      return yield* new RowsMissing({ input: "heldOut.tokens", rows: inputs.heldOutTokens.rowCount })
    const order = batches(rows.length, { ...config, seed: context.seed, epochs: Math.min(2, config.epochs) })
    const learnt = order.slice(0, length.total).map((batch) => batch.map((row) => rows[row]!))
    const cost = Cost.make(shape, lora, costOptions(config, context.settings))
    const outlook = Outlook.of(cost, {
      batches: learnt,
      heldOut,
      batchRows: config.batchRows,
      savesCheckpoints: length.total > config.checkpointEvery,
      snapshotBytes: Snapshots.bytesOf(config.snapshots, length.total, lora.parameterCount),
    })
    known.push(forecast.peakMemory(outlook.peakBytes))
    if (waiting["heldOutTokens"] !== undefined) return { facts: [...known, onceKnown(["time"], waiting)] }

    const pace = Pace.ofHistory(context, LlamaConfig.parameterCount(shape))
    if (pace === undefined) return { facts: [...known, "time known once training has begun"] }
    const tokens = (Outlook.tokensOf(learnt.flat()) / learnt.length) * length.total
    const seconds = Pace.seconds(pace, outlook.work(tokens, Outlook.looksFrom(1, config.heldOut, length)))
    return { facts: [...known, forecast.time(seconds)], ms: Math.round(seconds * 1000) }
  })

/** `optimizer steps, memory and time known once tokenize has run` */
const onceKnown = (what: ReadonlyArray<string>, waiting: Readonly<Record<string, string>>): string => {
  const steps = [...new Set(Object.values(waiting))]
  return `${listed(what)} known once ${listed(steps)} ${steps.length === 1 ? "has" : "have"} run`
}

const listed = (words: ReadonlyArray<string>): string =>
  words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`

const firstRows = (table: Table.Reader<typeof Tokens>): Effect.Effect<ReadonlyArray<Row>, Error> => {
  if (table.rowCount <= examined) return Effect.map(table.all, (rows) => rows.map(rowOf))
  let count = 0
  const chunks = table.chunks.filter((chunk) => {
    const wanted = count < examined
    count += chunk.rowCount
    return wanted
  })
  return Effect.map(table.only(chunks).all, (rows) => rows.map(rowOf))
}
