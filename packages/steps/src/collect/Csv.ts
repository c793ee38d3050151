import { type Found, printed, Unreadable } from "./Record.ts"

/** How a CSV file is written. */
export interface Dialect {
  /** Between cells: one character or more. */
  readonly delimiter: string
  /** Names of the columns when the file has no header line. */
  readonly header: ReadonlyArray<string> | null
}

/**
 * Records of a CSV file (RFC 4180; a byte order mark, CRLF, quoted line breaks and blank lines are fine).
 *
 * `columns` are the names that the declared table needs: a header without one of them, or with one name
 * twice, makes the file Unreadable, as do quotes that do not match. A record with more or fewer cells than
 * the header is a bad record, never shifted or padded.
 */
export async function* records(
  text: AsyncIterable<string>,
  columns: ReadonlyArray<string>,
  dialect: Dialect,
): AsyncGenerator<Found> {
  const { parse } = await import("csv-parse")
  const { Readable } = await import("node:stream")
  // Lines are counted here, as each record is found: csv-parse takes a quoted CRLF for two lines, and the
  // records that it still holds when it fails are lost. The line stands before the cells.
  let nextLine = 1
  let emptyLines = 0
  const parser = parse({
    delimiter: dialect.delimiter,
    relax_column_count: true,
    skip_empty_lines: true,
    record_delimiter: ["\r\n", "\n"],
    on_record: (cells, info) => {
      const line = nextLine + info.empty_lines - emptyLines
      nextLine = line + 1 + cells.reduce((lines, cell) => lines + cell.split("\n").length - 1, 0)
      emptyLines = info.empty_lines
      return [String(line), ...cells]
    },
  })
  const source = Readable.from(text)
  source.on("error", (error) => parser.destroy(error))
  source.pipe(parser)
  let header = dialect.header === null ? null : checkedHeader(dialect.header, columns, 1)
  let row = 0
  try {
    for await (const [start, ...cells] of parser as AsyncIterable<[string, ...Array<string>]>) {
      const line = Number(start)
      if (header === null) {
        header = checkedHeader(cells, columns, line)
        continue
      }
      row++
      yield { row, line, content: content(cells, header) }
    }
  } catch (error) {
    throw csvProblem(error, nextLine)
  } finally {
    source.destroy()
  }
  if (header === null) throw new Unreadable(1, "the file is empty", "a header line is required")
}

const content = (cells: ReadonlyArray<string>, header: ReadonlyArray<string>): Found["content"] =>
  cells.length === header.length
    ? { fields: Object.fromEntries(header.map((name, index) => [name, cells[index]!])) }
    : {
        problems: [
          {
            field: "",
            value: `the row has ${cells.length} ${cells.length === 1 ? "cell" : "cells"}`,
            rule: `the header has ${header.length} columns`,
          },
        ],
      }

const checkedHeader = (
  header: ReadonlyArray<string>,
  columns: ReadonlyArray<string>,
  line: number,
): ReadonlyArray<string> => {
  const twice = header.filter((name, index) => header.indexOf(name) !== index)
  if (twice.length > 0)
    throw new Unreadable(
      line,
      `the header names ${[...new Set(twice)].map(printed).join(", ")} more than once`,
      "each column needs a name of its own",
    )
  const missing = columns.filter((name) => !header.includes(name))
  if (missing.length > 0)
    throw new Unreadable(
      line,
      `the header lacks ${missing.map(printed).join(", ")}`,
      `it has ${header.map(printed).join(", ")}`,
    )
  return header
}

/** The parser's complaint about the record that starts on `line`, in our words. */
const csvProblem = (error: unknown, line: number): unknown => {
  if (error instanceof Unreadable || !(error instanceof Error) || !("code" in error)) return error
  switch (error.code) {
    case "CSV_QUOTE_NOT_CLOSED":
      return new Unreadable(line, "a quoted cell is not closed", 'it must end in " before the file does')
    case "CSV_INVALID_CLOSING_QUOTE":
      return new Unreadable(
        line,
        "text follows a closing quote",
        'a quote inside a quoted cell is written ""',
      )
    case "INVALID_OPENING_QUOTE":
      return new Unreadable(
        line,
        "a quote stands inside an unquoted cell",
        'the cell must be quoted and the quote written ""',
      )
    default:
      return String(error.code).includes("CSV")
        ? new Unreadable(line, error.message, "RFC 4180 is required")
        : error
  }
}
