import { afterAll, describe, expect, it } from "vitest"
import * as pipelines from "./pipelines.ts"
import * as Sandbox from "./Sandbox.ts"

const words = Sandbox.make({ "words.ts": pipelines.twoSteps, "lib/shout.ts": pipelines.shoutModule })
afterAll(() => words.remove())

/** Writes the URL of every module that Node resolves to stderr. */
const listing = `data:text/javascript,${encodeURIComponent(`
  import { registerHooks } from "node:module"
  registerHooks({
    resolve(specifier, context, next) {
      const found = next(specifier, context)
      process._rawDebug(found.url)
      return found
    }
  })
`)}`

const loaded = async (...args: ReadonlyArray<string>): Promise<ReadonlyArray<string>> => {
  const { stderr, code } = await words.start(args, { NODE_OPTIONS: `--import ${listing}` }).result
  expect(code).toBe(0)
  return stderr.split("\n").filter((url) => url.startsWith("file:"))
}

const heavy = /\/(esbuild|oxc-parser|koffi|@tensorflow|apache-arrow|typescript|csv-parse)\//

describe("starting sluice", () => {
  it("loads the bundler once, and then neither bundler nor parser nor anything that only steps need", async () => {
    const first = await loaded("run", "words.ts")
    expect(first.some((url) => url.includes("/esbuild/"))).toBe(true)
    const second = await loaded("run", "words.ts")
    expect(second.filter((url) => heavy.test(url))).toEqual([])
    const chunks = second.filter((url) => url.startsWith(`file://${words.root}/.sluice/bundles/`))
    // What is not in the bundle is the launcher and the check of the bundle: few small files.
    expect(chunks.length).toBeGreaterThan(1)
    const sources = new Set(
      second.filter((url) => url.endsWith(".ts")).map((url) => url.split("/packages/")[1]),
    )
    expect([...sources]).toEqual([
      "cli/src/launch.ts",
      "cli/src/Arguments.ts",
      "cli/src/Command.ts",
      "cli/src/nearMiss.ts",
      "cli/src/Project.ts",
      "cli/src/program.ts",
      "code/src/BundleRecord.ts",
      "code/src/PackageFiles.ts",
    ])
  })

  it("loads nothing at all for help", async () => {
    const urls = await loaded("--help")
    expect(urls.filter((url) => !url.includes("/packages/cli/"))).toEqual([])
  })

  it("builds anew when a file of the pipeline changed", async () => {
    words.write("lib/shout.ts", pipelines.shoutModule.replace("toUpperCase", "toLowerCase"))
    const urls = await loaded("plan", "words.ts")
    expect(urls.some((url) => url.includes("/esbuild/"))).toBe(true)
  })
})
