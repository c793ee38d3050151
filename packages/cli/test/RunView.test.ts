import type { Plan, Reporter } from "@sluice/core"
import { describe, expect, it } from "vitest"
import * as RunView from "../src/RunView.ts"
import * as Text from "../src/Text.ts"

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

const planOf = (actions: ReadonlyArray<Plan.Action>): Reporter.Event => ({
  type: "plan",
  runId: "1",
  plan: { pipeline: "reviews", params: {}, actions, warnings: [], notes: [] },
})

const plan = planOf([
  action("collect", "hit", { key: "3f9a02c1".padEnd(64, "0"), summary: "3,000 rows, 3 dropped" }),
  action("train", "run", {
    causes: [{ kind: "param", headline: "learningRate: 0.0002 -> 0.0001", path: ["train"] }],
  }),
  action("evaluate", "waiting", { waitingFor: ["train"] }),
])

const start: Reporter.Event = {
  type: "step-start",
  name: "train",
  key: "9d3c11aa".padEnd(64, "0"),
  causes: [],
}

const progress = (done: number, more: Partial<Reporter.Progress> = {}): Reporter.Event => ({
  type: "step-progress",
  name: "train",
  done,
  total: 38,
  unit: "optimizer steps",
  ...more,
})

const fold = (
  ...events: ReadonlyArray<readonly [now: number, event: Reporter.Event]>
): Map<string, RunView.Row> => {
  const rows = new Map<string, RunView.Row>()
  for (const [now, event] of events) RunView.update(rows, event, now)
  return rows
}

const layout = (columns = 100) => ({ columns, nameColumns: 11, paint: Text.plain })

const lines = (rows: RunView.Rows, now = 0, columns = 100): Array<string> =>
  [...rows.values()].flatMap((row) => RunView.renderRow(row, now, layout(columns)))

describe("RunView", () => {
  it("aligns names, decisions, short keys and summaries", () => {
    expect(lines(fold([0, plan]))).toEqual([
      "collect    hit       3f9a02c1   3,000 rows, 3 dropped",
      "train      run       learningRate: 0.0002 -> 0.0001",
      "evaluate   waiting   for train",
    ])
  })

  it("shows how far a step is, its note and the time that is left", () => {
    const rows = fold(
      [0, plan],
      [0, start],
      [1_000, progress(0)],
      [11_000, progress(29, { note: "loss 0.0041  213 tok/s" })],
    )
    expect(lines(rows, 11_000).slice(1, 3)).toEqual([
      "train      run       learningRate: 0.0002 -> 0.0001",
      "                     ████████████░░░░  29/38  loss 0.0041  213 tok/s  eta 0:03",
    ])
  })

  it("shows rate and remaining time of a download", () => {
    const rows = fold(
      [0, plan],
      [0, start],
      [0, progress(0, { unit: "bytes", total: 98_362_432 })],
      [4_000, progress(40_000_000, { unit: "bytes", total: 98_362_432 })],
    )
    expect(lines(rows, 4_000)[2]).toBe(
      "                     ███████░░░░░░░░░  40.0 MB of 98.4 MB  10.0 MB/s  eta 0:06",
    )
  })

  it("measures the rate anew when the unit changes", () => {
    const rows = fold(
      [0, plan],
      [0, start],
      [0, progress(0, { unit: "bytes", total: 100 })],
      [10_000, progress(100, { unit: "bytes", total: 100 })],
      [10_000, progress(1, { unit: "rows", total: 10 })],
    )
    expect(lines(rows, 10_500)[2]).toBe("                     ██░░░░░░░░░░░░░░  1/10")
  })

  it("keeps the cause beside the result of a step that ran", () => {
    const rows = fold(
      [0, plan],
      [0, start],
      [
        5_000,
        {
          type: "step-end",
          name: "train",
          decision: "run",
          key: undefined,
          ms: 62_000,
          summary: "38 optimizer steps",
        },
      ],
    )
    expect(lines(rows).slice(1, 3)).toEqual([
      "train      run       learningRate: 0.0002 -> 0.0001",
      "                     9d3c11aa   38 optimizer steps   1:02",
    ])
  })

  it("goes on below itself where a summary is longer than the line", () => {
    const summary = "3,000 rows, 3 dropped (class is null: amazon.json row 1001, imdb.json row 1001)"
    const rows = fold([0, planOf([action("collect", "hit", { key: "3f9a02c1ff", summary })])])
    expect(lines(rows, 0, 80)).toEqual([
      "collect    hit       3f9a02c1   3,000 rows, 3 dropped (class is null:",
      "                                amazon.json row 1001, imdb.json row 1001)",
    ])
    expect(lines(rows, 0, Infinity)).toEqual([`collect    hit       3f9a02c1   ${summary}`])
  })

  it("puts the first execution of a step on one line", () => {
    const first = [{ kind: "first" as const, headline: "a: has not run before", path: ["a"] }]
    const rows = fold(
      [0, planOf([action("a", "run", { causes: first })])],
      [0, { type: "step-start", name: "a", key: "abcdef0123", causes: first }],
      [0, { type: "step-end", name: "a", decision: "run", key: undefined, ms: 12, summary: "3 rows" }],
    )
    expect(lines(rows)).toEqual(["a          run       abcdef01   3 rows   0.01 s"])
  })

  it("turns a waiting step into a hit when the result above came out the same", () => {
    const rows = fold(
      [0, plan],
      [0, { type: "step-end", name: "evaluate", decision: "hit", key: "77", ms: 0, summary: "100 rows" }],
    )
    expect(lines(rows)[2]).toBe("evaluate   hit       77         100 rows")
  })

  it("drops the bar first where the terminal is narrow", () => {
    const rows = fold([0, plan], [0, start], [0, progress(29)])
    expect(lines(rows, 0, 60)[2]).toBe("                     ████████████░░░░  29/38")
    expect(lines(rows, 0, 37)[2]).toBe("                     ██████░░  29/38")
    expect(lines(rows, 0, 32)[2]).toBe("                     29/38")
  })

  it("cuts long names to a third of the line", () => {
    expect(RunView.nameColumns(["a"], 100)).toBe(11)
    expect(RunView.nameColumns(["evaluate/fewShot-with-many"], 100)).toBe(29)
    expect(RunView.nameColumns(["evaluate/fewShot-with-many"], 60)).toBe(20)
  })

  it("prints settled rows for good and redraws the others", () => {
    const rows = fold([0, plan], [0, start])
    const frame = RunView.frame(rows, 0, 2_000, layout(), 20)
    expect(frame.finished).toEqual(["collect    hit       3f9a02c1   3,000 rows, 3 dropped"])
    expect(frame.block).toEqual([
      "train      run       learningRate: 0.0002 -> 0.0001",
      "                     0:02",
      "evaluate   waiting   for train",
    ])
    expect(RunView.frame(rows, frame.printed, 0, layout(), 20).finished).toEqual([])
  })

  it("keeps running rows in sight where the terminal is too low for all", () => {
    const waiting = ["a", "b", "c"].map((name) => action(name, "waiting", { waitingFor: ["z"] }))
    const rows = fold(
      [0, planOf([...waiting, action("z", "run")])],
      [0, { type: "step-start", name: "z", key: "1", causes: [] }],
    )
    expect(RunView.frame(rows, 0, 0, layout(), 4).block).toEqual([
      "z          run",
      "                     0:00",
      "a          waiting   for z",
      "… and 2 more",
    ])
  })

  it("says more than one cause by the first and a count", () => {
    const causes = ["a", "b", "c"].map((headline) => ({ kind: "config" as const, headline, path: [] }))
    expect(RunView.causeText(causes)).toBe("a (and 2 more)")
  })

  it("adds up a run", () => {
    const rows = fold([0, plan], [0, { type: "step-failed", name: "train", error: new Error("x") }])
    expect(RunView.footer(rows, 62_000)).toBe("3 steps: 1 hit, 0 run, 1 failed, 1 not reached, in 1:02")
  })
})

describe("plain lines", () => {
  it("come at the start, about every tenth or ten seconds, and at the end", () => {
    const plain = RunView.plainLines()
    const said = [
      plain.next(plan, 0),
      plain.next(start, 0),
      plain.next(progress(0), 500),
      plain.next(progress(1), 1_500),
      plain.next(progress(4), 2_000),
      plain.next(progress(5), 2_100),
      plain.next(progress(6), 11_999),
      plain.next(progress(7), 12_100),
      plain.next({ type: "step-measure", name: "train", measure: "loss", value: 1, unit: undefined }, 12_100),
      plain.next(
        { type: "step-end", name: "train", decision: "run", key: undefined, ms: 13_000, summary: "ok" },
        13_000,
      ),
      plain.next(
        { type: "step-end", name: "evaluate", decision: "hit", key: "77", ms: 0, summary: undefined },
        13_000,
      ),
    ]
    expect(said).toEqual([
      ["collect    hit       3f9a02c1   3,000 rows, 3 dropped"],
      ["train      run       learningRate: 0.0002 -> 0.0001"],
      [],
      [],
      ["train                4/38  eta 0:13"],
      [],
      [],
      ["train                7/38  eta 0:51"],
      [],
      ["train      done      9d3c11aa   ok   13.0 s"],
      ["evaluate   hit       77"],
    ])
  })

  it("say warnings with the step they concern", () => {
    const plain = RunView.plainLines()
    expect(plain.next({ type: "warning", name: "split", message: "3 duplicates" }, 0)).toEqual([
      "warning: split: 3 duplicates",
    ])
  })
})
