/**
 * Causes as lines: the root's headline first, then how it arrived, then the facts; and the rows that changed.
 */
import type { Explain, Why } from "@sluice/core"
import { count, plural } from "../quantities.ts"
import { cell } from "../show/grid.ts"
import * as Text from "../Text.ts"

export const causeLines = (causes: ReadonlyArray<Explain.Cause>, paint: Text.Paint): Array<string> =>
  causes.flatMap((cause) => [
    paint("bold", cause.headline),
    ...(cause.path.length > 1 ? [`  by way of ${shortened(cause.path, shownNames).join(" -> ")}`] : []),
    ...(cause.details ?? []).map((detail) => `  ${detail}`),
  ])

/** More names than anybody follows in a line; `--json` has them all. */
const shownNames = 24

/** The first and the last of a long path, with how many are left out between them. */
export const shortened = (path: ReadonlyArray<string>, most: number): ReadonlyArray<string> => {
  if (path.length <= most) return path
  const side = Math.floor((most - 1) / 2)
  return [...path.slice(0, side), `… ${count(path.length - 2 * side)} more …`, ...path.slice(-side)]
}

/**
 * ```text
 * words from collect, 3 -> 4 rows: 1 added, 0 removed, 1 changed
 *   changed  row 2 (word "two"): length 3 -> 5
 * ```
 */
export const changeLines = (change: Why.TableChange): Array<string> => [
  headline(change),
  ...change.examples.map(
    ({ kind, row, columns, by }) =>
      `  ${kind.padEnd(9)}row ${row}${by === undefined ? "" : ` (${by.name} ${short(by.value)})`}: ${columns
        .map((column) =>
          kind === "changed"
            ? `${column.name} ${short(column.before)} -> ${short(column.after)}`
            : `${column.name} ${short(kind === "added" ? column.after : column.before)}`,
        )
        .join(", ")}`,
  ),
]

/** `words from collect, 3 -> 4 rows: 1 added, 0 removed, 1 changed`. */
const headline = (change: Why.TableChange): string => {
  const { rowsBefore, rowsAfter, added, removed, changed, columnsAdded, columnsRemoved } = change
  const rows =
    rowsBefore === rowsAfter
      ? plural(rowsAfter, "row")
      : `${count(rowsBefore)} -> ${plural(rowsAfter, "row")}`
  const columns = [
    ...(columnsAdded.length > 0 ? [`column ${columnsAdded.join(", ")} new`] : []),
    ...(columnsRemoved.length > 0 ? [`column ${columnsRemoved.join(", ")} gone`] : []),
  ]
  const what = [
    `${count(added)} added`,
    `${count(removed)} removed`,
    `${count(changed)} changed`,
    ...columns,
  ].join(", ")
  return `${change.table}, ${rows}: ${what}`
}

const longest = 40

const short = (value: unknown): string =>
  Text.truncate(typeof value === "string" ? JSON.stringify(value) : cell(value), longest)
