import { spawn } from "node:child_process"
import { cpSync, mkdtempSync, rmSync, symlinkSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

/** A copy of an example in a folder of its own, so that a test may change it, and `sluice` in that folder. */
export interface Project {
  readonly folder: string
  /** Exit code and everything printed, with times and keys left out. */
  readonly sluice: (
    ...args: ReadonlyArray<string>
  ) => Promise<{ readonly code: number; readonly lines: ReadonlyArray<string> }>
  /** What `sluice ... --json` prints, parsed. */
  readonly json: (...args: ReadonlyArray<string>) => Promise<any>
  readonly remove: () => void
}

const launcher = fileURLToPath(import.meta.resolve("../../packages/cli/bin/sluice.js"))
const modules = fileURLToPath(import.meta.resolve("../node_modules"))

/** Copies the example that a test stands in: `copyOf(import.meta.dirname)`. */
export const copyOf = (example: string): Project => {
  const folder = mkdtempSync(join(tmpdir(), "sluice-example-"))
  cpSync(example, folder, { recursive: true, filter: (path) => !path.endsWith(".sluice") })
  symlinkSync(modules, join(folder, "node_modules"))
  const run = (args: ReadonlyArray<string>) =>
    new Promise<{ code: number; output: string }>((resolve, reject) => {
      const child = spawn(process.execPath, [launcher, ...args], {
        cwd: folder,
        env: { ...process.env, NO_COLOR: "1" },
      })
      let output = ""
      child.stdout.setEncoding("utf8").on("data", (text: string) => (output += text))
      child.stderr.setEncoding("utf8").on("data", (text: string) => (output += text))
      child.once("error", reject)
      child.once("close", (code) => resolve({ code: code ?? 1, output }))
    })
  return {
    folder,
    sluice: async (...args) => {
      const { code, output } = await run(args)
      return { code, lines: output.trimEnd().split("\n").map(settled) }
    },
    json: async (...args) => {
      const { output } = await run([...args, "--json"])
      return JSON.parse(output)
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}

/** A printed line without what differs from run to run: keys, times, and the width of the gaps. */
const settled = (line: string): string =>
  line
    .replace(/\b[0-9a-f]{8}\b/, "KEY")
    .replace(/\s+[\d.]+ (ms|s)$/, "")
    .replace(/, in [\d.]+ (ms|s)$/, "")
    .replaceAll(/ {2,}/g, "  ")
    .trimEnd()
