/**
 * Where the data went: each step on the way from files to an adapter, and to the rows asked, with what it left out.
 */
import type { Facts } from "@sluice/steps/report"
import * as Effect from "effect/Effect"
import * as Source from "./Source.ts"

/** So many reasons of one step are listed; the others are counted together. */
const mostReasons = 10

/** In the run's order. */
export const stages = Effect.fnUntraced(function* (compared: Source.Compared) {
  const refs = new Map(
    compared.made.flatMap(({ outputs }) =>
      Object.values(outputs).map((ref) => [ref.fingerprint, ref] as const),
    ),
  )
  const wanted = dataSteps(compared)
  const found: Array<Facts.Stage> = []
  for (const made of compared.made) {
    const tables = Object.entries(made.outputs).filter(([, { kind }]) => kind === "table")
    if (!wanted.has(made.step) || tables.length === 0) continue
    const trains = Object.values(made.outputs).some(({ kind }) => kind === "files")
    const rowsIn = Object.entries(made.record.inputs).flatMap(([input, fingerprint]) => {
      const ref = typeof fingerprint === "string" ? refs.get(fingerprint) : undefined
      return ref?.kind === "table" ? [{ input, rows: ref.rowCount ?? 0 }] : []
    })
    const rowsOut = trains
      ? []
      : tables
          .filter(([output]) => output !== "accounting")
          .map(([output, { rowCount }]) => ({ output, rows: rowCount ?? 0 }))
    const counted = trains ? yield* learnt(made) : yield* accounted(made)
    found.push({
      step: made.step,
      rowsIn,
      rowsOut,
      reasons: [...counted.reasons, ...left(made, rowsIn, rowsOut)],
      tokens: counted.tokens,
      supervisedTokens: counted.supervisedTokens,
      summary: made.summary ?? null,
    })
  }
  return found
})

/** Steps that lead to what was learnt or to what was asked. */
const dataSteps = ({ maker, report }: Source.Compared): ReadonlySet<string> => {
  const wanted = new Set<string>()
  const follow = (made: Source.Made | undefined): void => {
    if (made === undefined || wanted.has(made.step)) return
    wanted.add(made.step)
    for (const input of Object.keys(made.wiring)) follow(maker(made, input))
  }
  for (const input of Object.keys(report.wiring))
    if (input === "chats" || input.startsWith("adapter ")) follow(maker(report, input))
  return wanted
}

interface Counted {
  readonly reasons: Facts.Stage["reasons"]
  readonly tokens: number | null
  readonly supervisedTokens: number | null
}

/** What training learnt from, over all its optimizer steps. */
const learnt = Effect.fnUntraced(function* (made: Source.Made) {
  const metrics = yield* Source.tableWith(made, ["optimizerStep", "tokens", "supervisedTokens"])
  let tokens = 0
  let supervisedTokens = 0
  if (metrics !== undefined)
    yield* Source.eachRow(metrics, (row) => {
      tokens += Number(row["tokens"])
      supervisedTokens += Number(row["supervisedTokens"])
    })
  return (
    metrics === undefined
      ? { reasons: [], tokens: null, supervisedTokens: null }
      : { reasons: [], tokens, supervisedTokens }
  ) satisfies Counted
})

/** What a step's own accounting says. */
const accounted = Effect.fnUntraced(function* (made: Source.Made) {
  const account = yield* Source.tableWith(made, ["id", "reason"])
  if (account === undefined) return { reasons: [], tokens: null, supervisedTokens: null } satisfies Counted
  const reasons = new Map<string, { what: string; reason: string; rows: number; example: string }>()
  const hasTokens = account.table.type.columns.some(({ name }) => name === "supervisedTokens")
  let tokens = 0
  let supervisedTokens = 0
  yield* Source.eachRow(account, (row) => {
    if (hasTokens) {
      supervisedTokens += Number(row["supervisedTokens"])
      if (row["status"] !== "dropped") tokens += Number(row["tokens"])
    }
    const what =
      typeof row["status"] === "string" ? row["status"] : row["kept"] === false ? "dropped" : "kept"
    if (what === "kept") return
    const reason = generic(String(row["reason"]))
    const known = reasons.get(`${what} ${reason}`)
    if (known !== undefined) known.rows++
    else reasons.set(`${what} ${reason}`, { what, reason, rows: 1, example: example(row) })
  })
  const all = [...reasons.values()].toSorted((a, b) => b.rows - a.rows)
  const rest = all.slice(mostReasons)
  return {
    reasons: [
      ...all.slice(0, mostReasons),
      ...(rest.length === 0
        ? []
        : [
            {
              what: rest[0]!.what,
              reason: `${rest.length} further reasons`,
              rows: rest.reduce((sum, { rows }) => sum + rows, 0),
              example: rest[0]!.example,
            },
          ]),
    ],
    tokens: hasTokens ? tokens : null,
    supervisedTokens: hasTokens ? supervisedTokens : null,
  } satisfies Counted
})

/** `801 tokens, the limit is 512` is one reason for all rows that are too long. */
const generic = (reason: string): string =>
  reason.replace(/^\d+ tokens, the limit/, "too many tokens, the limit")

const example = (row: Source.Row): string =>
  typeof row["file"] === "string"
    ? `${row["file"]} row ${String(row["row"])} (line ${String(row["line"])})`
    : `row ${String(row["id"] ?? row["row"])}`

/** Rows that the steps of this package leave out without a table of their own. */
const left = (
  { record }: Source.Made,
  rowsIn: Facts.Stage["rowsIn"],
  rowsOut: Facts.Stage["rowsOut"],
): Facts.Stage["reasons"] => {
  const sum = (tables: ReadonlyArray<{ readonly rows: number }>): number =>
    tables.reduce((total, { rows }) => total + rows, 0)
  const rows = sum(rowsIn) - sum(rowsOut)
  if (rows <= 0) return []
  switch (record.step) {
    case "splitByHash":
      return [{ what: "dropped", reason: "its key was seen before", rows, example: "" }]
    case "splitSample":
      return [{ what: "not taken", reason: "outside the sample", rows, example: "" }]
    default:
      return []
  }
}
