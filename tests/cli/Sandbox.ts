/**
 * A project in a temporary folder, and the real `sluice` run in it as a process of its own.
 */
import { spawn } from "node:child_process"
import type { ChildProcessWithoutNullStreams } from "node:child_process"
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { vi } from "vitest"
import * as Terminal from "./Terminal.ts"

const repository = fileURLToPath(new URL("../..", import.meta.url))
const launcher = join(repository, "packages/cli/bin/sluice.js")
const terminalScript = fileURLToPath(new URL("terminal.py", import.meta.url))

interface Result {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

interface Running {
  /** Resolves when what was printed so far matches. */
  readonly until: (pattern: RegExp) => Promise<void>
  readonly signal: (signal: NodeJS.Signals) => void
  /** Types into the terminal. */
  readonly type: (text: string) => void
  readonly result: Promise<Result>
}

export interface Sandbox {
  readonly root: string
  readonly write: (name: string, content: string) => void
  readonly sluice: (...args: ReadonlyArray<string>) => Promise<Result>
  readonly start: (args: ReadonlyArray<string>, env?: NodeJS.ProcessEnv) => Running
  /** In a terminal; `lines` of the result are what stands on it at the end. */
  readonly terminal: (
    args: ReadonlyArray<string>,
    options?: { readonly columns?: number; readonly rows?: number; readonly env?: NodeJS.ProcessEnv },
  ) => Running & { readonly lines: Promise<ReadonlyArray<string>> }
  /** Resolves when a file or folder of the project has something in it. */
  readonly untilFile: (name: string) => Promise<void>
  readonly remove: () => void
}

/** Variables of the surrounding shell that would change what is printed. */
const quiet = ["NO_COLOR", "FORCE_COLOR", "CI", "TERM", "COLUMNS", "npm_lifecycle_event"]

const environment = (more: NodeJS.ProcessEnv): NodeJS.ProcessEnv => {
  const env = { ...process.env, ...more }
  for (const name of quiet) if (!(name in more)) delete env[name]
  return env
}

const watch = (child: ChildProcessWithoutNullStreams): Running => {
  let stdout = ""
  let stderr = ""
  const waiting = new Set<() => void>()
  const tell = (): void => waiting.forEach((check) => check())
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text
    tell()
  })
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text
    tell()
  })
  const result = new Promise<Result>((resolve, reject) => {
    child.once("error", reject)
    child.once("close", (code, signal) => {
      resolve({ code: code ?? (signal === "SIGINT" ? 130 : 137), stdout, stderr })
      tell()
    })
  })
  let closed = false
  child.once("close", () => (closed = true))
  return {
    result,
    signal: (signal) => void child.kill(signal),
    type: (text) => void child.stdin.write(text),
    until: (pattern) =>
      new Promise((resolve, reject) => {
        const check = (): void => {
          if (pattern.test(stdout + stderr)) resolve()
          else if (closed) reject(new Error(`ended without ${pattern}:\n${stdout}${stderr}`))
          else return
          waiting.delete(check)
        }
        waiting.add(check)
        check()
      }),
  }
}

export const make = (files: Readonly<Record<string, string>> = {}): Sandbox => {
  const root = realpathSync(mkdtempSync(join(tmpdir(), "sluice-cli-")))
  const write = (name: string, content: string): void => {
    mkdirSync(dirname(join(root, name)), { recursive: true })
    writeFileSync(join(root, name), content)
  }
  write("package.json", `${JSON.stringify({ name: "sandbox", private: true, type: "module" })}\n`)
  const scope = join(root, "node_modules/@sluice")
  mkdirSync(scope, { recursive: true })
  for (const name of readdirSync(join(repository, "packages"))) {
    symlinkSync(join(repository, "packages", name), join(scope, name))
  }
  symlinkSync(realpathSync(join(repository, "node_modules/effect")), join(root, "node_modules/effect"))
  for (const [name, content] of Object.entries(files)) write(name, content)
  const start = (args: ReadonlyArray<string>, env: NodeJS.ProcessEnv = {}): Running =>
    watch(spawn(process.execPath, [launcher, ...args], { cwd: root, env: environment(env) }))
  return {
    root,
    write,
    start,
    sluice: (...args) => start(args).result,
    terminal: (args, { columns = 100, rows = 40, env = {} } = {}) => {
      const running = watch(
        spawn(
          "python3",
          [terminalScript, String(rows), String(columns), process.execPath, launcher, ...args],
          {
            cwd: root,
            env: environment({ TERM: "xterm-256color", ...env }),
          },
        ),
      )
      const lines = running.result.then(({ stdout }) => {
        const terminal = Terminal.make(columns)
        terminal.write(stdout)
        return terminal.lines()
      })
      return { ...running, lines }
    },
    untilFile: (name) => vi.waitFor(() => void readdirSync(join(root, name))[0]!.length, { timeout: 20_000 }),
    remove: () => rmSync(root, { recursive: true, force: true }),
  }
}
