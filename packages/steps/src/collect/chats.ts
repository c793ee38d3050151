import type { Source, Step, Table } from "@sluice/core"
import { stored } from "../Chat.ts"
import { type Accounting, FileUnreadable, type OnBadRow } from "../Collect.ts"
import * as Detection from "../forms/Detection.ts"
import type { ChatForm } from "../forms/Form.ts"
import * as Reader from "../forms/Reader.ts"
import * as RowId from "../RowId.ts"
import { watched } from "../watched.ts"
import { type BadRow, settle } from "./BadRows.ts"
import * as JsonArray from "./JsonArray.ts"
import * as JsonLines from "./JsonLines.ts"
import { complaint, type Found, Unreadable } from "./Record.ts"
import { textOf } from "./textOf.ts"

interface Config {
  readonly form: ChatForm | null
  readonly onBadRow: OnBadRow
}

type Context = Step.Context<Config, { readonly files: ReadonlyArray<Source.SourceFile> }>

/** Chats of all files: one pass to tell their form, unless it is given, and one to read them. */
export const chats = (context: Context) => {
  const { config } = context
  const { files } = context.inputs
  const accounted: Array<Table.Row<typeof Accounting>> = []
  const bad: Array<BadRow> = []

  async function* rows() {
    const passes = config.form === null ? 2 : 1
    const onBytes = counter(context, passes)
    const reader = Reader.make(config.form ?? (await formOf(files, onBytes)))
    for (const file of files) {
      for await (const { content, line, row } of recordsOf(file, onBytes)) {
        const place = { file: file.name, row, line }
        const leave = (reason: string) => {
          bad.push({ ...place, reason })
          accounted.push({ ...place, kept: false, id: null, reason })
        }
        if ("problems" in content) {
          const reason = content.problems
            .map((problem) => `${complaint(problem)}; ${problem.rule}`)
            .join(" | ")
          reader.drop(placeOf(place), reason)
          leave(reason)
          continue
        }
        const found = reader.read(content.fields, placeOf(place))
        if ("reason" in found) {
          leave(found.reason)
          continue
        }
        const id = RowId.of(content.fields)
        accounted.push({ ...place, kept: true, id, reason: null })
        yield stored(id, found.messages, found.tools)
      }
    }
    const read = new Set(accounted.map(({ file }) => file))
    settle(context, { records: accounted.length, read, bad, wanted: "chats" })
    context.summarize(reader.summary())
  }
  const written = watched(rows(), () => accounted)
  return { chats: written.rows, accounting: written.after }
}

const placeOf = ({ file, row }: { readonly file: string; readonly row: number }): string =>
  `${file} row ${row}`

const formOf = async (files: ReadonlyArray<Source.SourceFile>, onBytes: (count: number) => void) => {
  const detection = Detection.make()
  let objects = 0
  let others = 0
  for (const file of files) {
    for await (const { content, row } of recordsOf(file, onBytes)) {
      if ("problems" in content) others++
      else {
        objects++
        detection.add(content.fields, placeOf({ file: file.name, row }))
      }
    }
  }
  // Where no record is an object there is no form to tell, and reading names each of them.
  return objects === 0 && others > 0 ? "messages" : detection.decide(files.map(({ name }) => name))
}

const counter = ({ inputs, progress }: Context, passes: number) => {
  const total = passes * inputs.files.reduce((sum, file) => sum + file.sizeBytes, 0)
  let done = 0
  return (count: number): void => {
    done += count
    progress({ done, total, unit: "byte" })
  }
}

/** The records of one file: a JSON array where it begins with a bracket, else one object a line. */
async function* recordsOf(file: Source.SourceFile, onBytes: (count: number) => void): AsyncGenerator<Found> {
  try {
    const text = textOf(file, onBytes)
    let start = ""
    for (let next = await text.next(); next.done !== true; next = await text.next()) {
      start += next.value
      if (start.trim() !== "") break
    }
    const { records } = start.trimStart().startsWith("[") ? JsonArray : JsonLines
    yield* records(followed(start, text))
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error
    throw new FileUnreadable({ file: file.name, line: error.line, problem: error.problem, rule: error.rule })
  }
}

async function* followed(start: string, rest: AsyncIterable<string>): AsyncGenerator<string> {
  yield start
  yield* rest
}
