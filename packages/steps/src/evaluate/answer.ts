import { type Artifact, Errors, type Step, type Table } from "@sluice/core"
import { Backend, Generate, Llama, Lora } from "@sluice/llm"
import * as Clock from "effect/Clock"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import type { Chat } from "../Chat.ts"
import { counted, thousands } from "../counted.ts"
import * as OpenModel from "../model/open.ts"
import { backendOptions, precisionOf } from "../numeric.ts"
import { promptOf, withShots } from "./prompt.ts"

/** What the four kinds of arm have in common; `shots` and `adapter` are there for the arms that declare them. */
interface Inputs {
  readonly chats: Table.Reader<typeof Chat>
  readonly model: Artifact.FilesReader
  readonly shots?: Table.Reader<typeof Chat>
  readonly adapter?: Artifact.FilesReader
}

/** Every chat's answer by the model: greedy decoding, one row for each chat, in their order. */
export const answers = (context: Step.Context<{ readonly maxNewTokens: number }, Inputs>) =>
  Effect.scoped(
    Effect.gen(function* () {
      const { inputs } = context
      const chats = yield* inputs.chats.all
      const shots =
        inputs.shots === undefined ? [] : (yield* inputs.shots.all).map(({ messages }) => messages)
      const { chatTemplate, stopIds, tokenizer, weights } = yield* OpenModel.openForChat(inputs.model)
      const prompts = chats.map(({ messages }) =>
        tokenizer.encode(
          chatTemplate.render(withShots(promptOf(messages), shots), { addGenerationPrompt: true }),
        ),
      )
      const backend = yield* Backend.open(backendOptions(context.settings))
      const model = Llama.load(backend, weights, precisionOf(context.settings))
      const longest = model.config.contextTokens - context.config.maxNewTokens
      const tooLong = chats.flatMap(({ id }, index) =>
        prompts[index]!.length > longest ? [{ id, tokens: prompts[index]!.length }] : [],
      )
      if (tooLong.length > 0) {
        const { contextTokens } = model.config
        return yield* new PromptsTooLong({
          contextTokens,
          maxNewTokens: context.config.maxNewTokens,
          prompts: tooLong,
        })
      }
      const adapter =
        inputs.adapter === undefined
          ? null
          : Lora.fromWeights(backend, model.config, yield* OpenModel.adapter(inputs.adapter))
      const started = yield* Clock.currentTimeMillis
      const generated = yield* Effect.tryPromise({
        try: () =>
          Generate.greedy(backend, {
            model,
            adapter,
            prompts,
            maxNewTokens: context.config.maxNewTokens,
            stop: stopIds,
            signal: context.signal,
            onProgress: ({ done, total }) => context.progress({ done, total, unit: "row" }),
          }),
        catch: (error) => error,
      })
      const seconds = ((yield* Clock.currentTimeMillis) - started) / 1000
      const newTokens = generated.reduce((sum, { ids }) => sum + ids.length, 0)
      context.measure("generation seconds", seconds, "s")
      context.measure("new tokens per second", newTokens / Math.max(seconds, 0.001), "tok/s")
      context.measure("peak memory", process.resourceUsage().maxRSS * 1024, "bytes")
      context.summarize(`${counted(chats.length, "answer")}, ${thousands(newTokens)} new tokens`)
      return chats.map(({ id }, index) => {
        const { ids, stopped } = generated[index]!
        return {
          id,
          answer: tokenizer.decode(ids, { skipSpecialTokens: true }),
          stopped,
          promptTokens: prompts[index]!.length,
          newTokens: ids.length,
        }
      })
    }),
  )

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
