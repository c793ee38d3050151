/**
 * A message: headline; facts, one a line, values aligned; hint. A value of several lines continues under itself.
 *
 * The same layout as the engine's `Errors.structured`: this package stands alone, so that what only wants to know
 * about the machine need not load the engine.
 */
export const structured = (
  headline: string,
  facts: Readonly<Record<string, string>>,
  hint?: string,
): string => {
  const entries = Object.entries(facts)
  const width = Math.max(0, ...entries.map(([label]) => label.length))
  const lines = entries.map(([label, value]) => {
    const indent = " ".repeat(width + 5)
    return `  ${`${label}:`.padEnd(width + 1)}  ${value.replaceAll("\n", `\n${indent}`)}`
  })
  return [headline, ...lines, ...(hint === undefined ? [] : [hint])].join("\n")
}
