import * as Schema from "effect/Schema"

/** What a chunk of a table adds to what is said of the whole. */
export const Counts = Schema.Struct({
  /** Chats or texts that were read, kept or not. */
  rows: Schema.Int,
  cut: Schema.Int,
  dropped: Schema.Int,
  tokens: Schema.Int,
  supervised: Schema.Int,
  /** Rows with weights. */
  weighted: Schema.Int,
  /** Rows of which no token that ends an answer is learnt. */
  endless: Schema.Int,
  /** Rows that cannot be learnt from as they are, and the first of them. */
  unfitRows: Schema.Int,
  unfit: Schema.Array(Schema.Struct({ id: Schema.String, reason: Schema.String })),
})

export type Counts = typeof Counts.Type
