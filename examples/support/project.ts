import { spawn } from "node:child_process"
import { cpSync, existsSync, mkdtempSync, rmSync, symlinkSync } from "node:fs"
import { tmpdir } from "node:os"
import { basename, dirname, join } from "node:path"
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

const leftOut = [".sluice", "node_modules"]
const launcher = fileURLToPath(import.meta.resolve("../../packages/cli/bin/sluice.js"))

/** Copies the folder that a test stands in: `copyOf(import.meta.dirname)`. */
export const copyOf = (original: string): Project => {
  const folder = mkdtempSync(join(tmpdir(), "sluice-example-"))
  cpSync(original, folder, { recursive: true, filter: (path) => !leftOut.includes(basename(path)) })
  // What it imports stands beside it or above it, as in the workspace.
  const modules = [original, dirname(original)].map((place) => join(place, "node_modules")).find(existsSync)!
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
    .replace(/, in (?:[\d.]+ s|[\d:]+)$/, "")
    .replace(/\s+(?:[\d.]+ s|\d+:[\d:]+)$/, "")
    .replaceAll(/ {2,}/g, "  ")
    .trimEnd()
