/**
 * What a step remembers from run to run by keys of its own: answers by row, say, so that a row more costs that row alone.
 *
 * Values belong to a scope: the action's record without the inputs and variables that the step declares to bear on a
 * value through its key alone. Each scope is one file, `rows/ab/<scope>.jsonl`, of lines `digest [key, value]`; lines
 * are only appended, and one that is torn or damaged is as if it had not been written. Losing a value costs the work
 * of computing it again, nothing else.
 */
import * as Effect from "effect/Effect"
import { hash } from "node:crypto"
import { appendFileSync, mkdirSync, readFileSync, rmSync, statSync, utimesSync } from "node:fs"
import { basename, dirname, join } from "node:path"
import * as ActionKey from "./ActionKey.ts"
import { failed, shardedFiles } from "./Database.ts"
import type * as Errors from "./Errors.ts"
import type * as Step from "./Step.ts"

/** What a step is handed. Values are JSON. */
export interface Handle {
  /** What was remembered under a key; undefined where nothing was, and always while the step is forced or audited. */
  readonly get: (key: string) => unknown
  /** Keeps values from now on, whatever becomes of the step. */
  readonly put: (
    entries: Iterable<readonly [key: string, value: unknown]>,
  ) => Effect.Effect<void, Errors.StoreError>
}

/** Remembers nothing. */
export const none: Handle = { get: () => undefined, put: () => Effect.void }

/** The scope of an action: SHA-256 over its record without what the step's keys stand for. */
export const scope = (facts: Pick<Step.Facts, "remembers">, recordText: string): string => {
  const record = ActionKey.parse(recordText)
  const { inputs = [], env = [] } = facts.remembers?.apartFrom ?? {}
  const { inputs: given, env: variables, ...rest } = record
  const text = ActionKey.staticText({ ...rest, env: without(variables, env) })
  const whole = ActionKey.text(text, { ...rest, inputs: without(given, inputs) })
  return hash("sha256", `sluice/rows\n${whole}`, "hex")
}

/** Where a scope's values stand in a store. */
export const fileOf = (store: string, scope: string): string =>
  join(store, "rows", scope.slice(0, 2), `${scope}.jsonl`)

/** Every scope in a store, and when it was last used. */
export const list = (
  store: string,
): ReadonlyArray<{ readonly scope: string; readonly sizeBytes: number; readonly usedAt: number }> =>
  shardedFiles(join(store, "rows"), ".jsonl").flatMap((file) => {
    const stat = statSync(file, { throwIfNoEntry: false })
    return stat === undefined
      ? []
      : [{ scope: basename(file, ".jsonl"), sizeBytes: stat.size, usedAt: stat.mtimeMs }]
  })

export const forget = (store: string, scope: string): void => rmSync(fileOf(store, scope), { force: true })

/** The memory of one execution; empty for a step that declares none or has no key. */
export const open = (
  store: string,
  facts: Pick<Step.Facts, "remembers">,
  recordText: string | undefined,
  forced: boolean,
): Handle => {
  if (facts.remembers === undefined || recordText === undefined) return none
  return openFile(fileOf(store, scope(facts, recordText)), forced)
}

/** The memory in a scope's file, which is read when something is first asked of it. */
export const openFile = (file: string, forced: boolean): Handle => {
  let read: Map<string, unknown> | undefined
  return {
    get: (key) => (forced ? undefined : (read ??= load(file)).get(key)),
    put: (entries) =>
      Effect.try({
        try: () => {
          const lines = [...entries].map((entry) => lineOf(JSON.stringify(entry)))
          if (lines.length === 0) return
          mkdirSync(dirname(file), { recursive: true })
          // The line end in front closes a line that a killed process may have torn.
          appendFileSync(file, `\n${lines.join("\n")}\n`)
        },
        catch: (error) => failed("write", file, error),
      }),
  }
}

/** Every sound line of a scope's file; the last one of a key counts. Marks the file as used. */
const load = (file: string): Map<string, unknown> => {
  const values = new Map<string, unknown>()
  let text: string
  try {
    text = readFileSync(file, "utf8")
  } catch {
    return values
  }
  for (const line of text.split("\n")) {
    const json = line.slice(digestLength + 1)
    if (line === "" || line !== lineOf(json)) continue
    const [key, value] = JSON.parse(json) as [string, unknown]
    values.set(key, value)
  }
  try {
    const now = new Date()
    utimesSync(file, now, now)
  } catch {
    // Only gc would want to know.
  }
  return values
}

const digestLength = 16

const lineOf = (json: string): string => `${hash("sha256", json, "hex").slice(0, digestLength)} ${json}`

const without = <A>(
  record: { readonly [name: string]: A },
  names: ReadonlyArray<string>,
): { readonly [name: string]: A } =>
  Object.fromEntries(Object.entries(record).filter(([name]) => !names.includes(name)))
