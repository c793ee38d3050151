/**
 * The one form of many rows: decided over all of them, or refused. Rows of two forms, or rows that fit two, are never
 * taken for one of them.
 */
import { Errors } from "@sluice/core"
import * as Data from "effect/Data"
import { counted, thousands } from "../counted.ts"
import type { Fields } from "./Fields.ts"
import { type ChatForm, type Form, formsOf, shapes } from "./Form.ts"

export interface Detection {
  /** Takes one row into account; `place` names it in messages. */
  readonly add: (fields: Fields, place: string) => void
  /** The form of every row that has one. Throws FormUnclear, which names the files where there are no rows. */
  readonly decide: (files?: ReadonlyArray<string>) => ChatForm
}

/** Rows that have the same forms. */
interface Group {
  readonly forms: ReadonlyArray<Form>
  rows: number
  /** The first few. */
  readonly places: Array<string>
}

const fewPlaces = 3

export const make = (): Detection => {
  const groups = new Map<string, Group>()
  return {
    add: (fields, place) => {
      const forms = formsOf(fields)
      const key = forms.join(" ")
      const group = groups.get(key) ?? { forms, rows: 0, places: [] }
      groups.set(key, group)
      group.rows++
      if (group.places.length < fewPlaces) group.places.push(place)
    },
    decide: (files = []) => {
      const all = [...groups.values()]
      // A row of no form is a bad row of the form that the others have.
      const forms = new Set(all.flatMap((group) => group.forms))
      const [form] = forms
      if (forms.size === 1 && form !== undefined && form !== "text") return form
      throw new FormUnclear({ groups: all, files })
    },
  }
}

/** Rows of which no one form of chats can be told. */
export class FormUnclear extends Data.TaggedError("FormUnclear")<{
  readonly groups: ReadonlyArray<Group>
  readonly files: ReadonlyArray<string>
}> {
  override get message(): string {
    if (this.groups.length === 0) {
      return Errors.structured(
        "There are no rows, so that they have no form.",
        this.files.length === 0 ? [] : [[this.files.length === 1 ? "File" : "Files", this.files.join("\n")]],
        "See that they are the rows that were meant.",
      )
    }
    const groups = this.groups.toSorted((a, b) => b.rows - a.rows)
    const forms = [...new Set(groups.flatMap((group) => group.forms))]
    const facts = groups.map(({ forms: found, places, rows }): [string, string] => [
      found.length === 0 ? "no form" : found.join(" and "),
      `${counted(rows, "row")}: ${places.join(", ")}${rows > places.length ? ` and ${thousands(rows - places.length)} more` : ""}`,
    ])
    return Errors.structured(headlineOf(forms, groups), facts, hintOf(forms))
  }
}

const headlineOf = (forms: ReadonlyArray<Form>, groups: ReadonlyArray<Group>): string => {
  if (forms.length === 0) return "The rows have no form that is known."
  if (forms.length === 1) return "The rows are plain texts, not chats."
  return groups.some((group) => group.forms.length > 1)
    ? "The rows can be read in more than one form."
    : "The rows are of more than one form."
}

const hintOf = (forms: ReadonlyArray<Form>): string => {
  if (forms.length === 0) {
    return `Known forms: ${Object.values(shapes).join("; ")}. Make chats of other rows with Format.chat.`
  }
  if (forms.length === 1) return "Give them to Tokenize.text, or make chats of them with Format.chat."
  return `Say which is meant (form: "${forms.find((form) => form !== "text")!}"), or take the others out.`
}
