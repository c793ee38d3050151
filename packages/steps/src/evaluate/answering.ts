/**
 * The steps that answer: by the model with or without examples and an adapter, or by a served model.
 */
import { Step } from "@sluice/core"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { Chat } from "../Chat.ts"
import * as Endpoint from "../Endpoint.ts"
import { AdapterFiles, ModelFiles } from "../kinds.ts"
import type { Context } from "./answer.ts"
import { Answers } from "./Answers.ts"

/** Who answers, and with what before the question. */
export interface Answering {
  readonly chats: Step.Ref<typeof Chat>
  readonly model: Step.Ref<typeof ModelFiles>
  readonly maxNewTokens: number
  readonly shots: Step.Ref<typeof Chat> | undefined
  readonly adapter: Step.Ref<typeof AdapterFiles> | undefined
  readonly endpoint: Endpoint.Endpoint | undefined
}

export const use = (answering: Answering): Step.Use<typeof Answers> => {
  const { adapter, chats, endpoint, maxNewTokens, model, shots } = answering
  if (endpoint !== undefined) return endpointUse(endpoint, chats, shots, maxNewTokens)
  if (shots !== undefined && adapter !== undefined)
    return answerShotsTuned({ chats, model, shots, adapter, maxNewTokens })
  if (shots !== undefined) return answerShots({ chats, model, shots, maxNewTokens })
  if (adapter !== undefined) return answerTuned({ chats, model, adapter, maxNewTokens })
  return answer({ chats, model, maxNewTokens })
}

/** Its key's variable is decided at the use, and another key is no reason to ask again. */
const endpointUse = (
  endpoint: Endpoint.Endpoint,
  chats: Step.Ref<typeof Chat>,
  shots: Step.Ref<typeof Chat> | undefined,
  maxNewTokens: number,
): Step.Use<typeof Answers> => {
  const env = Endpoint.env(endpoint)
  const { facts } = answerEndpoint
  const remembers = { apartFrom: { inputs: ["chats", "shots"], env } }
  return Step.use({ facts: { ...facts, env, remembers } } as unknown as typeof answerEndpoint, {
    inputs: { chats, ...(shots === undefined ? {} : { shots }) },
    config: { ...Endpoint.config(endpoint), maxNewTokens },
    output: Answers,
  })
}

const MaxNewTokens = Schema.Int.check(Schema.isGreaterThan(0))

/** An answer follows from its prompt: chats and shots bear on it through the prompt alone. */
const remembers = { apartFrom: { inputs: ["chats"] } } as const
const remembersShots = { apartFrom: { inputs: ["chats", "shots"] } } as const

/** One for all four: shots and adapter are there where a step declares them. */
const answers = (context: Context) =>
  Effect.flatMap(
    Effect.promise(() => import("./answer.ts")),
    (arm) => arm.answers(context),
  )

const answer = Step.make({
  name: "answer",
  inputs: { chats: Chat, model: ModelFiles },
  config: { maxNewTokens: MaxNewTokens },
  output: Answers,
  numeric: true,
  accelerator: true,
  remembers,
  run: answers,
})

const answerShots = Step.make({
  name: "answerShots",
  inputs: { chats: Chat, model: ModelFiles, shots: Chat },
  config: { maxNewTokens: MaxNewTokens },
  output: Answers,
  numeric: true,
  accelerator: true,
  remembers: remembersShots,
  run: answers,
})

const answerTuned = Step.make({
  name: "answerTuned",
  inputs: { chats: Chat, model: ModelFiles, adapter: AdapterFiles },
  config: { maxNewTokens: MaxNewTokens },
  output: Answers,
  numeric: true,
  accelerator: true,
  remembers,
  run: answers,
})

const answerShotsTuned = Step.make({
  name: "answerShotsTuned",
  inputs: { chats: Chat, model: ModelFiles, shots: Chat, adapter: AdapterFiles },
  config: { maxNewTokens: MaxNewTokens },
  output: Answers,
  numeric: true,
  accelerator: true,
  remembers: remembersShots,
  run: answers,
})

/** Shots are an input where a use has them. */
const answerEndpoint = Step.make({
  name: "answerEndpoint",
  inputs: { chats: Chat },
  config: { ...Endpoint.fields, maxNewTokens: MaxNewTokens },
  unkeyed: Endpoint.unkeyed,
  output: Answers,
  unchecked: Endpoint.unchecked,
  run: (context) =>
    Effect.flatMap(
      Effect.promise(() => import("../endpoint/answer.ts")),
      (arm) => arm.answers(context),
    ),
})
