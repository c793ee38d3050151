/** Figures in words: the same in a verdict, a table and a report. */

/** `93.0 %`, with a space that does not break. */
export const percent = (share: number): string => `${(share * 100).toFixed(1)}\u00a0%`

/** `+46.0 points`: a difference of two rates. */
export const points = (difference: number): string => {
  const value = (difference * 100).toFixed(1)
  return `${difference > 0 ? "+" : ""}${value === "-0.0" ? "0.0" : value} points`
}

/** `= 0.012`, `< 0.001`. */
export const pText = (p: number): string => (p < 0.001 ? "< 0.001" : `= ${p.toFixed(3)}`)
