/**
 * Folders outside the workspace: a project that `sluice init` wrote, and commands in it as a user types them.
 */
import { spawn } from "node:child_process"
import { mkdtempSync, readFileSync, realpathSync } from "node:fs"
import { rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

export const repository = fileURLToPath(new URL("../..", import.meta.url))
export const launcher = join(repository, "packages/cli/bin/sluice.js")

/** A temporary folder. */
export const folder = (): { readonly path: string; readonly remove: () => Promise<void> } => {
  const path = realpathSync(mkdtempSync(join(tmpdir(), "sluice-outside-")))
  return { path, remove: () => rm(path, { recursive: true, force: true, maxRetries: 5 }) }
}

/** What package managers and Vitest tell the processes that they start, and a user's shell does not hold. */
const inherited =
  /^(VITEST|npm_(lifecycle|package|command|execpath|config_(user_agent|package|call|yes)|node)|INIT_CWD$|NODE_(ENV|OPTIONS)$|FORCE_COLOR$|CI$|TEST$)/

const environment = (): NodeJS.ProcessEnv => ({
  ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !inherited.test(name))),
  NO_COLOR: "1",
})

export interface Result {
  readonly code: number
  /** Everything printed. */
  readonly output: string
}

/** A line of a shell. */
export const shell = (cwd: string, line: string): Promise<Result> =>
  new Promise((resolve, reject) => {
    const child = spawn("sh", ["-c", line], { cwd, env: environment() })
    let output = ""
    child.stdout.setEncoding("utf8").on("data", (text: string) => (output += text))
    child.stderr.setEncoding("utf8").on("data", (text: string) => (output += text))
    child.once("error", reject)
    child.once("close", (code) => resolve({ code: code ?? 1, output }))
  })

/** As `shell`, for a line that has to succeed; what it printed. */
export const done = async (cwd: string, line: string): Promise<string> => {
  const { code, output } = await shell(cwd, line)
  if (code !== 0) throw new Error(`${line} ended with ${code}:\n${output}`)
  return output
}

/** The commands of a README, in its order. */
export const commandsOf = (readme: string): ReadonlyArray<string> =>
  [...readFileSync(readme, "utf8").matchAll(/^```sh\n([\s\S]*?)^```$/gm)].flatMap((block) =>
    block[1]!.trim().split("\n"),
  )

/** A command that is written for npm, as it is typed under a package manager. */
export const under = (manager: "npm" | "pnpm", command: string): string =>
  manager === "npm" ? command : command.replace(/^npx sluice/, "pnpm sluice").replace(/^npm( run)?/, "pnpm")

/** Keys by step, of a JSON document that `plan --json` printed, perhaps under a package manager's own lines. */
export const keysOf = (output: string): Record<string, string> => {
  const { steps } = JSON.parse(output.slice(output.indexOf("\n{") + 1 || output.indexOf("{"))) as {
    readonly steps: ReadonlyArray<{ readonly name: string; readonly key: string | null }>
  }
  return Object.fromEntries(steps.flatMap(({ name, key }) => (key === null ? [] : [[name, key]])))
}
