/**
 * What a function is at this moment: its code identity and the values that it captured, in canonical form.
 *
 * A step's functions are read when the step is planned and again just before it runs; two different readings mean that
 * a captured value changes by itself, and the step is refused.
 */
import { hash } from "node:crypto"
import * as Canonical from "./Canonical.ts"
import type { CodeNote, CodePackage, CodePart, CodeRefusal } from "./CodeTag.ts"
import * as CodeTag from "./CodeTag.ts"
import * as Errors from "./Errors.ts"

/** A captured value in canonical form; a long one by its digest, in `Function(…)` where it holds functions. */
export interface ReadValue {
  readonly name: string
  readonly file: string
  readonly line: number
  readonly text: string
}

/** One function's reading, functions that it captured included. */
export interface CodeReading {
  /** Over code and captured values; packages are recorded apart. */
  readonly digest: string
  readonly parts: ReadonlyArray<CodePart>
  readonly packages: ReadonlyArray<CodePackage>
  readonly values: ReadonlyArray<ReadValue>
  readonly env: ReadonlyArray<string>
  readonly notes: ReadonlyArray<CodeNote>
  readonly refusals: ReadonlyArray<CodeRefusal>
  /** Functions without a tag, by name, or by place where a value holds them: nothing is known about their code. */
  readonly untagged: ReadonlyArray<string>
}

/** Reads functions, each once: make a new reader for a new reading. */
export interface Reader {
  /** Of a function, or of another object that a transform tagged. */
  readonly read: (value: object) => CodeReading
  /** Canonical text of a value; functions in it are read and handed to `found`. */
  readonly encode: (value: unknown, found: (reading: CodeReading) => void) => string
}

const longestText = 120

export const reader = (): Reader => {
  const done = new Map<object, CodeReading>()
  const entered = new Map<object, CodeReading>()
  const underWay: Array<object> = []
  /** The outermost function under way that the one being read refers to: such a reading holds only inside that one. */
  let outermost = Number.POSITIVE_INFINITY

  const read = (value: object): CodeReading => {
    const known = done.get(value) ?? (underWay.length === 0 ? entered.get(value) : undefined)
    if (known !== undefined) return known
    const tag = CodeTag.of(value)
    if (tag === undefined) {
      const { name = "" } = value as { readonly name?: string }
      const reading = {
        ...empty,
        digest: untaggedDigest,
        untagged: [name === "" ? "a function" : name],
      }
      done.set(value, reading)
      return reading
    }
    const level = underWay.lastIndexOf(value)
    if (level >= 0) {
      outermost = Math.min(outermost, level)
      return { ...empty, digest: `up ${underWay.length - level}` }
    }
    const before = outermost
    outermost = Number.POSITIVE_INFINITY
    const own = underWay.push(value) - 1
    const reading = readTagged(tag, encode)
    underWay.pop()
    // What is read on the way round a cycle depends on where the cycle was entered. A function on one is therefore
    // kept only as it looks from itself, for readings that begin there.
    if (outermost === Number.POSITIVE_INFINITY) done.set(value, reading)
    else if (own === 0) entered.set(value, reading)
    outermost = Math.min(before, outermost < own ? outermost : Number.POSITIVE_INFINITY)
    return reading
  }

  const encode: Reader["encode"] = (value, found) =>
    Canonical.encode(value, {
      // Code that walks a record's keys sees their order.
      keyOrder: "kept",
      encodeFunction: (captured) => {
        const reading = read(captured)
        found(reading)
        return `Function(${reading.digest})`
      },
    })

  return { read, encode }
}

const untaggedDigest = hash("sha256", "sluice/untagged\n", "hex")

const empty: Omit<CodeReading, "digest"> = {
  parts: [],
  packages: [],
  values: [],
  env: [],
  notes: [],
  refusals: [],
  untagged: [],
}

const readTagged = (
  tag: CodeTag.CodeTag,
  encode: (value: unknown, found: (reading: CodeReading) => void) => string,
): CodeReading => {
  const identity = tag.identity()
  if (identity.values.length === 0) {
    return {
      digest: identity.digest,
      parts: identity.parts,
      packages: identity.packages,
      values: [],
      env: identity.env,
      notes: identity.notes,
      refusals: identity.refusals,
      untagged: [],
    }
  }
  const inner: Array<CodeReading> = []
  const values: Array<ReadValue> = []
  const refusals = [...identity.refusals]
  const untagged: Array<string> = []
  let text = identity.digest
  for (const value of identity.values) {
    let encoded: string
    const innerBefore = inner.length
    try {
      encoded = encode(value.read(), (reading) => inner.push(reading))
    } catch (error) {
      refusals.push(refusalOf(value, error))
      continue
    }
    for (const reading of inner.slice(innerBefore)) {
      const own = reading.digest === untaggedDigest
      untagged.push(...(own ? [`\`${value.name}\` at ${value.file}:${value.line}`] : reading.untagged))
    }
    const short = encoded.length <= longestText ? encoded : hash("sha256", encoded, "hex")
    // By its place alone: what it is called, and where, decides nothing.
    text += `\n${short}`
    const shown = encoded !== short && inner.length > innerBefore ? `Function(${short})` : short
    values.push({ name: value.name, file: value.file, line: value.line, text: shown })
  }
  return {
    digest: hash("sha256", `sluice/code\n${text}`, "hex"),
    parts: unique(
      [identity.parts, ...inner.map((reading) => reading.parts)],
      (part) => `${part.file} ${part.symbol}`,
    ),
    packages: unique(
      [identity.packages, ...inner.map((reading) => reading.packages)],
      (one) => `${one.name}@${one.version}`,
    ),
    values: [...values, ...inner.flatMap((reading) => reading.values)],
    env: unique([identity.env, ...inner.map((reading) => reading.env)], (name) => name),
    notes: [...identity.notes, ...inner.flatMap((reading) => reading.notes)],
    refusals: [...refusals, ...inner.flatMap((reading) => reading.refusals)],
    untagged,
  }
}

const refusalOf = (value: CodeTag.CodeValue, error: unknown): CodeRefusal => ({
  file: value.file,
  line: value.line,
  column: 1,
  what:
    error instanceof Errors.CanonicalError
      ? `the value of ${value.name} has no canonical form: ${error.what}${error.path === "" ? "" : ` at ${error.path}`}`
      : `the value of ${value.name} could not be read: ${error instanceof Error ? error.message : String(error)}`,
  fix: "Pass it as config, or compute it inside the function.",
})

const unique = <A>(lists: ReadonlyArray<ReadonlyArray<A>>, key: (item: A) => string): ReadonlyArray<A> => {
  if (lists.length === 1) return lists[0]!
  const seen = new Map<string, A>()
  for (const list of lists) for (const item of list) if (!seen.has(key(item))) seen.set(key(item), item)
  return [...seen.values()]
}
