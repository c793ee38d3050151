import { createHash } from "node:crypto"
import { describe, expect, it } from "vitest"
import * as Junit from "../../src/report/Junit.ts"
import * as LmEval from "../../src/report/LmEval.ts"
import * as Promptfoo from "../../src/report/Promptfoo.ts"
import { scoreOf } from "../../src/report/Report.ts"
import * as reports from "../support/reports.ts"
import * as Xml from "../support/Xml.ts"

const report = reports.make({ prompt: (row) => (row === 3 ? "a < b & \u0000 ]]> \u001b" : `review ${row}`) })
const facts = reports.facts(report)

const checks: ReadonlyArray<Junit.Checked> = [
  { condition: "tuned.exact >= 0.85", holds: true, found: "tuned.exact is 95 %" },
  { condition: 'base.exact > "0.9"', holds: false, found: "base.exact is 45 %\nfor all <rows>" },
]

describe("JUnit", () => {
  it("has a suite of conditions and one for each arm, as the schemas of Ant and Jenkins ask", () => {
    const root = Xml.parse(Junit.render(report, facts, checks))
    expect([root.name, root.attributes]).toEqual(["testsuites", {}])
    const suites = root.children
    expect(suites.map(({ attributes }) => attributes["name"])).toEqual([
      "conditions",
      "arm base",
      "arm fewShot",
      "arm tuned",
    ])
    for (const [at, suite] of suites.entries()) {
      expect(suite.name).toBe("testsuite")
      expect(suite.attributes).toMatchObject({
        id: String(at),
        package: "moods",
        timestamp: "2026-11-23T07:05:11",
        hostname: "localhost",
        errors: "0",
        skipped: "0",
        time: "0",
      })
      const [properties, ...others] = suite.children
      const cases = others.slice(0, -2)
      expect(properties!.name).toBe("properties")
      for (const { attributes, children, name } of properties!.children)
        expect([name, Object.keys(attributes), children]).toEqual(["property", ["name", "value"], []])
      expect(others.slice(-2).map(({ name }) => name)).toEqual(["system-out", "system-err"])
      const failing = cases.filter(({ children }) => children.length > 0)
      expect(suite.attributes).toMatchObject({ tests: `${cases.length}`, failures: `${failing.length}` })
      for (const { attributes, name } of cases)
        expect([name, Object.keys(attributes).toSorted()]).toEqual([
          "testcase",
          ["classname", "name", "time"],
        ])
      for (const { children } of failing)
        expect(children.map(({ attributes, name }) => [name, Object.keys(attributes)])).toEqual([
          ["failure", ["message", "type"]],
        ])
    }
  })

  it("names the condition that does not hold, with what was found", () => {
    const [conditions] = Xml.parse(Junit.render(report, facts, checks)).children
    const [holding, failing] = conditions!.children.filter(({ name }) => name === "testcase")
    expect(holding!.attributes["name"]).toBe("tuned.exact >= 0.85")
    expect(failing!.attributes["name"]).toBe('base.exact > "0.9"')
    expect(failing!.children[0]).toEqual({
      name: "failure",
      attributes: { message: "base.exact is 45 %", type: "condition" },
      children: [],
      text: "base.exact is 45 %\nfor all <rows>",
    })
  })

  it("holds no character that XML has not, and no condition where none was asked", () => {
    const text = Junit.render(report, facts, [])
    // oxlint-disable-next-line no-control-regex -- these are what XML cannot hold
    expect(text).not.toMatch(/[\u0000-\u0008\u000b\u000c\u000e-\u001f]/)
    expect(Xml.parse(text).children).toHaveLength(3)
  })
})

describe("lm-eval's form", () => {
  const files = LmEval.render(report, facts)
  const results = JSON.parse(files["tuned/results_2026-11-23T07-05-11.310000.json"]!)
  const samples = files["tuned/samples_moods_evaluate_2026-11-23T07-05-11.310000.jsonl"]!.trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line))

  it("is a folder for each arm with results and samples, named as the harness names them", () => {
    expect(Object.keys(files)).toHaveLength(6)
    expect(new Set(Object.keys(files).map((name) => name.split("/")[0]))).toEqual(
      new Set(["base", "fewShot", "tuned"]),
    )
  })

  it("has the harness's fields, with the standard error of a mean", () => {
    const own = results.results["moods_evaluate"]
    const exact = scoreOf(report, "tuned", "exact")!
    expect(own).toMatchObject({ name: "moods_evaluate", alias: "moods_evaluate", sample_len: 40 })
    expect(own["exact,none"]).toBe(exact.value)
    const p = exact.value
    expect(own["exact_stderr,none"]).toBeCloseTo(Math.sqrt((p * (1 - p)) / 39), 12)
    // No single row has an F1.
    expect(own["macroF1_stderr,none"]).toBe("N/A")
    expect(own["accuracy_stderr,none"]).toBe(own["exact_stderr,none"])
    expect(own["letters_stderr,none"]).toBeGreaterThan(0)
    expect(results).toMatchObject({
      configs: { moods_evaluate: { task: "moods_evaluate", output_type: "generate_until" } },
      versions: { moods_evaluate: 1 },
      "n-shot": { moods_evaluate: 0 },
      "n-samples": { moods_evaluate: { original: 40, effective: 40 } },
      model_source: "sluice",
      model_name: "tuned",
      model_name_sanitized: "tuned",
      date: 1795417511.31,
      total_evaluation_time_seconds: "5",
    })
    expect(results.higher_is_better["moods_evaluate"]).toMatchObject({
      exact: true,
      cut: false,
      letters: false,
    })
  })

  it("has a sample for each row with the harness's digests", () => {
    expect(samples).toHaveLength(40)
    const sha256 = (text: string) => createHash("sha256").update(text).digest("hex")
    const row = report.rows[5]!
    expect(samples[5]).toMatchObject({
      doc_id: 5,
      doc: { id: row.id, prompt: row.prompt, expected: row.expected },
      target: row.expected,
      arguments: { gen_args_0: { arg_0: row.prompt, arg_1: {} } },
      resps: [[row.answers["tuned"]!.text]],
      filtered_resps: [row.answers["tuned"]!.text],
      filter: "none",
      prompt_hash: sha256(row.prompt),
      target_hash: sha256(row.expected),
      exact: Number(row.answers["tuned"]!.exact),
    })
    expect(samples[5].doc_hash).toBe(sha256(JSON.stringify(samples[5].doc, undefined, 2)))
    const hashes = samples.map((one) => one.doc_hash + one.prompt_hash + one.target_hash).join("")
    expect(results.task_hashes["moods_evaluate"]).toBe(sha256(hashes))
    expect(samples[5].metrics).toEqual(expect.arrayContaining(["exact", "validJson", "letters"]))
  })
})

describe("promptfoo's form", () => {
  const file = JSON.parse(Promptfoo.render(report, facts))

  it("is what its import takes: version 3 with prompts and results, and an id", () => {
    expect(file).toMatchObject({
      evalId: "eval-sluice-20261123-070511-710782",
      shareableUrl: null,
      config: { description: "A comparison" },
      results: { version: 3, timestamp: "2026-11-23T07:05:11.310Z" },
    })
    expect(file.results.prompts.map(({ label, provider }: never) => [label, provider])).toEqual([
      ["base", "sluice:base"],
      ["fewShot", "sluice:fewShot"],
      ["tuned", "sluice:tuned"],
    ])
  })

  it("has a result for each row and arm, and counts that add up", () => {
    const { prompts, results, stats } = file.results
    expect(results).toHaveLength(120)
    const row = report.rows[7]!
    expect(results[7 * 3 + 2]).toMatchObject({
      promptIdx: 2,
      testIdx: 7,
      promptId: prompts[2].id,
      provider: { id: "sluice:tuned", label: "tuned" },
      vars: { prompt: row.prompt, expected: row.expected },
      response: { output: row.answers["tuned"]!.text },
      success: row.answers["tuned"]!.exact,
      failureReason: row.answers["tuned"]!.exact ? 0 : 1,
      latencyMs: 125,
      tokenUsage: { prompt: 50, completion: 7, total: 57, numRequests: 1 },
    })
    const right = report.scores.filter(({ metric }) => metric === "exact").map(({ count }) => count!)
    expect(
      prompts.map(({ metrics }: { metrics: { testPassCount: number } }) => metrics.testPassCount),
    ).toEqual(right)
    const successes = right.reduce((sum, count) => sum + count, 0)
    expect(stats).toMatchObject({ successes, failures: 120 - successes, errors: 0 })
    expect(stats.tokenUsage).toMatchObject({ prompt: 6000, completion: 840, total: 6840, numRequests: 120 })
  })
})
