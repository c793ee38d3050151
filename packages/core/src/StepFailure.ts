/**
 * What a step threw, as an error for the user: its message and the place in the user's own file.
 */
import { isAbsolute, relative, sep } from "node:path"
import { fileURLToPath } from "node:url"
import * as Errors from "./Errors.ts"

/** The engine's own errors pass as they are; anything else becomes StepFailed. */
export const from = (step: string, root: string, error: unknown): Error => {
  if (error instanceof Error && "_tag" in error && engineTags.has(String(error._tag))) return error
  const place = error instanceof Error ? placeOf(error, root) : undefined
  return new Errors.StepFailed({
    step,
    reason: reasonOf(error),
    ...(place === undefined ? {} : { place }),
    error,
  })
}

const engineTags = new Set([
  "StepFailed",
  "SchemaMismatch",
  "RowInvalid",
  "OutputInvalid",
  "StoreError",
  "SourceChanged",
  "SourceMissing",
  "LeaseLost",
  "CheckpointRefused",
  "CodeRefused",
])

const reasonOf = (error: unknown): string => {
  if (!(error instanceof Error))
    return typeof error === "string" ? error : (JSON.stringify(error) ?? String(error))
  const name = error.name === "Error" || "_tag" in error ? "" : `${error.name}: `
  return `${name}${error.message === "" ? "no message" : error.message}`
}

/** The first frame inside the project that is neither a package nor Node: `lib/text.ts:12:3`. */
const placeOf = (error: Error, root: string): string | undefined => {
  for (const line of (error.stack ?? "").split("\n")) {
    const match = /(?:\(|at (?:async )?)((?:file:\/\/|\/|[A-Za-z]:[\\/])[^()]*?):(\d+):(\d+)\)?$/.exec(line)
    if (match === null) continue
    const [, location, row, column] = match
    const path = location!.startsWith("file:") ? fileURLToPath(location!.replace(/\?.*$/, "")) : location!
    const name = relative(root, path)
    if (name.startsWith("..") || isAbsolute(name) || name.split(sep).includes("node_modules")) continue
    return `${name.split(sep).join("/")}:${row}:${column}`
  }
  return undefined
}
