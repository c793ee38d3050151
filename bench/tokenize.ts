/**
 * Tokenizing chats beside Hugging Face's: 100,000 chats of two reviews each, from a file to ids and labels in a table,
 * on all cores. Sluice is the step of a pipeline as a user runs it, with what it reads and stores; the peer is
 * `datasets.map` over two processes with the Rust tokenizer. One after the other, alternating; ids and masks must be
 * equal.
 *
 *   pnpm bench tokenize [--rounds 3] [--chats 100000] [--python PATH]
 */
import { createHash } from "node:crypto"
import { execFileSync } from "node:child_process"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { Artifact, ArtifactStore } from "@sluice/core"
import { ChatTemplate, ModelFiles, Supervision } from "@sluice/llm"
import { Tokens } from "@sluice/steps"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { cacheFolder } from "./lib/cacheFolder.ts"
import { type Measured, measure, median } from "./lib/processTree.ts"
import * as project from "./lib/project.ts"

const repository = path.resolve(import.meta.dirname, "..")
const processes = 2
const requirements = ["datasets==5.2.0", "transformers==5.23.0", "tokenizers==0.23.3", "jinja2==3.1.6"]

/** A virtual environment without PyTorch, which tokenizing does not need; made when missing. */
const pythonWithDatasets = (): string => {
  const environment = path.join(cacheFolder(), "datasets-venv-1")
  const done = path.join(environment, "installed.txt")
  if (!fs.existsSync(done)) {
    fs.rmSync(environment, { recursive: true, force: true })
    execFileSync("python3", ["-m", "venv", environment], { stdio: "inherit" })
    execFileSync(path.join(environment, "bin/pip"), ["install", "-q", ...requirements], { stdio: "inherit" })
    fs.writeFileSync(done, requirements.join("\n"))
  }
  return path.join(environment, "bin/python")
}

interface Message {
  readonly role: string
  readonly content: string
}

/** Two reviews in one question, so that no two chats are the same. */
const chatsOf = (count: number): ReadonlyArray<{ readonly messages: ReadonlyArray<Message> }> => {
  const reviews = project.reviews().filter((review) => review.class !== null)
  return Array.from({ length: count }, (_, n) => {
    const first = reviews[n % reviews.length]!
    const second = reviews[(7919 * n + Math.floor(n / reviews.length)) % reviews.length]!
    const sentiment = first.class === 1 ? "positive" : "negative"
    return {
      messages: [
        { role: "system", content: "Classify the sentiment of the first review. Reply with a JSON object." },
        { role: "user", content: `${first.text}\n\n${second.text}` },
        { role: "assistant", content: `{"sentiment": "${sentiment}"}` },
      ],
    }
  })
}

/** Of a user who has the file of chats. */
const pipeline = `import { Pipeline } from "@sluice/core"
import { Collect, Model, Tokenize } from "@sluice/steps"

export default Pipeline.make("chats", { params: {} }, ({ step }) => {
  const model = step("model", Model.smolLM2({ size: "135M" }))
  const { chats } = step("collect", Collect.chats({ files: "chats.jsonl" }))
  return step("tokenize", Tokenize.chat({ chats, model, maxTokens: 2048 }))
})
`

interface Output {
  readonly seconds: number
  readonly cpuSeconds: number
  readonly ids: string
  readonly masks: string | null
}

const outputOf = (name: string, measured: Measured): Output => {
  if (measured.exitCode !== 0) throw new Error(`${name} failed:\n${measured.stdout}${measured.stderr}`)
  return JSON.parse(measured.stdout.trim().split("\n").at(-1)!) as Output
}

/** Seconds of the step; CPU seconds and memory of the whole command. */
const sluice = async (folder: string) => {
  const args = [project.launcher, "run", "pipeline.ts", "--force", "tokenize", "--json"]
  const measured = await measure({ command: process.execPath, args, cwd: folder })
  if (measured.exitCode !== 0) throw new Error(`sluice failed:\n${measured.stdout}${measured.stderr}`)
  const { steps } = JSON.parse(measured.stdout) as {
    readonly steps: ReadonlyArray<{ readonly name: string; readonly ms: number; readonly key: string }>
  }
  const { key, ms } = steps.find(({ name }) => name === "tokenize")!
  return { seconds: ms / 1000, cpuSeconds: measured.cpuSeconds, key, measured }
}

/** Digest of the ids that lie in the store, and how many they are. */
const storedIds = Effect.fnUntraced(function* (folder: string, key: string) {
  const root = path.join(folder, ".sluice")
  const record = JSON.parse(
    fs.readFileSync(path.join(root, "actions", key.slice(0, 2), `${key}.json`), "utf8"),
  ) as { readonly outputs: { readonly tokens: Parameters<typeof Artifact.openTable>[1] } }
  const digest = createHash("sha256")
  let tokens = 0
  yield* Artifact.openTable(Tokens.Tokens, record.outputs.tokens, "bench").pipe(
    Effect.flatMap((reader) =>
      Stream.runForEach(reader.batches, (rows) =>
        Effect.sync(() => {
          for (const { ids } of rows) {
            digest.update(`${ids.join(" ")}\n`)
            tokens += ids.length
          }
        }),
      ),
    ),
    Effect.provide(ArtifactStore.layerFile(root)),
  )
  return { ids: digest.digest("hex"), tokens }
})

/** Digest of the masks that Sluice finds with the template that marks its generations, as the peer's does. */
const masksOf = (
  model: ModelFiles.OpenModel,
  chats: ReturnType<typeof chatsOf>,
  marked: ChatTemplate.ChatTemplate,
): string => {
  const digest = createHash("sha256")
  for (const { messages } of chats) {
    const { labels } = Supervision.encode(model.tokenizer, marked, messages)
    digest.update(`${labels.map((label) => (label === Supervision.ignored ? 0 : 1)).join("")}\n`)
  }
  return digest.digest("hex")
}

const benchmark = {
  title: "Tokenizing 100,000 chats beside datasets.map",
  run: (options: Readonly<Record<string, string>>) =>
    Effect.gen(function* () {
      const rounds = Number(options["rounds"] ?? 3)
      const count = Number(options["chats"] ?? 100_000)
      const python = options["python"] ?? pythonWithDatasets()
      const model = yield* ModelFiles.open(yield* ModelFiles.ensure(ModelFiles.smolLM2))
      const folder = fs.mkdtempSync(path.join(os.tmpdir(), "sluice-bench-tokenize-"))
      const place = (name: string) => path.join(folder, name)
      const chats = chatsOf(count)
      fs.writeFileSync(place("chats.jsonl"), `${chats.map((chat) => JSON.stringify(chat)).join("\n")}\n`)
      const { json } = model.tokenizer.definition
      fs.writeFileSync(place("tokenizer.json"), JSON.stringify({ version: "1.0", ...json }))
      const source = fs
        .readFileSync(path.join(repository, "packages/llm/test/fixtures/templates/smollm2.jinja"), "utf8")
        .replace(/\n$/, "")
      const marked = ChatTemplate.make({ source, bosToken: "<|im_start|>", eosToken: "<|im_end|>" })
      const masks = masksOf(model, chats, marked)
      project.fill(folder, "bench", { "pipeline.ts": pipeline })
      const env = { HF_HUB_OFFLINE: "1", HF_DATASETS_OFFLINE: "1", HF_HOME: place("cache") }
      const peer = async (mode: "labels" | "ids", round: number) => {
        const template = mode === "labels" ? source : model.tokenizer.chatTemplate
        const work = place(`work-${mode}-${round}.json`)
        const cache = place(`cache-${mode}-${round}`)
        const tokenizer = place("tokenizer.json")
        fs.writeFileSync(
          work,
          JSON.stringify({ chats: place("chats.jsonl"), tokenizer, template, mode, processes, cache }),
        )
        const script = path.join(import.meta.dirname, "tokenizing/datasets_map.py")
        const measured = await measure({ command: python, args: [script, work], env })
        fs.rmSync(cache, { recursive: true, force: true })
        return { ...outputOf(mode, measured), measured }
      }
      const own: Array<Awaited<ReturnType<typeof sluice>>> = []
      const labels: Array<Awaited<ReturnType<typeof peer>>> = []
      const ids: Array<Awaited<ReturnType<typeof peer>>> = []
      // Collects the chats and compiles the pipeline before the clock starts, as loading the data set does there.
      yield* Effect.promise(() => sluice(folder))
      for (let round = 0; round < rounds; round++) {
        own.push(yield* Effect.promise(() => sluice(folder)))
        labels.push(yield* Effect.promise(() => peer("labels", round)))
        ids.push(yield* Effect.promise(() => peer("ids", round)))
        console.error(
          `round ${round + 1}: sluice ${round2(own.at(-1)!.seconds)} s, datasets.map with masks ${round2(labels.at(-1)!.seconds)} s, ids alone ${round2(ids.at(-1)!.seconds)} s`,
        )
      }
      const stored = yield* storedIds(folder, own.at(-1)!.key)
      fs.rmSync(folder, { recursive: true, force: true })
      const secondsOf = (runs: ReadonlyArray<{ readonly seconds: number }>) =>
        round2(median(runs.map(({ seconds }) => seconds)))
      const facts = (
        runs: ReadonlyArray<{
          readonly seconds: number
          readonly cpuSeconds: number
          readonly measured: Measured
        }>,
      ) => ({
        seconds: secondsOf(runs),
        cpuSeconds: round2(median(runs.map(({ cpuSeconds }) => cpuSeconds))),
        chatsPerSecond: Math.round(count / secondsOf(runs)),
        peakMemoryMB: Math.round(Math.max(...runs.map(({ measured }) => measured.peakMemoryMB))),
      })
      return {
        chats: count,
        tokens: stored.tokens,
        contenders: [
          { name: "sluice, the whole step", ...facts(own) },
          {
            name: `datasets.map(num_proc=${processes}), ids and masks`,
            ...facts(labels),
            sluiceTimesFaster: round2(secondsOf(labels) / secondsOf(own)),
            equalIds: labels.every((run) => run.ids === stored.ids),
            equalMasks: labels.every((run) => run.masks === masks),
          },
          {
            name: `datasets.map(num_proc=${processes}), batched, ids alone`,
            ...facts(ids),
            sluiceTimesFaster: round2(secondsOf(ids) / secondsOf(own)),
            equalIds: ids.every((run) => run.ids === stored.ids),
          },
        ],
      }
    }).pipe(Effect.scoped, Effect.runPromise),
}

const round2 = (value: number): number => Math.round(value * 100) / 100

export default benchmark
