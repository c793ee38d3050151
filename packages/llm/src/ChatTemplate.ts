/**
 * A model's own chat template: messages to text, in Jinja, as transformers renders it.
 * No clock reaches a template (`strftime_now` is not defined): a text may depend on nothing but its messages.
 */
import { Environment, Interpreter, parse as parseTokens, tokenize } from "@huggingface/jinja"
import * as Data from "effect/Data"
import { structured } from "./formats/structured.ts"

export interface ToolCall {
  readonly id?: string
  readonly type?: string
  readonly function: { readonly name: string; readonly arguments: unknown }
}

export interface Message {
  readonly role: string
  readonly content: string | null
  /** Thinking, for templates that render it apart from the content. */
  readonly reasoning_content?: string
  readonly tool_calls?: ReadonlyArray<ToolCall>
  readonly tool_call_id?: string
  readonly name?: string
}

export interface RenderOptions {
  /** Ends the text with the header of the assistant's turn. */
  readonly addGenerationPrompt?: boolean
  readonly tools?: ReadonlyArray<unknown>
  /** Further variables that the template reads, such as `enable_thinking`. */
  readonly variables?: Readonly<Record<string, unknown>>
}

/** A piece of rendered text between `{% generation %}` and `{% endgeneration %}`; UTF-16 offsets. */
export interface GeneratedSpan {
  readonly start: number
  readonly end: number
}

export interface ChatTemplate {
  readonly source: string
  /** Whether the template marks itself what the assistant generates. */
  readonly hasGenerationMarkers: boolean
  readonly bosToken: string
  readonly eosToken: string
  /** Throws ChatTemplateError. */
  readonly render: (messages: ReadonlyArray<Message>, options?: RenderOptions) => string
  /** As `render`, with what the template's own markers enclose; none without markers. */
  readonly renderMarked: (
    messages: ReadonlyArray<Message>,
    options?: RenderOptions,
  ) => { readonly text: string; readonly spans: ReadonlyArray<GeneratedSpan> }
}

/** A template that cannot be read, or that refuses these messages. */
export class ChatTemplateError extends Data.TaggedError("ChatTemplateError")<{
  /** What the template says (`raise_exception`), or what is wrong with it. */
  readonly reason: string
  /** True where the template itself refused, through `raise_exception`. */
  readonly refused: boolean
  readonly roles: ReadonlyArray<string>
  /** The first message, counted from 1, without which the template no longer refuses. */
  readonly messageNumber?: number | undefined
}> {
  override get message(): string {
    const facts: Array<[string, string]> = [[this.refused ? "It says" : "Cause", this.reason]]
    if (this.messageNumber !== undefined) {
      facts.push([
        "Message",
        `${this.messageNumber} of ${this.roles.length}, role ${this.roles[this.messageNumber - 1]}`,
      ])
    }
    if (this.roles.length > 0) facts.push(["Roles", this.roles.join(", ")])
    return structured(
      this.refused
        ? "The model's chat template refuses these messages."
        : "The model's chat template cannot be rendered.",
      facts,
      this.refused ? "Change the messages, or give the model another chat template." : undefined,
    )
  }
}

/** What is told from the outside of a template's own text: private-use characters that no message may hold. */
const open = "\u{F0000}"
const close = "\u{F0001}"

/** `{% generation %}` and `{% endgeneration %}` with their white-space control. */
const marker = /\{%([-+]?)\s*(end)?generation\s*([-+]?)%\}/g

/**
 * The template of a model. `bosToken` and `eosToken` are the variables of those names.
 * Throws ChatTemplateError where the source is no Jinja.
 */
export const make = (options: {
  readonly source: string
  readonly bosToken?: string
  readonly eosToken?: string
}): ChatTemplate => {
  const { bosToken = "", eosToken = "" } = options
  // As Jinja reads every source.
  const source = options.source.replaceAll(/\r\n?/g, "\n")
  const hasGenerationMarkers = source.search(marker) >= 0
  const plain = parse(source.replace(marker, block("")))
  let marked: Program = null
  const base = new Environment()
  const fixed = { ...globals, bos_token: bosToken, eos_token: eosToken }
  for (const [name, value] of Object.entries(fixed)) base.set(name, value)
  const run = (program: Program, messages: ReadonlyArray<Message>, more: RenderOptions): string => {
    const environment = new Environment(base)
    const variables = {
      messages: messages.map(withReasoningNames),
      add_generation_prompt: more.addGenerationPrompt ?? false,
      // Templates ask `if tools`, and some `tools is not none`: transformers passes none, not an empty list.
      tools: more.tools === undefined || more.tools.length === 0 ? null : more.tools,
      documents: null,
      ...more.variables,
    }
    for (const [name, value] of Object.entries(variables)) environment.set(name, value)
    return new Interpreter(environment).run(program).value as string
  }
  const render = (program: Program, messages: ReadonlyArray<Message>, more: RenderOptions = {}): string => {
    try {
      return run(program, messages, more)
    } catch (cause) {
      throw new ChatTemplateError({
        reason: reasonOf(cause),
        refused: isRefusal(cause),
        roles: messages.map((message) => message.role),
        messageNumber: firstRefused(
          (count) => run(program, messages.slice(0, count), more),
          messages.length,
          cause,
        ),
      })
    }
  }
  return {
    source,
    hasGenerationMarkers,
    bosToken,
    eosToken,
    render: (messages, more) => render(plain, messages, more),
    renderMarked: (messages, more) => {
      const text = render(plain, messages, more)
      if (!hasGenerationMarkers) return { text, spans: [] }
      marked ??= parse(
        source.replace(marker, (...found) => block(found[2] === undefined ? open : close)(...found)),
      )
      const found = unmark(render(marked, messages, more))
      if (found.text === text) return found
      throw new ChatTemplateError({
        reason: "the messages hold the private characters U+F0000 or U+F0001, which mark generated text here",
        refused: false,
        roles: messages.map((message) => message.role),
      })
    },
  }
}

/**
 * A block that leaves white space as the marker would: `trim_blocks` and `lstrip_blocks` act on blocks, not on
 * expressions, so the character is written from within one.
 */
const block =
  (content: string) =>
  (...found: ReadonlyArray<unknown>): string =>
    `{%${String(found[1])} if true %}${content === "" ? "" : `{{ "${content}" }}`}{% endif ${String(found[3])}%}`

const unmark = (rendered: string): { text: string; spans: Array<GeneratedSpan> } => {
  const spans: Array<GeneratedSpan> = []
  let text = ""
  let start = -1
  for (const part of rendered.split(/([\u{F0000}\u{F0001}])/u)) {
    if (part === open) start = text.length
    else if (part === close) {
      if (text.length > start) spans.push({ start, end: text.length })
    } else text += part
  }
  return { text, spans }
}

/** Templates name the field for thinking differently; as transformers fills the names. */
const withReasoningNames = (message: Message): Message => {
  const other = message as unknown as Record<string, unknown>
  const found = other["reasoning_content"] ?? other["thinking"] ?? other["reasoning"]
  if (found === undefined || found === null) return message
  return { thinking: found, ...message, reasoning_content: found } as unknown as Message
}

const parse = (text: string): Program => {
  try {
    return parseTokens(tokenize(text, { lstrip_blocks: true, trim_blocks: true }))
  } catch (cause) {
    throw new ChatTemplateError({
      reason: `it is no valid template: ${reasonOf(cause)}`,
      refused: false,
      roles: [],
    })
  }
}

class Refusal extends Error {}

/** The parsed template; the library's own type is lost in its declarations. */
type Program = ReturnType<typeof parseTokens>

/** What Jinja and transformers give every template, less the clock. */
const globals: Readonly<Record<string, unknown>> = {
  true: true,
  false: false,
  none: null,
  True: true,
  False: false,
  None: null,
  range: (start: number, stop?: number, step = 1): Array<number> => {
    const [from, to] = stop === undefined ? [0, start] : [start, stop]
    const length = Math.max(0, Math.ceil((to - from) / step))
    return Array.from({ length }, (_, i) => from + i * step)
  },
  raise_exception: (reason: string) => {
    throw new Refusal(reason)
  },
}

const isRefusal = (cause: unknown): boolean => cause instanceof Refusal

const reasonOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause))

/** The shortest run of messages that fails for the same reason; its last message is the one to name. */
const firstRefused = (
  attempt: (count: number) => unknown,
  length: number,
  cause: unknown,
): number | undefined => {
  for (let count = 1; count <= length; count++) {
    try {
      attempt(count)
    } catch (other) {
      if (reasonOf(other) === reasonOf(cause)) return count
    }
  }
  return undefined
}
