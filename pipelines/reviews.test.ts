/**
 * The reviews pipeline through `sluice`, with the real model at its smallest size: 8 rows to learn from, which is one
 * optimizer step, and 4 rows to compare on.
 */
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, describe, expect, it } from "vitest"
import { copyOf } from "../examples/support/project.ts"

describe("pipelines/reviews.ts", { timeout: 600_000 }, () => {
  const project = copyOf(import.meta.dirname)
  afterAll(project.remove)
  const learnt = ["--set", "trainRows=8", "--set", "minimumRows=8"]
  const small = [...learnt, "--set", "heldOutRows=4"]
  const run = (...args: ReadonlyArray<string>) => project.sluice("run", "reviews.ts", ...small, ...args)
  const total = (lines: ReadonlyArray<string>) => lines.find((line) => /^\d+ steps: /.test(line))
  /** Prompts that the last run's arms asked, and those whose answers they remembered. */
  const asked = () => {
    const folder = join(project.folder, ".sluice/runs")
    const logs = readdirSync(folder).map((name) =>
      readFileSync(join(folder, name), "utf8")
        .split("\n")
        .filter(Boolean)
        .map((line) => JSON.parse(line)),
    )
    const last = logs.toSorted((first, second) => first[0].at - second[0].at).at(-1)!
    const found: Record<string, Array<number>> = {}
    for (const { measure, name, type, value } of last)
      if (type === "measure" && measure.startsWith("prompts ")) (found[name] ??= []).push(value)
    return found
  }

  it("goes from the data to a report, and accounts for every row on the way", async () => {
    const { code, lines } = await run()
    expect(total(lines)).toBe("17 steps: 0 hit, 17 run")
    expect(code).toBe(0)
    const said = (step: string) => lines.find((line) => line.startsWith(`${step}  done  KEY`))
    expect(said("collect")).toBe(
      "collect  done  KEY  3,000 rows, 3 dropped (class is null: amazon.json row 1001, imdb.json row 1001, yelp.json row 1001)",
    )
    expect(said("split")).toBe("split  done  KEY  2,681 + 302 rows, 17 duplicates dropped")
    expect(said("tokenize")).toBe("tokenize  done  KEY  8 rows, 546 tokens, 64 supervised")
    expect(said("doctor")).toMatch(
      /8 rows, 8 distinct, 64 supervised tokens \(0\.000013 per parameter\); 1 warning: fewRows 8; 1 note: padIsEos$/,
    )
    expect(said("train")).toMatch(
      /1 optimizer step, loss 0\.\d{4} to 0\.\d{4}, 4,884,480 trained parameters$/,
    )
    expect(said("evaluate/report")).toMatch(/4 rows, exact base \d, fewShot \d, tuned \d$/)
    expect(lines.at(-2)).toMatch(/^tuned (?:is|against) .*: tuned answers \d of 4 rows exactly, /)
    expect(lines.at(-1)).toMatch(/^Report: \.sluice\/reports\/.*\/report\.html$/)
  })

  it("executes nothing when nothing changed", async () => {
    expect(total((await run()).lines)).toBe("17 steps: 17 hit, 0 run")
  })

  it("asks the added arms alone when arms are added", async () => {
    const { lines } = await run("--set", "arms=all")
    expect(total(lines)).toMatch(/^35 steps: (?:19|20) hit, 1[56] run/)
    const answering = ["after", "pattern", "plain", "strict"].map((name) => [`bestPrompt/${name}/answers`, 8])
    expect(Object.fromEntries(Object.entries(asked()).map(([name, [fresh]]) => [name, fresh]))).toMatchObject(
      Object.fromEntries(answering.map(([name, rows]) => [`evaluate/${name}`, rows])),
    )
    for (const arm of ["base", "fewShot", "tuned"]) expect(asked()).not.toHaveProperty(`evaluate/${arm}`)
  })

  it("asks each arm for the rows alone that a larger comparison adds", async () => {
    const { lines } = await project.sluice("run", "reviews.ts", ...learnt, "--set", "heldOutRows=5")
    expect(total(lines)).toBe("17 steps: 11 hit, 6 run")
    expect(asked()).toEqual({
      "evaluate/base": [1, 4],
      "evaluate/fewShot": [1, 4],
      "evaluate/tuned": [1, 4],
    })
  })

  it("trains and evaluates again, and nothing else, for another learning rate", async () => {
    const { lines } = await run("--set", "learningRate=1e-4")
    expect(lines.filter((line) => line.includes("  run  ")).map((line) => line.split("  ")[0])).toEqual([
      "train",
      "evaluate/tuned",
      "evaluate/report",
    ])
    expect(lines).toContain("train  run  learningRate: 0.0002 -> 0.0001")
    expect(total(lines)).toBe("17 steps: 14 hit, 3 run")
  })

  it("refuses rows that are too few before it trains, and says how to go on", async () => {
    const { code, lines } = await run("--set", "minimumRows=20")
    const text = lines.join("\n")
    expect(code).toBe(1)
    expect(text).toContain("The data doctor refuses these 8 rows: 1 refusal, 0 warnings.")
    expect(text).toMatch(/refuse fewRows: +There are fewer than 20 distinct rows/)
    expect(text).toContain('go on regardless with allow: ["fewRows"].')
    expect(lines.filter((line) => line.startsWith("train  ")).every((line) => !line.includes("run"))).toBe(
      true,
    )
  })
})
