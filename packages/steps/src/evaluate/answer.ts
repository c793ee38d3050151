import { type Artifact, Errors, type Step, type Table } from "@sluice/core"
import { Backend, Generate, Llama, Lora } from "@sluice/llm"
import * as Clock from "effect/Clock"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import type { Chat } from "../Chat.ts"
import { counted, thousands } from "../counted.ts"
import * as OpenModel from "../model/open.ts"
import { backendOptions, precisionOf } from "../numeric.ts"
import { askAll, type Given, type Prompt } from "./asking.ts"

/** What the four kinds of arm have in common; `shots` and `adapter` are there for the arms that declare them. */
interface Inputs {
  readonly chats: Table.Reader<typeof Chat>
  readonly model: Artifact.FilesReader
  readonly shots?: Table.Reader<typeof Chat>
  readonly adapter?: Artifact.FilesReader
}

export type Context = Step.Context<{ readonly maxNewTokens: number }, Inputs>

/** After so many answers they are kept: what an interruption costs at most. */
const keptTogether = 256

/** Every chat's answer by the model: greedy decoding, one row for each chat, in their order. */
export const answers = (context: Context) =>
  askAll(context, (prompts, keep) =>
    Effect.scoped(
      Effect.gen(function* () {
        const { adapter: tuned, model: files } = context.inputs
        const { maxNewTokens } = context.config
        const { chatTemplate, stopIds, tokenizer, weights } = yield* OpenModel.openForChat(files)
        const asked = prompts
          .map((prompt) => {
            const { messages, tools } = prompt
            const text = chatTemplate.render(messages, { addGenerationPrompt: true, tools })
            return { prompt, ids: tokenizer.encode(text) }
          })
          .toSorted((a, b) => a.ids.length - b.ids.length)
        const backend = yield* Backend.open(backendOptions(context.settings))
        const model = Llama.load(backend, weights, precisionOf(context.settings))
        yield* checkLengths(asked, model.config.contextTokens, maxNewTokens)
        const trained = tuned === undefined ? undefined : yield* OpenModel.adapter(tuned)
        const remark = trained === undefined ? undefined : OpenModel.otherBase(trained, files)
        if (remark !== undefined) context.warn(remark)
        const adapter = trained === undefined ? null : Lora.fromWeights(backend, model.config, trained)
        // sluice: not in the result
        const started = yield* Clock.currentTimeMillis
        let newTokens = 0
        for (let from = 0; from < asked.length; from += keptTogether) {
          const batch = asked.slice(from, from + keptTogether)
          const generated = yield* Effect.tryPromise({
            try: () =>
              Generate.greedy(backend, {
                model,
                adapter,
                prompts: batch.map(({ ids }) => ids),
                maxNewTokens,
                stop: stopIds,
                signal: context.signal,
                onProgress: ({ done }) =>
                  context.progress({ done: from + done, total: asked.length, unit: "row" }),
              }),
            catch: (error) => error,
          })
          yield* keep(
            batch.map(({ ids: promptIds, prompt }, index): [Prompt, Given] => {
              const { ids, stopped } = generated[index]!
              newTokens += ids.length
              const answer = tokenizer.decode(ids, { skipSpecialTokens: true })
              return [prompt, { answer, stopped, promptTokens: promptIds.length, newTokens: ids.length }]
            }),
          )
        }
        // sluice: not in the result
        const seconds = ((yield* Clock.currentTimeMillis) - started) / 1000
        context.measure("generation seconds", seconds, "s")
        context.measure("new tokens per second", newTokens / Math.max(seconds, 0.001), "tok/s")
        context.measure("peak memory", process.resourceUsage().maxRSS * 1024, "bytes")
      }),
    ),
  )

const checkLengths = (
  asked: ReadonlyArray<{ readonly prompt: Prompt; readonly ids: ReadonlyArray<number> }>,
  contextTokens: number,
  maxNewTokens: number,
): Effect.Effect<void, PromptsTooLong> => {
  const prompts = asked
    .filter(({ ids }) => ids.length + maxNewTokens > contextTokens)
    .map(({ ids, prompt }) => ({ id: prompt.id, tokens: ids.length }))
  return prompts.length === 0
    ? Effect.void
    : Effect.fail(new PromptsTooLong({ contextTokens, maxNewTokens, prompts }))
}

/** Prompts that leave no room for an answer in the model's context. */
export class PromptsTooLong extends Data.TaggedError("PromptsTooLong")<{
  readonly contextTokens: number
  readonly maxNewTokens: number
  readonly prompts: ReadonlyArray<{ readonly id: string; readonly tokens: number }>
}> {
  override get message(): string {
    const more = this.prompts.length - 10
    return Errors.structured(
      `${counted(this.prompts.length, "prompt")} and the answer do not fit into the model's ${thousands(this.contextTokens)} tokens.`,
      [
        ...this.prompts
          .slice(0, 10)
          .map(({ id, tokens }): [string, string] => [
            `Row ${id}`,
            `${thousands(tokens)} tokens and up to ${thousands(this.maxNewTokens)} new ones`,
          ]),
        ...(more > 0 ? [["and", `${counted(more, "row")} more`] as [string, string]] : []),
      ],
      "Give fewer or shorter shots, or leave such rows out before.",
    )
  }
}
