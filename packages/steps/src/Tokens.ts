import { Table } from "@sluice/core"

/** Chats as token ids, joined to them by id. */
export class Tokens extends Table.make({
  id: Table.utf8,
  ids: Table.list(Table.int32),
  /** As long as `ids`: the token to learn at each position, −100 where nothing is learnt. */
  labels: Table.list(Table.int32),
  /** As long as `ids`: what each label's loss counts. Null where all count 1. */
  weights: Table.nullable(Table.list(Table.float32)),
}) {}
