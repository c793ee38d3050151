/**
 * Token rows with what is supervised made visible: coloured where there is colour, in brackets where there is none.
 */
import * as Text from "../Text.ts"

/** The label of a position that enters no loss. */
const ignored = -100

export interface TokenRow {
  readonly ids: ArrayLike<number>
  readonly labels: ArrayLike<number>
}

/** Whether rows of a table can be shown as tokens: they have lists `ids` and `labels` of one length. */
export const isTokenRow = (
  row: Readonly<Record<string, unknown>>,
): row is Readonly<Record<string, unknown>> & TokenRow => {
  const length = (value: unknown): number =>
    Array.isArray(value) || ArrayBuffer.isView(value) ? (value as unknown as ArrayLike<number>).length : -1
  return length(row["ids"]) >= 0 && length(row["ids"]) === length(row["labels"])
}

export const legend = (paint: Text.Paint): string =>
  paint === Text.plain
    ? "[in brackets]: supervised, the model learns to write it; the rest is only read"
    : `${paint("greenBackground", "highlighted")}: supervised, the model learns to write it; the rest is only read`

/**
 * One row's text. `decode` turns ids into text; neighbours of one kind are decoded together, because a letter may be
 * spread over several tokens. Line ends are kept, and marked inside supervised text.
 */
export const tokens = (
  row: TokenRow,
  decode: (ids: ReadonlyArray<number>) => string,
  paint: Text.Paint,
): Array<string> => {
  const spans: Array<{ supervised: boolean; ids: Array<number> }> = []
  for (let i = 0; i < row.ids.length; i++) {
    const supervised = row.labels[i] !== ignored
    const last = spans.at(-1)
    if (last?.supervised === supervised) last.ids.push(row.ids[i]!)
    else spans.push({ supervised, ids: [row.ids[i]!] })
  }
  const text = spans.map(({ supervised, ids }) => {
    const pieces = decode(ids).split("\n")
    return pieces
      .map((piece, i) => {
        const end = i < pieces.length - 1
        const clean = Text.oneLine(piece)
        if (!supervised) return end ? `${clean}\n` : clean
        const marked = end ? `${clean}↵` : clean
        if (marked === "") return ""
        return (paint === Text.plain ? `[${marked}]` : paint("greenBackground", marked)) + (end ? "\n" : "")
      })
      .join("")
  })
  return text.join("").replace(/\n$/, "").split("\n")
}

/** Tokens and supervised tokens of a row. */
export const countTokens = (row: TokenRow): { readonly tokens: number; readonly supervised: number } => {
  let supervised = 0
  for (let i = 0; i < row.labels.length; i++) if (row.labels[i] !== ignored) supervised++
  return { tokens: row.ids.length, supervised }
}
