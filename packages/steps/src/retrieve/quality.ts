import { Random, type Step, type Table } from "@sluice/core"
import * as Effect from "effect/Effect"
import { rowsOf } from "../reading.ts"
import type { Relevant } from "../Retrieve.ts"
import * as RowFailed from "../RowFailed.ts"
import * as RowId from "../RowId.ts"
import * as Bootstrap from "../stats/Bootstrap.ts"
import * as Wilson from "../stats/Wilson.ts"
import type { Passages, RetrievalScores } from "./Tables.ts"

type AnyRow = Readonly<Record<string, unknown>>

interface Config {
  readonly searches: ReadonlyArray<string>
  readonly relevant: (row: any) => Relevant | null
}

/** A search's passages by the rows' ids, and the most that a question has. */
interface Found {
  readonly search: string
  readonly most: number
  readonly byId: ReadonlyMap<string, ReadonlyArray<Table.Row<typeof Passages>>>
}

type Inputs = { readonly rows: Table.Reader<any> } & {
  readonly [search: `of ${string}`]: Table.Reader<typeof Passages>
}

export const score = async (
  context: Step.Context<Config, Inputs>,
): Promise<ReadonlyArray<Table.Row<typeof RetrievalScores>>> => {
  const { rows } = context.inputs
  const found: Array<Found> = []
  for (const search of context.config.searches) {
    const passages = await Effect.runPromise(context.inputs[`of ${search}`]!.all)
    found.push({
      search,
      most: passages.reduce((rank, passage) => Math.max(rank, passage.rank), 0),
      byId: Map.groupBy(passages, ({ id }) => id),
    })
  }
  /** The rank of the first relevant passage for each question, by search. */
  const ranks = found.map((): Array<number> => [])
  for await (const row of rowsOf(rows) as AsyncIterable<AnyRow>) {
    const wanted = RowFailed.during(
      "The function given as relevant",
      row,
      () => RowId.of(row),
      () => context.config.relevant(row),
    )
    if (wanted === null) continue
    for (const [at, { byId }] of found.entries()) {
      const fitting = (byId.get(RowId.of(row)) ?? []).filter((passage) => fits(passage, wanted))
      ranks[at]!.push(fitting.reduce((first, { rank }) => Math.min(first, rank), Number.POSITIVE_INFINITY))
    }
  }
  const scores = found.map((one, at) => scoresOf(one, ranks[at]!, context.seed))
  context.summarize(
    found
      .map(({ most, search }, at) => {
        const hits = ranks[at]!.filter(Number.isFinite).length
        const mrr = scores[at]!.at(-1)!.value.toFixed(3)
        const name = found.length === 1 ? "" : `${search}: `
        return `${name}hit rate ${hits} of ${ranks[at]!.length}, MRR ${mrr}, ${most} passages each`
      })
      .join("; "),
  )
  return scores.flat()
}

const scoresOf = (
  { most, search }: Found,
  ranks: ReadonlyArray<number>,
  seed: string,
): ReadonlyArray<Table.Row<typeof RetrievalScores>> => {
  const rows = ranks.length
  const hitRate = (passages: number) => {
    const hits = ranks.filter((rank) => rank <= passages).length
    const value = rows === 0 ? 0 : hits / rows
    return { search, metric: "hit rate" as const, passages, rows, value, ...Wilson.interval(hits, rows) }
  }
  const reciprocal = ranks.map((rank) => 1 / rank)
  const { high, low } = Bootstrap.interval(reciprocal, Random.make(Random.derive(seed, search)))
  return [
    ...(most > 1 ? [hitRate(1)] : []),
    hitRate(most),
    {
      search,
      metric: "MRR",
      passages: most,
      rows,
      value: rows === 0 ? 0 : reciprocal.reduce((sum, value) => sum + value, 0) / rows,
      // A studentized interval knows no bounds.
      low: Math.max(0, low),
      high: Math.min(1, high),
    },
  ]
}

const fits = (
  passage: { readonly document: string; readonly text: string; readonly heading: string },
  { contains, document }: Relevant,
): boolean =>
  (document === undefined || passage.document === document) &&
  (contains === undefined || plain(`${passage.heading}\n${passage.text}`).includes(plain(contains)))

/** Lower case, on one line: a PDF's lines end anywhere. */
const plain = (text: string): string => text.toLowerCase().replaceAll(/\s+/g, " ").trim()
