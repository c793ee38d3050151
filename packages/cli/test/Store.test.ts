import * as Effect from "effect/Effect"
import { expect, it } from "vitest"
import * as Store from "../src/Store.ts"

const run = (id: string): Store.RunHead => ({
  id,
  pipeline: "words",
  startedAt: 0,
  endedAt: 1,
  state: "done",
  params: {},
})

const runs = [run("20260102-100000-aaaaaa"), run("20260101-090000-bbbbbb"), run("20260101-080000-cccccc")]

const found = (given: string, among = runs): Promise<string> =>
  Effect.runPromise(
    Store.findRun(among, given).pipe(
      Effect.match({ onFailure: ({ _tag }) => _tag, onSuccess: ({ id }) => id }),
    ),
  )

it("a run is named by its age, its id or the start of its id", async () => {
  expect(await found("1")).toBe(runs[0]!.id)
  expect(await found("3")).toBe(runs[2]!.id)
  expect(await found("20260102")).toBe(runs[0]!.id)
  expect(await found("20260101-09")).toBe(runs[1]!.id)
  expect(await found(runs[2]!.id)).toBe(runs[2]!.id)
})

it("a step that no run has reached is not said to be none of the pipeline, but for a near name", async () => {
  const message = (name: string): Promise<string> => {
    const step = { name: "collect", key: undefined, decision: "run" as const, run: "x", ms: 1 }
    return Effect.runPromise(
      Effect.flip(Store.findStep("words", [step], name, "No run has reached")).pipe(
        Effect.map((error) => error.message),
      ),
    )
  }
  expect(await message("train")).toBe('No run has reached a step "train".\n  Steps:  collect')
  expect(await message("colect")).toBe(
    'Pipeline "words" has no step "colect".\n  Steps:  collect\nDid you mean collect?',
  )
})

it("a start that several runs have names none, and neither does an age that no run has", async () => {
  expect(await found("20260101")).toBe("NoSuchRun")
  expect(await found("4")).toBe("NoSuchRun")
  expect(await found("2", runs.slice(0, 1))).toBe("NoSuchRun")
})
