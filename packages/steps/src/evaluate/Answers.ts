import { Table } from "@sluice/core"

/** What one arm answered: one row for each held-out chat, joined by its id. */
export class Answers extends Table.make({
  id: Table.utf8,
  answer: Table.utf8,
  /** False when the limit of new tokens cut the answer. */
  stopped: Table.bool,
  promptTokens: Table.int32,
  /** Those of the answer, the token that ended it among them. */
  newTokens: Table.int32,
}) {}
