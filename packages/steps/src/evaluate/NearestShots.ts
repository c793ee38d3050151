/**
 * Worked examples chosen for each row: the chats to learn from whose questions are most like the row's, by BM25.
 */
import { Step } from "@sluice/core"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { Chat } from "../Chat.ts"

/**
 * Chats with `count` of the `shots` before the question, the most similar one last. A chat that is itself among the
 * shots is not shown to itself; where fewer share a word with the question, the first of the table fill up.
 */
export const nearestShots = Step.make({
  name: "nearestShots",
  inputs: { chats: Chat, shots: Chat },
  config: { count: Schema.Int.check(Schema.isGreaterThan(0)) },
  output: Chat,
  run: (context) =>
    Effect.gen(function* () {
      const Bm25 = yield* Effect.promise(() => import("../retrieve/Bm25.ts"))
      const { promptOf, shownOf, withShots } = yield* Effect.promise(() => import("./prompt.ts"))
      const { count } = context.config
      const shots = yield* context.inputs.shots.all
      const chats = yield* context.inputs.chats.all
      const index = Bm25.make(shots.map(({ messages }) => shownOf(messages)))
      const first = Array.from(shots.slice(0, count + 1).keys())
      return chats.map((chat) => {
        const found = index.search(shownOf(chat.messages), count + 1).map(({ position }) => position)
        const chosen = [...new Set([...found, ...first])]
          .filter((position) => shots[position]!.id !== chat.id)
          .slice(0, count)
          .toReversed()
          .map((position) => shots[position]!.messages)
        return { ...chat, messages: [...withShots(promptOf(chat.messages), chosen), chat.messages.at(-1)!] }
      })
    }),
})
