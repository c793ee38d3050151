import type { ActionCache, Run } from "@sluice/core"
import { describe, expect, it } from "vitest"
import * as RunDiff from "../src/RunDiff.ts"

const step = (name: string, key: string, decision: Run.StepOutcome = "run"): Run.RunStep => ({
  name,
  key,
  decision,
  ms: 1,
})

const side = (
  id: string,
  params: Run.Run["params"],
  steps: ReadonlyArray<Run.RunStep>,
  results: Readonly<Record<string, string>>,
  losses: ReadonlyArray<number> = [],
): RunDiff.Side => ({
  run: { id, pipeline: "p", startedAt: 0, endedAt: 1, state: "done", params, steps },
  stored: (key) =>
    results[key] === undefined
      ? undefined
      : ({ outputs: { output: { fingerprint: results[key] } } } as unknown as ActionCache.Stored),
  measures: new Map([["train", new Map(losses.map((loss) => ["loss", loss]))]]),
  metrics: new Map([["train", new Map(losses.map((loss) => ["metrics.loss", loss / 2]))]]),
})

describe("RunDiff", () => {
  it("compares params, steps, results and measurements", () => {
    const before = side(
      "1",
      { rate: "0.1", rows: "3" },
      [step("a", "k1"), step("train", "k2"), step("old", "k3")],
      { k1: "f1", k2: "f2" },
      [0.5],
    )
    const after = side(
      "2",
      { rate: "0.2", rows: "3" },
      [step("a", "k4"), step("train", "k5"), step("new", "k6")],
      { k4: "f1", k5: "f9" },
      [0.4],
    )
    const cause = { kind: "param" as const, headline: "rate: 0.1 -> 0.2", path: ["train"] }
    const found = RunDiff.diff(before, after, new Map([["train", [cause]]]))
    expect(found.params).toEqual([{ name: "rate", from: "0.1", to: "0.2" }])
    expect(
      found.steps.map(({ name, change, sameResult, causes, measures }) => ({
        name,
        change,
        sameResult,
        causes,
        measures,
      })),
    ).toEqual([
      { name: "a", change: "changed", sameResult: true, causes: [], measures: [] },
      {
        name: "train",
        change: "changed",
        sameResult: false,
        causes: [cause],
        measures: [{ name: "loss", from: 0.5, to: 0.4 }],
      },
      { name: "old", change: "removed", sameResult: false, causes: [], measures: [] },
      { name: "new", change: "added", sameResult: false, causes: [], measures: [] },
    ])
  })

  it("finds nothing between a run and itself", () => {
    const one = side("1", { rate: "0.1" }, [step("a", "k1")], { k1: "f1" })
    const found = RunDiff.diff(one, one, new Map())
    expect(found.params).toEqual([])
    expect(found.steps.map(({ change }) => change)).toEqual(["same"])
  })
})
