/**
 * What it costs to ask: `why` and `plan` beside a run that changes nothing, on the layered graph, and `why` of a step
 * deep below a change. Commands alternate; medians.
 *
 *   pnpm bench why [--steps 10000] [--rounds 7]
 */
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { type Measured, measure, median } from "./lib/processTree.ts"
import { width } from "./peers/Contender.ts"
import { sluice } from "./peers/sluice.ts"

const benchmark = {
  title: "`why` beside a run that changes nothing: median CPU seconds, wall seconds, peak memory",
  run: async (options: Readonly<Record<string, string>>) => {
    const steps = Number(options["steps"] ?? "10000")
    const rounds = Number(options["rounds"] ?? "7")
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "sluice-why-"))
    try {
      const command = await sluice.prepare(folder, steps)
      const launcher = command.args[0]!
      const filled = await measure(command)
      if (filled.exitCode !== 0) throw new Error(filled.stderr)
      const last = `n_${steps / width - 1}_3`
      const unchanged = await compare(rounds, {
        run: command,
        why: { ...command, args: [launcher, "why", last, "pipeline.ts"] },
        plan: { ...command, args: [launcher, "plan", "pipeline.ts"] },
      })
      // One root's name changes, and with it all that lies below.
      const pipeline = path.join(folder, "pipeline.ts")
      const text = fs.readFileSync(pipeline, "utf8")
      fs.writeFileSync(
        pipeline,
        text.replace("Root({ name })", 'Root({ name: name === "n_0_3" ? "other" : name })'),
      )
      const changed = await compare(rounds, {
        why: { ...command, args: [launcher, "why", last, "pipeline.ts"] },
        plan: { ...command, args: [launcher, "plan", "pipeline.ts"] },
      })
      const of = (name: string) => unchanged.find((row) => row.command === name)!
      const ratio = (of("why").cpuSeconds / of("run").cpuSeconds).toFixed(2)
      console.error(`why / run that changes nothing: ${ratio}`)
      return { steps, rounds, ratio: Number(ratio), unchanged, changed }
    } finally {
      fs.rmSync(folder, { recursive: true, force: true })
    }
  },
}

const compare = async (rounds: number, commands: Readonly<Record<string, Parameters<typeof measure>[0]>>) => {
  const runs = new Map<string, Array<Measured>>(Object.keys(commands).map((name) => [name, []]))
  for (const command of Object.values(commands)) await measure(command)
  for (let round = 0; round < rounds; round++)
    for (const [name, command] of Object.entries(commands)) runs.get(name)!.push(await measure(command))
  return [...runs].map(([command, measured]) => {
    const row = {
      command,
      cpuSeconds: round3(median(measured.map((one) => one.cpuSeconds))),
      wallSeconds: round3(median(measured.map((one) => one.wallSeconds))),
      peakMemoryMB: Math.round(median(measured.map((one) => one.peakMemoryMB))),
      says: measured[0]!.stdout.split("\n")[0],
    }
    console.error(
      `${command.padEnd(8)}${row.cpuSeconds.toFixed(3)} CPU s  ${row.wallSeconds.toFixed(3)} s  ` +
        `${row.peakMemoryMB} MB  ${row.says}`,
    )
    return row
  })
}

const round3 = (value: number): number => Math.round(value * 1000) / 1000

export default benchmark
