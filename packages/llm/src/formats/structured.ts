/** Message layout: headline, aligned facts, one hint. */
export const structured = (
  headline: string,
  facts: ReadonlyArray<readonly [label: string, value: string]>,
  hint?: string,
): string => {
  const width = Math.max(0, ...facts.map(([label]) => label.length)) + 1
  const lines = facts.map(([label, value]) => `  ${`${label}:`.padEnd(width)}  ${value}`)
  return [headline, ...lines, ...(hint === undefined ? [] : [hint])].join("\n")
}
