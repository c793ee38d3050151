/**
 * Quantities as people read them: counts, bytes, durations, rates.
 */

/** 3000 → "3,000". Always with commas: output must not follow the machine's locale. */
export const count = (value: number): string => {
  if (!Number.isFinite(value)) return String(value)
  const [whole, fraction] = String(value).split(".")
  if (whole!.includes("e")) return String(value)
  const grouped = whole!.replace(/\B(?=(\d{3})+(?!\d))/g, ",")
  return fraction === undefined ? grouped : `${grouped}.${fraction}`
}

/** "1 step", "2 steps". */
export const plural = (value: number, noun: string, nouns = `${noun}s`): string =>
  `${count(value)} ${value === 1 ? noun : nouns}`

const byteUnits = ["bytes", "kB", "MB", "GB", "TB"] as const

/** Decimal units, three significant digits: 98362432 → "98.4 MB". */
export const bytes = (sizeBytes: number): string => {
  if (sizeBytes === 1) return "1 byte"
  let value = sizeBytes
  let unit = 0
  while (value >= 999.5 && unit < byteUnits.length - 1) {
    value /= 1000
    unit++
  }
  return `${unit === 0 ? count(value) : value >= 99.95 ? value.toFixed(0) : value.toFixed(1)} ${byteUnits[unit]}`
}

/** 40 → "0.04 s", 1234 → "1.2 s", 62000 → "1:02", 3725000 → "1:02:05". */
export const duration = (ms: number): string => {
  if (ms < 995) return `${(ms / 1000).toFixed(2)} s`
  if (ms < 59_950) return `${(ms / 1000).toFixed(1)} s`
  return clock(ms)
}

/** Minutes and seconds, with hours where there are any: 26000 → "0:26". */
export const clock = (ms: number): string => {
  const seconds = Math.round(ms / 1000)
  const two = (value: number): string => String(value).padStart(2, "0")
  const hours = Math.floor(seconds / 3600)
  const minutes = Math.floor(seconds / 60) % 60
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`
}

/** "just now", "4 minutes ago", "3 days ago". */
export const ago = (ms: number): string => {
  const minutes = Math.floor(ms / 60_000)
  if (minutes < 1) return "just now"
  if (minutes < 60) return `${plural(minutes, "minute")} ago`
  const hours = Math.floor(minutes / 60)
  if (hours < 48) return `${plural(hours, "hour")} ago`
  return `${plural(Math.floor(hours / 24), "day")} ago`
}
