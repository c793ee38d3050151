/**
 * What every answering step has in common: prompts out of chats, answers remembered by prompt, and one row for each
 * chat. A prompt's text is all that an answer depends on besides the step's own identity, so that a row more asks one
 * prompt more, whatever the arm or the run that asked the others.
 */
import { Canonical, type Step, type Table } from "@sluice/core"
import * as Effect from "effect/Effect"
import { type Chat, type StoredMessage, toolsOf, turnOf } from "../Chat.ts"
import { counted, thousands } from "../counted.ts"
import type { Answers } from "./Answers.ts"
import { promptOf, withShots } from "./prompt.ts"

/** A prompt as chat templates and endpoints take it. */
export interface Prompt {
  /** Names it by its content. */
  readonly key: string
  /** The first chat that asks it, for messages. */
  readonly id: string
  readonly messages: ReadonlyArray<ReturnType<typeof turnOf>>
  readonly tools: ReadonlyArray<unknown>
}

/** An answer without its row's id: what is remembered. */
export type Given = Omit<Table.Row<typeof Answers>, "id">

interface Inputs {
  readonly chats: Table.Reader<typeof Chat>
  readonly shots?: Table.Reader<typeof Chat>
}

/** Asks for the prompts that have no answer yet; calls `keep` as soon as it has some. */
export type Ask<E, R> = (
  prompts: ReadonlyArray<Prompt>,
  keep: (answers: ReadonlyArray<readonly [Prompt, Given]>) => Effect.Effect<void, E>,
) => Effect.Effect<void, E, R>

/** Every prompt's answer, by the prompt's key. Those that were answered before, in this run or another, are not asked. */
export const remembered = <E, R>(
  context: Pick<Step.Context, "measure" | "memory">,
  prompts: Iterable<Prompt>,
  ask: Ask<E, R>,
): Effect.Effect<ReadonlyMap<string, Given>, unknown, R> =>
  Effect.gen(function* () {
    const { memory } = context
    const given = new Map<string, Given>()
    const missing = new Map<string, Prompt>()
    for (const prompt of prompts) {
      const known = memory.get(prompt.key) as Given | undefined
      if (known !== undefined) given.set(prompt.key, known)
      else if (!missing.has(prompt.key)) missing.set(prompt.key, prompt)
    }
    context.measure("prompts asked", missing.size)
    context.measure("prompts remembered", given.size)
    if (missing.size > 0) {
      yield* ask([...missing.values()], (answers) => {
        for (const [{ key }, answer] of answers) given.set(key, answer)
        return memory.put(answers.map(([{ key }, answer]) => [key, answer])) as Effect.Effect<void, E>
      })
    }
    return given
  })

/** Every chat's answer, in the chats' order. */
export const askAll = <E, R>(
  context: Step.Context<unknown, Inputs>,
  ask: Ask<E, R>,
): Effect.Effect<ReadonlyArray<Table.Row<typeof Answers>>, unknown, R> =>
  Effect.gen(function* () {
    const { inputs } = context
    const chats = yield* inputs.chats.all
    const shots = inputs.shots === undefined ? [] : (yield* inputs.shots.all).map(({ messages }) => messages)
    const prompts = chats.map((chat) => promptFor(chat, shots))
    const given = yield* remembered(context, prompts, ask)
    const rows = chats.map(({ id }, index) => ({ id, ...given.get(prompts[index]!.key)! }))
    const newTokens = rows.reduce((sum, row) => sum + row.newTokens, 0)
    context.summarize(`${counted(rows.length, "answer")}, ${thousands(newTokens)} new tokens`)
    return rows
  })

const promptFor = (
  { id, messages, tools: given }: Table.Row<typeof Chat>,
  shots: ReadonlyArray<ReadonlyArray<StoredMessage>>,
): Prompt => {
  const turns = withShots(promptOf(messages), shots).map(turnOf)
  const tools = toolsOf(given)
  return { key: Canonical.digest("prompt", { turns, tools }), id, messages: turns, tools }
}
