/**
 * Sluice as its users get it: packed, installed into a fresh folder by npm and by pnpm, and used by the README that
 * `sluice init` wrote. Whatever way a pipeline is loaded there, its steps have the keys that they have here.
 */
import { copyFileSync, cpSync, readFileSync, renameSync, symlinkSync, writeFileSync } from "node:fs"
import { createRequire } from "node:module"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { pack } from "../../scripts/pack.ts"
import * as Outside from "./Outside.ts"

const place = Outside.folder()
afterAll(() => place.remove(), 240_000)

const tarballs = join(place.path, "packed")
/** As in the workspace: the same files beside the packages' sources. */
const here = join(place.path, "here")
/** What each step's key is in the workspace. */
let expected: Record<string, string>

const managers = ["npm", "pnpm"] as const
const folderOf = (manager: "npm" | "pnpm"): string => join(place.path, `with-${manager}`)

const edit = (folder: string, name: string, from: string, to: string): void => {
  const text = readFileSync(join(folder, name), "utf8")
  expect(text).toContain(from)
  writeFileSync(join(folder, name), text.replace(from, to))
}

/** Its pipeline as a program, and a test that compares keys: two more ways in. */
const addEntrances = (folder: string): void => {
  writeFileSync(
    join(folder, "main.ts"),
    [
      'import { Pipeline } from "@sluice/core"',
      'import pipeline from "./pipeline.ts"',
      "",
      "await Pipeline.main(import.meta, pipeline)",
      "",
    ].join("\n"),
  )
  copyFileSync(join(import.meta.dirname, "keys.fixture.ts"), join(folder, "keys.test.ts"))
  const keys = Object.fromEntries(["collect", "split", "format"].map((name) => [name, expected[name]]))
  writeFileSync(join(folder, "keys.json"), JSON.stringify(keys))
}

beforeAll(async () => {
  await pack(tarballs)
  for (const manager of managers) {
    await Outside.done(
      place.path,
      `"${process.execPath}" "${Outside.launcher}" init with-${manager} --from packed`,
    )
  }
  cpSync(folderOf("npm"), here, { recursive: true })
  symlinkSync(join(Outside.repository, "tests/node_modules"), join(here, "node_modules"))
  const sluice = `"${process.execPath}" "${Outside.launcher}"`
  const inWorkspace = async () => {
    await Outside.done(here, `${sluice} run train.ts --only doctor`)
    return Outside.keysOf(await Outside.done(here, `${sluice} plan train.ts --json`))
  }
  const [keys] = await Promise.all([
    inWorkspace(),
    ...managers.map((manager) =>
      Outside.done(
        folderOf(manager),
        manager === "npm" ? "npm install --no-audit --no-fund" : "pnpm install",
      ),
    ),
  ])
  expected = keys
  for (const manager of managers) addEntrances(folderOf(manager))
}, 600_000)

describe.each(managers)("under %s", (manager) => {
  const folder = folderOf(manager)
  const run = (command: string) => Outside.shell(folder, Outside.under(manager, command))
  const done = (command: string) => Outside.done(folder, Outside.under(manager, command))

  it("every command of the project's README succeeds, and the second run executes nothing", async () => {
    const said: Array<readonly [string, string]> = []
    for (const command of Outside.commandsOf(join(folder, "README.md"))) {
      if (command !== "npm install") said.push([command, await done(command)])
    }
    const runs = said.filter(([command]) => command === "npx sluice run pipeline.ts")
    expect(runs.map(([, output]) => /3 steps: .*?(?=, in)/.exec(output)?.[0])).toEqual([
      "3 steps: 0 hit, 3 run",
      "3 steps: 3 hit, 0 run",
    ])
    const why = said.find(([command]) => command.startsWith("npx sluice why"))![1]
    expect(why).toContain("heldOut: 0.2 -> 0.3\n  by way of split -> format\n")
  })

  it("its types are checked against the packages' declarations", async () => {
    await done("npm run types")
    writeFileSync(
      join(folder, "wrong.ts"),
      'import { Format } from "@sluice/steps"\nimport { prepare } from "./prepare.ts"\n' +
        "export const wrong = (chats: ReturnType<typeof prepare>) =>\n" +
        "  Format.chat({ rows: chats.train, messages: (row) => row.missing })\n",
    )
    const { code, output } = await run("npm run types")
    expect(code).not.toBe(0)
    expect(output).toMatch(/wrong\.ts\(4,\d+\): error TS2339: Property 'missing' does not exist on type/)
    writeFileSync(join(folder, "wrong.ts"), "")
  })

  it("has the workspace's keys, those of numeric steps too", async () => {
    await done("npx sluice run train.ts --only doctor")
    expect(Outside.keysOf(await done("npx sluice plan train.ts --json"))).toEqual(expected)
    expect(Object.keys(expected)).toEqual([
      "model",
      "collect",
      "split",
      "format",
      "tokenize",
      "held-out",
      "doctor",
      "train",
      "evaluate/chats",
      "evaluate/base",
    ])
  })

  it("finds the command line's results again through the module hook", async () => {
    const output = await Outside.done(
      folder,
      `"${process.execPath}" --import @sluice/code/register main.ts --set heldOut=0.2`,
    )
    expect(output.match(/hit +[0-9a-f]{8}/g)).toEqual(
      ["collect", "split", "format"].map((name) => `hit       ${expected[name]!.slice(0, 8)}`),
    )
  })

  it("names a change of the project's code, and spares a comment", async () => {
    edit(folder, "chat.ts", "/** What a line", "/** Says what a line")
    expect(await done("npx sluice run pipeline.ts --set heldOut=0.2")).toContain("3 steps: 3 hit, 0 run")
    edit(folder, "chat.ts", '"Read one line of a recipe. "', '"Read this line of a recipe. "')
    expect(await done("npx sluice why format pipeline.ts")).toMatch(/^instruction in chat\.ts changed$/m)
    expect(await done("npx sluice run pipeline.ts --set heldOut=0.2")).toContain("3 steps: 2 hit, 1 run")
  })
})

describe("under npm", () => {
  const folder = folderOf("npm")
  const sluice = (line: string) => Outside.done(folder, `npx sluice ${line} --set heldOut=0.2`)

  it("finds the same results under tsx", async () => {
    const tsx = createRequire(import.meta.url).resolve("tsx/cli")
    const output = await Outside.done(folder, `"${process.execPath}" "${tsx}" main.ts --set heldOut=0.2`)
    expect(output.match(/^\w+ +hit/gm)).toHaveLength(3)
  })

  it("runs again, of Sluice's own steps, those whose code a new version changed", async () => {
    const steps = join(folder, "node_modules/@sluice/steps/src")
    edit(steps, "Format.ts", "/**", "/** Reworded. */\n/**")
    expect(await sluice("run pipeline.ts")).toContain("3 steps: 3 hit, 0 run")
    edit(steps, "Split.ts", '.update("split\\n")', '.update("split 2\\n")')
    const output = await sluice("plan pipeline.ts")
    expect(output).toMatch(/^collect +hit /m)
    expect(output).toMatch(/^split +run +\S.* in @sluice\/steps\/src\/Split\.ts changed/m)
    edit(steps, "Split.ts", '.update("split 2\\n")', '.update("split\\n")')
  })

  it("keeps its results when the project is moved", async () => {
    const moved = join(place.path, "moved")
    renameSync(folder, moved)
    expect(await Outside.done(moved, "npx sluice run pipeline.ts --set heldOut=0.2")).toContain(
      "3 steps: 3 hit, 0 run",
    )
  })
})
