/** What reading a row needs in every form: fields that may be anything, and a list of what is wrong with them. */
import type { Message } from "../Chat.ts"
import { problems } from "../Chat.ts"

/** A row's fields by name. From a table, what is missing is null. */
export type Fields = Readonly<Record<string, unknown>>

/** The chat of a row with the fields that were not read, or everything that is wrong with the row. */
export type Read =
  | {
      readonly messages: ReadonlyArray<Message>
      readonly tools: ReadonlyArray<unknown>
      readonly unread: ReadonlyArray<string>
    }
  | { readonly problems: ReadonlyArray<string> }

export const isGiven = (value: unknown): boolean => value !== undefined && value !== null

export const isRecord = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** A value as JSON, cut after 60 characters. */
export const shown = (value: unknown): string => {
  const text = typeof value === "bigint" ? `${value}` : (JSON.stringify(value) ?? String(value))
  return text.length > 60 ? `${text.slice(0, 59)}…` : text
}

/** Collects what a row holds and what is wrong with it, so that all of it is said at once. */
export class Reading {
  readonly problems: Array<string> = []
  readonly #unread = new Set<string>()

  /** A field that must be text if it is there; "" otherwise. */
  text(fields: Fields, name: string): string {
    const value = fields[name]
    if (!isGiven(value)) return ""
    if (typeof value === "string") return value
    this.problems.push(`${name} is ${shown(value)}; text is required`)
    return ""
  }

  /** Tools: a list, or JSON text of one (as in a table's column). */
  tools(value: unknown, name = "tools"): ReadonlyArray<unknown> {
    if (!isGiven(value) || value === "") return []
    const list = typeof value === "string" ? parsed(value) : value
    if (Array.isArray(list)) return list
    this.problems.push(`${name} is ${shown(value)}; a list of tools is required`)
    return []
  }

  /** Notes fields that mean nothing here. */
  leave(fields: Fields, known: ReadonlyArray<string>, within = ""): void {
    for (const name of Object.keys(fields)) {
      if (!known.includes(name) && isGiven(fields[name])) this.#unread.add(within + name)
    }
  }

  finish(messages: ReadonlyArray<Message>, tools: ReadonlyArray<unknown> = []): Read {
    const all = this.problems.length > 0 ? this.problems : problems(messages)
    return all.length > 0 ? { problems: all } : { messages, tools, unread: [...this.#unread] }
  }
}

/** The value of a JSON text, or undefined. */
export const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
