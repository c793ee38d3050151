/**
 * Rows from files: JSON arrays, JSON Lines, CSV. Every record of every file is accounted for: it becomes a row
 * of the declared table, or it is a bad row, named by file and line with the field, its value and the rule.
 */
import { Errors, Source, Step, Table } from "@sluice/core"
import * as Data from "effect/Data"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import type { Dialect } from "./collect/Csv.ts"
import { complaint, type Found, Unreadable } from "./collect/Record.ts"
import * as RowCheck from "./collect/RowCheck.ts"
import { counted, thousands } from "./counted.ts"
import { DecidedAtUse } from "./kinds.ts"
import * as RowId from "./RowId.ts"
import { watched } from "./watched.ts"

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
  /** "fail" (the default) lists the bad rows and stops; "drop" leaves them out, counted and listed. */
  readonly onBadRow?: OnBadRow
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
export const csv = <T extends Table.Any>(options: CsvOptions<T>): Step.Use<Outputs<T>, "collectCsv"> =>
  Step.use(collectCsv, {
    inputs: { files: options.files },
    config: { ...configOf(options), delimiter: options.delimiter ?? ",", header: options.header ?? null },
    outputs: outputsOf(options.row),
  })

const configOf = (options: Options<Table.Any>) => ({
  columns: options.row.type.columns,
  onBadRow: options.onBadRow ?? "fail",
})

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

type Records = (text: AsyncIterable<string>) => AsyncIterable<Found>

interface Collecting {
  readonly config: {
    readonly columns: ReadonlyArray<Table.NamedColumn>
    readonly onBadRow: OnBadRow
  }
  readonly inputs: { readonly files: ReadonlyArray<Source.SourceFile> }
  readonly progress: Step.Context["progress"]
  readonly summarize: Step.Context["summarize"]
}

/** Rows as a stream while the files are read; the accounting of them once they are all read. */
const collect = (context: Collecting, cells: RowCheck.Cells, records: Records) => {
  const accounted: Array<Table.Row<typeof Accounting>> = []
  const dropped: Array<BadRow> = []
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
    if (dropped.length > 0 && context.config.onBadRow === "fail") {
      throw new BadRows({ records: accounted.length, files: files.length, bad: dropped })
    }
    context.summarize(summary(accounted.length, dropped, unknown))
  }

  const { rows: written, after } = watched(rows(), () => accounted)
  return { rows: written as AsyncIterable<never>, accounting: after }
}

interface BadRow {
  readonly file: string
  readonly row: number
  readonly line: number
  readonly complaint: string
  readonly reason: string
}

/** `3,000 rows, 3 dropped (class is null: amazon.json row 1001, imdb.json row 1001, …)`. */
const summary = (
  records: number,
  dropped: ReadonlyArray<BadRow>,
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

/** The file as text in pieces; a byte order mark is skipped, and bytes that are not UTF-8 are refused by line. */
async function* textOf(file: Source.SourceFile, onBytes: (count: number) => void): AsyncGenerator<string> {
  const decoder = new TextDecoder("utf-8", { fatal: true })
  let line = 1
  let first = true
  const decode = (bytes?: Uint8Array): string => {
    try {
      return bytes === undefined ? decoder.decode() : decoder.decode(bytes, { stream: true })
    } catch {
      throw new Unreadable(line, "the file is not UTF-8 from here on", "save it as UTF-8")
    }
  }
  for await (const bytes of Stream.toAsyncIterable(file.stream)) {
    if (first && ((bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff))) {
      throw new Unreadable(1, "the file is UTF-16", "save it as UTF-8")
    }
    first = false
    onBytes(bytes.length)
    const text = decode(bytes)
    for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) line++
    yield text
  }
  yield decode()
}

/** Bad rows under `onBadRow: "fail"`, up to 20 of them listed. */
export class BadRows extends Data.TaggedError("BadRows")<{
  readonly records: number
  readonly files: number
  readonly bad: ReadonlyArray<Omit<BadRow, "complaint">>
}> {
  override get message(): string {
    const more = this.bad.length - listed
    return Errors.structured(
      `${counted(this.bad.length, "row")} of ${thousands(this.records)} in ${counted(this.files, "file")} ${this.bad.length === 1 ? "does" : "do"} not fit the declared table.`,
      [
        ...this.bad
          .slice(0, listed)
          .map((bad): [string, string] => [`${bad.file} row ${bad.row} (line ${bad.line})`, bad.reason]),
        ...(more > 0 ? [["and", `${counted(more, "row")} more`] as [string, string]] : []),
      ],
      'Correct the rows, widen the table, or set onBadRow: "drop" to leave them out, counted.',
    )
  }
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

/** How many bad rows a message lists. */
const listed = 20
