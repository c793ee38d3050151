/**
 * ShareGPT's form: `{conversations: [{from, value}], system?, tools?}`. Names of roles are mapped; one that is not
 * known is an error: left as it is, a template would write it, and a model learn it, without a word.
 */
import type { Message, Role } from "../Chat.ts"
import { type Fields, isRecord, parsed, type Read, Reading, shown } from "./Fields.ts"
import { supervisedOf, toolCall } from "./Messages.ts"

const roles: Readonly<Record<string, Role | "call">> = {
  system: "system",
  human: "user",
  user: "user",
  gpt: "assistant",
  chatgpt: "assistant",
  assistant: "assistant",
  model: "assistant",
  bot: "assistant",
  tool: "tool",
  tool_response: "tool",
  function: "tool",
  function_response: "tool",
  observation: "tool",
  ipython: "tool",
  function_call: "call",
  tool_call: "call",
}

export const has = (fields: Fields): boolean =>
  Array.isArray(fields["conversations"]) && fields["conversations"].some(isTurn)

const isTurn = (item: unknown): boolean => isRecord(item) && typeof item["from"] === "string"

export const read = (fields: Fields): Read => {
  const reading = new Reading()
  const list = fields["conversations"]
  if (!Array.isArray(list)) return { problems: ["conversations is no list of {from, value}"] }
  reading.leave(fields, ["conversations", "system", "tools"])
  const system = reading.text(fields, "system")
  const messages = list.map((item: unknown, i) => turn(reading, item, i + 1))
  return reading.finish(
    system === "" ? messages : [{ role: "system", content: system }, ...messages],
    reading.tools(fields["tools"]),
  )
}

const turn = (reading: Reading, item: unknown, number: number): Message => {
  const wrong = (problem: string): void => void reading.problems.push(`message ${number} ${problem}`)
  if (!isRecord(item) || typeof item["value"] !== "string") {
    wrong(`is ${shown(item)}; {from, value} is required`)
    return { role: "user", content: "" }
  }
  reading.leave(item, ["from", "value", "supervised", "train", "weight"], "conversations.")
  const { from, value } = item as { readonly from: unknown; readonly value: string }
  const role = typeof from === "string" ? roles[from.toLowerCase()] : undefined
  if (role === undefined) {
    wrong(`is from ${shown(from ?? null)}; one of ${Object.keys(roles).join(", ")} is required`)
    return { role: "user", content: value }
  }
  const supervised = supervisedOf(item, wrong)
  const mark = supervised === undefined || role === "user" || role === "system" ? {} : { supervised }
  if (role !== "call") return { role, content: value, ...(role === "assistant" ? mark : {}) }
  const given = parsed(value)
  const calls = (Array.isArray(given) ? given : [given]).map(toolCall)
  if (calls.includes(undefined))
    wrong(`is from ${shown(from)} with ${shown(value)}; JSON {name, arguments} is required`)
  return { role: "assistant", content: "", toolCalls: calls.flatMap((call) => call ?? []), ...mark }
}
