/** What the checks look at, and the texts that several of them need. */

export interface Message {
  readonly role: string
  readonly content: string
  readonly toolCalls?: string | null
  readonly toolCallId?: string | null
  readonly reasoning?: string | null
}

export interface ChatRow {
  readonly id: string
  readonly messages: ReadonlyArray<Message>
  /** JSON: the tools that the assistant may call, as the chat template writes them. */
  readonly tools?: string | null
}

/** Every text of a row that the model is to read or learn, its tools last. */
const textsOf = ({ messages, tools }: ChatRow): ReadonlyArray<string> => [
  ...messages.flatMap(({ content, reasoning, toolCalls }) =>
    [content, reasoning, toolCalls].filter((text) => typeof text === "string"),
  ),
  ...(tools ? [tools] : []),
]

/** The first text of a row in which a search finds something; tools that many rows have are searched once. */
export const firstPlace = <A>(
  search: (text: string) => A | undefined,
): ((row: ChatRow) => { readonly text: string; readonly place: A } | undefined) => {
  const known = new Map<string, A | undefined>()
  return (row) => {
    for (const text of textsOf(row)) {
      const isShared = text === row.tools
      const place = isShared && known.has(text) ? known.get(text) : search(text)
      if (isShared) known.set(text, place)
      if (place !== undefined) return { text, place }
    }
    return undefined
  }
}

export interface TokenRow {
  readonly id: string
  readonly ids: ArrayLike<number>
  /** As long as `ids`; −100 where nothing is learnt. */
  readonly labels: ArrayLike<number>
}

export interface ModelFacts {
  readonly padId: number | null
  readonly eosId: number | null
  readonly bosId: number | null
  /** Tokens that end an answer. */
  readonly stopIds: ReadonlyArray<number>
  /** Tokens that the model has embeddings for. */
  readonly vocabularySize: number
  /** Special tokens as they are written. */
  readonly specialTokens: ReadonlyArray<string>
  readonly tokenText: (id: number) => string | undefined
}

export interface Subject {
  readonly chats: ReadonlyArray<ChatRow>
  readonly tokens: ReadonlyArray<TokenRow>
  readonly heldOut: ReadonlyArray<ChatRow>
  readonly model: ModelFacts
  /** Longest row that training takes. */
  readonly maxTokens: number
  /** Fewer rows, without their duplicates, are refused. */
  readonly minimumRows: number
  readonly trainableParameters: number
}

/** A chat as a question with its answer. */
export interface Example {
  readonly id: string
  /** The messages before the last answer, without a system message that many rows share. */
  readonly prompt: string
  /** All of them, each with its role. */
  readonly wholePrompt: string
  readonly answer: string
}

/**
 * Chats as examples. A system message of more than one row in five of all rows, the held-out ones included, is the
 * task's instruction, and no row's own.
 */
export const examplesOf = (
  chats: ReadonlyArray<ChatRow>,
  all: ReadonlyArray<ChatRow> = chats,
): ReadonlyArray<Example> => {
  const systems = new Map<string, number>()
  for (const { messages } of all)
    for (const { content, role } of messages)
      if (role === "system") systems.set(content, (systems.get(content) ?? 0) + 1)
  const isShared = (content: string): boolean => {
    const times = systems.get(content) ?? 0
    return times >= 2 && times * 5 > all.length
  }
  return chats.map(({ id, messages }) => {
    const last = messages.at(-1)
    const answered = last?.role === "assistant"
    const before = answered ? messages.slice(0, -1) : messages
    const own = before.filter(({ content, role }) => role !== "system" || !isShared(content))
    return {
      id,
      prompt: own.map(({ content }) => content).join("\n"),
      wholePrompt: before.map(({ content, role }) => `${role}: ${content}`).join("\n"),
      answer: answered ? last.content + (last.toolCalls ?? "") : "",
    }
  })
}

/** Small letters, single spaces, no punctuation at words' ends: what two copies of a text have in common. */
export const normalised = (text: string): string =>
  text
    .normalize("NFKC")
    .toLowerCase()
    .replace(/[^\p{L}\p{M}\p{N}%$€£+<>=/*^-]+/gu, " ")
    .trim()

/** Values of answers that choose among few: the text itself, or each field of a JSON object. */
export const labelsOf = (answer: string): ReadonlyArray<readonly [field: string, value: string]> => {
  const trimmed = answer.trim()
  if (trimmed.startsWith("{")) {
    try {
      const value = JSON.parse(trimmed) as Readonly<Record<string, unknown>>
      return Object.entries(value).flatMap(([field, item]): ReadonlyArray<readonly [string, string]> =>
        typeof item === "object" && item !== null ? [] : [[field, String(item)]],
      )
    } catch {
      return [["", trimmed]]
    }
  }
  return [["", trimmed]]
}

/** A field of the answers that takes few values: how often each, the most frequent first. */
export interface LabelField {
  /** Empty where the whole answer is the label. */
  readonly field: string
  readonly values: ReadonlyArray<readonly [value: string, rows: number]>
  readonly rows: number
}

/** A longer value is no label. */
export const longestLabel = 60
const mostLabels = 20

/**
 * Fields with at most 20 values, each of at most 60 characters, that repeat: five rows a value on average. Rows astray,
 * one in twenty at most, do not unmake a field: their values may be rare ones beyond the 20, or longer.
 */
export const labelFieldsOf = (examples: ReadonlyArray<Example>): ReadonlyArray<LabelField> => {
  const counts = new Map<string, Map<string, number>>()
  for (const { answer } of examples) {
    for (const [field, value] of labelsOf(answer)) {
      if (value.trim() === "") continue
      const values = counts.get(field) ?? new Map<string, number>()
      values.set(value, (values.get(value) ?? 0) + 1)
      counts.set(field, values)
    }
  }
  return [...counts].flatMap(([field, all]) => {
    const total = [...all.values()].reduce((sum, times) => sum + times, 0)
    const values = [...all]
      .filter(([value]) => value.length <= longestLabel)
      .toSorted((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))
    const rows = values.reduce((sum, [, times]) => sum + times, 0)
    const usual = values.slice(0, mostLabels)
    const usualRows = usual.reduce((sum, [, times]) => sum + times, 0)
    const isLabel = rows >= 20 && usualRows * 20 >= total * 19 && usual.length * 5 <= usualRows
    return isLabel ? [{ field, rows, values }] : []
  })
}
