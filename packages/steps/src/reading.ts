import type { Table } from "@sluice/core"
import * as Stream from "effect/Stream"

/** The rows of a table one after the other, read batch by batch. */
export async function* rowsOf<T extends Table.Any>(reader: Table.Reader<T>): AsyncGenerator<Table.Row<T>> {
  for await (const batch of Stream.toAsyncIterable(reader.batches)) yield* batch
}
