import type { Step, Table } from "@sluice/core"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type { Chat } from "../Chat.ts"
import { counted } from "../counted.ts"
import type { Config } from "../Endpoint.ts"
import { askAll, type Given, type Prompt } from "../evaluate/asking.ts"
import { post } from "./request.ts"

interface Inputs {
  readonly chats: Table.Reader<typeof Chat>
  readonly shots?: Table.Reader<typeof Chat>
}

type Asking = Config & { readonly maxNewTokens: number }

/** Every chat's answer by a served model, at temperature 0. */
export const answers = (context: Step.Context<Asking, Inputs>) =>
  askAll(context, (prompts, keep) => complete(context, prompts, keep))

/** A served model's answers to prompts. Each is kept as soon as it is there. */
export const complete = <E>(
  context: Pick<Step.Context<Asking>, "config" | "env" | "progress" | "warn" | "measure">,
  prompts: ReadonlyArray<Prompt>,
  keep: (answers: ReadonlyArray<readonly [Prompt, Given]>) => Effect.Effect<void, E>,
) =>
  Effect.gen(function* () {
    const { config } = context
    const key = config.keyVariable === null ? undefined : context.env[config.keyVariable]
    const started = yield* Clock.currentTimeMillis
    let done = 0
    let uncounted = 0
    let silent = 0
    yield* Effect.forEach(
      prompts,
      (prompt) =>
        Effect.gen(function* () {
          const body = {
            model: config.model,
            messages: prompt.messages.map(plainTurn),
            temperature: 0,
            max_tokens: config.maxNewTokens,
            ...(prompt.tools.length === 0 ? {} : { tools: prompt.tools }),
          }
          const reply = yield* post(config, key, "chat/completions", body, replyOf)
          if (!reply.counted) uncounted++
          if (reply.given.answer === "") silent++
          yield* keep([[prompt, reply.given]])
          context.progress({ done: ++done, total: prompts.length, unit: "row" })
        }),
      { concurrency: config.concurrency, discard: true },
    )
    if (uncounted > 0)
      context.warn(`${config.model} did not report the tokens of ${uncounted} answers: they count as 0`)
    if (silent > 0)
      context.warn(
        `${config.model} gave ${counted(silent, "answer")} without any text: a model that thinks first may need a higher maxNewTokens, or a field of \`body\` that keeps it from thinking`,
      )
    context.measure("generation seconds", ((yield* Clock.currentTimeMillis) - started) / 1000, "s")
  })

/** What endpoints know of a turn; what is learnt of it is no affair of theirs. */
const plainTurn = (turn: Readonly<Record<string, unknown>>) =>
  Object.fromEntries(Object.entries(turn).filter(([name]) => name !== "supervised" && name !== "weights"))

/** Some servers give a text in parts. */
const textOf = (content: unknown): string =>
  typeof content === "string"
    ? content
    : Array.isArray(content)
      ? content
          .map((part: { readonly text?: unknown } | null) =>
            typeof part?.text === "string" ? part.text : "",
          )
          .join("")
      : ""

const replyOf = (reply: unknown): { readonly given: Given; readonly counted: boolean } | undefined => {
  const { choices, usage } = (reply ?? {}) as {
    choices?: ReadonlyArray<{ message?: { content?: unknown }; finish_reason?: unknown }>
    usage?: { prompt_tokens?: number; completion_tokens?: number }
  }
  const choice = choices?.[0]
  if (choice?.message === undefined) return undefined
  const { content } = choice.message
  const counted = usage?.prompt_tokens !== undefined && usage.completion_tokens !== undefined
  return {
    given: {
      answer: textOf(content),
      stopped: choice.finish_reason !== "length",
      promptTokens: usage?.prompt_tokens ?? 0,
      newTokens: usage?.completion_tokens ?? 0,
    },
    counted,
  }
}
