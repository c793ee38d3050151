/**
 * A run that changes nothing: a layered graph (width 100, each step reading two outputs, 64-byte outputs), run once
 * to fill the cache and then again in a cold process without a daemon. Contenders alternate; medians.
 *
 *   pnpm bench noop [--sizes 1000,10000] [--rounds 5] [--only sluice,turbo]
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

const benchmark = {
  title: "A run that changes nothing, cold process: median CPU seconds, wall seconds, peak memory",
  run: async (options: Readonly<Record<string, string>>) => {
    const sizes = (options["sizes"] ?? "1000,10000").split(",").map(Number)
    const rounds = Number(options["rounds"] ?? "5")
    const only = options["only"]?.split(",")
    const all: ReadonlyArray<Contender> = [sluice, ...nodePeers.contenders, ...pythonPeers.contenders]
    const chosen = all.filter((one) => only === undefined || only.some((name) => one.name.startsWith(name)))
    const root = fs.mkdtempSync(path.join(os.tmpdir(), "sluice-noop-"))
    const rows: Array<Record<string, unknown>> = []
    try {
      for (const size of sizes) {
        const ready: Array<{ contender: Contender; steps: number; command: Command; runs: Array<Measured> }> =
          []
        for (const contender of chosen) {
          const steps = Math.min(size, contender.largest)
          if (steps < size && size !== Math.min(...sizes)) continue
          const folder = path.join(root, `${contender.name.replaceAll(/\W/g, "-")}-${steps}`)
          fs.mkdirSync(folder, { recursive: true })
          console.error(`fill ${contender.name}, ${steps} steps`)
          const command = await contender.prepare(folder, steps)
          const first = await measure(command)
          if (first.exitCode !== 0) {
            console.error(
              `${contender.name} failed while filling:\n${first.stdout.slice(-2000)}${first.stderr.slice(-2000)}`,
            )
            continue
          }
          await measure(command)
          ready.push({ contender, steps, command, runs: [] })
        }
        for (let round = 0; round < rounds; round++)
          for (const one of ready) one.runs.push(await measure(one.command))
        for (const { contender, steps, runs } of ready) {
          const row = {
            engine: contender.name,
            steps,
            cpuSeconds: round3(median(runs.map((run) => run.cpuSeconds))),
            wallSeconds: round3(median(runs.map((run) => run.wallSeconds))),
            peakMemoryMB: Math.round(median(runs.map((run) => run.peakMemoryMB))),
            keys: contender.keys,
          }
          rows.push(row)
          console.error(
            `${row.engine.padEnd(24)}${String(steps).padStart(7)}${row.cpuSeconds.toFixed(3).padStart(9)} CPU s` +
              `${row.wallSeconds.toFixed(3).padStart(9)} s${String(row.peakMemoryMB).padStart(7)} MB  ${row.keys}`,
          )
        }
      }
    } finally {
      fs.rmSync(root, { recursive: true, force: true })
    }
    return { rounds, rows }
  },
}

const round3 = (value: number): number => Math.round(value * 1000) / 1000

export default benchmark
