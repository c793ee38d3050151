/**
 * OpenAI's form: `{messages: [{role, content, tool_calls?, tool_call_id?, name?, weight?}], tools?}`, also under the name
 * `conversations`. `developer` is a system message, `function` a tool's; an assistant's `weight` of 0 is not learnt.
 *
 * @see https://platform.openai.com/docs/api-reference/chat
 */
import type { Message, Role, SpanWeight, ToolCall } from "../Chat.ts"
import { type Fields, isGiven, isRecord, parsed, type Read, Reading, shown } from "./Fields.ts"

const roles: Readonly<Record<string, Role>> = {
  system: "system",
  developer: "system",
  user: "user",
  assistant: "assistant",
  tool: "tool",
  function: "tool",
}

export const has = (fields: Fields): boolean => listOf(fields) !== undefined

/** The list of messages: only one that holds roles tells this form from others. */
const listOf = (fields: Fields): ReadonlyArray<unknown> | undefined =>
  ["messages", "conversations"]
    .map((name) => fields[name])
    .find((list): list is Array<unknown> => Array.isArray(list) && list.some(hasRole))

const hasRole = (item: unknown): boolean => isRecord(item) && typeof item["role"] === "string"

export const read = (fields: Fields): Read => {
  const reading = new Reading()
  const list = listOf(fields)
  if (list === undefined) return { problems: ["messages is no list of {role, content}"] }
  reading.leave(fields, [fields["messages"] === list ? "messages" : "conversations", "tools", "functions"])
  const functions = reading.tools(fields["functions"], "functions")
  const tools = [
    ...reading.tools(fields["tools"]),
    ...functions.map((one) => ({ type: "function", function: one })),
  ]
  return reading.finish(
    list.map((item, i) => message(reading, item, i + 1)),
    tools,
  )
}

const known = [
  "role",
  "content",
  "tool_calls",
  "function_call",
  "tool_call_id",
  "name",
  "reasoning_content",
  "reasoning",
  "thinking",
  "supervised",
  "train",
  "weight",
  "weights",
]

/** One message; what is wrong with it goes to `reading`. */
export const message = (reading: Reading, item: unknown, number: number): Message => {
  const wrong = (problem: string): void => void reading.problems.push(`message ${number} ${problem}`)
  if (!isRecord(item)) {
    wrong(`is ${shown(item)}; {role, content} is required`)
    return { role: "user", content: "" }
  }
  const role = typeof item["role"] === "string" ? roles[item["role"]] : undefined
  if (role === undefined) {
    wrong(`has role ${shown(item["role"] ?? null)}; one of ${Object.keys(roles).join(", ")} is required`)
  }
  reading.leave(item, known, "messages.")
  const calls = callsOf(item, wrong)
  const name = item["name"]
  const id = item["tool_call_id"]
  const thoughts = ["reasoning_content", "reasoning", "thinking"].map((key) => item[key]).find(isGiven)
  const supervised = supervisedOf(item, wrong)
  const weights = weightsOf(item["weights"], wrong)
  return {
    role: role ?? "user",
    content: contentOf(item["content"], calls !== undefined, wrong),
    ...(typeof thoughts === "string" && thoughts !== "" ? { reasoning: thoughts } : {}),
    ...(calls === undefined ? {} : { toolCalls: calls }),
    ...(typeof id === "string" ? { toolCallId: id } : {}),
    ...(typeof name === "string" ? { name } : {}),
    // Another's turn is never learnt: only its asking to be is kept, so that it is refused.
    ...(supervised === undefined || (role !== "assistant" && !supervised) ? {} : { supervised }),
    ...(weights === undefined ? {} : { weights }),
  }
}

type Wrong = (problem: string) => void

/** Text, or parts of text; null beside tool calls is empty. */
const contentOf = (content: unknown, calls: boolean, wrong: Wrong): string => {
  if (typeof content === "string") return content
  if (!isGiven(content)) {
    if (!calls) wrong("has no content")
    return ""
  }
  if (!Array.isArray(content)) {
    wrong(`has content ${shown(content)}; text is required`)
    return ""
  }
  return content
    .map((part: unknown) => {
      if (isRecord(part) && part["type"] === "text" && typeof part["text"] === "string") return part["text"]
      wrong(`has a part ${shown(isRecord(part) ? (part["type"] ?? part) : part)}; only text can be learnt`)
      return ""
    })
    .join("")
}

/** `tool_calls`, or the older `function_call`; arguments are a value, or JSON text of one. */
const callsOf = (item: Fields, wrong: Wrong): ReadonlyArray<ToolCall> | undefined => {
  const given = item["tool_calls"] ?? (isGiven(item["function_call"]) ? [item["function_call"]] : undefined)
  const list = typeof given === "string" ? parsed(given) : given
  if (!isGiven(list) || (Array.isArray(list) && list.length === 0)) {
    if (typeof given === "string" && given !== "") wrong(`has tool_calls ${shown(given)}; a list is required`)
    return undefined
  }
  if (!Array.isArray(list)) {
    wrong(`has tool_calls ${shown(list)}; a list is required`)
    return undefined
  }
  return list.map((call: unknown) => {
    const found = toolCall(call)
    if (found === undefined)
      wrong(`has a tool call ${shown(call)}; {function: {name, arguments}} is required`)
    return found ?? { name: "", arguments: {} }
  })
}

/** `{id?, function: {name, arguments}}` or `{name, arguments}`. */
export const toolCall = (call: unknown): ToolCall | undefined => {
  if (!isRecord(call)) return undefined
  const inner = isRecord(call["function"]) ? call["function"] : call
  const { arguments: given, name } = inner
  if (typeof name !== "string" || name === "") return undefined
  const id = call["id"]
  const value = typeof given === "string" ? (parsed(given) ?? given) : (given ?? {})
  return { name, arguments: value, ...(typeof id === "string" ? { id } : {}) }
}

/** `supervised` or `train`, true or false; or OpenAI's `weight`, 0 or 1. */
export const supervisedOf = (item: Fields, wrong: Wrong): boolean | undefined => {
  for (const key of ["supervised", "train"]) {
    if (typeof item[key] === "boolean") return item[key]
    if (isGiven(item[key])) wrong(`has ${key} ${shown(item[key])}; true or false is required`)
  }
  const weight = item["weight"]
  if (!isGiven(weight) || (item["role"] ?? "assistant") !== "assistant") return undefined
  if (Number(weight) === 0 || Number(weight) === 1) return Number(weight) === 1
  wrong(`has weight ${shown(weight)}; 0 or 1 is required (parts are weighed by weights)`)
  return undefined
}

const weightsOf = (value: unknown, wrong: Wrong): ReadonlyArray<SpanWeight> | undefined => {
  if (!isGiven(value)) return undefined
  const isSpan = (span: unknown): span is SpanWeight =>
    isRecord(span) && ["start", "end", "weight"].every((key) => typeof span[key] === "number")
  if (Array.isArray(value) && value.every(isSpan)) {
    return value.map(({ end, start, weight }) => ({ start, end, weight }))
  }
  wrong(`has weights ${shown(value)}; [{start, end, weight}] is required`)
  return undefined
}
