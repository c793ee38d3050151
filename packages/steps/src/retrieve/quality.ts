import { Random, type Step, type Table } from "@sluice/core"
import * as Effect from "effect/Effect"
import { rowsOf } from "../reading.ts"
import type { Passages, Relevant, RetrievalScores } from "../Retrieve.ts"
import * as RowId from "../RowId.ts"
import * as Bootstrap from "../stats/Bootstrap.ts"
import * as Wilson from "../stats/Wilson.ts"

type AnyRow = Readonly<Record<string, unknown>>

export const score = async (
  context: Step.Context<
    { readonly relevant: (row: any) => Relevant | null },
    { readonly rows: Table.Reader<any>; readonly passages: Table.Reader<typeof Passages> }
  >,
): Promise<ReadonlyArray<Table.Row<typeof RetrievalScores>>> => {
  const passages = await Effect.runPromise(context.inputs.passages.all)
  const most = passages.reduce((rank, passage) => Math.max(rank, passage.rank), 0)
  const byId = Map.groupBy(passages, ({ id }) => id)
  const ranks: Array<number> = []
  for await (const row of rowsOf(context.inputs.rows) as AsyncIterable<AnyRow>) {
    const wanted = context.config.relevant(row)
    if (wanted === null) continue
    const found = (byId.get(RowId.of(row)) ?? []).filter((passage) => fits(passage, wanted))
    ranks.push(found.reduce((first, { rank }) => Math.min(first, rank), Number.POSITIVE_INFINITY))
  }
  const hits = ranks.filter(Number.isFinite).length
  const reciprocal = ranks.map((rank) => 1 / rank)
  const rows = ranks.length
  const mean = (values: ReadonlyArray<number>) =>
    rows === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / rows
  const mrr = mean(reciprocal)
  context.summarize(`hit rate ${hits} of ${rows}, MRR ${mrr.toFixed(3)}, ${most} passages each`)
  return [
    {
      metric: "hit rate",
      passages: most,
      rows,
      value: rows === 0 ? 0 : hits / rows,
      ...Wilson.interval(hits, rows),
    },
    {
      metric: "MRR",
      passages: most,
      rows,
      value: mrr,
      ...Bootstrap.interval(reciprocal, Random.make(context.seed)),
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
