/**
 * Walks nested arrays and plain objects whose leaves are tensors, variables and constants.
 *
 * It serves scopes (which tensors does a result hold?) and recordings (which structure do arguments have?).
 */

/** Calls `visit` on every leaf that `isLeaf` accepts, in order of appearance; also through class instances. */
export const each = <L>(
  value: unknown,
  isLeaf: (value: object) => value is L & object,
  visit: (leaf: L) => void,
  seen: Set<object> = new Set(),
): void => {
  if (value === null || typeof value !== "object") return
  if (isLeaf(value)) return visit(value)
  if (ArrayBuffer.isView(value) || seen.has(value)) return
  seen.add(value)
  if (value instanceof Map || value instanceof Set) {
    for (const item of value.values()) each(item, isLeaf, visit, seen)
    return
  }
  for (const item of Array.isArray(value) ? value : Object.values(value)) each(item, isLeaf, visit, seen)
}

/** The same structure with each leaf replaced. Only arrays and plain objects are rebuilt. */
export const map = <L>(
  value: unknown,
  isLeaf: (value: object) => value is L & object,
  replace: (leaf: L) => unknown,
): unknown => {
  if (value === null || typeof value !== "object") return value
  if (isLeaf(value)) return replace(value)
  if (Array.isArray(value)) return value.map((item) => map(item, isLeaf, replace))
  refuseUnlessPlain(value)
  const result: Record<string, unknown> = {}
  for (const [name, item] of Object.entries(value)) result[name] = map(item, isLeaf, replace)
  return result
}

/**
 * A text that is equal for equal structures, with `describe(leaf)` for each leaf; the leaves are appended to
 * `leaves` in order. Numbers, strings and flags are part of the text.
 */
export const key = <L>(
  value: unknown,
  isLeaf: (value: object) => value is L & object,
  describe: (leaf: L) => string,
  leaves: Array<L>,
): string => {
  if (value === null || typeof value !== "object") {
    if (typeof value === "function" || typeof value === "symbol") {
      throw new TypeError("A recorded function takes tensors, numbers, strings and flags, not functions.")
    }
    return typeof value === "string" ? `${JSON.stringify(value)};` : `${String(value)};`
  }
  if (isLeaf(value)) {
    leaves.push(value)
    return `${describe(value)};`
  }
  let text = Array.isArray(value) ? "[" : "{"
  if (Array.isArray(value)) for (const item of value) text += key(item, isLeaf, describe, leaves)
  else {
    refuseUnlessPlain(value)
    for (const [name, item] of Object.entries(value)) {
      text += `${JSON.stringify(name)}:${key(item, isLeaf, describe, leaves)}`
    }
  }
  return text + (Array.isArray(value) ? "]" : "}")
}

const refuseUnlessPlain = (value: object): void => {
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype === Object.prototype || prototype === null) return
  const name = value.constructor?.name ?? "object"
  throw new TypeError(
    `A recorded function takes arrays and plain objects of tensors, but was given a ${name}. ` +
      "Make a tensor of it, or pass its fields.",
  )
}
