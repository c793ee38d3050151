/**
 * What a pipeline's results follow from, as a file to commit: `sluice.lock` beside the pipeline's package.json.
 *
 * It holds what can be known before any step runs: params, digests of source files, code symbol by symbol, packages,
 * variables as sealed values, numeric settings, and how steps are wired. A frozen run compares all of it with what is here.
 * One file serves all pipelines of a project; keys are sorted, so that two versions of it can be read side by side.
 */
import * as Effect from "effect/Effect"
import { readFileSync, renameSync, writeFileSync } from "node:fs"
import { hash } from "node:crypto"
import { join } from "node:path"
import * as ActionKey from "./ActionKey.ts"
import type * as Engine from "./Engine.ts"
import * as Errors from "./Errors.ts"
import * as Observe from "./Observe.ts"
import * as Params from "./Params.ts"
import type * as Pipeline from "./Pipeline.ts"
import * as SealedValue from "./SealedValue.ts"

export const fileName = "sluice.lock"
/** 2: variables are sealed; 1 had plain digests of their values. */
const lockVersion = 2

type Texts = Readonly<Record<string, string>>

/** One pipeline's part of the file. */
export interface Locked {
  readonly params: Readonly<Record<string, unknown>>
  readonly seed: string
  /** File -> SHA-256. */
  readonly sources: Texts
  /** `lib/text.ts clean()` -> digest, of everything that some step's code reaches. */
  readonly code: Texts
  /** Name -> versions with their integrity. */
  readonly packages: Texts
  /** Variables that reached code reads: the value sealed with the salt, or null where it is not set. */
  readonly env: Readonly<Record<string, string | null>>
  /** Made anew only with the file; absent where no variable is set. */
  readonly salt?: string
  readonly numeric: Readonly<Record<string, string | number>>
  /** Node's major version, versions of keys and of writers. */
  readonly runtime: Readonly<Record<string, string | number>>
  readonly steps: Readonly<Record<string, LockedStep>>
}

export interface LockedStep {
  readonly definition: string
  readonly version?: string
  readonly code: string
  readonly config: Texts
  /** What is read: `collect.output`, or the patterns of files from outside. */
  readonly inputs: Texts
}

interface File {
  readonly lockVersion: number
  readonly pipelines: Readonly<Record<string, Locked>>
}

/** A difference between the lock and what is here. */
export interface Difference {
  /** `param mark`, `source words.json`, `code lib/text.ts clean()`. */
  readonly what: string
  readonly locked: string | undefined
  readonly now: string | undefined
}

/** What would be locked now, with variables sealed as they are in the lock that is there. */
export const current = Effect.fn("Lock.current")(function* (
  root: string,
  pipeline: Pipeline.Pipeline<any, any>,
  options: Engine.PlanOptions,
): Effect.fn.Return<Locked, Engine.PlanError, Engine.Services> {
  const found = lockedIn(readText(join(root, fileName)), pipeline.name)
  const salt = typeof found === "string" ? undefined : found.salt
  return lockOf(
    yield* Observe.prepare(pipeline, { params: options.params ?? {} }),
    salt ?? SealedValue.newSalt(),
  )
})

/** Writes the pipeline's part and keeps the others; false where the file already said the same. */
export const write = (root: string, pipeline: string, locked: Locked): boolean => {
  const file = join(root, fileName)
  const before = readText(file)
  let pipelines: File["pipelines"] = {}
  try {
    const found = JSON.parse(before ?? "{}") as Partial<File>
    if (found.lockVersion === lockVersion) pipelines = found.pipelines ?? {}
  } catch {
    // A file that says nothing is written anew.
  }
  const text = `${JSON.stringify(sorted({ lockVersion, pipelines: { ...pipelines, [pipeline]: locked } }), undefined, 2)}\n`
  if (text === before) return false
  writeFileSync(`${file}.${process.pid}`, text)
  renameSync(`${file}.${process.pid}`, file)
  return true
}

/** Fails where the lock is missing, cannot be read, or differs from what is here. */
export const check = Effect.fnUntraced(function* (
  root: string,
  pipeline: string,
  now: Locked,
): Effect.fn.Return<void, Errors.LockMissing | Errors.LockDiffers> {
  const file = join(root, fileName)
  const found = lockedIn(readText(file), pipeline)
  if (typeof found === "string") return yield* new Errors.LockMissing({ pipeline, file, problem: found })
  const differing = differences(found, now)
  if (differing.length > 0) return yield* new Errors.LockDiffers({ pipeline, file, differences: differing })
})

/** The pipeline's part of a lock's text, or what is wrong with it. */
const lockedIn = (text: string | undefined, pipeline: string): Locked | string => {
  if (text === undefined) return "there is no such file"
  let found: Partial<File>
  try {
    found = JSON.parse(text) as Partial<File>
  } catch (error) {
    return `it is no JSON: ${(error as Error).message}`
  }
  if (found.lockVersion !== lockVersion)
    return `it has lockVersion ${String(found.lockVersion)}, and this Sluice reads ${lockVersion}`
  const names = Object.keys(found.pipelines ?? {}).join(", ")
  return found.pipelines?.[pipeline] ?? `it locks ${names === "" ? "no pipeline" : names}`
}

const readText = (file: string): string | undefined => {
  try {
    return readFileSync(file, "utf8")
  } catch {
    return undefined
  }
}

// ── making ───────────────────────────────────────────────────────────────────────────────────────────────────────────

const short = (digest: string): string => digest.slice(0, 16)

const lockOf = ({ planner, observed }: Observe.Prepared, salt: string): Locked => {
  const { graph } = planner
  const sources: Record<string, string> = {}
  // Several functions of a file may have one name: their digests stand side by side.
  const code = new Map<string, Set<string>>()
  const versions = new Map<string, Set<string>>()
  const env: Record<string, string | null> = {}
  const steps: Record<string, LockedStep> = {}
  let runtime: Record<string, string | number> = {}
  for (const at of planner.selected) {
    const node = graph.nodes[at]!
    const own = planner.prepared(at)
    const record = ActionKey.parse(
      ActionKey.text(own.shared, { seed: own.seed, config: own.configTexts, inputs: {} }),
    )
    runtime = { ...runtime, ...record.runtime, keys: record.keyVersion }
    for (const [writer, version] of Object.entries(record.format)) runtime[`${writer} format`] = version
    for (const name of own.env) {
      if (Object.hasOwn(env, name)) continue
      const value = observed.env(name)
      env[name] = value === undefined ? null : SealedValue.seal(salt, name, value)
    }
    for (const files of Object.values(own.files)) for (const { name, digest } of files) sources[name] = digest
    for (const reading of Object.values(own.code)) {
      for (const { file, symbol, digest } of reading.parts) add(code, `${file} ${symbol}`, short(digest))
      for (const { name, version, integrity } of reading.packages)
        add(versions, name, `${version} ${integrity}`.trim())
    }
    steps[node.name] = {
      definition: node.facts.name,
      ...(node.facts.version === undefined ? {} : { version: node.facts.version }),
      code: [
        record.code,
        ...(record.finish === undefined ? [] : [record.finish]),
        ...Object.values(record.schemas ?? {}),
      ]
        .map(short)
        .join(" "),
      config: Object.fromEntries(
        Object.entries(own.configTexts).map(([field, text]) => [
          field,
          text.length <= longest ? text : digestOf(text),
        ]),
      ),
      inputs: Object.fromEntries(
        Object.entries(node.inputs).map(([input, given]) => [
          input,
          given.type === "source"
            ? given.patterns.join(", ")
            : `${graph.nodes[given.node]!.name}.${given.output}`,
        ]),
      ),
    }
  }
  return {
    params: Object.fromEntries(
      Object.entries(Params.texts(graph.params)).map(([name, text]) => [name, readable(text)]),
    ),
    seed: graph.seed,
    sources,
    code: joined(code),
    packages: joined(versions),
    env,
    ...(Object.values(env).some((value) => value !== null) ? { salt } : {}),
    numeric: observed.numeric ?? {},
    runtime,
    steps,
  }
}

const add = (lists: Map<string, Set<string>>, name: string, item: string): void => {
  const list = lists.get(name)
  if (list === undefined) lists.set(name, new Set([item]))
  else list.add(item)
}

const joined = (lists: ReadonlyMap<string, ReadonlySet<string>>): Texts =>
  Object.fromEntries([...lists].map(([name, list]) => [name, [...list].toSorted().join(", ")]))

const longest = 200

const digestOf = (text: string): string => `sha256 ${short(hash("sha256", text, "hex"))}`

/** Canonical text as JSON where it is JSON, so that the file reads as one would write it. */
const readable = (text: string): unknown => {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return text
  }
}

const sorted = (value: unknown): unknown =>
  typeof value === "object" && value !== null && !Array.isArray(value)
    ? Object.fromEntries(
        Object.entries(value)
          .toSorted(([a], [b]) => (a < b ? -1 : 1))
          .map(([name, inner]) => [name, sorted(inner)]),
      )
    : value

// ── comparing ────────────────────────────────────────────────────────────────────────────────────────────────────────

const labels = [
  ["params", "param"],
  ["sources", "source"],
  ["code", "code"],
  ["packages", "package"],
  ["env", "variable"],
  ["numeric", "numeric"],
  ["runtime", "runtime"],
] as const

/** Root causes first. A step's digest is named only where no symbol that it covers differs. */
export const differences = (locked: Locked, now: Locked): ReadonlyArray<Difference> => {
  const found: Array<Difference> = []
  const compare = (what: (name: string) => string, one: object = {}, other: object = {}): void => {
    const [old, fresh] = [one as Record<string, unknown>, other as Record<string, unknown>]
    for (const name of [...new Set([...Object.keys(old), ...Object.keys(fresh)])].toSorted()) {
      const [before, after] = [text(old, name), text(fresh, name)]
      if (before !== after) found.push({ what: what(name), locked: before, now: after })
    }
  }
  for (const [field, label] of labels) compare((name) => `${label} ${name}`, locked[field], now[field])
  if (locked.seed !== now.seed) found.push({ what: "seed", locked: locked.seed, now: now.seed })
  const codeDiffers = found.some(({ what }) => what.startsWith("code "))
  for (const name of [...new Set([...Object.keys(locked.steps), ...Object.keys(now.steps)])].toSorted()) {
    const [one, other] = [locked.steps[name], now.steps[name]]
    if (one === undefined || other === undefined) {
      found.push({ what: `step ${name}`, locked: one?.definition, now: other?.definition })
      continue
    }
    const { code, config, inputs, ...rest } = one
    const { code: codeNow, config: configNow, inputs: inputsNow, ...restNow } = other
    compare((field) => `step ${name}, ${field}`, rest, restNow)
    if (!codeDiffers) compare(() => `step ${name}, its code`, { code }, { code: codeNow })
    compare((input) => `step ${name}, input ${input}`, inputs, inputsNow)
    const paramsDiffer = found.some(({ what }) => what.startsWith("param "))
    // What follows from a param or from code was named above.
    if (!paramsDiffer && !codeDiffers) compare((field) => `step ${name}, config ${field}`, config, configNow)
  }
  return found
}

const text = (record: Record<string, unknown>, name: string): string | undefined => {
  if (!Object.hasOwn(record, name)) return undefined
  const value = record[name]
  if (value === null) return "(not set)"
  return typeof value === "string" ? value : JSON.stringify(sorted(value))
}
