/**
 * One command with its whole process tree: wall and CPU seconds, and the peak of the sum of resident memory.
 *
 * CPU seconds are the kernel's accounting of the finished tree (`user + sys` of the child and its reaped
 * descendants). Memory is the largest sum, over the processes that live at one moment, of each one's high-water mark
 * (VmHWM), read every 50 ms: an upper bound of the true joint peak, the same for every contender. Linux only.
 */
import { spawn } from "node:child_process"
import * as fs from "node:fs"

export interface Measured {
  readonly exitCode: number
  readonly wallSeconds: number
  readonly cpuSeconds: number
  readonly peakMemoryMB: number
  readonly stdout: string
  readonly stderr: string
}

export interface Command {
  readonly command: string
  readonly args: ReadonlyArray<string>
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>>
  readonly echo?: boolean
}

export const measure = (what: Command): Promise<Measured> =>
  new Promise((resolve, reject) => {
    const began = process.hrtime.bigint()
    // `time` of the shell would need parsing; the kernel's own counters of waited-for children do not.
    const cpuBefore = childrenCpuSeconds()
    const child = spawn(what.command, what.args, {
      cwd: what.cwd,
      env: { ...process.env, ...what.env },
      stdio: ["ignore", "pipe", "pipe"],
    })
    let peakMemoryMB = 0
    const sample = () => {
      if (child.pid === undefined) return
      peakMemoryMB = Math.max(
        peakMemoryMB,
        tree(child.pid).reduce((sum, pid) => sum + highWaterMB(pid), 0),
      )
    }
    sample()
    const timer = setInterval(sample, 50)
    let stdout = ""
    let stderr = ""
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text
      if (what.echo) process.stderr.write(text)
    })
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text
      if (what.echo) process.stderr.write(text)
    })
    child.on("error", (cause) => {
      clearInterval(timer)
      reject(cause)
    })
    child.on("close", (exitCode) => {
      clearInterval(timer)
      resolve({
        exitCode: exitCode ?? 1,
        wallSeconds: Number(process.hrtime.bigint() - began) / 1e9,
        cpuSeconds: childrenCpuSeconds() - cpuBefore,
        peakMemoryMB,
        stdout,
        stderr,
      })
    })
  })

export const median = (values: ReadonlyArray<number>): number => {
  const sorted = [...values].toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

const ticksPerSecond = 100

/** User and system seconds of all children of this process that have been waited for (fields 16 and 17 of stat). */
const childrenCpuSeconds = (): number => {
  const stat = fs.readFileSync("/proc/self/stat", "utf8")
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ")
  return (Number(fields[13]) + Number(fields[14])) / ticksPerSecond
}

/** `root` and all its descendants, by the parent that each process names in its stat file. */
const tree = (root: number): ReadonlyArray<number> => {
  const children = new Map<number, Array<number>>()
  for (const entry of fs.readdirSync("/proc")) {
    if (!/^\d+$/.test(entry)) continue
    try {
      const stat = fs.readFileSync(`/proc/${entry}/stat`, "utf8")
      const parent = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1])
      children.set(parent, [...(children.get(parent) ?? []), Number(entry)])
    } catch {
      // The process ended between the two reads.
    }
  }
  const found = [root]
  for (const pid of found) found.push(...(children.get(pid) ?? []))
  return found
}

const highWaterMB = (pid: number): number => {
  try {
    const match = /VmHWM:\s+(\d+)/.exec(fs.readFileSync(`/proc/${pid}/status`, "utf8"))
    return match === null ? 0 : Number(match[1]) / 1024
  } catch {
    // The process ended between the two reads.
    return 0
  }
}
