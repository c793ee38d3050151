/** The value of a JSON text; undefined when it is not JSON (which has no undefined). */
export const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}

export const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** Equality of JSON values, whatever the order of fields. */
export const equal = (first: unknown, second: unknown): boolean => {
  if (Array.isArray(first) && Array.isArray(second)) {
    return first.length === second.length && first.every((item, index) => equal(item, second[index]))
  }
  if (isRecord(first) && isRecord(second)) {
    const names = Object.keys(first)
    return (
      names.length === Object.keys(second).length &&
      names.every((name) => Object.hasOwn(second, name) && equal(first[name], second[name]))
    )
  }
  return first === second
}
