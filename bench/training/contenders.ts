/** Who trains: each contender is a program that reads a work file and prints one JSON line. */
import * as fs from "node:fs"
import * as path from "node:path"
import type { ModelFiles } from "@sluice/llm"
import { Allocator } from "@sluice/tensorflow"
import { type Command, measure } from "../lib/processTree.ts"
import type { Row } from "./rows.ts"
import { type ShapeName, shapes } from "./shapes.ts"

/** What all parts of the benchmark are given. */
export interface Setting {
  /** Removed at the end. */
  readonly scratch: string
  readonly python: string
  readonly gguf: string
  readonly model: ModelFiles.OpenModel
  readonly threads: number
  readonly rounds: number
  readonly steps: number
  /** Optimizer steps beside PEFT's, for the mathematics. */
  readonly compared: number
  readonly only: string | undefined
  /** How the names of those begin that are timed; all of them where left out. */
  readonly contenders: ReadonlyArray<string> | undefined
}

/** What a contender is asked to train; what it does not know it leaves alone. */
export interface Task {
  readonly gguf?: string
  /** A model of which only the shape matters, in place of a file. */
  readonly shape?: ShapeName
  /** The initial adapter, a PEFT directory; a new one where it is left out. */
  readonly adapter?: string
  readonly batches: ReadonlyArray<ReadonlyArray<Row>>
  readonly rank: number
  readonly alpha: number
  readonly rslora?: boolean
  readonly learningRate: number
  readonly totalSteps: number
  readonly warmup: number
  /** Where the trained adapter is written. */
  readonly saveTo?: string
  /** Rows whose loss is taken at the end; Sluice also looks every `lookEvery` optimizer steps, until it is low enough. */
  readonly heldOut?: ReadonlyArray<Row>
  readonly lookEvery?: number
  readonly until?: number
  /** Sluice alone: its backend, and options of its trainer. */
  readonly backend?: "tensorflow" | "wasm" | "cpu"
  readonly trainer?: Readonly<Record<string, unknown>>
}

export interface Contender {
  readonly name: string
  readonly program: "sluice_train.ts" | "peft_train.py" | "trl_train.py"
  /** Of TRL's SFTConfig. */
  readonly options?: Readonly<Record<string, unknown>>
}

export const sluice: Contender = { name: "Sluice", program: "sluice_train.ts" }
export const peft: Contender = { name: "PEFT, fp32", program: "peft_train.py" }
export const trl: Contender = { name: "TRL, bf16=False", program: "trl_train.py", options: { bf16: false } }
export const trlDefaults: Contender = { name: "TRL, its defaults", program: "trl_train.py" }
/** One sequence of about a batch's tokens an optimizer step. */
export const trlPacking = (tokens: number): Contender => ({
  name: "TRL, bf16=False, packing=True",
  program: "trl_train.py",
  options: { bf16: false, packing: true, max_length: tokens, per_device_train_batch_size: 1 },
})

export interface Output {
  /** Of each optimizer step. */
  readonly seconds: ReadonlyArray<number>
  readonly losses: ReadonlyArray<number>
  readonly gradientNorms?: ReadonlyArray<number>
  readonly predictedBytes?: number
  readonly heldOutLoss?: number
  readonly looks?: ReadonlyArray<Look>
  /** What its library said about the options. */
  readonly notes?: ReadonlyArray<string>
}

export interface Look {
  readonly optimizerStep: number
  readonly loss: number
  /** Of optimizer steps alone, and with all looks so far. */
  readonly trainingSeconds: number
  readonly seconds: number
}

/** Runs a contender in a process of its own. */
export const run = async (
  setting: Pick<Setting, "python" | "scratch" | "threads">,
  contender: Contender,
  task: Task,
): Promise<Output & { readonly peakMemoryMB: number }> => {
  const work = path.join(setting.scratch, "work.json")
  const isPython = contender.program.endsWith(".py")
  const { threads } = setting
  const more = { threads, scratch: path.join(setting.scratch, "trl"), options: contender.options ?? {} }
  const shape = task.shape !== undefined && isPython ? { shape: shapes[task.shape] } : {}
  fs.writeFileSync(work, JSON.stringify({ ...task, ...more, ...shape }))
  const program = path.join(import.meta.dirname, contender.program)
  const command: Command = isPython
    ? { command: setting.python, args: [program, work], env: { OMP_NUM_THREADS: String(threads) } }
    : { command: process.execPath, args: [program, work], env: Allocator.environment }
  const measured = await measure(command)
  if (measured.exitCode !== 0) throw new Error(`${contender.name} failed:\n${measured.stderr}`)
  const output = JSON.parse(measured.stdout.trim().split("\n").at(-1)!) as Output
  console.error(
    `  ${contender.name}: ${output.seconds.length} optimizer steps, ${measured.wallSeconds.toFixed(1)} s`,
  )
  return { ...output, peakMemoryMB: Math.round(measured.peakMemoryMB) }
}

/** The recipe of the reviews' quickstart. */
export const recipe = { rank: 16, alpha: 32, learningRate: 2e-4, totalSteps: 38, warmup: 1 }

export const largestDifference = (a: ReadonlyArray<number>, b: ReadonlyArray<number>): number =>
  Number(Math.max(...a.map((value, i) => Math.abs(value - b[i]!))).toExponential(2))

export const round3 = (value: number): number => Math.round(value * 1000) / 1000

/** Prints a row of the table as it is found. */
export const say = <A extends Record<string, unknown>>(row: A): A => {
  console.error(JSON.stringify(row))
  return row
}
