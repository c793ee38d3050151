import { Canonical } from "@sluice/core"

/**
 * Names a row by its content: the first 16 hex digits of the SHA-256 of its canonical form. The same row has
 * the same id in every table that holds it, so chats, tokens and answers join back to it; rows equal in every
 * column share one.
 */
export const of = (row: Readonly<Record<string, unknown>>): string =>
  Canonical.digest("row", row).slice(0, 16)
