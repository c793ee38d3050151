import type { Step, Table } from "@sluice/core"
import * as Effect from "effect/Effect"
import type * as Schema from "effect/Schema"
import type { Chat } from "../Chat.ts"
import * as TokenF1 from "../scores/TokenF1.ts"
import type { Answers } from "./Answers.ts"
import { fits as fitsOf } from "./answerSchema.ts"
import { expectedOf } from "./prompt.ts"
import type { PromptScores } from "./PromptChoice.ts"
import * as Score from "./Score.ts"

type Context = Step.Context<{ readonly candidates: ReadonlyArray<string>; readonly schema: Schema.Json }>
type Scores = Table.Row<typeof PromptScores>

export const choose = async (context: Context) => {
  const { candidates, schema } = context.config
  const rowsOf = <T extends Table.Any>(input: string) =>
    Effect.runPromise((context.inputs as Readonly<Record<string, Table.Reader<T>>>)[input]!.all)
  const fits = schema === null ? null : await fitsOf(schema)
  const scored: Array<Scores> = []
  for (const prompt of candidates) {
    const chats = await rowsOf<typeof Chat>(`chats ${prompt}`)
    const answers = await rowsOf<typeof Answers>(`answers ${prompt}`)
    const byId = new Map(answers.map((row) => [row.id, row]))
    const results = chats.map(({ id, messages }) => {
      const expected = expectedOf(messages)
      const { answer, promptTokens, stopped } = byId.get(id)!
      const { exact, json } = Score.score({ text: answer, stopped }, expected, fits)
      return { exact, json, promptTokens, tokenF1: TokenF1.score(answer, expected).f1 }
    })
    const total = (of: (result: (typeof results)[number]) => number) =>
      results.reduce((sum, result) => sum + of(result), 0)
    scored.push({
      prompt,
      rows: results.length,
      exact: total(({ exact }) => Number(exact)),
      validJson: fits === null ? null : total(({ json }) => Number(json?.parses)),
      schemaValid: fits === null ? null : total(({ json }) => Number(json?.schemaValid)),
      tokenF1: results.length === 0 ? 0 : total(({ tokenF1 }) => tokenF1) / results.length,
      promptTokens: total(({ promptTokens }) => promptTokens),
      chosen: false,
    })
  }
  const best = scored.toSorted(better)[0]!
  context.summarize(
    `${best.prompt}: ${scored.map(({ exact, prompt, rows }) => `${prompt} ${exact} of ${rows}`).join(", ")}`,
  )
  return {
    chats: await rowsOf<typeof Chat>(`held ${best.prompt}`),
    scores: scored.map((each) => ({ ...each, chosen: each === best })),
  }
}

/** Sorting is stable: among equals the first stays first. */
const better = (first: Scores, second: Scores): number =>
  second.exact - first.exact ||
  (second.schemaValid ?? 0) - (first.schemaValid ?? 0) ||
  (second.validJson ?? 0) - (first.validJson ?? 0) ||
  second.tokenF1 - first.tokenF1 ||
  first.promptTokens - second.promptTokens
