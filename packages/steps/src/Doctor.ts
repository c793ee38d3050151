/**
 * What is wrong with data before a model learns it, told in seconds and by row.
 *
 * Tokenize's tokens go through it to Train, so that no optimizer step is taken on rows that are refused:
 *
 * ```ts
 * const { tokens: read } = step("tokenize", Tokenize.chat({ chats, model }))
 * const { tokens } = step("doctor", Doctor.data({ chats, tokens: read, model, heldOut }))
 * const { adapter } = step("train", Train.lora({ model, tokens }))
 * ```
 */
import { Step, Table } from "@sluice/core"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { Chat } from "./Chat.ts"
import { type CheckName, checkNames } from "./dataDoctor/Finding.ts"
import { ModelFiles } from "./kinds.ts"
import { Tokens } from "./Tokens.ts"

export type { CheckName } from "./dataDoctor/Finding.ts"

/** What was found, worst first. */
export class Findings extends Table.make({
  check: Table.dictionary(checkNames),
  severity: Table.dictionary(["refuse", "warn", "note"]),
  /** Rows that it concerns; 0 where it is about the model. */
  count: Table.int32,
  /** Ids of the first few. */
  rows: Table.list(Table.utf8),
  /** One of them, secrets masked. */
  excerpt: Table.utf8,
  problem: Table.utf8,
  fix: Table.utf8,
}) {}

/** How much there is to learn from, in one row. */
export class Size extends Table.make({
  rows: Table.int32,
  /** Rows that repeat an earlier one's prompt and answer. */
  exactDuplicates: Table.int32,
  /** Further rows whose prompt is nearly an earlier one's, with the same answer. */
  nearDuplicates: Table.int32,
  /** Rows without both. */
  effectiveRows: Table.int32,
  supervisedTokens: Table.int32,
  /** Of an adapter on all linear layers, at the given rank. */
  trainableParameters: Table.int64,
  tokensPerParameter: Table.float64,
}) {}

export interface DataOptions {
  readonly chats: Step.Ref<typeof Chat>
  /** What Tokenize made of the chats. */
  readonly tokens: Step.Ref<typeof Tokens>
  /** Chats to compare on: copies of training rows among them are found. */
  readonly heldOut?: Step.Ref<typeof Chat>
  /** The model to be tuned: its special tokens, vocabulary and size are looked at. */
  readonly model: Step.Ref<typeof ModelFiles>
  /** Fewer distinct rows are refused; 20 by default. Under 200 is a warning. */
  readonly minimumRows?: number
  /** Longest row that training takes; 512 by default, as in Tokenize. */
  readonly maxTokens?: number
  /** Of the adapter to be trained, for tokens per parameter; 16 by default, as in Train. */
  readonly rank?: number
  /** Checks whose findings are known: what they refuse is a warning then, what they warn of a note. */
  readonly allow?: ReadonlyArray<CheckName>
}

const outputs = { findings: Findings, size: Size, tokens: Tokens }

/**
 * Examines training rows before the first optimizer step. Each finding names rows, shows one and says the fix; one
 * that is to be refused fails the step with all findings at once, unless its check is allowed. Outputs: the findings;
 * the data's size; and the tokens as they were given, for Train, which then waits for them, and runs again for other
 * tokens alone.
 */
export const data = (options: DataOptions): Step.Use<typeof outputs, "doctorData"> =>
  Step.use(doctorData, {
    inputs: {
      chats: options.chats,
      tokens: options.tokens,
      model: options.model,
      ...(options.heldOut === undefined ? {} : { heldOut: options.heldOut }),
    },
    config: {
      minimumRows: options.minimumRows ?? 20,
      maxTokens: options.maxTokens ?? 512,
      rank: options.rank ?? 16,
      allow: [...new Set(options.allow)].toSorted(),
    },
    outputs,
  })

/** A use with held-out chats adds the input `heldOut`. */
const doctorData = Step.make({
  name: "doctorData",
  inputs: { chats: Chat, tokens: Tokens, model: ModelFiles },
  config: {
    minimumRows: Schema.Int.check(Schema.isGreaterThanOrEqualTo(0)),
    maxTokens: Schema.Int.check(Schema.isGreaterThan(1)),
    rank: Schema.Int.check(Schema.isGreaterThan(0)),
    allow: Schema.Array(Schema.Literals(checkNames)),
  },
  outputs,
  run: (context) =>
    Effect.flatMap(
      Effect.promise(() => import("./dataDoctor/run.ts")),
      ({ doctor }) => doctor(context as never),
    ) as never,
})
