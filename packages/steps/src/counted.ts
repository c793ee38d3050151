/** `3,000`: thousands set apart by a comma, whatever the locale, so that summaries are the same everywhere. */
export const thousands = (count: number): string => String(count).replace(/\B(?=(\d{3})+(?!\d))/g, ",")

/** `98 MB`, `214 kB`. */
export const sized = (bytes: number): string =>
  bytes < 1e6 ? `${thousands(Math.ceil(bytes / 1e3))} kB` : `${thousands(Math.round(bytes / 1e6))} MB`

/** `1 row`, `3,000 rows`. */
export const counted = (count: number, noun: string, plural = `${noun}s`): string =>
  `${thousands(count)} ${count === 1 ? noun : plural}`

/** `+0.0031`, `−1.7`, with as many digits as asked; what rounds to 0 is `+0.0`. */
export const signed = (value: number, digits: number): string => {
  const text = Math.abs(value).toFixed(digits)
  return `${value < 0 && Number(text) !== 0 ? "−" : "+"}${text}`
}
