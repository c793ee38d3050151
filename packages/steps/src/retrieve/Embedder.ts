/** Texts to vectors: by a sentence model in this process' backend, or by a server. */
import { Step } from "@sluice/core"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { Chat } from "../Chat.ts"
import * as Endpoint from "../Endpoint.ts"
import { SentenceModelFiles } from "../kinds.ts"
import { Chunks, Vectors } from "./Tables.ts"

/** What goes before a text; by default what the model's own files say, else nothing. */
interface Prefixes {
  /** Before every chunk: `passage: ` for E5. */
  readonly chunkPrefix?: string
  /** Before every question: `query: `. */
  readonly questionPrefix?: string
}

/** What turns texts into vectors: a sentence model (`Model.miniLM()`, `Model.sentence`), or a served one. */
export type Embedder =
  | (Prefixes & { readonly model: Step.Ref<typeof SentenceModelFiles> })
  | (Prefixes & Endpoint.Endpoint)

/** The vectors of chunks. Each text is embedded once, whatever is added later. */
export const embed = (options: {
  readonly chunks: Step.Ref<typeof Chunks>
  readonly embedder: Embedder
}): Step.Use<typeof Vectors> => {
  const { chunks, embedder } = options
  const prefix = embedder.chunkPrefix
  return "url" in embedder
    ? served(embedChunks, { chunks }, embedder, prefix)
    : Step.use(embedChunksHere, {
        inputs: { chunks, model: embedder.model },
        config: { prefix: prefix ?? null },
        output: Vectors,
      })
}

/** The vectors of chats' questions. */
export const embedQuestions = (options: {
  readonly chats: Step.Ref<typeof Chat>
  readonly embedder: Embedder
}): Step.Use<typeof Vectors> => {
  const { chats, embedder } = options
  const prefix = embedder.questionPrefix
  return "url" in embedder
    ? served(embedChats, { chats }, embedder, prefix)
    : Step.use(embedChatsHere, {
        inputs: { chats, model: embedder.model },
        config: { prefix: prefix ?? null },
        output: Vectors,
      })
}

const embedChunksHere = Step.make({
  name: "embedChunksHere",
  inputs: { chunks: Chunks, model: SentenceModelFiles },
  config: { prefix: Schema.NullOr(Schema.String) },
  output: Vectors,
  numeric: true,
  accelerator: true,
  remembers: { apartFrom: { inputs: ["chunks"] } },
  run: (context) =>
    Effect.flatMap(
      Effect.promise(() => import("./sentence.ts")),
      ({ chunks }) => chunks(context),
    ),
})

const embedChatsHere = Step.make({
  name: "embedQuestionsHere",
  inputs: { chats: Chat, model: SentenceModelFiles },
  config: { prefix: Schema.NullOr(Schema.String) },
  output: Vectors,
  numeric: true,
  accelerator: true,
  remembers: { apartFrom: { inputs: ["chats"] } },
  run: (context) =>
    Effect.flatMap(
      Effect.promise(() => import("./sentence.ts")),
      ({ questions }) => questions(context),
    ),
})

const servedFields = { ...Endpoint.fields, prefix: Schema.String }

const embedChunks = Step.make({
  name: "embedChunks",
  inputs: { chunks: Chunks },
  config: servedFields,
  unkeyed: Endpoint.unkeyed,
  output: Vectors,
  unchecked: Endpoint.unchecked,
  run: (context) =>
    Effect.flatMap(
      Effect.promise(() => import("../endpoint/embed.ts")),
      ({ chunks }) => chunks(context),
    ),
})

const embedChats = Step.make({
  name: "embedQuestions",
  inputs: { chats: Chat },
  config: servedFields,
  unkeyed: Endpoint.unkeyed,
  output: Vectors,
  unchecked: Endpoint.unchecked,
  run: (context) =>
    Effect.flatMap(
      Effect.promise(() => import("../endpoint/embed.ts")),
      ({ questions }) => questions(context),
    ),
})

/** A vector follows from its text alone; the key's variable is decided at the use. */
const served = (
  definition: Step.Definition<string, any, any, any>,
  inputs: Readonly<Record<string, Step.Ref<any>>>,
  endpoint: Endpoint.Endpoint,
  prefix = "",
): Step.Use<typeof Vectors> => {
  const env = Endpoint.env(endpoint)
  const facts = { ...definition.facts, env, remembers: { apartFrom: { inputs: Object.keys(inputs), env } } }
  return Step.use({ facts } as unknown as Step.Definition<string, any, any, any>, {
    inputs,
    config: { ...Endpoint.config(endpoint), prefix },
    output: Vectors,
  })
}
