/** Which of two arms' answers a served model prefers, row by row. */
import { Step, Table } from "@sluice/core"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { Chat } from "../Chat.ts"
import * as Endpoint from "../Endpoint.ts"
import { Answers } from "./Answers.ts"

/** A model that judges answers of two arms side by side. */
export interface JudgeOptions {
  readonly endpoint: Endpoint.Endpoint
  /** What makes an answer the better one; correctness, helpfulness and form by default. */
  readonly criterion?: string
  /** Whether the judge is shown the expected answer; true by default. */
  readonly expected?: boolean
  /** The arms to judge against each other; every two by default: each row costs two requests a pair. */
  readonly pairs?: ReadonlyArray<readonly [first: string, second: string]>
  /** Longest reply; 64 by default, more for a model that thinks first. */
  readonly maxNewTokens?: number
}

/** One row for each held-out row. */
export class Preferences extends Table.make({
  id: Table.utf8,
  /** `contradiction`: each order another one. `unclear`: a reply that names none. Equal answers are a tie unasked. */
  preferred: Table.dictionary(["first", "second", "tie", "contradiction", "unclear"]),
  /** What the judge said with the first answer shown as A; null where it was not asked. */
  straight: Table.nullable(Table.utf8),
  /** And with the second shown as A. */
  swapped: Table.nullable(Table.utf8),
}) {}

/** A use of the step for two arms. Another key, or further rows, ask nothing again. */
export const judgeUse = (
  { criterion, endpoint, expected, maxNewTokens }: JudgeOptions,
  inputs: {
    readonly chats: Step.Ref<typeof Chat>
    readonly first: Step.Ref<typeof Answers>
    readonly second: Step.Ref<typeof Answers>
  },
): Step.Use<typeof Preferences> => {
  const env = Endpoint.env(endpoint)
  const remembers = { apartFrom: { inputs: ["chats", "first", "second"], env } }
  const { facts } = judgePair
  return Step.use({ facts: { ...facts, env, remembers } } as unknown as typeof judgePair, {
    inputs,
    config: {
      ...Endpoint.config(endpoint),
      maxNewTokens: maxNewTokens ?? 64,
      criterion: criterion ?? null,
      expected: expected ?? true,
    },
    output: Preferences,
  })
}

const judgePair = Step.make({
  name: "judgePair",
  inputs: { chats: Chat, first: Answers, second: Answers },
  config: {
    ...Endpoint.fields,
    maxNewTokens: Schema.Int.check(Schema.isGreaterThan(0)),
    criterion: Schema.NullOr(Schema.String),
    expected: Schema.Boolean,
  },
  unkeyed: Endpoint.unkeyed,
  output: Preferences,
  unchecked: Endpoint.unchecked,
  run: (context) =>
    Effect.flatMap(
      Effect.promise(() => import("./judging.ts")),
      ({ judge }) => judge(context),
    ),
})
