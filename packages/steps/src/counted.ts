/** `3,000`: thousands set apart by a comma, whatever the locale, so that summaries are the same everywhere. */
export const thousands = (count: number): string => String(count).replace(/\B(?=(\d{3})+(?!\d))/g, ",")

/** `1 row`, `3,000 rows`. */
export const counted = (count: number, noun: string, plural = `${noun}s`): string =>
  `${thousands(count)} ${count === 1 ? noun : plural}`
