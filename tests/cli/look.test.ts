import { chmodSync, existsSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import * as pipelines from "./pipelines.ts"
import * as Sandbox from "./Sandbox.ts"
import { settled } from "./settled.ts"

const key = expect.stringMatching(/^[0-9a-f]{64}$/)
const id = expect.stringMatching(/^\d{8}-\d{6}-[0-9a-f]{6}$/)

describe("commands that look at a project", () => {
  const words = Sandbox.make({ "words.ts": pipelines.twoSteps, "lib/shout.ts": pipelines.shoutModule })
  afterAll(() => words.remove())
  const json = async (...args: ReadonlyArray<string>): Promise<any> => {
    const { stdout, stderr } = await words.sluice(...args, "--json")
    expect(stderr).toBe("")
    return JSON.parse(stdout)
  }

  it("have nothing to say before the first run", async () => {
    expect(await words.sluice("runs")).toEqual({
      code: 0,
      stdout: `Nothing was run in ${words.root} yet.\n`,
      stderr: "",
    })
    expect(await words.sluice("show", "shout")).toEqual({
      code: 1,
      stdout: "",
      stderr: `Nothing was run in ${words.root} yet.\nRun a pipeline first: sluice run FILE\n`,
    })
    const gc = await words.start(["gc"], { SLUICE_CACHE: join(words.root, "cache") }).result
    expect(gc.stdout).toBe(`Nothing is stored in ${words.root}.\n`)
    expect(existsSync(join(words.root, ".sluice/sluice.sqlite"))).toBe(false)
  })

  it("plan says what would run without running it", async () => {
    expect(settled((await words.sluice("plan")).stdout)).toEqual([
      "collect    run       collect: has not run before",
      "shout      waiting   for collect",
      "2 steps: 0 hit, 1 to run, 1 waiting",
    ])
    expect(await json("plan")).toEqual({
      pipeline: "words",
      params: { mark: "!", count: 3 },
      steps: [
        {
          name: "collect",
          decision: "run",
          key,
          causes: [{ kind: "first", headline: "collect: has not run before", path: ["collect"] }],
          waitingFor: [],
          predictedMs: null,
          lastMs: null,
          summary: null,
          forecast: null,
        },
        {
          name: "shout",
          decision: "waiting",
          key: null,
          causes: [{ kind: "first", headline: "shout: has not run before", path: ["shout"] }],
          waitingFor: ["collect"],
          predictedMs: null,
          lastMs: null,
          summary: null,
          forecast: null,
        },
      ],
      warnings: [],
      notes: [],
    })
    expect((await json("runs")).runs).toEqual([])
  })

  describe("after two runs", () => {
    beforeAll(async () => {
      await words.sluice("run")
      await words.sluice("run", "--set", "mark=?")
    })

    it("plan says what steps took last time, which is no prediction for other inputs", async () => {
      const { stdout } = await words.sluice("plan", "--set", "mark=.", "--set", "count=2")
      expect(settled(stdout)).toEqual([
        'collect    run       collect.words: ["one","two","three"] -> ["one","two"]   last time <time>',
        "shout      waiting   for collect   last time <time>",
        "2 steps: 0 hit, 1 to run, 1 waiting, 2 took <time> last time",
      ])
    })

    it("runs lists them, newest first", async () => {
      const { runs } = await json("runs")
      expect(runs).toEqual([
        {
          id,
          pipeline: "words",
          state: "done",
          startedAt: expect.any(String),
          endedAt: expect.any(String),
          ms: expect.any(Number),
          params: { mark: '"?"', count: "3" },
          steps: [
            { name: "collect", decision: "hit", key, ms: 0 },
            { name: "shout", decision: "run", key, ms: expect.any(Number) },
          ],
        },
        expect.objectContaining({ params: { mark: '"!"', count: "3" } }),
      ])
      expect((await json("runs", "--limit", "1")).runs).toHaveLength(1)
      const { stdout } = await words.sluice("runs")
      expect(stdout.split("\n")[0]).toMatch(
        /^\d{8}-\d{6}-[0-9a-f]{6} {2}words {2}done {2}just now {2}\d\.\d\d s {2}1 run, 1 hit {2}mark="\?" count=3$/,
      )
    })

    it("why names the cause first: of the last run, of a change not run yet, of a run by its age", async () => {
      expect((await words.sluice("why", "shout")).stdout.split("\n")[0]).toBe('mark: "!" -> "?"')
      expect((await words.sluice("why", "shout", "--set", "mark=.")).stdout).toBe(
        'mark: "?" -> "."\nshout would run.\n',
      )
      expect(await json("why", "collect", "--run", "1")).toEqual({
        step: "collect",
        decision: "hit",
        run: id,
        causes: [],
        data: [],
      })
      expect(await json("why", "shout", "--run", "2")).toEqual({
        step: "shout",
        decision: "ran",
        run: id,
        causes: [{ kind: "first", headline: "shout: has not run before", path: ["shout"] }],
        data: [],
      })
      expect((await words.sluice("why", "shuot")).stderr).toBe(
        'Pipeline "words" has no step "shuot".\n  Steps:  collect, shout\nDid you mean shout?\n',
      )
    })

    it("diff compares two runs", async () => {
      const { stdout } = await words.sluice("diff", "2", "1")
      expect(settled(stdout).slice(3)).toEqual([
        'params     mark: "!" -> "?"',
        'shout      mark: "!" -> "?"',
        "           <key>    -> <key>",
        "1 step is the same.",
      ])
      const found = await json("diff", "2", "1")
      expect(found.params).toEqual([{ name: "mark", from: '"!"', to: '"?"' }])
      expect(found.steps.map((step: any) => [step.name, step.change, step.sameResult])).toEqual([
        ["collect", "same", true],
        ["shout", "changed", false],
      ])
      const unknown = await words.sluice("diff", "nope", "1")
      expect(unknown.code).toBe(2)
      expect(unknown.stderr.split("\n")[0]).toBe('There is no run "nope".')
    })

    it("show prints rows", async () => {
      const { stdout } = await words.sluice("show", "shout", "--rows", "2")
      expect(settled(stdout)).toEqual([
        "shout   <key>      3 shouted   <time>",
        "3 rows, 688 bytes",
        "word  length",
        "ONE?       3",
        "TWO?       3",
        "… and 1 more; --rows N prints more",
      ])
      const found = await json("show", "shout", "--rows", "1", "--run", "2")
      expect(found).toEqual({
        step: "shout",
        run: id,
        key,
        decision: "run",
        summary: "3 shouted",
        ms: expect.any(Number),
        measurements: [],
        outputs: {
          output: {
            kind: "table",
            fingerprint: key,
            sizeBytes: 688,
            rowCount: 3,
            columns: [
              { name: "word", type: { kind: "utf8" } },
              { name: "length", type: { kind: "int32" } },
            ],
            rows: [{ word: "ONE!", length: 3 }],
          },
        },
      })
      expect((await words.sluice("show", "shout", "--output", "rows")).stderr).toBe(
        'Step "shout" has no output "rows".\nIts outputs: output\n',
      )
    })

    it("doctor verifies every blob, and a damaged one is made again", async () => {
      const sound = await json("doctor", "--store", "--backend", "cpu")
      expect(sound.verified).toEqual({ blobs: 6, sizeBytes: expect.any(Number), damaged: [] })
      const { outputs } = await json("show", "shout", "--rows", "0")
      const digest: string = outputs.output.fingerprint
      const blob = join(words.root, ".sluice/blobs", digest.slice(0, 2), digest)
      const size = readFileSync(blob).length
      chmodSync(blob, 0o644)
      writeFileSync(blob, "x".repeat(size))
      const damaged = await words.sluice("doctor", "--store", "--backend", "cpu", "--json")
      expect(damaged.code).toBe(1)
      expect(JSON.parse(damaged.stdout).verified.damaged).toEqual([digest])
      const { stdout } = await words.sluice("run", "--set", "mark=?")
      expect(stdout).toContain("shout      done")
      expect((await words.sluice("doctor", "--store", "--backend", "cpu")).code).toBe(0)
    })

    it("gc removes what no kept run uses, after saying so", async () => {
      const dry = await words.sluice("gc", "--keep", "1", "--dry-run")
      expect(dry.stdout.split("\n")).toContain("1 result   no kept run uses it: shout")
      expect(dry.stdout).toMatch(/^Would free \d+ bytes; would keep: 1 run, 2 results, [\d.]+ kB\.$/m)
      const done = await json("gc", "--keep", "1")
      expect(done.results).toEqual([{ key, step: "shout" }])
      expect(done.freedBytes).toBe(688)
      expect((await words.sluice("run", "--set", "mark=?")).stdout).toContain("2 hit, 0 run")
      expect((await words.sluice("run")).stdout).toContain("1 hit, 1 run")
    })
  })
})

describe("sluice show, of every kind of output", () => {
  const kinds = Sandbox.make({ "kinds.ts": pipelines.kinds })
  afterAll(() => kinds.remove())

  it("draws the loss, marks supervised tokens, prints the report with its place, lists files, prints values", async () => {
    await kinds.sluice("run", "kinds.ts")
    const { stdout } = await kinds.sluice("show", "everything")
    const lines = settled(stdout.replaceAll(/\/\S+\/[0-9a-f]{64}/g, "<path>"))
    expect(lines.slice(1, 2)).toEqual(["tokens per second 213 tok/s"])
    expect(lines).toContain("loss")
    expect(lines.filter((line) => line.startsWith("4.00 ┤"))).toHaveLength(1)
    expect(lines.slice(lines.indexOf("tokens") + 1)).toEqual([
      expect.stringMatching(/^1 row, /),
      "[in brackets]: supervised, the model learns to write it; the rest is only read",
      "",
      "a: 3 tokens, 1 supervised",
      "7 8 [9 ]",
      "",
      "report",
      "# Report",
      "",
      "93 of 100 are right.",
      "",
      "report.html  16 bytes  <path>",
      "report.md    31 bytes  <path>",
      "",
      "scores",
      "{",
      '  "exact": 0.93',
      "}",
    ])
  })

  it("writes the report's page to a folder with --open", async () => {
    const { stdout } = await kinds.sluice("show", "everything", "--output", "report", "--open")
    const page = /^Report: (file:.*)$/m.exec(stdout)![1]!
    expect(readFileSync(fileURLToPath(page), "utf8")).toBe("<p>93 of 100</p>")
    const { outputs } = JSON.parse((await kinds.sluice("show", "everything", "--open", "--json")).stdout)
    expect(outputs.report.pages).toEqual([page])
    expect(outputs.scores).toEqual({
      kind: "value",
      fingerprint: key,
      sizeBytes: expect.any(Number),
      value: { exact: 0.93 },
    })
  })

  it("colours supervised tokens on a terminal", async () => {
    const { stdout } = await kinds.terminal(["show", "everything", "--output", "tokens"]).result
    expect(stdout).toContain("7 8 \u001b[42m9 \u001b[49m")
    expect(stdout).toContain("\u001b[42mhighlighted\u001b[49m")
  })
})
