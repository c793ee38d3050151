/** Text and questions as rows of tokens whose loss is asked, and answers out of losses. Pure. */
import type { Tokenizer } from "@sluice/llm"
import type { Row } from "../train/rows.ts"
import type { Question } from "./generalQuestions.ts"

type Encode = Pick<Tokenizer.Tokenizer, "encode">

/** Longest piece of a passage: what any model takes, and what fits into memory beside a large vocabulary. */
const pieceTokens = 512

/** Passages as rows of which every token but the first is asked. A row of one token has nothing to ask and is left out. */
export const textRows = (tokenizer: Encode, text: ReadonlyArray<string>): ReadonlyArray<Row> =>
  text.flatMap((passage, at) => {
    const ids = tokenizer.encode(passage, { addSpecialTokens: true })
    const pieces = Array.from({ length: Math.ceil(ids.length / pieceTokens) }, (_, piece) =>
      ids.slice(piece * pieceTokens, (piece + 1) * pieceTokens),
    )
    return pieces
      .filter((piece) => piece.length > 1)
      .map((piece, number) => ({ id: `passage ${at}.${number}`, ids: piece, labels: piece }))
  })

/** What stands before an option: a question in the harness's words, or a sentence that the option ends. */
const contextOf = (question: string): string =>
  question.endsWith("?") ? `Question: ${question}\nAnswer:` : question

/**
 * The options of a question as rows of which the option's tokens are asked. Context and option are encoded together
 * and parted where the context's own tokens end, as the harness does.
 */
export const optionRows = (tokenizer: Encode, { options, question }: Question): ReadonlyArray<Row> => {
  const context = contextOf(question)
  const before = tokenizer.encode(context, { addSpecialTokens: true }).length
  return options.map((option) => {
    const ids = tokenizer.encode(`${context} ${option}`, { addSpecialTokens: true })
    return { id: option, ids, labels: ids.map((id, at) => (at < before ? -100 : id)) }
  })
}

/**
 * The option that is likeliest for its length: the highest sum of ln p by characters, the first of equals. `losses` are
 * each option's mean of −ln p over its `tokens`.
 */
export const chosen = (
  { options }: Question,
  losses: ReadonlyArray<number>,
  tokens: ReadonlyArray<number>,
): number => {
  const scores = options.map((option, at) => (-losses[at]! * tokens[at]!) / Array.from(option).length)
  return scores.reduce((best, score, at) => (score > scores[best]! ? at : best), 0)
}
