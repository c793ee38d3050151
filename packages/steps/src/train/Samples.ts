/** Answers to a few prompts while the model learns. */
import { Errors, type Table } from "@sluice/core"
import { Generate, type Llama, type Lora, type ModelFiles, type Trainer } from "@sluice/llm"
import * as Effect from "effect/Effect"
import type { Samples as Answers } from "../Train.ts"
import { Aborted } from "./Aborted.ts"
import type { Samples } from "./Config.ts"

type Opened = Pick<ModelFiles.OpenModel, "chatTemplate" | "tokenizer" | "stopIds">

/** A prompt as tokens, and as the table calls it. */
export interface Prompt {
  readonly text: string
  readonly ids: ReadonlyArray<number>
}

/** Prompts in the model's own form; a model without a chat template goes on with texts as they are. */
export const prompts = (
  { chatTemplate, tokenizer }: Opened,
  { prompts: given }: Samples,
): ReadonlyArray<Prompt> =>
  given.map((prompt): Prompt => {
    if (typeof prompt === "string" && chatTemplate === null) {
      return { text: prompt, ids: Array.from(tokenizer.encode(prompt)) }
    }
    if (chatTemplate === null) {
      throw new TypeError(
        Errors.structured(
          "The model has no chat template for the samples' messages.",
          [],
          "Give texts as prompts, or take the instruct (chat) form of the model.",
        ),
      )
    }
    const messages = typeof prompt === "string" ? [{ role: "user" as const, content: prompt }] : prompt
    const rendered = chatTemplate.render(messages, { addGenerationPrompt: true })
    return { text: messages.at(-1)!.content, ids: Array.from(tokenizer.encode(rendered)) }
  })

/** One row of the table for each prompt. Fails with Aborted between two tokens. */
export const answers = Effect.fnUntraced(function* (
  backend: Parameters<typeof Trainer.make>[0],
  parts: {
    readonly model: Llama.Llama
    readonly lora: Lora.Lora
    readonly opened: Opened
    readonly asked: ReadonlyArray<Prompt>
  },
  { maxNewTokens }: Samples,
  optimizerStep: number,
  signal: AbortSignal,
) {
  const { asked, lora, model, opened } = parts
  const found = yield* Effect.tryPromise({
    try: () =>
      Generate.greedy(backend, {
        model,
        adapter: lora,
        prompts: asked.map(({ ids }) => ids),
        maxNewTokens,
        stop: opened.stopIds,
        signal,
      }),
    catch: (error) => (signal.aborted ? new Aborted() : error),
  })
  return found.map(({ ids, stopped }, at): Table.Row<typeof Answers> => ({
    optimizerStep,
    prompt: asked[at]!.text,
    text: opened.tokenizer.decode(ids, { skipSpecialTokens: true }),
    newTokens: ids.length,
    stopped,
  }))
})
