import type { Explain, Plan } from "@sluice/core"
import { describe, expect, it } from "vitest"
import * as planView from "../../src/commands/planView.ts"
import * as Text from "../../src/Text.ts"

const action = (name: string, decision: Plan.Decision, more: Partial<Plan.Action> = {}): Plan.Action => ({
  name,
  decision,
  key: undefined,
  outputs: undefined,
  causes: [],
  waitingFor: [],
  predictedMs: undefined,
  summary: undefined,
  ...more,
})

const plan: Plan.Plan = {
  pipeline: "reviews",
  params: {},
  actions: [
    action("collect", "hit", { key: "3f9a02c1".padEnd(64, "0"), summary: "3,000 rows", predictedMs: 400 }),
    action("train", "run", {
      causes: [{ kind: "param", headline: "learningRate: 0.0002 -> 0.0001", path: ["train"] }],
      predictedMs: 58_000,
    }),
    action("evaluate", "waiting", { waitingFor: ["train"], predictedMs: 22_000 }),
    action("report", "waiting", { waitingFor: ["evaluate"] }),
  ],
  warnings: [{ name: "clock", message: "runs uncached." }],
  notes: [
    { step: "train", file: "lib/a.ts", line: 3, what: "Date.now()" },
    { step: "evaluate", file: "lib/a.ts", line: 3, what: "Date.now()" },
  ],
}

describe("planView", () => {
  it("says what would run, why, and how long it took last time", () => {
    expect(planView.lines(plan, new Map(), 100, Text.plain)).toEqual([
      "collect    hit       3f9a02c1   3,000 rows",
      "train      run       learningRate: 0.0002 -> 0.0001   last time 58.0 s",
      "evaluate   waiting   for train   last time 22.0 s",
      "report     waiting   for evaluate",
      "4 steps: 1 hit, 1 to run, 2 waiting, 2 took 1:20 last time, 1 never timed",
      "warning: clock: runs uncached.",
      "Reached code that may give another result on another day or machine:",
      "  lib/a.ts:3 Date.now() (train, evaluate)",
    ])
  })

  it("says below a step what it will take, and counts that instead of what it took last time", () => {
    const facts = ["4,884,480 trained parameters", "38 optimizer steps", "peak memory about 1,713 MB"]
    const forecasts: planView.Forecasts = new Map([
      ["train", { facts: [...facts, "about 2:54 of training"], ms: 174_000 }],
      ["evaluate", { problem: "Target modules name no projection.\n  Target module:  qproj" }],
    ])
    const quiet = { ...plan, warnings: [], notes: [] }
    expect(planView.lines(quiet, forecasts, 100, Text.plain)).toEqual([
      "collect    hit       3f9a02c1   3,000 rows",
      "train      run       learningRate: 0.0002 -> 0.0001   about 2:54",
      "                     4,884,480 trained parameters, 38 optimizer steps, peak memory about 1,713 MB,",
      "                     about 2:54 of training",
      "evaluate   waiting   for train   last time 22.0 s",
      "report     waiting   for evaluate",
      "4 steps: 1 hit, 1 to run, 2 waiting, about 2:54, 1 took 22.0 s last time, 1 never timed",
      "warning: evaluate would fail as it is set up",
      "Target modules name no projection.",
      "  Target module:  qproj",
    ])
  })

  it("predicts what a step takes from what it took only where its inputs and config are the same", () => {
    const one = (kind: Explain.CauseKind, headline: string, path: ReadonlyArray<string>) =>
      planView
        .lines(
          {
            ...plan,
            actions: [action("train", "run", { causes: [{ kind, headline, path }], predictedMs: 11_600 })],
            warnings: [],
            notes: [],
          },
          new Map(),
          100,
          Text.plain,
        )
        .map((line) => line.replace(/^.*   /, ""))
    expect(one("code", "run() of train in a.ts: changed", ["train"])).toEqual([
      "about 11.6 s",
      "1 step: 0 hit, 1 to run, about 11.6 s",
    ])
    expect(one("forced", "train: forced", ["train"])[0]).toBe("about 11.6 s")
    expect(one("param", "trainRows: 96 -> 1000000", ["train"])).toEqual([
      "last time 11.6 s",
      "1 step: 0 hit, 1 to run, 1 took 11.6 s last time",
    ])
    expect(one("code", "run() of split in a.ts: changed", ["split", "train"])[0]).toBe("last time 11.6 s")
  })

  it("tells very many hits by their number", () => {
    const hits = Array.from({ length: 1000 }, (_, i) => action(`s${i}`, "hit", { key: "3f9a02c1" }))
    const many = { ...plan, actions: [...hits, plan.actions[1]!], warnings: [], notes: [] }
    expect(planView.lines(many, new Map(), 100, Text.plain)).toEqual([
      "1,000 steps   hit",
      "train      run       learningRate: 0.0002 -> 0.0001   last time 58.0 s",
      "1,001 steps: 1,000 hit, 1 to run, 1 took 58.0 s last time",
    ])
  })

  it("predicts nothing where nothing runs", () => {
    expect(
      planView
        .lines(
          { ...plan, actions: plan.actions.slice(0, 1), warnings: [], notes: [] },
          new Map(),
          100,
          Text.plain,
        )
        .at(-1),
    ).toBe("1 step: 1 hit, 0 to run")
  })
})
