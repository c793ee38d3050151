import { count } from "../quantities.ts"
import type * as Text from "../Text.ts"

/**
 * A comparison's report for a terminal: of its table of all rows the first `limit`, as of any table. The others stand in
 * the page.
 */
export const reportLines = (markdown: string, limit: number, paint: Text.Paint): ReadonlyArray<string> => {
  const lines = markdown.trimEnd().split("\n")
  const heading = lines.indexOf("## Rows")
  if (heading < 0) return lines
  const first = heading + 4
  const end = lines.findIndex((line, at) => at >= first && !line.startsWith("|"))
  const last = end < 0 ? lines.length : end
  const more = last - first - limit
  return more <= 0
    ? lines
    : lines.toSpliced(first + limit, more, paint("dim", `… and ${count(more)} more; --rows N prints more`))
}
