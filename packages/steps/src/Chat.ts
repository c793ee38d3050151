import { Table } from "@sluice/core"
import { printed as shown } from "./collect/Record.ts"

/** Who says a message. */
export type Role = "system" | "user" | "assistant" | "tool"

/** A tool that the assistant calls. */
export interface ToolCall {
  readonly name: string
  /** What it is called with: any JSON value, mostly an object. */
  readonly arguments: unknown
  readonly id?: string
}

/** What a part of a message's content counts in the loss; UTF-16 offsets into the content, end exclusive. */
export interface SpanWeight {
  readonly start: number
  readonly end: number
  /** 0 or more; 0 is not learnt, 1 is what everything else counts. */
  readonly weight: number
}

/** One turn of a chat. */
export interface Message {
  readonly role: Role
  /** May be empty in a turn that calls tools. */
  readonly content: string
  /** The assistant's thoughts, for templates that write them apart from the content. */
  readonly reasoning?: string
  readonly toolCalls?: ReadonlyArray<ToolCall>
  /** In a tool's answer: the id of the call that it answers, and the tool's name. */
  readonly toolCallId?: string
  readonly name?: string
  /** `false`: the model sees this turn of the assistant and does not learn it. */
  readonly supervised?: boolean
  readonly weights?: ReadonlyArray<SpanWeight>
}

/** Chats, each with the id of the row that it was made from (RowId). */
export class Chat extends Table.make({
  id: Table.utf8,
  messages: Table.list(
    Table.struct({
      role: Table.dictionary(["system", "user", "assistant", "tool"]),
      content: Table.utf8,
      reasoning: Table.nullable(Table.utf8),
      /** JSON: a list of ToolCall. */
      toolCalls: Table.nullable(Table.utf8),
      toolCallId: Table.nullable(Table.utf8),
      name: Table.nullable(Table.utf8),
      supervised: Table.nullable(Table.bool),
      weights: Table.nullable(
        Table.list(Table.struct({ start: Table.int32, end: Table.int32, weight: Table.float32 })),
      ),
    }),
  ),
  /** JSON: the tools that the assistant may call, as the chat template is to be given them. */
  tools: Table.nullable(Table.utf8),
}) {}

/** A message as the table holds it. */
export type StoredMessage = Table.Row<typeof Chat>["messages"][number]

/** A row of the table. */
export const stored = (
  id: string,
  messages: ReadonlyArray<Message>,
  tools: ReadonlyArray<unknown> = [],
): Table.Row<typeof Chat> => ({
  id,
  messages: messages.map((message) => ({
    role: message.role,
    content: message.content,
    reasoning: message.reasoning ?? null,
    toolCalls: message.toolCalls === undefined ? null : JSON.stringify(message.toolCalls),
    toolCallId: message.toolCallId ?? null,
    name: message.name ?? null,
    supervised: message.supervised ?? null,
    weights: message.weights ?? null,
  })),
  tools: tools.length === 0 ? null : JSON.stringify(tools),
})

/** A stored message by the names that chat templates use (OpenAI's), with what of it is learnt. */
export const turnOf = (message: StoredMessage) => {
  const { content, name, reasoning, role, supervised, toolCallId, toolCalls, weights } = message
  return {
    role,
    content,
    ...(isGiven(reasoning) ? { reasoning_content: reasoning } : {}),
    ...(isGiven(toolCalls) ? { tool_calls: callsOf(toolCalls) } : {}),
    ...(isGiven(toolCallId) ? { tool_call_id: toolCallId } : {}),
    ...(isGiven(name) ? { name } : {}),
    ...(isGiven(supervised) ? { supervised } : {}),
    ...(isGiven(weights) ? { weights } : {}),
  }
}

/** The tools of a stored chat. */
export const toolsOf = (tools: string | null | undefined): ReadonlyArray<unknown> =>
  isGiven(tools) ? (JSON.parse(tools) as ReadonlyArray<unknown>) : []

const callsOf = (text: string) =>
  (JSON.parse(text) as ReadonlyArray<ToolCall>).map(({ arguments: given, id, name }) => ({
    ...(id === undefined ? {} : { id }),
    type: "function",
    function: { name, arguments: given },
  }))

const isGiven = <A>(value: A | null | undefined): value is A => value !== null && value !== undefined

/** Everything that is wrong with a chat as an example to learn from; empty when nothing is. */
export const problems = (messages: ReadonlyArray<Message>): ReadonlyArray<string> => {
  // Functions of the user's make them: they may be anything.
  if (!Array.isArray(messages))
    return [`messages are ${shown(messages)}; a list of {role, content} is required`]
  const found: Array<string> = []
  if (messages.length === 0) found.push("it has no messages")
  messages.forEach((message: unknown, index) => {
    const wrong =
      typeof message === "object" && message !== null
        ? messageProblems(message as Message)
        : [`is ${shown(message)}; {role, content} is required`]
    found.push(...wrong.map((problem) => `message ${index + 1} ${problem}`))
  })
  const last = (messages.at(-1) as Message | null | undefined)?.role
  if (last !== undefined && last !== "assistant") {
    found.push(`it ends with a ${last} message; the last one must be the assistant's answer`)
  }
  return found
}

const messageProblems = (message: Message): ReadonlyArray<string> => {
  const { content, role, supervised, toolCalls, weights } = message
  const found: Array<string> = []
  const unread = Object.entries(message).filter(([name, value]) => !names.includes(name) && isGiven(value))
  if (unread.length > 0) {
    const said = unread.map(([name]) => name).join(", ")
    found.push(`has ${said}, which nothing reads; a message has ${names.join(", ")}`)
  }
  if (!roles.includes(role)) found.push(`has role ${shown(role)}; one of ${roles.join(", ")} is required`)
  if (typeof content !== "string") found.push("has no text")
  else if (content === "" && role === "assistant" && toolCalls === undefined) found.push("is an empty answer")
  for (const name of texts) {
    const text: unknown = message[name]
    if (typeof text === "string" && !text.isWellFormed())
      found.push(`has half a character in its ${name} (a lone surrogate): ${shown(text)}`)
    if (name !== "content" && isGiven(text) && typeof text !== "string")
      found.push(`has ${name} ${shown(text)}; text is required`)
  }
  if (isGiven(toolCalls) && !Array.isArray(toolCalls))
    found.push(`has toolCalls ${shown(toolCalls)}; [{name, arguments}] is required`)
  if (isGiven(supervised) && typeof supervised !== "boolean")
    found.push(`has supervised ${shown(supervised)}; true or false is required`)
  if (supervised === true && role !== "assistant") found.push("is supervised, and not the assistant's")
  const spans: ReadonlyArray<SpanWeight> | undefined = Array.isArray(weights) ? weights : undefined
  if (isGiven(weights) && spans === undefined)
    found.push(`has weights ${shown(weights)}; [{start, end, weight}] is required`)
  spans?.forEach((span) => {
    const isPlaced = Number.isInteger(span.start) && Number.isInteger(span.end)
    const isInside = span.start >= 0 && span.end > span.start && span.end <= (content?.length ?? 0)
    if (!isPlaced || !isInside) found.push(`has a weight that names no part of it: ${JSON.stringify(span)}`)
    // Weights are float32 numbers in the table.
    else if (!(span.weight >= 0) || !Number.isFinite(Math.fround(span.weight)))
      found.push(`has a weight that is no number of 0 or more: ${JSON.stringify(span)}`)
  })
  return found
}

const roles: ReadonlyArray<string> = ["system", "user", "assistant", "tool"]
const names = ["role", "content", "reasoning", "toolCalls", "toolCallId", "name", "supervised", "weights"]
const texts = ["content", "reasoning", "toolCallId", "name"] as const
