/**
 * `pnpm bench NAME [--flag value …]`: runs one benchmark, prints its table on standard error and its figures as
 * JSON on standard output, and keeps the JSON under `bench/results/`.
 */
import * as fs from "node:fs"
import * as path from "node:path"
import { machine } from "./lib/machine.ts"

export interface Benchmark {
  readonly title: string
  readonly run: (options: Readonly<Record<string, string>>) => Promise<Record<string, unknown>>
}

const folder = import.meta.dirname
const [name, ...rest] = process.argv.slice(2)
const known = fs
  .readdirSync(folder)
  .filter((file) => file.endsWith(".ts") && file !== "run.ts")
  .map((file) => file.slice(0, -3))
  .toSorted()

if (name === undefined || !known.includes(name)) {
  console.error(`Which benchmark? One of: ${known.join(", ")}.\n  pnpm bench ${known[0] ?? "NAME"}`)
  process.exit(2)
}

const options: Record<string, string> = {}
for (let i = 0; i < rest.length; i++) {
  const flag = rest[i]!
  if (!flag.startsWith("--")) {
    console.error(`"${flag}" is not a flag; options are written --name value.`)
    process.exit(2)
  }
  const next = rest[i + 1]
  if (next === undefined || next.startsWith("--")) options[flag.slice(2)] = "true"
  else {
    options[flag.slice(2)] = next
    i++
  }
}

const benchmark = ((await import(`./${name}.ts`)) as { readonly default: Benchmark }).default
console.error(benchmark.title)
const figures = await benchmark.run(options)
const record = { benchmark: name, options, machine: machine(), ...figures }
const text = `${JSON.stringify(record, null, 2)}\n`
fs.mkdirSync(path.join(folder, "results"), { recursive: true })
fs.writeFileSync(path.join(folder, "results", `${name}.json`), text)
process.stdout.write(text)
