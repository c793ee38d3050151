/** Headline; aligned facts; one hint. */
export const structured = (
  headline: string,
  facts: Readonly<Record<string, string>>,
  hint?: string,
): string => {
  const width = Math.max(0, ...Object.keys(facts).map((label) => label.length)) + 1
  const lines = Object.entries(facts).map(([label, value]) => `  ${`${label}:`.padEnd(width)}  ${value}`)
  return [headline, ...lines, ...(hint === undefined ? [] : [hint])].join("\n")
}
