import { Engine } from "@sluice/core"
import * as Effect from "effect/Effect"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, expect, it } from "vitest"
import { chatOf } from "./chat.ts"
import pipeline from "./pipeline.ts"

const store = mkdtempSync(join(tmpdir(), "recipes-"))
afterAll(() => rmSync(store, { recursive: true, force: true }))

const services = Engine.layer({ root: import.meta.dirname, store })

/** Runs the pipeline on the project's data, with a store of the test's own; what became of each step. */
const run = async (params: Record<string, unknown> = {}) => {
  const { steps } = await Effect.runPromise(Engine.run(pipeline, { params }).pipe(Effect.provide(services)))
  return Object.fromEntries(steps.map(({ name, decision }) => [name, decision]))
}

it("asks for the quantity, the unit and the ingredient as JSON", () => {
  const [, user, assistant] = chatOf({ line: "3 eggs", quantity: 3, unit: "piece", ingredient: "egg" })
  expect(user?.content).toBe("3 eggs")
  expect(JSON.parse(assistant!.content)).toEqual({ quantity: 3, unit: "piece", ingredient: "egg" })
})

it("runs every step once, and only what a param reaches after that", { timeout: 60_000 }, async () => {
  expect(await run()).toEqual({ collect: "run", split: "run", format: "run" })
  expect(await run()).toEqual({ collect: "hit", split: "hit", format: "hit" })
  expect(await run({ heldOut: 0.5 })).toEqual({ collect: "hit", split: "run", format: "run" })
})

it("names the row that does not fit", async () => {
  const { actions } = await Effect.runPromise(Engine.plan(pipeline).pipe(Effect.provide(services)))
  expect(actions[0]?.summary).toBe("60 rows, 1 dropped (quantity is null: ingredients.jsonl row 61)")
})
