/** The real `sluice` in a process group of its own, so that it can be killed together with its children. */
import { spawn } from "node:child_process"
import { fileURLToPath } from "node:url"
import type * as Sandbox from "../cli/Sandbox.ts"

const launcher = fileURLToPath(new URL("../../packages/cli/bin/sluice.js", import.meta.url))

export interface Group {
  /** Resolves when what was printed so far matches; fails where the process ends before. */
  readonly until: (pattern: RegExp) => Promise<void>
  /** Kills the engine and every process that it started. */
  readonly kill: () => void
  /** As Ctrl-C does. */
  readonly interrupt: () => void
  /** Kills the engine alone. */
  readonly killEngine: () => void
  /** `code` is null where a signal ended it. */
  readonly ended: Promise<{ readonly code: number | null; readonly output: string }>
}

export const start = (
  project: Pick<Sandbox.Sandbox, "root">,
  args: ReadonlyArray<string>,
  env: NodeJS.ProcessEnv = {},
): Group => {
  const { FORCE_COLOR: _, ...outer } = process.env
  const child = spawn(process.execPath, [launcher, ...args], {
    cwd: project.root,
    env: { ...outer, ...env },
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  })
  let output = ""
  let over = false
  const waiting = new Set<() => void>()
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text
      waiting.forEach((check) => check())
    })
  }
  const ended = new Promise<{ readonly code: number | null; readonly output: string }>((resolve, reject) => {
    child.once("error", reject)
    child.once("close", (code) => {
      over = true
      resolve({ code, output })
      waiting.forEach((check) => check())
    })
  })
  return {
    ended,
    kill: () => {
      try {
        process.kill(-child.pid!, "SIGKILL")
      } catch (error) {
        // The whole group may have ended already.
        if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error
      }
    },
    interrupt: () => void child.kill("SIGINT"),
    killEngine: () => void child.kill("SIGKILL"),
    until: (pattern) =>
      new Promise((resolve, reject) => {
        const check = (): void => {
          if (pattern.test(output)) resolve()
          else if (over) reject(new Error(`ended without ${pattern}:\n${output}`))
          else return
          waiting.delete(check)
        }
        waiting.add(check)
        check()
      }),
  }
}
