/**
 * One stored artifact, as lines for a terminal and as data for `--json`.
 */
import { Artifact } from "@sluice/core"
import type { ArtifactStore, Errors, Table } from "@sluice/core"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { bytes, count, plural } from "../quantities.ts"
import * as Text from "../Text.ts"
import { chart } from "./chart.ts"
import { grid, plain } from "./grid.ts"
import { reportLines } from "./report.ts"
import * as Tokens from "./tokens.ts"

export interface Options {
  readonly columns: number
  readonly paint: Text.Paint
  /** Rows of a table, and of a report's, that are printed. */
  readonly rows: number
  /** Turns token ids into text; absent where the step's model is not known. */
  readonly decode: Option.Option<(ids: ReadonlyArray<number>) => string>
}

export interface Shown {
  readonly lines: ReadonlyArray<string>
  readonly json: Readonly<Record<string, unknown>>
}

type Row = Readonly<Record<string, unknown>>

export const show = (
  ref: Artifact.ArtifactRef,
  place: string,
  options: Options,
): Effect.Effect<Shown, Errors.StoreError | Errors.SchemaMismatch, ArtifactStore.ArtifactStore> => {
  switch (ref.kind) {
    case "table":
      return showTable(ref, place, options)
    case "files":
      return showFiles(ref, options)
    case "value":
      return Effect.map(Artifact.readManifest("value", ref.fingerprint), ({ value }) => ({
        lines: JSON.stringify(value, undefined, 2).split("\n"),
        json: { ...facts(ref), value },
      }))
  }
}

const facts = (ref: Artifact.ArtifactRef): Record<string, unknown> => ({
  kind: ref.kind,
  fingerprint: ref.fingerprint,
  sizeBytes: ref.sizeBytes,
})

/** Rows up to `limit`, reading no more of the table than that takes. */
const firstRows = (
  reader: Table.Reader<Table.Any>,
  limit: number,
): Effect.Effect<ReadonlyArray<Row>, Errors.StoreError> =>
  limit === 0
    ? Effect.succeed([])
    : reader.batches.pipe(
        Stream.flatMap((rows) => Stream.fromIterable(rows as ReadonlyArray<Row>)),
        Stream.take(limit),
        Stream.runCollect,
      )

const showTable = Effect.fnUntraced(function* (ref: Artifact.ArtifactRef, place: string, options: Options) {
  const reader = yield* Artifact.openTable(undefined, ref, place)
  const rows = yield* firstRows(reader, options.rows)
  const names = reader.table.type.columns.map((column) => column.name)
  const more = reader.rowCount - rows.length
  const losses = lossColumn(names) === undefined ? [] : yield* curve(reader)
  const asTokens = rows.length > 0 && rows.every(Tokens.isTokenRow)
  const body = asTokens ? tokenLines(rows, options) : grid(names, rows, options.columns, options.paint)
  return {
    lines: [
      options.paint("dim", `${plural(reader.rowCount, "row")}, ${bytes(ref.sizeBytes)}`),
      ...(losses.length > 1
        ? ["loss", ...chart(losses, Math.min(options.columns, 100), 8, options.paint), ""]
        : []),
      ...body,
      ...(more > 0 && rows.length > 0
        ? [options.paint("dim", `… and ${count(more)} more; --rows N prints more`)]
        : []),
    ],
    json: {
      ...facts(ref),
      rowCount: reader.rowCount,
      columns: reader.table.type.columns,
      rows: rows.map(plain),
    },
  }
})

/** The column of a metrics table that a curve is drawn from; losses of single rows, with their ids, are none. */
const lossColumn = (names: ReadonlyArray<string>): string | undefined =>
  names.includes("optimizerStep") && names.includes("loss") && !names.includes("id") ? "loss" : undefined

const curve = (reader: Table.Reader<Table.Any>): Effect.Effect<ReadonlyArray<number>, Errors.StoreError> =>
  Effect.map(reader.all, (rows) => (rows as ReadonlyArray<Row>).map((row) => Number(row["loss"])))

/** Each row's tokens as text under a line with its id and counts, with the legend first. */
const tokenLines = (rows: ReadonlyArray<Row & Tokens.TokenRow>, options: Options): Array<string> => {
  const decode = Option.getOrElse(
    options.decode,
    () => (ids: ReadonlyArray<number>) => ids.map((id) => `${id} `).join(""),
  )
  return [
    Tokens.legend(options.paint),
    ...rows.flatMap((row, i) => {
      const { tokens, supervised } = Tokens.countTokens(row)
      const name = typeof row["id"] === "string" ? Text.oneLine(row["id"]) : `row ${i + 1}`
      return [
        "",
        options.paint("bold", `${name}: ${plural(tokens, "token")}, ${count(supervised)} supervised`),
        ...Tokens.tokens(row, decode, options.paint),
      ]
    }),
  ]
}

const showFiles = Effect.fnUntraced(function* (ref: Artifact.ArtifactRef, options: Options) {
  const reader = yield* openFiles(ref)
  const files = yield* Effect.forEach(reader.names, (name) =>
    Effect.map(reader.path(name), (path) => ({ name, sizeBytes: reader.size(name), path })),
  )
  const text = reader.names.find((name) => /(^|\/)report\.md$/.test(name))
  const report =
    text === undefined
      ? []
      : reportLines(Buffer.from(yield* reader.bytes(text)).toString(), options.rows, options.paint)
  const width = Math.max(...files.map((file) => Text.width(file.name)))
  const sizes = files.map((file) => bytes(file.sizeBytes))
  const widest = Math.max(...sizes.map((size) => size.length))
  return {
    lines: [
      ...report,
      ...(report.length > 0 ? [""] : []),
      ...files.map(
        (file, i) =>
          `${Text.padEnd(file.name, width)}  ${Text.padStart(sizes[i]!, widest)}  ${options.paint("dim", file.path)}`,
      ),
    ],
    json: { ...facts(ref), files },
  }
})

/** A set of files by its reference alone, whatever its label. */
export const openFiles = (
  ref: Artifact.ArtifactRef,
): Effect.Effect<
  Artifact.FilesReader,
  Errors.StoreError | Errors.SchemaMismatch,
  ArtifactStore.ArtifactStore
> => Effect.map(Artifact.open(Artifact.files("any"), ref, "show"), (reader) => reader as Artifact.FilesReader)
