import { readFileSync } from "node:fs"
import { describe, expect, it } from "vitest"
import * as Tarballs from "../../src/init/Tarballs.ts"
import * as Template from "../../src/init/template.ts"
import * as versions from "../../src/init/versions.ts"

const workspace = readFileSync(new URL("../../../../pnpm-workspace.yaml", import.meta.url), "utf8")

/** The entries of one mapping of the workspace's manifest. */
const section = (name: string): Record<string, string> => {
  const lines = workspace.split("\n")
  const start = lines.indexOf(`${name}:`) + 1
  const body = lines.slice(start)
  const end = body.findIndex((line) => !line.startsWith("  "))
  return Object.fromEntries(
    body.slice(0, end < 0 ? undefined : end).map((line) => {
      const [, key, value] = /^ {2}"?([^":]+)"?: (.+)$/.exec(line)!
      return [key!, value!]
    }),
  )
}

const sources = (source: (name: string) => string): Record<string, string> =>
  Object.fromEntries(Tarballs.needed.map((name) => [`@sluice/${name}`, source(name)]))

const manifestOf = (files: ReadonlyMap<string, string>): Record<string, Record<string, string>> =>
  JSON.parse(files.get("package.json")!) as Record<string, Record<string, string>>

describe("a new project's files", () => {
  it("start with the versions that this workspace is tested with", () => {
    const catalog = section("catalog")
    expect({ effect: versions.effect, ...versions.development }).toEqual({
      effect: catalog["effect"],
      "@types/node": catalog["@types/node"],
      typescript: catalog["typescript"],
      vitest: catalog["vitest"],
    })
    expect(versions.shared).toEqual(section("overrides"))
    const leftOut = /^ignoredOptionalDependencies:\n((?: {2}- .+\n)+)/m.exec(workspace)?.[1] ?? ""
    expect(versions.leftOut).toEqual([...leftOut.matchAll(/- "?([^"\n]+)/g)].map((match) => match[1]))
  })

  it("ask a registry for what it has, and pin nothing of Sluice's own", () => {
    const files = Template.files({ name: "recipes", sources: sources(() => "0.1.0") })
    const { dependencies, devDependencies, overrides } = manifestOf(files)
    expect(dependencies).toEqual({
      "@sluice/cli": "0.1.0",
      "@sluice/core": "0.1.0",
      "@sluice/steps": "0.1.0",
      effect: versions.effect,
    })
    expect(devDependencies?.["@sluice/code"]).toBe("0.1.0")
    expect(overrides).toEqual(versions.shared)
  })

  it("take packages from files for those too that only another package asks for", () => {
    const files = Template.files({ name: "recipes", sources: sources((name) => `file:./t/${name}.tgz`) })
    const { overrides } = manifestOf(files)
    expect(overrides).toMatchObject({
      "@sluice/core": "$@sluice/core",
      "@sluice/llm": "file:./t/llm.tgz",
      "@sluice/tensorflow": "file:./t/tensorflow.tgz",
    })
    expect(files.get("pnpm-workspace.yaml")).toContain('  "@sluice/llm": "file:./t/llm.tgz"\n')
  })

  it("carry the project's name, and what npm does not pack under names that it does", () => {
    const files = Template.files({ name: "recipes", sources: sources(() => "0.1.0") })
    expect(files.get("README.md")!.split("\n", 1)).toEqual(["# recipes"])
    expect([...files.keys()].toSorted()).toEqual([
      ".gitignore",
      ".npmrc",
      "README.md",
      "chat.ts",
      "data/ingredients.jsonl",
      "package.json",
      "pipeline.test.ts",
      "pipeline.ts",
      "pnpm-workspace.yaml",
      "prepare.ts",
      "train.ts",
      "tsconfig.json",
      "vitest.config.ts",
    ])
  })
})
