/**
 * What it costs to ask: `why` and `plan` beside a run that changes nothing, on the layered graph, and both after an edit
 * of one root, of one leaf, of the code of all roots, and of the code of all other steps. Edits are made in copies of the
 * project, so that all commands alternate with the run; medians of CPU seconds of the whole process tree.
 *
 *   pnpm bench why [--steps 10000] [--rounds 5]
 */
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { type Command, type Measured, measure, median } from "./lib/processTree.ts"
import { layered } from "./peers/Contender.ts"
import { sluice } from "./peers/sluice.ts"

/** What is asked for: `why` may cost so many times the run that changes nothing. */
const bar = 1.2

interface Edit {
  readonly name: string
  readonly from: string
  readonly to: string
}

const editsOf = (root: string, leaf: string): ReadonlyArray<Edit> => [
  { name: "one root", from: "Root({ name })", to: `Root({ name: name === "${root}" ? "other" : name })` },
  { name: "one leaf", from: "Join({ name,", to: `Join({ name: name === "${leaf}" ? "other" : name,` },
  { name: "code of all roots", from: "digest(config.name) })", to: 'digest(config.name + "+") })' },
  { name: "code of all joins", from: "digest(config.name + inputs", to: 'digest(config.name + "+" + inputs' },
]

const benchmark = {
  title: "`why` and `plan` beside a run that changes nothing: median CPU seconds, wall seconds, peak memory",
  run: async (options: Readonly<Record<string, string>>) => {
    const steps = Number(options["steps"] ?? "10000")
    const rounds = Number(options["rounds"] ?? "5")
    const names = layered(steps).map((node) => node.name)
    const [root, leaf] = [names[3]!, names.at(-97) ?? names.at(-1)!]
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "sluice-why-"))
    try {
      const unchanged = path.join(folder, "unchanged")
      fs.mkdirSync(unchanged)
      const run = await sluice.prepare(unchanged, steps)
      await succeeding(run)
      await succeeding(run)
      const commands: Array<Asked> = [
        { project: "unchanged", asks: "run", command: run },
        ...asking("unchanged", unchanged, run, leaf),
      ]
      for (const edit of editsOf(root, leaf)) {
        const copy = path.join(folder, edit.name.replaceAll(" ", "-"))
        fs.cpSync(unchanged, copy, { recursive: true, verbatimSymlinks: true, preserveTimestamps: true })
        const file = path.join(copy, "pipeline.ts")
        const text = fs.readFileSync(file, "utf8")
        if (!text.includes(edit.from)) throw new Error(`"${edit.from}" is not in the pipeline`)
        fs.writeFileSync(file, text.replace(edit.from, edit.to))
        commands.push(...asking(edit.name, copy, run, leaf))
      }
      return { steps, rounds, bar, ...(await compare(commands, rounds)) }
    } finally {
      fs.rmSync(folder, { recursive: true, force: true })
    }
  },
}

interface Asked {
  readonly project: string
  readonly asks: "run" | "why" | "plan"
  readonly command: Command
}

const asking = (project: string, cwd: string, run: Command, step: string): ReadonlyArray<Asked> => {
  const launcher = run.args[0]!
  const command = (args: ReadonlyArray<string>): Command => ({ ...run, cwd, args: [launcher, ...args] })
  return [
    { project, asks: "why", command: command(["why", step, "pipeline.ts"]) },
    { project, asks: "plan", command: command(["plan", "pipeline.ts"]) },
  ]
}

const succeeding = async (command: Command): Promise<Measured> => {
  const measured = await measure(command)
  if (measured.exitCode !== 0) throw new Error(measured.stderr)
  return measured
}

const compare = async (commands: ReadonlyArray<Asked>, rounds: number) => {
  // The first of each builds the program of an edited pipeline, and looks at the copied files anew.
  const first: Array<Measured> = []
  for (const { command } of commands) first.push(await succeeding(command))
  const runs: ReadonlyArray<Array<Measured>> = commands.map(() => [])
  for (let round = 0; round < rounds; round++)
    for (const [at, { command }] of commands.entries()) runs[at]!.push(await succeeding(command))
  const cpuOf = (at: number): number => median(runs[at]!.map((one) => one.cpuSeconds))
  const ofRun = cpuOf(0)
  const rows = commands.map(({ project, asks }, at) => {
    const row = {
      project,
      asks,
      cpuSeconds: round3(cpuOf(at)),
      timesTheRun: round3(cpuOf(at) / ofRun),
      wallSeconds: round3(median(runs[at]!.map((one) => one.wallSeconds))),
      peakMemoryMB: Math.round(median(runs[at]!.map((one) => one.peakMemoryMB))),
      firstCpuSeconds: round3(first[at]!.cpuSeconds),
      says: runs[at]![0]!.stdout.split("\n")[0]!.slice(0, 100),
    }
    console.error(
      `${project.padEnd(19)}${asks.padEnd(6)}${row.cpuSeconds.toFixed(3)} CPU s ${row.timesTheRun.toFixed(2)}x  ` +
        `${row.wallSeconds.toFixed(3)} s  ${row.peakMemoryMB} MB  ${row.says}`,
    )
    return row
  })
  const above = rows.filter(({ asks, timesTheRun }) => asks === "why" && timesTheRun > bar)
  const dear = above.length === 0 ? "yes" : `no, ${above.map(({ project }) => project).join(", ")}`
  console.error(`why, at most ${bar}x the run: ${dear}`)
  return { withinBar: above.length === 0, rows }
}

const round3 = (value: number): number => Math.round(value * 1000) / 1000

export default benchmark
