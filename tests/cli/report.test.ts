import { readdirSync, readFileSync, rmSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import * as tiny from "../support/tinyTuning.ts"
import type * as Sandbox from "./Sandbox.ts"

describe("sluice report", () => {
  let project: Sandbox.Sandbox
  let first: string
  beforeAll(async () => {
    project = tiny.make()
    first = (await project.sluice("run", "tiny.ts")).stdout
  })
  afterAll(() => project?.remove())

  const verdict = /^tuned against base is undecided on these rows: .*\.$/m
  const reports = () => readdirSync(join(project.root, ".sluice/reports"))

  it("is written at the end of a run, whose last lines are the verdict and its path", () => {
    const [said, place] = first.trimEnd().split("\n").slice(-2)
    expect(said).toMatch(verdict)
    expect(place).toBe(`Report: .sluice/reports/${reports()[0]}/report.html`)
    expect(readdirSync(join(project.root, ".sluice/reports", reports()[0]!)).toSorted()).toEqual([
      "report.html",
      "report.json",
      "report.md",
      "verdict.txt",
    ])
  })

  it("is told again, not written again, by a run that changes nothing", async () => {
    const again = await project.sluice("run", "tiny.ts")
    expect(again.stdout.trimEnd().split("\n").slice(-2)).toEqual(first.trimEnd().split("\n").slice(-2))
    expect(reports()).toHaveLength(1)
    const json = JSON.parse((await project.sluice("run", "tiny.ts", "--json")).stdout)
    expect(json.reports).toEqual([
      {
        comparison: "evaluate",
        verdict: expect.stringMatching(verdict),
        page: join(project.root, ".sluice/reports", reports()[0]!, "report.html"),
      },
    ])
  })

  it("is left out where a run does not reach the comparison", async () => {
    const { stdout } = await project.sluice("run", "tiny.ts", "--only", "train")
    expect(stdout).not.toContain("Report:")
  })

  it("writes every form into a folder", async () => {
    const { code, stdout } = await project.sluice("report", "--format", "all", "--out", "out")
    const lines = stdout.trimEnd().split("\n")
    expect([code, lines[0]]).toEqual([0, expect.stringMatching(verdict)])
    expect(lines.slice(1).map((path) => path.replaceAll(/\d{4}-[\dT.-]+(?=\.json)/g, "TIME"))).toEqual([
      "out/report.html",
      "out/report.md",
      "out/report.json",
      "out/junit.xml",
      "out/lm-eval/base/results_TIME.json",
      "out/lm-eval/base/samples_tiny_evaluate_TIME.jsonl",
      "out/lm-eval/tuned/results_TIME.json",
      "out/lm-eval/tuned/samples_tiny_evaluate_TIME.jsonl",
      "out/promptfoo.json",
      "out/verdict.txt",
    ])
  })

  it("knows of the run where the data went, what was measured and where answers come from", async () => {
    await project.sluice("report", "--format", "json", "--out", "facts")
    const { rows, run } = JSON.parse(readFileSync(join(project.root, "facts/report.json"), "utf8"))
    expect(run).toMatchObject({
      run: { pipeline: "tiny", params: { learningRate: "0.0002" } },
      comparison: "evaluate",
    })
    const stages = Object.fromEntries(run.stages.map((stage: { step: string }) => [stage.step, stage]))
    expect(Object.keys(stages)).toEqual(["collect", "split", "format", "tokenize", "train", "evaluate/chats"])
    expect(stages["collect"]).toMatchObject({ rowsIn: [], rowsOut: [{ output: "rows", rows: 32 }] })
    const [train, heldOut] = stages["split"].rowsOut
    expect(train.rows + heldOut.rows).toBe(32)
    expect(rows).toHaveLength(heldOut.rows)
    expect(stages["tokenize"].supervisedTokens).toBeGreaterThan(0)
    expect(run.curves).toEqual([{ step: "train", training: expect.any(Array), heldOut: [] }])
    expect(run.curves[0].training.map(({ optimizerStep }: never) => optimizerStep)).toEqual([
      1, 2, 3, 4, 5, 6,
    ])
    expect(run.costs.map(({ arm }: { arm: string }) => arm)).toEqual(["base", "tuned"])
    for (const { secondsPerPrompt, trainingSeconds, arm } of run.costs) {
      expect(secondsPerPrompt).toBeGreaterThan(0)
      expect(trainingSeconds === null).toBe(arm === "base")
    }
    expect(
      run.lineage.arms.map(({ arm, chain }: never) => [
        arm,
        (chain as Array<{ step: string }>).map(({ step }) => step),
      ]),
    ).toEqual([
      ["base", ["evaluate/base", "evaluate/chats", "split.heldOut", "collect.rows", "data/yelp.json"]],
      [
        "tuned",
        [
          "evaluate/tuned",
          "train.adapter",
          "tokenize.tokens",
          "format",
          "split.train",
          "collect.rows",
          "data/yelp.json",
        ],
      ],
    ])
    // Every row says where it stands in the file, and which rows learnt are like it.
    const texts = tiny.reviews().map(({ text }) => text.trim())
    for (const { id, prompt } of rows) {
      const { file, row } = run.lineage.heldOut[id]
      expect([file, texts[row - 1]]).toEqual(["data/yelp.json", prompt])
      expect(run.lineage.nearest[id]).toHaveLength(3)
    }
    for (const { expected, firstLoss, place, prompt, times } of run.lineage.learnt) {
      expect(texts[place.row - 1]).toBe(prompt)
      expect(JSON.parse(expected).mood).toBe(prompt.startsWith("lovely") ? "good" : "bad")
      expect([times >= 1, firstLoss > 0]).toEqual([true, true])
    }
  })

  it("exits 1 where a condition does not hold, saying value, interval and rows", async () => {
    const { code, stdout } = await project.sluice(
      "report",
      "--fail-under",
      "tuned.exact >= 0.85",
      "--fail-under",
      "tuned.exact <= 50%",
    )
    expect(code).toBe(1)
    const rows = JSON.parse(readFileSync(join(project.root, "facts/report.json"), "utf8")).rows.length
    expect(stdout.split("\n").slice(1, 3)).toEqual([
      expect.stringMatching(
        new RegExp(
          `^fails {3}tuned\\.exact >= 0\\.85: tuned\\.exact is 0\\.0.% \\(0 of ${rows} rows, 95 % interval 0\\.0.% to \\d+\\.\\d.%\\)$`,
        ),
      ),
      expect.stringMatching(/^holds {3}tuned\.exact <= 50%: /),
    ])
  })

  it("exits 2 for conditions that cannot be asked, naming all of them and what can", async () => {
    const { code, stderr } = await project.sluice(
      "report",
      "--fail-under",
      "tune.exact >= 1",
      "--fail-under",
      "base.exct > 0",
    )
    expect([code, stderr]).toEqual([
      2,
      [
        "Conditions cannot be asked.",
        '  tune.exact >= 1:  there is no arm "tune"; did you mean tuned?',
        '  base.exct > 0:    there is no score "exct"; did you mean exact?',
        "  Arms:             base, tuned",
        "  Scores:           exact, validJson, schemaValid, leaking, exactUnwrapped, cut, accuracy, macroF1, fieldsF1, field mood, field mood F1",
        'Write ARM.SCORE >= NUMBER, ARM.SCORE - ARM.SCORE >= NUMBER, or ARM > ARM, as in "tuned.exact >= 0.85".',
        "",
      ].join("\n"),
    ])
  })

  it("says what it has not: another run, another comparison, a form that is none", async () => {
    const said = async (...args: ReadonlyArray<string>) => {
      const { code, stderr } = await project.sluice("report", ...args)
      return [code, stderr.split("\n")[0]]
    }
    expect(await said("--comparison", "evaluat")).toEqual([
      1,
      expect.stringMatching(/^Run \S+ has no comparison "evaluat"\.$/),
    ])
    expect(await said("tin.ts")).toEqual([2, "There is no file tin.ts."])
    project.write(
      "other.ts",
      `import { Pipeline } from "@sluice/core"\nexport default Pipeline.make("other", {}, () => ({}))\n`,
    )
    expect(await said("other.ts")).toEqual([1, "No run of other has a comparison of arms."])
    expect(await said("--format", "pdf")).toEqual([
      2,
      '--format is "pdf" and must be one of html, md, json, junit, lm-eval, promptfoo, all.',
    ])
    expect(await said("--out", "tiny.ts")).toEqual([
      1,
      expect.stringMatching(/^The report cannot be written to \S+\/tiny\.ts: /),
    ])
  })

  it("prints one document for --json", async () => {
    const { stdout } = await project.sluice(
      "report",
      "--json",
      "--out",
      "out",
      "--fail-under",
      "tuned > base",
    )
    expect(JSON.parse(stdout)).toEqual({
      run: expect.any(String),
      comparison: "evaluate",
      verdict: expect.stringMatching(verdict),
      conditions: [
        {
          condition: "tuned > base",
          holds: false,
          value: null,
          low: expect.any(Number),
          high: expect.any(Number),
          found: expect.stringMatching(/^tuned against base by exact: undecided /),
        },
      ],
      files: ["report.html", "report.md", "report.json", "verdict.txt"].map((name) =>
        join(project.root, "out", name),
      ),
    })
  })

  it("is written anew where it was removed", async () => {
    rmSync(join(project.root, ".sluice/reports"), { recursive: true })
    const { stdout } = await project.sluice("run", "tiny.ts")
    expect(stdout).toMatch(/\nReport: \.sluice\/reports\/\S+\/report\.html\n$/)
    expect(reports()).toHaveLength(1)
  })

  it("that cannot be written is a warning, and the run is done", async () => {
    rmSync(join(project.root, ".sluice/reports"), { recursive: true })
    project.write(".sluice/reports", "in the way")
    const { code, stdout } = await project.sluice("run", "tiny.ts")
    expect(code).toBe(0)
    expect(stdout).toMatch(/^warning: The report was not written: .*reports/m)
    expect(stdout).not.toContain("Report:")
    rmSync(join(project.root, ".sluice/reports"))
    await project.sluice("run", "tiny.ts")
  })

  it("goes with its run, and no sooner", async () => {
    await project.sluice("gc", "--keep", "1")
    // The newest run changed nothing: its report is that of the run whose steps it found.
    expect(reports()).toHaveLength(1)
    const { stdout } = await project.sluice("gc", "--keep", "0")
    expect(stdout).toContain("all of them, with their reports")
    expect(reports()).toEqual([])
  })
})
