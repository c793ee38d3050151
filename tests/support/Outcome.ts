/** What a run did, as `sluice run --json` says it, and what lies in the store. */
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { expect } from "vitest"
import type * as Sandbox from "../cli/Sandbox.ts"

export interface Outcome {
  /** Steps that were executed, in the pipeline's order. */
  readonly executed: ReadonlyArray<string>
  readonly hits: ReadonlyArray<string>
  readonly keys: Readonly<Record<string, string>>
}

/** Runs to the end, which must be a good one. */
export const run = async (
  project: Sandbox.Sandbox,
  args: ReadonlyArray<string> = [],
  env: NodeJS.ProcessEnv = {},
): Promise<Outcome> => {
  const { code, stdout, stderr } = await project.start(["run", "--json", ...args], env).result
  expect({ code, stderr }).toEqual({ code: 0, stderr: expect.not.stringContaining("    at ") })
  return of(stdout)
}

const of = (stdout: string): Outcome => {
  const { steps } = JSON.parse(stdout) as {
    readonly steps: ReadonlyArray<{ readonly name: string; readonly decision: string; readonly key: string }>
  }
  const named = (decision: string) =>
    steps.filter((step) => step.decision === decision).map(({ name }) => name)
  return {
    executed: named("run"),
    hits: named("hit"),
    keys: Object.fromEntries(steps.map(({ name, key }) => [name, key])),
  }
}

/** Fingerprints of a step's outputs, by output. */
export const fingerprints = async (
  project: Sandbox.Sandbox,
  step: string,
): Promise<Readonly<Record<string, string>>> => {
  const { stdout } = await project.sluice("show", step, "--json")
  const { outputs } = JSON.parse(stdout) as {
    readonly outputs: Readonly<Record<string, { readonly fingerprint: string }>>
  }
  return Object.fromEntries(Object.entries(outputs).map(([name, { fingerprint }]) => [name, fingerprint]))
}

/** Names of the actions that have a result, oldest name first: what stands under a good name. */
export const stored = (project: Sandbox.Sandbox): ReadonlyArray<string> => {
  const folder = join(project.root, ".sluice/actions")
  return files(folder)
    .map((path) => (JSON.parse(readFileSync(path, "utf8")) as { readonly name: string }).name)
    .toSorted()
}

/** Every file below a folder; none where there is no folder. */
export const files = (folder: string): ReadonlyArray<string> => {
  try {
    return readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
  } catch {
    return []
  }
}
