/**
 * What is done about records that do not fit, once all of them are read: the one end of every form of Collect.
 */
import { Errors, type Source, type Step } from "@sluice/core"
import * as Data from "effect/Data"
import { counted, thousands } from "../counted.ts"

/** A record that was left out, or would be. */
export interface BadRow {
  readonly file: string
  readonly row: number
  readonly line: number
  readonly reason: string
}

/** What became of the records of all files. */
interface Outcome {
  readonly records: number
  /** Files in which there were any. */
  readonly read: ReadonlySet<string>
  readonly bad: ReadonlyArray<BadRow>
  /** What they were to be: rows of the declared table unless said. */
  readonly wanted?: "chats"
  /** Names of the declared columns. */
  readonly declared?: ReadonlyArray<string>
  /** In how many records stand fields that the table does not declare. */
  readonly undeclared?: ReadonlyMap<string, number>
}

interface Context {
  readonly config: { readonly onBadRow: "fail" | "drop" }
  readonly inputs: { readonly files: ReadonlyArray<Source.SourceFile> }
  readonly warn: Step.Context["warn"]
}

/**
 * Fails where bad rows are to fail and where dropping them leaves nothing; warns where it leaves less than half, and of
 * files without a row.
 */
export const settle = ({ config, inputs, warn }: Context, outcome: Outcome): void => {
  const { bad, read, records, wanted } = outcome
  const empty = inputs.files.map(({ name }) => name).filter((name) => !read.has(name))
  if (empty.length > 0) warn(`no row stands in ${shown(empty).replaceAll("\n", ", ")}`)
  if (bad.length === 0) return
  if (config.onBadRow === "fail") {
    const files = inputs.files.length
    throw new BadRows({ records, files, bad, ...(wanted === undefined ? {} : { wanted }) })
  }
  if (bad.length === records) {
    throw new NothingKept({ ...outcome, files: inputs.files.map(({ name }) => name) })
  }
  if (bad.length > records / 2) {
    warn(
      `${thousands(bad.length)} of ${counted(records, "row")} are dropped, more than half: ${reasonsOf(bad)[0]}`,
    )
  }
}

/** Bad rows under `onBadRow: "fail"`, up to 20 of them listed. */
export class BadRows extends Data.TaggedError("BadRows")<{
  readonly records: number
  readonly files: number
  readonly bad: ReadonlyArray<BadRow>
  /** What they were to be: rows of the declared table unless said. */
  readonly wanted?: "chats"
}> {
  override get message(): string {
    const more = this.bad.length - listed
    const one = this.bad.length === 1
    const chats = this.wanted === "chats"
    const failing = chats
      ? `${one ? "is" : "are"} no chat to learn from`
      : `${one ? "does" : "do"} not fit the declared table`
    return Errors.structured(
      `${counted(this.bad.length, "row")} of ${thousands(this.records)} in ${counted(this.files, "file")} ${failing}.`,
      [
        ...this.bad
          .slice(0, listed)
          .map((bad): [string, string] => [`${bad.file} row ${bad.row} (line ${bad.line})`, bad.reason]),
        ...(more > 0 ? [["and", `${counted(more, "row")} more`] as [string, string]] : []),
      ],
      `Correct the rows${chats ? "" : ", widen the table"}, or set onBadRow: "drop" to leave them out, counted.`,
    )
  }
}

/** Rows that are all bad under `onBadRow: "drop"`: as a rule a column was renamed, in the files or in the table. */
export class NothingKept extends Data.TaggedError("NothingKept")<
  Outcome & { readonly files: ReadonlyArray<string> }
> {
  override get message(): string {
    const { bad, declared = [], files, records, undeclared = new Map<string, number>(), wanted } = this
    const reasons = reasonsOf(bad)
    const fields = [...undeclared].map(([field, count]) => {
      const near = Errors.nearest(field, declared)
      const have = `${counted(count, "row")} ${count === 1 ? "has" : "have"} ${JSON.stringify(field)}`
      return near === undefined ? have : `${JSON.stringify(near)} is declared; ${have}`
    })
    const facts: Array<[string, string]> = [
      [files.length === 1 ? "File" : "Files", shown(files)],
      ["Dropped", reasons.slice(0, 3).join("\n") + more(reasons.length - 3, "more reason")],
    ]
    if (fields.length > 0) facts.push(["Not declared", shown(fields)])
    return Errors.structured(
      records === 1
        ? "The only row is dropped: none is kept."
        : `All ${thousands(records)} rows are dropped: none is kept.`,
      facts,
      wanted === "chats"
        ? "Correct the rows, or the form that is given for them."
        : "Declare the columns by the names and types that the files have, or correct the files.",
    )
  }
}

/** `class is null; Int32 is required: 2 rows, first a.json row 4`, the most frequent reason first. */
const reasonsOf = (bad: ReadonlyArray<BadRow>): ReadonlyArray<string> =>
  Object.entries(Object.groupBy(bad, ({ reason }) => reason))
    .map(([reason, rows]) => ({ reason, rows: rows! }))
    .toSorted((a, b) => b.rows.length - a.rows.length)
    .map(({ reason, rows }) => {
      const { file, line, row } = rows[0]!
      const count = rows.length === 1 ? "" : `${counted(rows.length, "row")}, first `
      return `${reason}: ${count}${file} row ${row} (line ${line})`
    })

const shown = (values: ReadonlyArray<string>): string =>
  values.slice(0, 10).join("\n") + more(values.length - 10)

const more = (count: number, noun?: string): string =>
  count <= 0 ? "" : `\nand ${noun === undefined ? `${thousands(count)} more` : counted(count, noun)}`

/** How many bad rows a message lists. */
const listed = 20
