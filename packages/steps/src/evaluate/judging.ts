import { Canonical, type Step, type Table } from "@sluice/core"
import * as Effect from "effect/Effect"
import type { Chat } from "../Chat.ts"
import { counted } from "../counted.ts"
import type { Config as EndpointConfig } from "../Endpoint.ts"
import { complete } from "../endpoint/answer.ts"
import * as Judge from "../scores/Judge.ts"
import type { Answers } from "./Answers.ts"
import { type Prompt, remembered } from "./asking.ts"
import { expectedOf, promptOf } from "./prompt.ts"

type Config = EndpointConfig & {
  readonly maxNewTokens: number
  readonly criterion: string | null
  readonly expected: boolean
}

interface Inputs {
  readonly chats: Table.Reader<typeof Chat>
  readonly first: Table.Reader<typeof Answers>
  readonly second: Table.Reader<typeof Answers>
}

/** Every row's preference. Replies are remembered by their prompts: a row more asks two more. */
export const judge = (context: Step.Context<Config, Inputs>) =>
  Effect.gen(function* () {
    const { config, inputs } = context
    const chats = yield* inputs.chats.all
    const byId = (rows: ReadonlyArray<Table.Row<typeof Answers>>) =>
      new Map(rows.map(({ answer, id }) => [id, answer]))
    const first = byId(yield* inputs.first.all)
    const second = byId(yield* inputs.second.all)
    const rows = chats.map(({ id, messages }) => {
      const [one, other] = [first.get(id)!, second.get(id)!]
      if (one.trim() === other.trim()) return { id, asked: undefined }
      const { straight, swapped } = Judge.prompts({
        prompt: request(promptOf(messages)),
        first: one,
        second: other,
        ...(config.criterion === null ? {} : { criterion: config.criterion }),
        ...(config.expected ? { reference: expectedOf(messages) } : {}),
      })
      return { id, asked: { straight: promptFor(id, straight), swapped: promptFor(id, swapped) } }
    })
    const prompts = rows.flatMap(({ asked }) => (asked === undefined ? [] : [asked.straight, asked.swapped]))
    const given = yield* remembered(context, prompts, (missing, keep) => complete(context, missing, keep))
    const judged = rows.map(({ asked, id }) => {
      if (asked === undefined) return { id, preferred: "tie" as const, straight: null, swapped: null }
      const [straight, swapped] = [asked.straight, asked.swapped].map(
        ({ key }) => given.get(key)!.answer,
      ) as [string, string]
      return { id, preferred: Judge.combine(Judge.parse(straight), Judge.parse(swapped)), straight, swapped }
    })
    const { contradictions, losses, ties, unclear, wins } = Judge.summarize(
      judged.map(({ preferred }) => preferred),
    )
    if (unclear > 0)
      context.warn(
        `${config.model} named no better answer in ${counted(unclear, "row")}: its reply is to be A, B or tie`,
      )
    context.summarize(
      `first preferred in ${counted(wins, "row")}, second in ${losses}, ${counted(ties, "tie")}, ${counted(contradictions.count, "contradiction")} among them`,
    )
    return judged
  })

/** The turns before the answer: instructions bear on what is a good one. */
const request = (messages: ReadonlyArray<{ readonly role: string; readonly content: string }>): string =>
  messages.length === 1
    ? messages[0]!.content
    : messages.map(({ content, role }) => `${role}: ${content}`).join("\n\n")

const promptFor = (id: string, messages: ReadonlyArray<Judge.Message>): Prompt => {
  const turns = messages.map(({ content, role }) => ({ role, content }))
  return { key: Canonical.digest("judge", { turns }), id, messages: turns, tools: [] }
}
