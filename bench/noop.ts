/**
 * A run that changes nothing: a layered graph (width 100, each step reading two outputs, 64-byte outputs), run once
 * to fill the cache and then again in a cold process without a daemon. Contenders alternate; medians. One that cannot
 * be installed or fails is told of, and the others go on.
 *
 *   pnpm bench noop [--steps 1000,10000] [--rounds 5] [--only sluice,turbo]
 */
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import type { Command, Measured } from "./lib/processTree.ts"
import { measure, median } from "./lib/processTree.ts"
import type { Contender } from "./peers/Contender.ts"
import * as nodePeers from "./peers/node.ts"
import * as pythonPeers from "./peers/python.ts"
import { sluice } from "./peers/sluice.ts"

const all: ReadonlyArray<Contender> = [sluice, ...nodePeers.contenders, ...pythonPeers.contenders]

const benchmark = {
  title: "A run that changes nothing, cold process: median CPU seconds, wall seconds, peak memory",
  run: async (options: Readonly<Record<string, string>>) => {
    const sizes = (options["steps"] ?? "1000,10000").split(",").map(Number)
    const rounds = Number(options["rounds"] ?? "5")
    const chosen = choose(options["only"]?.split(","))
    const root = fs.mkdtempSync(path.join(os.tmpdir(), "sluice-noop-"))
    const rows: Array<Record<string, unknown>> = []
    try {
      for (const size of sizes) {
        const filled: Array<Filled | Failed> = []
        for (const contender of chosen) {
          const steps = Math.min(size, contender.largest)
          if (steps < size && size !== Math.min(...sizes)) continue
          filled.push(await fill(contender, steps, root))
        }
        const ready = filled.filter((one): one is Filled => !("failed" in one))
        for (let round = 0; round < rounds; round++)
          for (const one of ready) one.runs.push(await measure(one.command))
        rows.push(...filled.map(rowOf))
      }
    } finally {
      fs.rmSync(root, { recursive: true, force: true })
    }
    return { rounds, rows }
  },
}

/** Those whose names begin as one of these; all where none is named. */
const choose = (only: ReadonlyArray<string> | undefined): ReadonlyArray<Contender> => {
  const names = all.map((one) => one.name)
  const unknown = (only ?? []).filter((wanted) => !names.some((name) => name.startsWith(wanted)))
  if (unknown.length > 0) {
    console.error(`--only names no contender: ${unknown.join(", ")}. There are ${names.join(", ")}.`)
    process.exit(2)
  }
  return all.filter(({ name }) => only === undefined || only.some((wanted) => name.startsWith(wanted)))
}

interface Filled {
  readonly contender: Contender
  readonly steps: number
  readonly command: Command
  readonly runs: Array<Measured>
}

interface Failed {
  readonly contender: Contender
  readonly steps: number
  readonly failed: string
}

const fill = async (contender: Contender, steps: number, root: string): Promise<Filled | Failed> => {
  const folder = path.join(root, `${contender.name.replaceAll(/\W/g, "-")}-${steps}`)
  fs.mkdirSync(folder, { recursive: true })
  console.error(`fill ${contender.name}, ${steps} steps`)
  try {
    const command = await contender.prepare(folder, steps)
    for (const attempt of ["filling", "a second run"]) {
      const { exitCode, stderr, stdout } = await measure(command)
      if (exitCode !== 0)
        throw new Error(`${attempt} ended with ${exitCode}\n${stdout.slice(-2000)}${stderr.slice(-2000)}`)
    }
    return { contender, steps, command, runs: [] }
  } catch (error) {
    return { contender, steps, failed: error instanceof Error ? error.message : String(error) }
  }
}

const rowOf = (one: Filled | Failed): Record<string, unknown> => {
  const { name, keys } = one.contender
  const failed =
    "failed" in one
      ? one.failed
      : one.runs.some((run) => run.exitCode !== 0)
        ? "a measured run failed"
        : undefined
  if (failed !== undefined || "failed" in one) {
    console.error(`${name.padEnd(24)}${String(one.steps).padStart(7)}  failed: ${failed}`)
    return { engine: name, steps: one.steps, failed, keys }
  }
  const row = {
    engine: name,
    steps: one.steps,
    cpuSeconds: round3(median(one.runs.map((run) => run.cpuSeconds))),
    wallSeconds: round3(median(one.runs.map((run) => run.wallSeconds))),
    peakMemoryMB: Math.round(median(one.runs.map((run) => run.peakMemoryMB))),
    keys,
  }
  console.error(
    `${name.padEnd(24)}${String(one.steps).padStart(7)}${row.cpuSeconds.toFixed(3).padStart(9)} CPU s` +
      `${row.wallSeconds.toFixed(3).padStart(9)} s${String(row.peakMemoryMB).padStart(7)} MB  ${keys}`,
  )
  return row
}

const round3 = (value: number): number => Math.round(value * 1000) / 1000

export default benchmark
