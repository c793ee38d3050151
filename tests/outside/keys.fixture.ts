// Copied into an installed project, beside the keys that its steps have in the workspace.
import { Engine } from "@sluice/core"
import * as Effect from "effect/Effect"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { expect, it } from "vitest"
// @ts-ignore The project's own pipeline, once the file stands there.
import pipeline from "./pipeline.ts"

it("gives the steps the keys that they have under the command line", { timeout: 60_000 }, async () => {
  const store = mkdtempSync(join(tmpdir(), "keys-"))
  const { steps } = await Effect.runPromise(
    Engine.run(pipeline).pipe(Effect.provide(Engine.layer({ root: import.meta.dirname, store }))),
  )
  rmSync(store, { recursive: true, force: true })
  expect(Object.fromEntries(steps.map(({ name, key }) => [name, key]))).toEqual(
    JSON.parse(readFileSync(join(import.meta.dirname, "keys.json"), "utf8")),
  )
})
