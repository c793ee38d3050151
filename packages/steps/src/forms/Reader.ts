/** Rows to chats one after the other, with a tally of what became of them. */
import type { Message } from "../Chat.ts"
import { counted, thousands } from "../counted.ts"
import type { Fields } from "./Fields.ts"
import { type ChatForm, formsOf, read } from "./Form.ts"

export type Chat = { readonly messages: ReadonlyArray<Message>; readonly tools: ReadonlyArray<unknown> }

export interface Reader {
  /** The chat of a row, or why there is none. `place` names the row in the summary. */
  readonly read: (fields: Fields, place: string) => Chat | { readonly reason: string }
  /** Counts a row that could not be read at all. */
  readonly drop: (place: string, reason: string) => void
  /** `300 chats from shareGpt rows, 1 dropped (message 1 is from "alien": a.json row 3), fields not read: url in 3 rows`. */
  readonly summary: () => string
}

export const make = (form: ChatForm): Reader => {
  let kept = 0
  const dropped: Array<{ readonly place: string; readonly reason: string }> = []
  const unread = new Map<string, number>()
  return {
    drop: (place, reason) => void dropped.push({ place, reason }),
    read: (fields, place) => {
      const found = read(form, fields)
      if ("problems" in found) {
        const other = formsOf(fields).includes(form) ? "" : `no ${form} row: `
        const reason = other + found.problems.join("; ")
        dropped.push({ place, reason })
        return { reason }
      }
      kept++
      for (const field of found.unread) unread.set(field, (unread.get(field) ?? 0) + 1)
      return found
    },
    summary: () => {
      const parts = [`${counted(kept, "chat")} from ${form} rows`]
      if (dropped.length > 0) parts.push(`${thousands(dropped.length)} dropped (${reasons(dropped)})`)
      if (unread.size > 0) {
        const fields = [...unread].map(([field, count]) => `${field} in ${counted(count, "row")}`)
        parts.push(`fields not read: ${fields.join(", ")}`)
      }
      return parts.join(", ")
    },
  }
}

const reasons = (dropped: ReadonlyArray<{ readonly place: string; readonly reason: string }>): string => {
  const groups = Object.entries(Object.groupBy(dropped, ({ reason }) => reason))
  const said = groups.slice(0, 3).map(([reason, rows]) => {
    const shown = rows!.slice(0, 3).map(({ place }) => place.slice(place.lastIndexOf("/") + 1))
    const more = rows!.length > 3 ? ` and ${thousands(rows!.length - 3)} more` : ""
    return `${reason}: ${shown.join(", ")}${more}`
  })
  return said.join("; ") + (groups.length > 3 ? `; and ${groups.length - 3} more reasons` : "")
}
