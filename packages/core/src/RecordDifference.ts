/**
 * What differs between two records of a step, apart from what other steps wrote: the causes that are its own.
 */
import type * as ActionKey from "./ActionKey.ts"
import type { CodePart } from "./CodeTag.ts"
import type { Arrival, Cause, CauseKind, Changes } from "./Explain.ts"

/** What is known of a function's code, for comparing. */
export interface Code {
  readonly digest: string
  readonly parts: ReadonlyArray<CodePart>
  readonly packages: ReadonlyArray<{
    readonly name: string
    readonly version: string
    readonly integrity: string
  }>
  readonly values: ReadonlyArray<{
    readonly name: string
    readonly file: string
    readonly line: number
    readonly text: string
  }>
}

/** A step at one time. */
export interface Side {
  readonly key: string | undefined
  /** Inputs that are not known yet are absent. */
  readonly record: ActionKey.Record
  readonly code: Readonly<Record<string, Code>>
  /** The pipeline's, where it is known. */
  readonly seed?: string | undefined
  /** Values of variables as they may be shown, where they are known. */
  readonly env?: Readonly<Record<string, string | null>> | undefined
}

/** Canonical texts of the params on both sides. */
export interface ParamTexts {
  readonly previousParams: Readonly<Record<string, string>>
  readonly nextParams: Readonly<Record<string, string>>
}

/** One step at two times. */
export interface Sides {
  readonly previous: (step: string) => Side | undefined
  readonly next: (step: string) => Side | undefined
  /** The step that an input of a step reads, or `undefined` for files from outside. */
  readonly producerOf: (step: string, input: string) => string | undefined
}

/** What changed at a step, seen by itself; `undefined` where nothing did. */
export const changes = (
  step: string,
  { previous: before, next: after, producerOf }: Sides,
  params: (step: string) => ParamTexts,
): Changes | undefined => {
  const next = after(step)
  if (next === undefined) return undefined
  const previous = before(step)
  if (previous === undefined) return first(step)
  if (next.key !== undefined && next.key === previous.key) return undefined
  const through: Array<Arrival> = []
  for (const input of keysOf(previous.record.inputs, next.record.inputs)) {
    const producer = producerOf(step, input)
    if (producer === undefined) continue
    const arrival = arrivalOf(producer, previous.record.inputs[input], next.record.inputs[input])
    if (arrival !== undefined) through.push(arrival)
  }
  return { own: compare(step, previous, next, params(step)), through }
}

/** What a step without an earlier result is said to run for. */
export const first = (step: string): Changes => ({
  own: [{ kind: "first", headline: `${step}: has not run before`, path: [step] }],
  through: [],
})

type Input = ActionKey.Record["inputs"][string] | undefined

/** How what a producer wrote bears on a step that read something else before; `undefined` where it read the same. */
export const arrivalOf = (producer: string, before: Input, after: Input): Arrival | undefined => {
  if (before === undefined) return { producer, otherwise: `reads ${producer} now` }
  if (before === after) return undefined
  // While a step waits, its inputs are unknown: one whose producer has no cause is not known to have changed.
  return { producer, otherwise: after === undefined ? undefined : `what ${producer} wrote changed` }
}

/** What differs between two records of a step, apart from what other steps wrote. */
export const compare = (
  name: string,
  previous: Side,
  next: Side,
  params: ParamTexts,
): ReadonlyArray<Cause> => {
  const before = previous.record
  const after = next.record
  const causes: Array<Cause> = []
  const add = (kind: CauseKind, headline: string, details?: ReadonlyArray<string>): void => {
    causes.push({ kind, headline, path: [name], ...(details === undefined ? {} : { details }) })
  }

  for (const field of keysOf(before.config, after.config)) {
    const [old, now] = [before.config[field], after.config[field]]
    if (old === now) continue
    const param = paramFor(field, old, now, params)
    if (param !== undefined) add("param", `${param}: ${change(old, now)}`)
    else if (old?.includes("Function(") === true && now?.includes("Function(") === true) {
      causes.push(...codeCauses(name, `config.${field}`, previous, next, params))
    } else add("config", `${name}.${field}: ${change(old, now)}`)
  }
  if (before.code !== after.code) causes.push(...codeCauses(name, "run", previous, next, params))
  if (before.finish !== after.finish) causes.push(...codeCauses(name, "finish", previous, next, params))
  for (const role of keysOf(before.schemas ?? {}, after.schemas ?? {})) {
    if (before.schemas?.[role] !== after.schemas?.[role])
      causes.push(...codeCauses(name, role, previous, next, params))
  }
  if (before.step !== after.step) add("code", `${name}: uses ${after.step} instead of ${before.step}`)
  if (before.version !== after.version) {
    add("code", `${name}: version ${before.version || "(none)"} -> ${after.version || "(none)"}`)
  }
  if (JSON.stringify(before.outputs) !== JSON.stringify(after.outputs)) {
    const changed = keysOf(before.outputs, after.outputs).filter(
      (output) => before.outputs[output] !== after.outputs[output],
    )
    add("code", `${name}: declares ${changed.join(", ")} differently`)
  }
  if (before.rowWise !== after.rowWise)
    add("code", `${name}: row-wise ${before.rowWise || "no"} -> ${after.rowWise || "no"}`)
  for (const input of keysOf(before.inputs, after.inputs)) {
    const [old, now] = [before.inputs[input], after.inputs[input]]
    if (Array.isArray(old) || Array.isArray(now)) causes.push(...sourceCauses(name, old, now))
  }
  causes.push(...packageCauses(name, before.packages, after.packages))
  for (const variable of keysOf(before.env, after.env)) {
    const [old, now] = [before.env[variable], after.env[variable]]
    if (old === now) continue
    const [oldText, nowText] = [previous.env?.[variable], next.env?.[variable]]
    if (old === undefined) add("env", `${name}: reads ${variable} now`)
    else if (now === undefined) add("env", `${name}: no longer reads ${variable}`)
    else if (oldText !== undefined && nowText !== undefined)
      add("env", `${variable}: ${oldText ?? "(not set)"} -> ${nowText ?? "(not set)"}`)
    else
      add("env", `${variable} ${old === null ? "is set now" : now === null ? "is no longer set" : "changed"}`)
  }
  for (const setting of keysOf(before.numeric, after.numeric)) {
    const [old, now] = [before.numeric[setting], after.numeric[setting]]
    if (old !== now) add("numeric", `${setting}: ${old ?? "(none)"} -> ${now ?? "(none)"}`)
  }
  if (before.seed !== after.seed) {
    const [old, now] = [previous.seed, next.seed]
    const how =
      before.seed === ""
        ? "draws random numbers now"
        : after.seed === ""
          ? "draws none any more"
          : "the seed changed"
    const known = before.seed !== "" && after.seed !== "" && old !== undefined && now !== undefined
    add("seed", known && old !== now ? `seed: ${change(old, now)}` : `${name}: ${how}`)
  }
  for (const field of keysOf(before.runtime, after.runtime)) {
    const [old, now] = [before.runtime[field], after.runtime[field]]
    if (old !== now) add("runtime", `${field}: ${old ?? "(none)"} -> ${now ?? "(none)"}`)
  }
  for (const writer of keysOf(before.format, after.format)) {
    const [old, now] = [before.format[writer], after.format[writer]]
    if (old !== now) add("runtime", `${writer} format: ${old ?? "(none)"} -> ${now ?? "(none)"}`)
  }
  if (before.keyVersion !== after.keyVersion) {
    add("runtime", `action keys: version ${before.keyVersion} -> ${after.keyVersion}`)
  }
  return causes
}

/** The param whose two values are a config field's: one of the same name first. */
const paramFor = (
  field: string,
  old: string | undefined,
  now: string | undefined,
  params: ParamTexts,
): string | undefined => {
  const fits = keysOf(params.previousParams, params.nextParams).filter(
    (param) =>
      params.previousParams[param] !== params.nextParams[param] &&
      params.previousParams[param] === old &&
      params.nextParams[param] === now,
  )
  return fits.find((param) => param === field) ?? fits[0]
}

const codeCauses = (
  name: string,
  role: string,
  previous: Side,
  next: Side,
  params: ParamTexts,
): ReadonlyArray<Cause> => {
  const before = previous.code[role]
  const after = next.code[role]
  const definition = next.record.step
  const what = role === "run" ? "its code" : role.replace(/^config\./, "")
  const cause = (headline: string, kind: CauseKind = "code"): Cause => ({ kind, headline, path: [name] })
  if (before === undefined || after === undefined) return [cause(`${name}: ${what} changed`)]
  const causes: Array<Cause> = []
  const nameOf = (part: CodePart): string => partName(part, role, definition)
  const old = new Map(before.parts.map((part) => [nameOf(part), part]))
  const now = new Map(after.parts.map((part) => [nameOf(part), part]))
  // A part whose own text is as it was changed by what its names refer to.
  const rebound: Array<string> = []
  for (const [name, part] of now) {
    const earlier = old.get(name)
    if (earlier === undefined || earlier.digest === part.digest) continue
    if (part.written !== undefined && part.written === earlier.written) rebound.push(name)
    else causes.push(cause(`${name} changed`))
  }
  // Of a value with functions in it, what changed in those is the cause, if that is known.
  const carried: Array<string> = []
  const earlierValues = byPlace(before.values)
  for (const [place, value] of byPlace(after.values)) {
    const earlier = earlierValues.get(place)
    if (earlier === undefined || earlier.text === value.text) continue
    if (holdsFunctions(earlier.text) && holdsFunctions(value.text)) {
      carried.push(`${value.name} in ${value.file}`)
      continue
    }
    const param = paramFor(value.name, earlier.text, value.text, params)
    causes.push(
      param === undefined
        ? cause(`${value.name} in ${value.file}: ${change(earlier.text, value.text)}`)
        : cause(`${param}: ${change(earlier.text, value.text)}`, "param"),
    )
  }
  // What came or went follows from a change elsewhere, as a rule; it is named when nothing else is.
  if (causes.length === 0) {
    for (const one of carried) causes.push(cause(`${one}: holds another function`))
    for (const part of now.keys()) if (!old.has(part)) causes.push(cause(`${part} is reached now`))
    for (const part of old.keys()) if (!now.has(part)) causes.push(cause(`${part} is no longer reached`))
    for (const part of rebound) causes.push(cause(`${part}: a name in it stands for something else`))
  }
  if (causes.length === 0 && before.digest !== after.digest) causes.push(cause(`${name}: ${what} changed`))
  return causes
}

type Values = Side["code"][string]["values"]

/** Values by name and file; those that share both by their order. */
const byPlace = (values: Values): ReadonlyMap<string, Values[number]> => {
  const found = new Map<string, Values[number]>()
  for (const value of values) {
    let place = `${value.name} ${value.file}`
    while (found.has(place)) place += " again"
    found.set(place, value)
  }
  return found
}

const holdsFunctions = (text: string): boolean => text.includes("Function(")

/** `run() of greet in pipeline.ts`: every step of a file has a function of that name. */
const partName = ({ file, symbol }: CodePart, role: string, definition: string): string =>
  symbol === `${role}()` ? `${symbol} of ${definition} in ${file}` : `${symbol} in ${file}`

const sourceCauses = (
  name: string,
  before: ActionKey.Record["inputs"][string] | undefined,
  after: ActionKey.Record["inputs"][string] | undefined,
): ReadonlyArray<Cause> => {
  const old = new Map(Array.isArray(before) ? (before as ReadonlyArray<readonly [string, string]>) : [])
  const now = new Map(Array.isArray(after) ? (after as ReadonlyArray<readonly [string, string]>) : [])
  const causes: Array<Cause> = []
  const add = (headline: string): void => void causes.push({ kind: "source", headline, path: [name] })
  for (const [file, digest] of now)
    if (old.has(file) && old.get(file) !== digest) add(`${name}: ${file} changed`)
  for (const file of now.keys()) if (!old.has(file)) add(`${name}: ${file} is new`)
  for (const file of old.keys()) if (!now.has(file)) add(`${name}: ${file} is gone`)
  return causes
}

const packageCauses = (
  name: string,
  before: ActionKey.Record["packages"],
  after: ActionKey.Record["packages"],
): ReadonlyArray<Cause> => {
  const byName = (
    packages: ActionKey.Record["packages"],
  ): Map<string, Array<[version: string, integrity: string]>> => {
    const map = new Map<string, Array<[string, string]>>()
    for (const [id, integrity] of Object.entries(packages)) {
      const at = id.lastIndexOf("@")
      const list = map.get(id.slice(0, at)) ?? []
      list.push([id.slice(at + 1), integrity])
      map.set(id.slice(0, at), list)
    }
    return map
  }
  const old = byName(before)
  const now = byName(after)
  const causes: Array<Cause> = []
  const add = (headline: string): void => void causes.push({ kind: "package", headline, path: [name] })
  const versions = (list: ReadonlyArray<[string, string]>): string =>
    list.map(([version]) => version).join(", ")
  for (const one of new Set([...old.keys(), ...now.keys()])) {
    const earlier = old.get(one)
    const later = now.get(one)
    if (earlier === undefined) add(`package ${one} ${versions(later!)} is reached now`)
    else if (later === undefined) add(`package ${one} is no longer reached`)
    else if (versions(earlier) !== versions(later))
      add(`package ${one}: ${versions(earlier)} -> ${versions(later)}`)
    else if (JSON.stringify(earlier) !== JSON.stringify(later))
      add(`package ${one} ${versions(later)}: its files changed`)
  }
  return causes
}

const longest = 60

/** What stands before the first difference of two long texts, for its place to be recognised. */
const lead = 20

/** `old -> now`, each cut to 60 characters, among which they differ. */
const change = (old: string | undefined, now: string | undefined): string => {
  let same = 0
  if (old !== undefined && now !== undefined) while (same < old.length && old[same] === now[same]) same += 1
  const from = same + lead <= longest ? 0 : same - lead
  return `${show(old, from)} -> ${show(now, from)}`
}

const show = (text: string | undefined, from: number): string => {
  if (text === undefined) return "(not given)"
  if (text.length <= longest) return text
  return `${from === 0 ? "" : "…"}${text.slice(from, from + longest)}${text.length <= from + longest ? "" : "…"}`
}

const keysOf = (a: object, b: object): ReadonlyArray<string> => [
  ...new Set([...Object.keys(a), ...Object.keys(b)]),
]
