/**
 * Alpaca's form: `{instruction, input?, output, system?, history?}`. The input follows the instruction on a line of its
 * own; `history` holds earlier turns as [question, answer].
 */
import type { Message } from "../Chat.ts"
import { type Fields, isGiven, type Read, Reading, shown } from "./Fields.ts"

export const has = (fields: Fields): boolean => isGiven(fields["instruction"]) && isGiven(fields["output"])

export const read = (fields: Fields): Read => {
  const reading = new Reading()
  reading.leave(fields, ["instruction", "input", "output", "system", "history"])
  const [instruction, input, output, system] = ["instruction", "input", "output", "system"].map((name) =>
    reading.text(fields, name),
  ) as [string, string, string, string]
  const question = [instruction, input].filter((text) => text !== "").join("\n")
  if (reading.problems.length === 0) {
    if (question === "") reading.problems.push("instruction is empty")
    if (output === "") reading.problems.push("output is empty")
  }
  const messages: ReadonlyArray<Message> = [
    ...(system === "" ? [] : [{ role: "system", content: system } as const]),
    ...history(reading, fields["history"]),
    { role: "user", content: question },
    { role: "assistant", content: output },
  ]
  return reading.finish(messages)
}

const history = (reading: Reading, value: unknown): ReadonlyArray<Message> => {
  if (!isGiven(value)) return []
  const isTurn = (turn: unknown): turn is readonly [string, string] =>
    Array.isArray(turn) && turn.length === 2 && turn.every((text) => typeof text === "string")
  if (!Array.isArray(value) || !value.every(isTurn)) {
    reading.problems.push(`history is ${shown(value)}; [[question, answer]] is required`)
    return []
  }
  return value.flatMap(([question, answer]) => [
    { role: "user", content: question } as const,
    { role: "assistant", content: answer } as const,
  ])
}
