/**
 * `sluice lock`, `sluice run --frozen` and `sluice why --code` through the real process.
 */
import { hash, scryptSync } from "node:crypto"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, describe, expect, it } from "vitest"
import * as pipelines from "./pipelines.ts"
import * as Sandbox from "./Sandbox.ts"
import { settled } from "./settled.ts"

const greeting = `
import { Pipeline, Source, Step, Table } from "@sluice/core"
import { Effect, Schema } from "effect"
import { polite } from "./lib/polite.ts"

class Word extends Table.make({ word: Table.utf8 }) {}

const Collect = Step.make({
  name: "collect",
  inputs: { files: Source.files },
  output: Word,
  run: ({ inputs }) =>
    Effect.map(inputs.files[0]!.bytes, (bytes) =>
      (JSON.parse(Buffer.from(bytes).toString()) as Array<string>).map((word) => ({ word })),
    ),
})

const Greet = Step.make({
  name: "greet",
  inputs: { words: Word },
  config: { mark: Schema.String, by: Step.fn<(word: string) => string>() },
  output: Word,
  run: ({ inputs, config }) =>
    Effect.map(inputs.words.all, (rows) =>
      rows.map(({ word }) => ({ word: (process.env.GREETING ?? "") + config.by(word) + config.mark })),
    ),
})

export default Pipeline.make(
  "greetings",
  { params: { mark: Schema.String.pipe(Pipeline.withDefault("!")) } },
  ({ params, step }) => {
    const words = step("collect", Collect({ files: "words.json" }))
    return { greeted: step("greet", Greet({ words, mark: params.mark, by: (word) => polite(word) })) }
  },
)
`

const files = {
  "p.ts": greeting,
  "lib/polite.ts": "export const polite = (word: string): string => `dear ${word}`\n",
  "words.json": '["one"]',
}
const project = Sandbox.make(files)
afterAll(() => project.remove())

const lockFile = join(project.root, "sluice.lock")

describe("sluice lock", () => {
  it("refuses a frozen run where there is no lock", async () => {
    expect(await project.sluice("run", "p.ts", "--frozen")).toEqual({
      code: 2,
      stdout: "",
      stderr: `Pipeline "greetings" is not locked.\n  File:     ${lockFile}\n  Problem:  there is no such file\n\`sluice lock\` writes it.\n`,
    })
  })

  it("writes what the results follow from, sorted, and again only where something changed", async () => {
    const written = await project.sluice("lock", "p.ts")
    expect(written.stdout).toMatch(
      /^Wrote sluice\.lock: greetings with 1 param, 1 source file, 2 steps, 3 symbols, 1 package\.\n$/,
    )
    const text = readFileSync(lockFile, "utf8")
    expect(text.endsWith("}\n")).toBe(true)
    const digest = expect.stringMatching(/^[0-9a-f]{16}$/)
    const { lockVersion, pipelines: locked } = JSON.parse(text)
    expect({ lockVersion, names: Object.keys(locked) }).toEqual({ lockVersion: 2, names: ["greetings"] })
    expect(locked.greetings).toEqual({
      params: { mark: "!" },
      seed: "greetings",
      sources: { "words.json": "79b2a602ceb42ef0c50814dc8e90274ab9c06e8fc8fab32355703f1dd6ccb452" },
      code: {
        "lib/polite.ts polite()": digest,
        "p.ts by()": digest,
        "p.ts run()": expect.stringMatching(/^[0-9a-f]{16}, [0-9a-f]{16}$/),
      },
      packages: { effect: expect.stringMatching(/^4\./) },
      env: { GREETING: null },
      numeric: {},
      runtime: {
        node: process.versions.node.split(".")[0],
        keys: 1,
        "table format": 1,
        "files format": 1,
        "value format": 1,
      },
      steps: {
        collect: { definition: "collect", code: digest, config: {}, inputs: { files: "words.json" } },
        greet: {
          definition: "greet",
          code: digest,
          config: { mark: '"!"', by: expect.stringMatching(/^Function\([0-9a-f]{64}\)$/) },
          inputs: { words: "collect.output" },
        },
      },
    })
    expect((await project.sluice("lock")).stdout).toBe("sluice.lock is as it should be.\n")
    expect(readFileSync(lockFile, "utf8")).toBe(text)
  })

  it("lets a frozen run pass that differs in nothing", async () => {
    const { code, stderr, stdout } = await project.sluice("run", "p.ts", "--frozen")
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" })
    expect(settled(stdout).at(-1)).toBe("2 steps: 0 hit, 2 run, in <time>")
  })

  it("names every difference with both values before any step, with exit code 2", async () => {
    project.write("lib/polite.ts", "export const polite = (word: string): string => `good ${word}`\n")
    project.write("words.json", '["one","two"]')
    const { code, stdout, stderr } = await project.start(["run", "--frozen", "--set", "mark=?"], {
      GREETING: "hi",
    }).result
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" })
    const lines = stderr.split("\n")
    expect(lines.map((line) => line.replaceAll(/\b[0-9a-f]{16,64}(?![0-9a-f])/g, "<digest>"))).toEqual([
      'Pipeline "greetings" is not as its lock says.',
      `  Lock:                         ${lockFile}`,
      "  param mark:                   ! -> ?",
      "  source words.json:            <digest>… -> <digest>…",
      "  code lib/polite.ts polite():  <digest> -> <digest>",
      "  variable GREETING:            (not set) -> <digest>",
      "Nothing was executed. --set 'mark=!' gives the locked params. `sluice lock` accepts what is here now.",
      "",
    ])
    expect(JSON.parse((await project.sluice("runs", "--json")).stdout).runs).toHaveLength(1)
  })

  it("seals variables so that their values are compared, and not found by their digests", async () => {
    const env = { GREETING: "hi" }
    const lock = async () => {
      await project.start(["lock", "p.ts", "--set", "mark=?"], env).result
      return readFileSync(lockFile, "utf8")
    }
    const text = await lock()
    const { env: sealed, salt } = JSON.parse(text).pipelines.greetings
    expect(salt).toMatch(/^[0-9a-f]{32}$/)
    expect(sealed).toEqual({
      GREETING: scryptSync("hi", `sluice/env ${salt} GREETING`, 16, { N: 2 ** 15, maxmem: 2 ** 26 }).toString(
        "hex",
      ),
    })
    for (const digest of ["hi", "sluice/env\nhi", '"hi"'].map((value) => hash("sha256", value, "hex")))
      expect(text).not.toContain(digest.slice(0, 16))
    expect(await lock()).toBe(text)
    const frozen = ["run", "p.ts", "--frozen", "--set", "mark=?"]
    expect((await project.start(frozen, env).result).code).toBe(0)
    const other = await project.start(frozen, { GREETING: "hello" }).result
    expect(other.code).toBe(2)
    expect(other.stderr).toMatch(/^ {2}variable GREETING: {2}[0-9a-f]{32} -> [0-9a-f]{32}$/m)
    const unset = await project.sluice(...frozen)
    expect(unset.stderr).toMatch(/^ {2}variable GREETING: {2}[0-9a-f]{32} -> \(not set\)$/m)
  })

  it("writes the lock when a run is done, and keeps those of other pipelines", async () => {
    project.write("words.ts", pipelines.twoSteps)
    project.write("lib/shout.ts", pipelines.shoutModule)
    const { code } = await project.sluice("run", "words.ts", "--lock")
    expect(code).toBe(0)
    expect(Object.keys(JSON.parse(readFileSync(lockFile, "utf8")).pipelines)).toEqual(["greetings", "words"])
    expect((await project.sluice("run", "words.ts", "--frozen")).code).toBe(0)
  })

  it("says what is wrong with a lock that cannot be read", async () => {
    project.write("sluice.lock", "{")
    const { code, stderr } = await project.sluice("run", "p.ts", "--frozen")
    expect(code).toBe(2)
    expect(stderr).toContain("Problem:  it is no JSON")
  })
})

describe("sluice why --code", () => {
  it("lists everything that a step's identity covers", async () => {
    for (const [name, text] of Object.entries(files)) project.write(name, text)
    const { code, stdout } = await project.start(["why", "--code", "greet", "p.ts"], { GREETING: "hi" })
      .result
    expect(code).toBe(0)
    expect(settled(stdout).map((line) => line.replaceAll(/sha512-\S+/g, "sha512-…"))).toEqual([
      "greet",
      "run               <key>",
      "  p.ts",
      "    run()         <key>",
      "config.by         <key>",
      "  lib/polite.ts",
      "    polite()      <key>",
      "  p.ts",
      "    by()          <key>",
      "packages",
      "  effect 4.1.0    sha512-…",
      "env",
      '  GREETING        "hi"',
    ])
  })

  it("prints the same as JSON", async () => {
    const { stdout } = await project.sluice("why", "--code", "greet", "p.ts", "--json")
    const json = JSON.parse(stdout)
    expect({ ...json, code: Object.keys(json.code), packages: json.packages.length }).toEqual({
      step: "greet",
      definition: "greet",
      version: null,
      code: ["run", "config.by"],
      packages: 1,
      env: { GREETING: null },
    })
    expect(json.code["config.by"].parts.map((part: { file: string }) => part.file).toSorted()).toEqual([
      "lib/polite.ts",
      "p.ts",
    ])
  })

  it("names the step that was meant", async () => {
    expect((await project.sluice("why", "--code", "gret", "p.ts")).stderr).toBe(
      'Pipeline "greetings" has no step "gret".\n  Steps:  collect, greet\nDid you mean greet?\n',
    )
  })
})
