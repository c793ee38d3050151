/** Checks of calls against the tools that a row offers, and of tools' answers against the calls. */
import * as Json from "../scores/jsonValue.ts"
import { type Finding, found, type Hit } from "./Finding.ts"
import type { ChatRow, Message, Subject } from "./Subject.ts"

interface Call {
  readonly name: string | undefined
  readonly id: string | undefined
  readonly given: unknown
}

const text = (value: unknown): string | undefined => (typeof value === "string" ? value : undefined)

const callsOf = ({ toolCalls }: Message): ReadonlyArray<Call> => {
  const calls = toolCalls ? Json.parsed(toolCalls) : undefined
  return (Array.isArray(calls) ? calls : []).filter(Json.isRecord).map((call) => {
    const inner = Json.isRecord(call["function"]) ? call["function"] : call
    return { name: text(inner["name"]), id: text(call["id"]), given: inner["arguments"] }
  })
}

/** Names of tools with the arguments that each requires; undefined where they cannot be read. */
type Offered = ReadonlyMap<string, ReadonlyArray<string>>

const offeredIn = (tools: string): Offered | undefined => {
  const list = Json.parsed(tools)
  if (!Array.isArray(list)) return undefined
  const offered = new Map<string, ReadonlyArray<string>>()
  for (const tool of list) {
    const inner = Json.isRecord(tool) && Json.isRecord(tool["function"]) ? tool["function"] : tool
    const name = Json.isRecord(inner) ? text(inner["name"]) : undefined
    if (!Json.isRecord(inner) || name === undefined) return undefined
    const schema = Json.isRecord(inner["parameters"]) ? inner["parameters"]["required"] : undefined
    offered.set(name, Array.isArray(schema) ? schema.filter((field) => typeof field === "string") : [])
  }
  return offered
}

/** A string that holds the object which arguments are in other rows. */
const isWrittenOut = ({ given }: Call): boolean =>
  typeof given === "string" && Json.isRecord(Json.parsed(given))

export const toolCalls = ({ chats }: Subject): ReadonlyArray<Finding> => {
  const known = new Map<string, Offered | undefined>()
  const offeredTo = ({ tools }: ChatRow): Offered | undefined => {
    if (!tools) return undefined
    if (!known.has(tools)) known.set(tools, offeredIn(tools))
    return known.get(tools)
  }
  const calls = chats.map(({ messages }) => messages.flatMap(callsOf))
  const asObjects = calls.flat().filter(({ given }) => Json.isRecord(given)).length
  const isObjectUsual = asObjects * 10 >= calls.flat().length * 9
  const unfit: Array<Hit> = []
  const unasked: Array<Hit> = []
  chats.forEach((row, at) => {
    const fault = calls[at]!.map((call) => unfitness(call, offeredTo(row), isObjectUsual)).find(
      (reason) => reason !== undefined,
    )
    if (fault !== undefined) unfit.push({ id: row.id, excerpt: fault })
    const answer = unaskedIn(row.messages)
    if (answer !== undefined) unasked.push({ id: row.id, excerpt: answer })
  })
  return [
    ...found(
      "toolCalls",
      "warn",
      unfit,
      "Calls do not fit the tools: another name, an argument that is required and missing, arguments as text.",
      "Give each call the name and the arguments of a tool of its row, as an object like the others.",
    ),
    ...found(
      "toolCalls",
      "warn",
      unasked,
      "Tools answer what was not called: no call before the answer, or the id of another.",
      "Put each tool's answer after the assistant's call, with the call's id.",
    ),
  ]
}

const unfitness = (call: Call, offered: Offered | undefined, isObjectUsual: boolean): string | undefined => {
  const { given, name } = call
  if (isObjectUsual && isWrittenOut(call)) return `arguments as text: ${name} ${JSON.stringify(given)}`
  if (offered === undefined || name === undefined) return undefined
  const required = offered.get(name)
  if (required === undefined) return `no tool "${name}" among ${[...offered.keys()].join(", ")}`
  const value = typeof given === "string" ? Json.parsed(given) : (given ?? {})
  const missing = Json.isRecord(value) ? required.find((field) => !Object.hasOwn(value, field)) : undefined
  return missing === undefined ? undefined : `${name} without "${missing}": ${JSON.stringify(value)}`
}

/** A tool's answer before which nothing was called, or none by that id. */
const unaskedIn = (messages: ReadonlyArray<Message>): string | undefined => {
  let open: ReadonlyArray<Call> = []
  for (const message of messages) {
    // Calls may also stand in the text, as some templates write them: such an answer follows the assistant.
    if (message.role === "assistant") open = message.toolCalls ? callsOf(message) : [anyCall]
    if (message.role === "user") open = []
    if (message.role !== "tool") continue
    const { toolCallId } = message
    const isAsked = open.some(({ id }) => id === undefined || !toolCallId || id === toolCallId)
    if (!isAsked) return `${toolCallId ? `${toolCallId}: ` : ""}${message.content}`
  }
  return undefined
}

const anyCall: Call = { name: undefined, id: undefined, given: undefined }
