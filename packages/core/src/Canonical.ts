/**
 * One byte form per value: what action keys, manifests and configuration are hashed as.
 *
 * Plain JSON data is written as JSON with sorted keys and no spaces, so manifests stay readable; everything else carries
 * its type in front, outside quotes, so that values of two types never share a form: `undefined`, `NaN`, `-0`, `12n`,
 * `Date(…)`, `RegExp(…)`, `Map[…]`, `Set[…]`, `Float32Array(base64)`, `Function(…)`, `Instance("Name",…)`.
 * Maps and Sets keep their order, because code that walks them sees it. Records are sorted unless `keyOrder: "kept"` asks
 * otherwise, which is what captured values need: `Object.keys` of a reordered record gives another result.
 *
 * Properties put on a function, a Map, a date are written too; so is what a captured record hides from enumeration.
 *
 * A function is written through the code tag that a source transform put on it (`Symbol.for("@sluice/code")`): digest,
 * packages, and the values that it captured, in turn. What has no canonical form (a symbol, a promise, a socket, an
 * instance of a class that does not say how to write itself, a getter) is a `CanonicalError` with its path.
 */
import { hash } from "node:crypto"
import { types } from "node:util"
import * as CodeTag from "./CodeTag.ts"
import * as Errors from "./Errors.ts"

/** A class whose instances may be captured defines a method of this name that gives their content as plain data. */
export const codec: unique symbol = Symbol.for("@sluice/canonical")

export interface Options {
  /** `sorted` (default): records with equal entries are equal. `kept`: the order of keys counts. */
  readonly keyOrder?: "sorted" | "kept"
  /** How a function is written; the default writes its code tag. */
  readonly encodeFunction?: (value: Function, path: string) => string
}

/** The canonical form of a value. Throws `CanonicalError`. */
export const encode = (value: unknown, options: Options = {}): string =>
  write(value, "", { ...options, parents: [] })

/** SHA-256, hex, of the canonical form with a tag in front, so that values hashed for two purposes cannot collide. */
export const digest = (tag: string, value: unknown, options: Options = {}): string =>
  hash("sha256", `${tag}\n${encode(value, options)}`, "hex")

interface State extends Options {
  /** The containers around the value being written, outermost first. */
  readonly parents: Array<object>
}

const write = (value: unknown, path: string, state: State): string => {
  switch (typeof value) {
    case "string":
      return quote(value)
    case "number":
      return Object.is(value, -0) ? "-0" : String(value)
    case "boolean":
    case "undefined":
      return String(value)
    case "bigint":
      return `${value}n`
    case "symbol":
      throw new Errors.CanonicalError({ path, what: String(value) })
    case "function":
    case "object":
      return value === null ? "null" : nested(value, path, state)
  }
}

/** A value already being written becomes a count of levels upwards: a cycle has one form wherever it hangs. */
const nested = (value: object, path: string, state: State): string => {
  const { parents } = state
  const level = parents.lastIndexOf(value)
  if (level >= 0) return `Up(${parents.length - level})`
  if (types.isProxy(value)) throw new Errors.CanonicalError({ path, what: "a Proxy" })
  parents.push(value)
  const text =
    typeof value === "function" ? writeCallable(value, path, state) : writeObject(value, path, state)
  parents.pop()
  return text
}

/** A class answers for its static members by its code. */
const writeCallable = (value: Function, path: string, state: State): string => {
  const text = writeFunction(value, path, state)
  const isClass = Object.getOwnPropertyDescriptor(value, "prototype")?.writable === false
  return isClass ? text : withProperties(text, value, path, state)
}

/** The form of a value that may bear properties of its own besides. */
const withProperties = (text: string, value: object, path: string, state: State): string =>
  Object.keys(value).length === 0 ? text : `With(${text},${writeRecord(value, path, state)})`

const writeObject = (value: object, path: string, state: State): string => {
  if (Array.isArray(value)) {
    return isPlain(value, "Array") ? writeArray(value, path, state) : writeInstance(value, path, state)
  }
  const prototype = Object.getPrototypeOf(value) as object | null
  if (prototype === Object.prototype || prototype === null || isNamespace(value)) {
    return writeRecord(value, path, state)
  }
  if (types.isDate(value) && isPlain(value, "Date")) {
    const text = `Date(${Number.isNaN(value.getTime()) ? "NaN" : value.toISOString()})`
    return withProperties(text, value, path, state)
  }
  if (types.isRegExp(value) && isPlain(value, "RegExp")) {
    const text = `RegExp(${JSON.stringify(value.source)},${JSON.stringify(value.flags)},${value.lastIndex})`
    return withProperties(text, value, path, state)
  }
  if (prototype === Map.prototype) {
    const entries = Array.from(value as Map<unknown, unknown>, ([key, item], index) => {
      const name = typeof key === "string" ? JSON.stringify(key) : `#${index}`
      return `[${write(key, `${path}.key(${name})`, state)},${write(item, `${path}.get(${name})`, state)}]`
    })
    return withProperties(`Map[${entries.join(",")}]`, value, path, state)
  }
  if (prototype === Set.prototype) {
    const items = Array.from(value as Set<unknown>, (item, index) =>
      write(item, `${path}.item(${index})`, state),
    )
    return withProperties(`Set[${items.join(",")}]`, value, path, state)
  }
  if (ArrayBuffer.isView(value)) return writeView(value, prototype, path)
  if (types.isArrayBuffer(value)) return `ArrayBuffer(${Buffer.from(value).toString("base64")})`
  if (value instanceof URL) return `URL(${JSON.stringify(value.href)})`
  return writeInstance(value, path, state)
}

const writeArray = (value: ReadonlyArray<unknown>, path: string, state: State): string => {
  let text = "["
  for (let index = 0; index < value.length; index++) {
    if (index > 0) text += ","
    text += Object.hasOwn(value, index) ? write(value[index], `${path}[${index}]`, state) : "hole"
  }
  text += "]"
  const extra = Object.keys(value).filter((key) => !isIndex(key))
  if (extra.length === 0) return text
  const record = Object.fromEntries(
    extra.map((key) => [key, (value as unknown as Record<string, unknown>)[key]]),
  )
  return `Array(${text},${writeRecord(record, path, state)})`
}

const writeRecord = (value: object, path: string, state: State): string => {
  const keys = Object.keys(value)
  if (state.keyOrder !== "kept") keys.sort()
  let text = "{"
  for (const key of keys) {
    const place = path === "" ? key : `${path}.${key}`
    const accessor = Object.getOwnPropertyDescriptor(value, key)
    if (accessor?.get !== undefined) throw new Errors.CanonicalError({ path: place, what: "a getter" })
    if (text.length > 1) text += ","
    text += `${quote(key)}:${write((value as Record<string, unknown>)[key], place, state)}`
  }
  for (const key of Object.getOwnPropertySymbols(value)) {
    if (Object.prototype.propertyIsEnumerable.call(value, key)) {
      throw new Errors.CanonicalError({ path, what: `a property named by ${String(key)}` })
    }
  }
  if (state.keyOrder === "kept" && typeof value !== "function") {
    const shown = new Set(keys)
    for (const key of Object.getOwnPropertyNames(value)) {
      if (shown.has(key) || isBuiltIn(value, key)) continue
      const place = path === "" ? key : `${path}.${key}`
      const accessor = Object.getOwnPropertyDescriptor(value, key)
      if (accessor?.get !== undefined) throw new Errors.CanonicalError({ path: place, what: "a getter" })
      text += `;${quote(key)}:${write((value as Record<string, unknown>)[key], place, state)}`
    }
  }
  return `${text}}`
}

/** Properties that a date, an array or a regular expression has by itself. */
const isBuiltIn = (value: object, key: string): boolean =>
  (Array.isArray(value) && key === "length") || (types.isRegExp(value) && key === "lastIndex")

/** Whether an array or a date is no instance of the user's own class. */
const isPlain = (value: object, name: string): boolean =>
  (Object.getPrototypeOf(value) as { readonly constructor?: unknown } | null)?.constructor === undefined ||
  className(value) === name

const writeView = (value: ArrayBufferView, prototype: object, path: string): string => {
  const kind = viewKinds().find((one) => one.prototype === prototype)
  if (kind === undefined) {
    throw new Errors.CanonicalError({ path, what: `an instance of ${className(value)}` })
  }
  return `${kind.name}(${Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString("base64")})`
}

/** Written out, because a global under a computed name has no code identity. */
const viewKinds = (): ReadonlyArray<{ readonly name: string; readonly prototype: object }> => [
  Buffer,
  Uint8Array,
  Uint8ClampedArray,
  Int8Array,
  Uint16Array,
  Int16Array,
  Uint32Array,
  Int32Array,
  BigUint64Array,
  BigInt64Array,
  Float16Array,
  Float32Array,
  Float64Array,
  DataView,
]

const writeInstance = (value: object, path: string, state: State): string => {
  const method = (value as { readonly [codec]?: () => unknown })[codec]
  if (typeof method !== "function") {
    const name = className(value)
    throw new Errors.CanonicalError({
      path,
      what: name === "Promise" ? "a promise" : `an instance of ${name}`,
    })
  }
  return `Instance(${JSON.stringify(className(value))},${write(method.call(value), path, state)})`
}

const writeFunction = (value: Function, path: string, state: State): string => {
  if (state.encodeFunction !== undefined) return state.encodeFunction(value, path)
  const tag = CodeTag.of(value)
  const name = value.name === "" ? "a function" : `function ${value.name}`
  if (tag === undefined) throw new Errors.CanonicalError({ path, what: `${name} without a code identity` })
  const identity = tag.identity()
  const refusal = identity.refusals[0]
  if (refusal !== undefined) {
    throw new Errors.CanonicalError({
      path,
      what: `${name}: ${refusal.what} (${refusal.file}:${refusal.line}:${refusal.column})`,
    })
  }
  const packages = write(identity.packages, path, state)
  // Captured values keep their keys' order: the function may walk them.
  const inner: State = { ...state, keyOrder: "kept" }
  const values = identity.values.map((captured) => {
    const place = `${path}(${captured.name} in ${captured.file}:${captured.line})`
    return `${JSON.stringify(captured.name)}:${write(captured.read(), place, inner)}`
  })
  return `Function(${identity.digest},${packages},{${values.join(",")}})`
}

// Most strings here are names and digests, which nothing in JSON escapes; asking that costs less than escaping.
const quote = (text: string): string => (plain.test(text) ? `"${text}"` : JSON.stringify(text))

const plain = /^[\w .:/-]*$/

const className = (value: object): string => {
  const { constructor } = value as { readonly constructor?: unknown }
  return typeof constructor === "function" && constructor.name !== "" ? constructor.name : "an unnamed class"
}

const isNamespace = (value: object): boolean => types.isModuleNamespaceObject(value)

const isIndex = (key: string): boolean => /^(?:0|[1-9]\d*)$/.test(key)
