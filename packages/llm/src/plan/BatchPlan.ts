/**
 * Batch plan: everything about a batch that follows from its tokens and the number of heads, before any tensor.
 *
 * Composition of `Stream` (packing, shared prefix, supervised slots), `AttentionGroups` (which rows are attended
 * together) and `IndexTables` (how tokens reach their group and back). Pure.
 */
import { attentionGroups } from "./AttentionGroups.ts"
import { type HeadCounts, type IndexTables, indexTables } from "./IndexTables.ts"
import { pack, type PackOptions, type Stream, type StreamRow } from "./Stream.ts"

export interface BatchPlan extends Stream, IndexTables {}

export interface Options extends PackOptions {
  /** Most attention groups besides the prefix's (default 4). */
  readonly maxGroups?: number
}

/** Plans rows, each with at least one slot. */
export const make = (rows: ReadonlyArray<StreamRow>, heads: HeadCounts, options: Options = {}): BatchPlan => {
  const stream = pack(rows, options)
  return { ...stream, ...indexTables(stream, attentionGroups(stream, options.maxGroups), heads) }
}
