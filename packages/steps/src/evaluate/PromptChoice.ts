/**
 * The best of several prompts, chosen on rows set apart for that: rows to learn from, never held-out ones.
 */
import { Step, Table } from "@sluice/core"
import * as Schema from "effect/Schema"
import { Chat } from "../Chat.ts"

/** How each candidate did on the development rows. */
export class PromptScores extends Table.make({
  prompt: Table.utf8,
  rows: Table.int32,
  exact: Table.int32,
  /** null where the task is text. */
  validJson: Table.nullable(Table.int32),
  schemaValid: Table.nullable(Table.int32),
  /** Mean overlap of words with the expected answer (SQuAD's F1), from 0 to 1. */
  tokenF1: Table.float64,
  promptTokens: Table.int32,
  chosen: Table.bool,
}) {}

/**
 * Takes the candidate with the most exact answers; among equals the one with more answers that fit the schema, then
 * more valid JSON, then more words in common, then the shorter prompt, then the first. Each use adds inputs
 * `chats NAME`, `answers NAME` (of development rows) and `held NAME` (the held-out chats in that prompt).
 */
export const choosePrompt = Step.make({
  name: "choosePrompt",
  config: { candidates: Schema.Array(Schema.String), schema: Schema.Json },
  outputs: { chats: Chat, scores: PromptScores },
  run: async (context) => {
    const { choose } = await import("./choosePrompt.ts")
    return choose(context)
  },
})
