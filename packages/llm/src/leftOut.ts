/**
 * Whether a template writes all that a chat holds. Some have no place for a system message, for words beside tool
 * calls, for tools or for thoughts, and leave them out without a word: a model would be tuned on less than its data
 * say.
 */
import { wordNotIn } from "./assistantPieces.ts"
import type { ChatTemplate, Message, RenderOptions } from "./ChatTemplate.ts"
import { SupervisionError } from "./SupervisionError.ts"

/** Throws SupervisionError naming the first thing that the template leaves out. */
export const leftOut = (
  template: ChatTemplate,
  messages: ReadonlyArray<Message>,
  render: RenderOptions,
): void => {
  const [first] = remembered(template, messages, render)
  if (first === undefined) return
  const { message, part } = first
  const place = message < 0 ? "" : ` of message ${message + 1} (role ${messages[message]!.role})`
  throw new SupervisionError({
    reason: `The model's chat template leaves out the ${part}${place}.`,
    roles: messages.map(({ role }) => role),
    hint: "Move it into a message that the template writes, take it out, or give the model another chat template.",
  })
}

interface Lost {
  readonly part: "content" | "thoughts" | "tool calls" | "tools"
  /** Index of the message, −1 for what belongs to none. */
  readonly message: number
}

/** What is left out, by template and by the kinds of messages that a chat has. */
const known = new WeakMap<ChatTemplate, Map<string, ReadonlyArray<Lost>>>()
const mostShapes = 1000

/** Templates look at the kinds of messages and not at their words, so that chats of one shape are asked about once. */
const remembered = (
  template: ChatTemplate,
  messages: ReadonlyArray<Message>,
  render: RenderOptions,
): ReadonlyArray<Lost> => {
  // Functions among the variables have no name to remember them by.
  if (render.variables !== undefined) return lostIn(template, messages, render)
  const shapes = known.get(template) ?? new Map<string, ReadonlyArray<Lost>>()
  known.set(template, shapes)
  const shape = `${render.tools?.length ?? 0};${messages.map(kindOf).join(";")}`
  const before = shapes.get(shape)
  if (before !== undefined) return before
  const found = lostIn(template, messages, render)
  if (shapes.size >= mostShapes) shapes.clear()
  shapes.set(shape, found)
  return found
}

const kindOf = ({ content, reasoning_content: thoughts, role, tool_calls }: Message): string =>
  `${role} ${isSaid(content)} ${isSaid(thoughts)} ${tool_calls?.length ?? 0}`

const isSaid = (text: string | null | undefined): text is string =>
  text !== undefined && text !== null && text !== ""

/** Renders the chat with a word of its own for each part, and looks for the words. */
const lostIn = (
  template: ChatTemplate,
  messages: ReadonlyArray<Message>,
  render: RenderOptions,
): ReadonlyArray<Lost> => {
  const word = wordNotIn(JSON.stringify([messages, render.tools ?? []]))
  const asked: Array<Lost & { readonly word: string }> = []
  const ask = (part: Lost["part"], message: number): string => {
    const own = `${word}n${asked.length}e`
    asked.push({ part, message, word: own })
    return own
  }
  const last = messages.findLastIndex(({ role }) => role === "assistant")
  const replaced = messages.map((message, i): Message => {
    const { content, reasoning_content: thoughts, tool_calls: calls } = message
    return {
      ...message,
      content: isSaid(content) ? ask("content", i) : content,
      // Thoughts of earlier turns are left out by design.
      ...(isSaid(thoughts) && i === last ? { reasoning_content: ask("thoughts", i) } : {}),
      ...(calls === undefined
        ? {}
        : {
            tool_calls: calls.map((call) => ({
              ...call,
              function: { ...call.function, name: ask("tool calls", i) },
            })),
          }),
    }
  })
  const tools = render.tools?.map((tool) => renamed(tool, () => ask("tools", -1)))
  let text: string
  try {
    text = template.render(replaced, { ...render, ...(tools === undefined ? {} : { tools }) })
  } catch {
    // A template that reads the words, and refuses others, is not asked about them.
    return []
  }
  return asked.filter((part) => !text.includes(part.word))
}

/** A tool with another name: OpenAI's hold a function, others are one. */
const renamed = (tool: unknown, name: () => string): unknown => {
  const given = (tool ?? {}) as { readonly name?: unknown; readonly function?: { readonly name?: unknown } }
  if (typeof given.function?.name === "string")
    return { ...given, function: { ...given.function, name: name() } }
  return typeof given.name === "string" ? { ...given, name: name() } : tool
}
