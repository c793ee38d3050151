/**
 * Parts of a table that stay put: which side a row is on follows from the row alone, so that rows keep their
 * side, and samples their members, when the data grows.
 */
import { Errors, Step, type Table } from "@sluice/core"
import * as Data from "effect/Data"
import * as Schema from "effect/Schema"
import { createHash } from "node:crypto"
import { counted, thousands } from "./counted.ts"
import { DecidedAtUse } from "./kinds.ts"
import { rowsOf } from "./reading.ts"
import * as RowFailed from "./RowFailed.ts"
import * as RowId from "./RowId.ts"

/** A column by name, or a function of the row. */
export type Key<T extends Table.Any> = (keyof Table.Row<T> & string) | ((row: Table.Row<T>) => string)

/**
 * Two parts by a hash of each row's key: about `heldOut` (a share between 0 and 1) of the distinct keys are
 * held out. Rows with a key seen before are dropped and counted, so that no key is on both sides; those that
 * differ from the kept row in another column are counted apart, as contradictions.
 */
export const byHash = <T extends Table.Any>(options: {
  readonly rows: Step.Ref<T>
  readonly by: Key<T>
  readonly heldOut: number
}): Step.Use<{ readonly train: T; readonly heldOut: T }, "splitByHash"> => {
  const { rows, ...config } = options
  if (typeof config.by === "string") checkColumn("Split.byHash", config.by, rows.kind)
  return Step.use(splitByHash, {
    inputs: { rows },
    config,
    outputs: { train: rows.kind, heldOut: rows.kind },
  })
}

/**
 * `count` rows, chosen by a hash of the whole row and kept in the table's order. Samples nest: one of 100 is
 * inside that of 300. Another `seed` chooses other rows. `balance` names a column whose values are to be as
 * evenly there as the rows allow. A table with fewer rows fails, unless `onShort: "all"` takes what there is.
 */
export const sample = <T extends Table.Any>(options: {
  readonly rows: Step.Ref<T>
  readonly count: number
  readonly seed?: string
  readonly balance?: keyof Table.Row<T> & string
  readonly onShort?: "fail" | "all"
}): Step.Use<T, "splitSample"> => {
  const { balance, onShort, rows, seed, ...rest } = options
  if (balance !== undefined) checkColumn("Split.sample", balance, rows.kind)
  return Step.use(splitSample, {
    inputs: { rows },
    config: { ...rest, seed: seed ?? "", balance: balance ?? null, onShort: onShort ?? "fail" },
    output: rows.kind,
  })
}

type AnyRow = Readonly<Record<string, unknown>>

const splitByHash = Step.make({
  name: "splitByHash",
  inputs: { rows: Step.anyTable },
  config: {
    by: Schema.Union([Schema.String, Step.fn<(row: AnyRow) => string>()]),
    heldOut: Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 1 })),
  },
  outputs: { train: DecidedAtUse, heldOut: DecidedAtUse },
  run: (context) => {
    const { by, heldOut } = context.config
    const keyOf =
      typeof by === "function"
        ? (row: AnyRow) =>
            RowFailed.during(
              "The function given as by",
              row,
              () => RowId.of(row),
              () => by(row),
            )
        : (row: AnyRow) => textOf(row[by])
    const counts = { train: 0, heldOut: 0, duplicates: 0, contradictions: 0 }
    // Each side is one pass over the input, so that neither has to fit into memory; the first pass counts.
    async function* side(wanted: "train" | "heldOut", counting: boolean) {
      const seen = new Map<string, string>()
      for await (const row of rowsOf(context.inputs.rows) as AsyncIterable<AnyRow>) {
        const key = createHash("sha256").update("split\n").update(keyOf(row)).digest("base64")
        const id = RowId.of(row)
        const first = seen.get(key)
        if (first !== undefined) {
          if (counting) counts.duplicates++
          if (counting && first !== id) counts.contradictions++
          continue
        }
        seen.set(key, id)
        const at = shareOf(Buffer.from(key, "base64")) < heldOut ? "heldOut" : "train"
        if (counting) counts[at]++
        if (at === wanted) yield row
      }
      if (!counting) return
      context.summarize(splitSummary(counts))
      const none = noneOf(counts, heldOut)
      if (none !== undefined) context.warn(none)
    }
    return {
      train: side("train", true) as AsyncIterable<never>,
      heldOut: side("heldOut", false) as AsyncIterable<never>,
    }
  },
})

/** `none of 20 rows is held out, with heldOut: 0.01`: a side that is empty though it was to have a share. */
const noneOf = (
  { heldOut, train }: { readonly train: number; readonly heldOut: number },
  share: number,
): string | undefined => {
  const [rows, asked] = [counted(train + heldOut, "row"), `with heldOut: ${share}`]
  if (train + heldOut === 0) return undefined
  if (heldOut === 0 && share > 0) return `none of ${rows} is held out, ${asked}`
  return train === 0 && share < 1 ? `all of ${rows} are held out, ${asked}` : undefined
}

const splitSummary = (counts: {
  train: number
  heldOut: number
  duplicates: number
  contradictions: number
}): string => {
  const sides = `${thousands(counts.train)} + ${counted(counts.heldOut, "row")}`
  if (counts.duplicates === 0) return sides
  const contradictions =
    counts.contradictions === 0 ? "" : ` (${thousands(counts.contradictions)} contradict the row kept)`
  return `${sides}, ${counted(counts.duplicates, "duplicate")} dropped${contradictions}`
}

const splitSample = Step.make({
  name: "splitSample",
  inputs: { rows: Step.anyTable },
  config: {
    count: Schema.Int.check(Schema.isGreaterThan(0)),
    seed: Schema.String,
    balance: Schema.NullOr(Schema.String),
    onShort: Schema.Literals(["fail", "all"]),
  },
  output: DecidedAtUse,
  run: async (context) => {
    const { balance, count, onShort, seed } = context.config
    const available = context.inputs.rows.rowCount
    if (available < count && onShort === "fail") throw new TooFewRows({ asked: count, available })
    const hashes = new Float64Array(available)
    const values: Array<string> = []
    let index = 0
    for await (const row of rowsOf(context.inputs.rows) as AsyncIterable<AnyRow>) {
      if (balance !== null) values.push(textOf(row[balance]))
      hashes[index++] = shareOf(
        createHash("sha256")
          .update(`sample\n${seed}\n${RowId.of(row)}`)
          .digest(),
      )
    }
    const order = Array.from(hashes, (_, at) => at).toSorted((a, b) => hashes[a]! - hashes[b]! || a - b)
    const chosen = new Set((balance === null ? order : evenly(order, values)).slice(0, count))
    context.summarize(
      chosen.size < count ? `${counted(chosen.size, "row")}, all there are` : counted(chosen.size, "row"),
    )
    async function* rows() {
      let at = 0
      for await (const row of rowsOf(context.inputs.rows)) if (chosen.has(at++)) yield row
    }
    return rows() as AsyncIterable<never>
  },
})

const checkColumn = (place: string, column: string, table: Table.Any): void => {
  const columns = table.type.columns.map(({ name }) => name)
  if (!columns.includes(column)) throw new UnknownColumn({ place, column, columns })
}

/** A column that the table does not have, where the compiler could not see it. */
export class UnknownColumn extends Data.TaggedError("UnknownColumn")<{
  readonly place: string
  readonly column: string
  readonly columns: ReadonlyArray<string>
}> {
  override get message(): string {
    return Errors.structured(
      `${this.place} is given a column that the table does not have.`,
      { Column: this.column, Columns: this.columns.join(", ") },
      "Name one of the table's columns, or give a function of the row.",
    )
  }
}

/** Rows in an order that takes each value in turn: first the first row of every value, then their second ones. */
const evenly = (order: ReadonlyArray<number>, values: ReadonlyArray<string>): ReadonlyArray<number> => {
  const seen = new Map<string, number>()
  const turns = order.map((row) => {
    const turn = seen.get(values[row]!) ?? 0
    seen.set(values[row]!, turn + 1)
    return { row, turn }
  })
  return turns.toSorted((a, b) => a.turn - b.turn).map(({ row }) => row)
}

/** A sample that asks for more rows than there are. */
export class TooFewRows extends Data.TaggedError("TooFewRows")<{
  readonly asked: number
  readonly available: number
}> {
  override get message(): string {
    return Errors.structured(
      "There are fewer rows than the sample asks for.",
      { Asked: thousands(this.asked), Available: thousands(this.available) },
      'Ask for fewer, collect more, or set onShort: "all" to take what there is.',
    )
  }
}

/** The first 53 bits of a digest as a share: 0 ≤ share < 1. */
const shareOf = (digest: Uint8Array): number => {
  const view = new DataView(digest.buffer, digest.byteOffset)
  return (view.getUint32(0) * 2 ** 21 + (view.getUint32(4) >>> 11)) / 2 ** 53
}

/** A key's value as text; the type stands before it, so that 1 and "1" are two keys. */
const textOf = (value: unknown): string =>
  typeof value === "string" ? value : `${typeof value}\n${JSON.stringify(value) ?? String(value)}`
