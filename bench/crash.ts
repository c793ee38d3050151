/**
 * A real training that is killed: SmolLM2-135M on reviews, the whole process tree ended by SIGKILL at seeded random
 * moments of the training, some of them within the saving of a checkpoint, and started again until it is done. Its
 * results must be those of the training that nobody killed, digest by digest.
 *
 *   pnpm bench crash [--kills 20] [--rows 40]
 */
import * as fs from "node:fs"
import * as path from "node:path"
import { setTimeout as wait } from "node:timers/promises"
import { Random } from "@sluice/core"
import * as Group from "../tests/support/Group.ts"
import { measure } from "./lib/processTree.ts"
import * as Project from "./lib/project.ts"

/** Four rows an optimizer step, a checkpoint after every second one, and looks at held-out rows between them. */
const pipeline = `import { Pipeline, Table } from "@sluice/core"
import { Collect, Format, Model, Split, Tokenize, Train } from "@sluice/steps"
import { Schema } from "effect"

class Review extends Table.make({ text: Table.utf8, class: Table.int32 }) {}

const chatOf = (review: Review) => [
  { role: "system" as const, content: "Classify the sentiment of the review as JSON." },
  { role: "user" as const, content: review.text },
  { role: "assistant" as const, content: JSON.stringify({ sentiment: review.class === 1 ? "positive" : "negative" }) },
]

export default Pipeline.make("crash", { params: { rows: Schema.Int } }, ({ params, step }) => {
  const model = step("model", Model.smolLM2({ size: "135M" }))
  const { rows } = step("collect", Collect.json({ files: "data/*.json", row: Review, onBadRow: "drop" }))
  const { train, heldOut } = step("split", Split.byHash({ rows, by: "text", heldOut: 0.1 }))
  const tokensOf = (name: string, from: typeof train, count: number) => {
    const sample = step(name, Split.sample({ rows: from, count }))
    const chats = step(name + "Chats", Format.chat({ rows: sample, messages: chatOf }))
    return step(name + "Tokens", Tokenize.chat({ chats, model, maxTokens: 256 })).tokens
  }
  const tokens = tokensOf("train", train, params.rows)
  const heldOutTokens = tokensOf("heldOut", heldOut, 8)
  return step(
    "learn",
    Train.lora({ model, tokens, batchRows: 4, checkpointEvery: 2, heldOut: { tokens: heldOutTokens, every: 5 } }),
  )
})
`

const step = "learn"
const started = new RegExp(`^${step} +run`, "m")

/** When a training dies: so long after its step began, or so long after it began to write a checkpoint. */
type Moment =
  | { readonly kind: "any"; readonly seconds: number }
  | { readonly kind: "save"; readonly save: number; readonly seconds: number }

interface Trial {
  readonly moment: Moment
  /** A checkpoint without its good name was left behind. */
  readonly tornSave: boolean
  /** The optimizer step whose checkpoint the second start went on from. */
  readonly resumedAfter: number
  readonly identical: boolean
  /** Outputs with another digest. */
  readonly different: ReadonlyArray<string>
  /** Temporary files and checkpoints that lie in the store after the end. */
  readonly leftovers: ReadonlyArray<string>
}

const benchmark = {
  title: "A real training under SIGKILL: are the results those of the uninterrupted one?",
  run: async (options: Readonly<Record<string, string>>) => {
    const kills = Number(options["kills"] ?? "20")
    const rows = Number(options["rows"] ?? "40")
    const root = Project.make("crash", { "pipeline.ts": pipeline })
    try {
      Project.addReviews(root)
      const settings = ["pipeline.ts", "--set", `rows=${rows}`]
      const sluice = (...args: ReadonlyArray<string>) => run(root, args)
      await sluice("run", ...settings, "--only", "trainTokens", "--only", "heldOutTokens")
      const store = path.join(root, ".sluice")
      const prepared = path.join(root, "prepared")
      fs.cpSync(store, prepared, { recursive: true })

      const group = Group.start({ root }, ["run", ...settings])
      await group.until(started)
      const began = performance.now()
      if ((await group.ended).code !== 0) throw new Error((await group.ended).output)
      const uninterruptedSeconds = (performance.now() - began) / 1000
      const expected = await digests(root)
      const saves = Math.ceil(rows / 4 / 2) - 1
      console.error(`uninterrupted: ${uninterruptedSeconds.toFixed(1)} s, ${saves} checkpoints`)

      const trials: Array<Trial> = []
      for (const moment of moments(kills, uninterruptedSeconds, saves)) {
        fs.rmSync(store, { recursive: true, force: true })
        fs.cpSync(prepared, store, { recursive: true })
        const torn = await killed(root, settings, moment)
        const again = JSON.parse(await sluice("run", ...settings, "--json")) as { readonly id: string }
        const found = await digests(root)
        const different = Object.keys(expected).filter((output) => found[output] !== expected[output])
        const trial: Trial = {
          moment,
          tornSave: torn,
          resumedAfter: resumedAfter(store, again.id),
          identical: different.length === 0,
          different,
          leftovers: leftovers(store),
        }
        trials.push(trial)
        console.error(`${trials.length} of ${kills}  ${line(trial)}`)
      }
      const identical = trials.filter((trial) => trial.identical).length
      console.error(`${identical} of ${trials.length} trainings came out identical`)
      return {
        rows,
        uninterruptedSeconds: round2(uninterruptedSeconds),
        digests: expected,
        kills: trials.length,
        tornSaves: trials.filter((trial) => trial.tornSave).length,
        identical,
        trials,
      }
    } finally {
      fs.rmSync(root, { recursive: true, force: true })
    }
  },
}

/** A third of the kills within saves, the others at any time from the step's first moment to its last one. */
const moments = (kills: number, seconds: number, saves: number): ReadonlyArray<Moment> => {
  const draw = Random.make("bench/crash")
  return Array.from({ length: kills }, (_, at): Moment =>
    at % 3 === 1
      ? { kind: "save", save: 1 + draw.integer(saves), seconds: round2(draw.uniform() * 0.1) }
      : { kind: "any", seconds: round2(draw.uniform() * seconds) },
  )
}

/**
 * Starts a training and kills it at its moment, however the machine's speed shifts what that moment is. True where a
 * half-written checkpoint was left.
 */
const killed = async (root: string, settings: ReadonlyArray<string>, moment: Moment): Promise<boolean> => {
  const group = Group.start({ root }, ["run", ...settings])
  await group.until(started)
  const ended = group.ended.then(() => "ended")
  const over = new AbortController()
  const due = moment.kind === "any" ? wait(moment.seconds * 1000) : saving(root, moment, over.signal)
  await Promise.race([due, ended])
  group.kill()
  await ended
  over.abort()
  return unfinishedSaves(root).length > 0
}

/** Until the checkpoint of that number is being written, and a little more. */
const saving = async (
  root: string,
  { save, seconds }: Extract<Moment, { readonly kind: "save" }>,
  over: AbortSignal,
): Promise<void> => {
  const seen = new Set<string>()
  while (seen.size < save && !over.aborted) {
    unfinishedSaves(root).forEach((name) => seen.add(name))
    await wait(2)
  }
  await wait(seconds * 1000)
}

/** Temporary folders with parts of a checkpoint. */
const unfinishedSaves = (root: string): ReadonlyArray<string> => {
  const folder = path.join(root, ".sluice/tmp")
  return names(folder).filter((name) => fs.existsSync(path.join(folder, name, "part-0")))
}

const names = (folder: string): ReadonlyArray<string> => (fs.existsSync(folder) ? fs.readdirSync(folder) : [])

/** What a finished run may not leave. */
const leftovers = (store: string): ReadonlyArray<string> =>
  ["tmp", "checkpoints"].flatMap((folder) => names(path.join(store, folder)))

const run = async (root: string, args: ReadonlyArray<string>): Promise<string> => {
  const ran = await measure({ command: process.execPath, args: [Project.launcher, ...args], cwd: root })
  if (ran.exitCode !== 0) throw new Error(`sluice ${args.join(" ")} failed:\n${ran.stdout}${ran.stderr}`)
  return ran.stdout
}

/** Fingerprints of the training's outputs, by output. */
const digests = async (root: string): Promise<Readonly<Record<string, string>>> => {
  const { outputs } = JSON.parse(await run(root, ["show", step, "pipeline.ts", "--json"])) as {
    readonly outputs: Readonly<Record<string, { readonly fingerprint: string }>>
  }
  return Object.fromEntries(Object.entries(outputs).map(([name, { fingerprint }]) => [name, fingerprint]))
}

const resumedAfter = (store: string, id: string): number => {
  const log = fs.readFileSync(path.join(store, "runs", `${id}.jsonl`), "utf8")
  return Number(/"measure":"resumed after optimizer step","value":(\d+)/.exec(log)?.[1] ?? 0)
}

const line = ({ different, leftovers: left, moment, resumedAfter: from, tornSave }: Trial): string =>
  [
    moment.kind === "any" ? `after ${moment.seconds} s` : `in save ${moment.save} + ${moment.seconds} s`,
    tornSave ? "a torn save" : undefined,
    from === 0 ? "started over" : `went on after optimizer step ${from}`,
    different.length === 0 ? "identical" : `DIFFERENT: ${different.join(", ")}`,
    left.length === 0 ? undefined : `left behind: ${left.join(", ")}`,
  ]
    .filter((part) => part !== undefined)
    .join(", ")

const round2 = (value: number): number => Math.round(value * 100) / 100

export default benchmark
