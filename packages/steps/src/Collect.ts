/**
 * Rows from files: JSON arrays, JSON Lines, CSV. Every record of every file is accounted for: it becomes a row
 * of the declared table, or it is a bad row, named by file and line with the field, its value and the rule.
 */
import { Errors, Source, Step, Table } from "@sluice/core"
import * as Data from "effect/Data"
import * as Schema from "effect/Schema"
import { Chat } from "./Chat.ts"
import { type BadRow, settle } from "./collect/BadRows.ts"
import type { Dialect } from "./collect/Csv.ts"
import { complaint, type Found, Unreadable } from "./collect/Record.ts"
import * as RowCheck from "./collect/RowCheck.ts"
import { textOf } from "./collect/textOf.ts"
import { counted, thousands } from "./counted.ts"
import { type ChatForm, chatForms } from "./forms/Form.ts"
import { DecidedAtUse } from "./kinds.ts"
import * as RowId from "./RowId.ts"
import { watched } from "./watched.ts"

export { BadRows, NothingKept } from "./collect/BadRows.ts"

/** Where every record of the files went, in their order. */
export class Accounting extends Table.make({
  file: Table.utf8,
  /** From 1, within the file. */
  row: Table.int32,
  /** On which the record starts, from 1. */
  line: Table.int32,
  kept: Table.bool,
  /** The row's id (RowId), null when it was dropped. */
  id: Table.nullable(Table.utf8),
  /** Why it was dropped: `class is null; Int32 is required`. */
  reason: Table.nullable(Table.utf8),
}) {}

/** What to do with a row that does not fit the declared table. */
export type OnBadRow = "fail" | "drop"

/** Options that every format shares. */
export interface Options<T extends Table.Any> {
  /** Paths or globs, from the folder of the nearest package.json. Files are read in the order of their names. */
  readonly files: Source.Given
  /** What every record must be. */
  readonly row: T
  /** "fail" (the default) lists the bad rows and stops; "drop" leaves them out, counted and listed, but for all. */
  readonly onBadRow?: OnBadRow
}

/** Options of files of chats: their rows need no declared table. */
export interface ChatsOptions extends Pick<Options<Table.Any>, "files" | "onBadRow"> {
  /** The form of the rows; told from all of them when it is not given. */
  readonly form?: ChatForm
}

export interface CsvOptions<T extends Table.Any> extends Options<T> {
  /** Between cells; "," by default. */
  readonly delimiter?: string
  /** Names of the columns, for files without a header line. */
  readonly header?: ReadonlyArray<string>
}

/** The rows, and the accounting of every record that was read. */
export type Outputs<T extends Table.Any> = { readonly rows: T; readonly accounting: typeof Accounting }

/** Files that each hold one JSON array of objects. */
export const json = <T extends Table.Any>(options: Options<T>): Step.Use<Outputs<T>, "collectJson"> =>
  Step.use(collectJson, {
    inputs: { files: options.files },
    config: configOf(options),
    outputs: outputsOf(options.row),
  })

/** Files with one JSON object a line. */
export const jsonLines = <T extends Table.Any>(
  options: Options<T>,
): Step.Use<Outputs<T>, "collectJsonLines"> =>
  Step.use(collectJsonLines, {
    inputs: { files: options.files },
    config: configOf(options),
    outputs: outputsOf(options.row),
  })

/** CSV files with a header line. Cells are read by the type of their column. */
export const csv = <T extends Table.Any>({
  delimiter,
  header,
  ...options
}: CsvOptions<T>): Step.Use<Outputs<T>, "collectCsv"> =>
  Step.use(collectCsv, {
    inputs: { files: options.files },
    config: { ...configOf(options), delimiter: delimiter ?? ",", header: header ?? null },
    outputs: outputsOf(options.row),
  })

/**
 * Chats from files in a form that is in use elsewhere: OpenAI's messages with tools, ShareGPT, Alpaca, prompt and
 * completion (`forms/Form.ts`). A file is one JSON array or JSON Lines, as it begins. The form is told from all rows
 * of all files and said in the summary; rows of two forms, or that fit two, are refused. Outputs: the chats, and the
 * accounting of every record that was read.
 */
export const chats = ({
  files,
  form,
  onBadRow,
  ...unknown
}: ChatsOptions): Step.Use<
  { readonly chats: typeof Chat; readonly accounting: typeof Accounting },
  "collectChats"
> =>
  Step.use(collectChats, {
    inputs: { files },
    config: { form: form ?? null, onBadRow: onBadRow ?? "fail", ...unknown },
    outputs: { chats: Chat, accounting: Accounting },
  })

/** Options of a name that nobody knows go on into the config, where planning refuses them by name. */
const configOf = (options: Options<Table.Any>) => {
  const { files: _, onBadRow, row, ...unknown } = options
  return { columns: row.type.columns, onBadRow: onBadRow ?? "fail", ...unknown }
}

const outputsOf = <T extends Table.Any>(row: T): Outputs<T> => ({ rows: row, accounting: Accounting })

const Columns = Schema.Any as unknown as Schema.Codec<ReadonlyArray<Table.NamedColumn>>
const BadRowRule = Schema.Literals(["fail", "drop"])

const collectJson = Step.make({
  name: "collectJson",
  inputs: { files: Source.files },
  config: { columns: Columns, onBadRow: BadRowRule },
  outputs: { rows: DecidedAtUse, accounting: Accounting },
  run: async (context) => {
    const { records } = await import("./collect/JsonArray.ts")
    return collect(context, "typed", records)
  },
})

const collectJsonLines = Step.make({
  name: "collectJsonLines",
  inputs: { files: Source.files },
  config: { columns: Columns, onBadRow: BadRowRule },
  outputs: { rows: DecidedAtUse, accounting: Accounting },
  run: async (context) => {
    const { records } = await import("./collect/JsonLines.ts")
    return collect(context, "typed", records)
  },
})

const collectCsv = Step.make({
  name: "collectCsv",
  inputs: { files: Source.files },
  config: {
    columns: Columns,
    onBadRow: BadRowRule,
    delimiter: Schema.NonEmptyString,
    header: Schema.NullOr(Schema.Array(Schema.String)),
  },
  outputs: { rows: DecidedAtUse, accounting: Accounting },
  run: async (context) => {
    const { records } = await import("./collect/Csv.ts")
    const dialect: Dialect = { delimiter: context.config.delimiter, header: context.config.header }
    return collect(context, "text", (text) =>
      records(
        text,
        context.config.columns.map(({ name }) => name),
        dialect,
      ),
    )
  },
})

const collectChats = Step.make({
  name: "collectChats",
  inputs: { files: Source.files },
  config: { form: Schema.NullOr(Schema.Literals(chatForms)), onBadRow: BadRowRule },
  outputs: { chats: Chat, accounting: Accounting },
  run: async (context) => (await import("./collect/chats.ts")).chats(context),
})

type Records = (text: AsyncIterable<string>) => AsyncIterable<Found>

interface Collecting {
  readonly config: {
    readonly columns: ReadonlyArray<Table.NamedColumn>
    readonly onBadRow: OnBadRow
  }
  readonly inputs: { readonly files: ReadonlyArray<Source.SourceFile> }
  readonly progress: Step.Context["progress"]
  readonly summarize: Step.Context["summarize"]
  readonly warn: Step.Context["warn"]
}

/** Rows as a stream while the files are read; the accounting of them once they are all read. */
const collect = (context: Collecting, cells: RowCheck.Cells, records: Records) => {
  const accounted: Array<Table.Row<typeof Accounting>> = []
  const dropped: Array<BadRow & { readonly complaint: string }> = []
  const unknown = new Map<string, number>()
  const check = RowCheck.make(context.config.columns, cells, (field) =>
    unknown.set(field, (unknown.get(field) ?? 0) + 1),
  )
  const { files } = context.inputs
  const sizeBytes = files.reduce((sum, file) => sum + file.sizeBytes, 0)

  async function* rows() {
    let readBytes = 0
    for (const file of files) {
      try {
        for await (const found of records(
          textOf(file, (bytes) => {
            readBytes += bytes
            context.progress({ done: readBytes, total: sizeBytes, unit: "byte" })
          }),
        )) {
          const checked = check(found.content)
          const place = { file: file.name, row: found.row, line: found.line }
          if ("problems" in checked) {
            const complaints = checked.problems.map(complaint)
            const rules = checked.problems.map((problem) => `${complaint(problem)}; ${problem.rule}`)
            dropped.push({ ...place, complaint: complaints.join(", "), reason: rules.join(" | ") })
            accounted.push({ ...place, kept: false, id: null, reason: rules.join(" | ") })
          } else {
            accounted.push({ ...place, kept: true, id: RowId.of(checked.row), reason: null })
            yield checked.row
          }
        }
      } catch (error) {
        if (error instanceof Unreadable) {
          throw new FileUnreadable({
            file: file.name,
            line: error.line,
            problem: error.problem,
            rule: error.rule,
          })
        }
        throw error
      }
    }
    settle(context, {
      records: accounted.length,
      read: new Set(accounted.map(({ file }) => file)),
      bad: dropped,
      declared: context.config.columns.map(({ name }) => name),
      undeclared: unknown,
    })
    context.summarize(summary(accounted.length, dropped, unknown))
  }

  const { rows: written, after } = watched(rows(), () => accounted)
  return { rows: written as AsyncIterable<never>, accounting: after }
}

/** `3,000 rows, 3 dropped (class is null: amazon.json row 1001, imdb.json row 1001, …)`. */
const summary = (
  records: number,
  dropped: ReadonlyArray<BadRow & { readonly complaint: string }>,
  unknown: ReadonlyMap<string, number>,
): string => {
  const parts = [counted(records - dropped.length, "row")]
  if (dropped.length > 0) {
    const reasons = Object.entries(Object.groupBy(dropped, (bad) => bad.complaint)).map(([reason, rows]) => {
      const shown = rows!
        .slice(0, 3)
        .map((bad) => `${bad.file.slice(bad.file.lastIndexOf("/") + 1)} row ${bad.row}`)
      return `${reason}: ${shown.join(", ")}${rows!.length > 3 ? ` and ${thousands(rows!.length - 3)} more` : ""}`
    })
    const more = reasons.length > 3 ? `; and ${reasons.length - 3} more reasons` : ""
    parts.push(`${thousands(dropped.length)} dropped (${reasons.slice(0, 3).join("; ")}${more})`)
  }
  if (unknown.size > 0) {
    const fields = [...unknown].map(([field, count]) => `${field} in ${counted(count, "row")}`)
    parts.push(`fields not declared: ${fields.join(", ")}`)
  }
  return parts.join(", ")
}

/** A file that is not what it was said to be: no row of it can be trusted, so it fails under "drop" too. */
export class FileUnreadable extends Data.TaggedError("FileUnreadable")<{
  readonly file: string
  readonly line: number
  readonly problem: string
  readonly rule: string
}> {
  override get message(): string {
    return Errors.structured(
      "A file cannot be read.",
      { File: this.file, Line: String(this.line), Problem: this.problem, Rule: this.rule },
      "Correct the file; nothing of it was taken.",
    )
  }
}
