/**
 * `sluice run --strict` through the real process: what is refused, how it is named, and that keys stay the same.
 */
import { afterAll, describe, expect, it } from "vitest"
import * as Sandbox from "./Sandbox.ts"
import { settled } from "./settled.ts"

const reaching = `
import { existsSync, readFileSync, createReadStream } from "node:fs"
import { readFile } from "node:fs/promises"
import { execFileSync } from "node:child_process"
import { lookup } from "node:dns/promises"
import { connect } from "node:net"
import { DatabaseSync } from "node:sqlite"
import { Worker } from "node:worker_threads"
import { writeFileSync } from "node:fs"

export const secret = (): string => readFileSync("secret.txt", "utf8")
export const swallowed = (): string => {
  try {
    return readFileSync("/etc/hosts", "utf8")
  } catch {
    return "none"
  }
}
export const isThere = (): string => String(existsSync("secret.txt"))
export const later = (): Promise<string> => readFile("secret.txt", "utf8")
export const again = (): string => readFileSync("prefix.txt", "utf8")
export const stream = async (): Promise<string> => {
  let bytes = 0
  for await (const piece of createReadStream("secret.txt")) bytes += (piece as Buffer).length
  return String(bytes)
}
export const writes = (): string => (writeFileSync("left.txt", "x"), "written")
export const asks = (): string =>
  String((process as unknown as { permission?: { has: (scope: string) => boolean } }).permission?.has("worker"))
export const database = (): string => {
  const db = new DatabaseSync("other.sqlite")
  db.exec("create table a (b)")
  return "opened"
}
export const program = (): string => execFileSync("uname", { encoding: "utf8" })
export const thread = (): string => String(new Worker("1", { eval: true }).threadId)
export const url = async (): Promise<string> => (await fetch("http://127.0.0.1:9/x")).statusText
export const name = async (): Promise<string> => (await lookup("localhost")).address
export const socket = (): Promise<string> =>
  new Promise((resolve, reject) => connect(9, "127.0.0.1").on("error", reject).on("connect", () => resolve("x")))
`

/** \`--set use=NAME\` hands one of the functions above to the second step. */
const pipeline = `
import { Pipeline, Source, Step, Table } from "@sluice/core"
import { Effect, Schema } from "effect"
import { readFileSync } from "node:fs"
import * as reaching from "./lib/reaching.ts"

const prefix = readFileSync("prefix.txt", "utf8").trim()

class Word extends Table.make({ word: Table.utf8 }) {}

const Collect = Step.make({
  name: "collect",
  inputs: { files: Source.files },
  output: Word,
  run: ({ inputs }) =>
    Effect.gen(function* () {
      const bytes = yield* inputs.files[0]!.bytes
      return (JSON.parse(Buffer.from(bytes).toString()) as Array<string>).map((word) => ({ word: prefix + word }))
    }),
})

const Use = Step.make({
  name: "use",
  inputs: { words: Word },
  config: { f: Step.fn<() => string | Promise<string>>() },
  output: Word,
  rowWise: { input: "words" },
  run: ({ inputs, config, scratch }) =>
    Effect.gen(function* () {
      const rows = yield* inputs.words.all
      const more = yield* Effect.promise(async () => config.f())
      return rows.map(({ word }) => ({ word: word + more }))
    }),
})

const Fetch = Step.make({
  name: "fetch",
  version: "1",
  unchecked: "fetches what it checks by digest",
  output: Word,
  run: () => [{ word: String(readFileSync("secret.txt").length) }],
})

const asset = (): string => readFileSync(new URL("./assets/asset.txt", import.meta.url), "utf8")
const fine = (): string => "!"
const all: Record<string, () => string | Promise<string>> = { ...reaching, asset, fine }

export default Pipeline.make(
  "reaching",
  { params: { use: Schema.String.pipe(Pipeline.withDefault("fine")) } },
  ({ params, step }) => {
    const words = step("collect", Collect({ files: "data/*.json" }))
    return { fetched: step("fetch", Fetch({})), used: step("use", Use({ words, f: all[params.use]! })) }
  },
)
`

const project = Sandbox.make({
  "p.ts": pipeline,
  "lib/reaching.ts": reaching,
  "data/words.json": '["one","two"]',
  "secret.txt": "secret",
  "prefix.txt": "> ",
  "assets/asset.txt": "asset",
})
afterAll(() => project.remove())

/** What a strict run says of the function, on stderr. */
const refused = async (use: string): Promise<string> => {
  const { code, stderr } = await project.sluice("run", "p.ts", "--strict", "--set", `use=${use}`)
  expect(code).toBe(1)
  return stderr
}

const said = (place: string, use: string): string =>
  [
    'Step "use" uses what it does not declare.',
    `  ${place}:  ${use}`,
    "Declare files as an input with Source.files and write to the context's scratch folder; fetch and convert outside of the pipeline.",
    "",
  ].join("\n")

describe("sluice run --strict", () => {
  it("runs what declares its inputs, names what it cannot check, and gives a normal run's keys", async () => {
    const strict = await project.sluice("run", "p.ts", "--strict")
    expect(strict.stderr).toBe("")
    expect(settled(strict.stdout).at(-1)).toBe(
      "strict: 2 steps checked; not checked: fetch (fetches what it checks by digest)",
    )
    expect(strict.code).toBe(0)
    const normal = await project.sluice("run", "p.ts")
    expect(settled(normal.stdout).at(-1)).toBe("3 steps: 3 hit, 0 run, in <time>")
    const hits = await project.sluice("run", "p.ts", "--strict", "--json")
    expect(JSON.parse(hits.stdout).strict).toEqual({
      checked: [],
      notChecked: [],
      notExecuted: ["collect", "fetch", "use"],
    })
  })

  it("lets a step read an asset that its identity covers", async () => {
    const { code, stdout } = await project.sluice("run", "p.ts", "--strict", "--set", "use=asset")
    expect(code).toBe(0)
    expect(settled(stdout).at(-1)).toBe("strict: 1 step checked, 2 not executed")
  })

  it("refuses undeclared files, names the place, and hears of refusals that the code swallows", async () => {
    expect(await refused("secret")).toBe(said("lib/reaching.ts:11:37", "reads a file: secret.txt"))
    expect(await refused("swallowed")).toBe(said("lib/reaching.ts:14:12", "reads a file: /etc/hosts"))
    expect(await refused("isThere")).toBe(said("lib/reaching.ts:19:45", "reads a file: secret.txt"))
    expect(await refused("later")).toBe(said("lib/reaching.ts:20:45", "reads a file: secret.txt"))
    expect(await refused("stream")).toBe(said("lib/reaching.ts:24:29", "reads a file: secret.txt"))
    expect(await refused("writes")).toBe(said("lib/reaching.ts:27:38", "writes a file: left.txt"))
  })

  it("refuses to a step what only loading the pipeline may read", async () => {
    expect(await refused("again")).toBe(said("lib/reaching.ts:21:36", "reads a file: prefix.txt"))
  })

  it("refuses programs and threads", async () => {
    expect(await refused("program")).toBe(said("lib/reaching.ts:35:38", "starts a program: uname"))
    expect(await refused("thread")).toContain("starts a thread")
  })

  it("refuses the network at every height", async () => {
    expect(await refused("url")).toBe(said("lib/reaching.ts:37:56", "uses the network: http://127.0.0.1:9/x"))
    expect(await refused("name")).toBe(
      said("lib/reaching.ts:38:57", "uses the network: the address of localhost"),
    )
    expect(await refused("socket")).toBe(said("lib/reaching.ts:40:36", "uses the network: 127.0.0.1:9"))
  })

  it("refuses databases elsewhere, and lets code ask what it may do", async () => {
    expect(await refused("database")).toContain("reads a file: other.sqlite")
    const { code } = await project.sluice("run", "p.ts", "--strict", "--set", "use=asks")
    expect(code).toBe(0)
  })

  it("stores nothing of a step that was refused", async () => {
    const { stdout } = await project.sluice("plan", "p.ts", "--set", "use=swallowed")
    expect(settled(stdout)[3]).toBe("3 steps: 2 hit, 1 to run, about <time>")
  })
})
