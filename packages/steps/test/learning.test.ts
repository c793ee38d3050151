/**
 * Tokenize, train and evaluate by themselves, on a model of two layers with TensorFlow.js in plain JavaScript:
 * what they write, what they refuse, and that a resumed training equals an uninterrupted one.
 */
import { Table } from "@sluice/core"
import { ModelFiles as Opened } from "@sluice/llm"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { Chat, type Message, stored } from "../src/Chat.ts"
import * as Evaluate from "../src/Evaluate.ts"
import { AdapterFiles, ModelFiles } from "../src/kinds.ts"
import * as RowId from "../src/RowId.ts"
import { Tokens } from "../src/Tokens.ts"
import * as Tokenize from "../src/Tokenize.ts"
import * as Train from "../src/Train.ts"
import { filesReader, written } from "./support/files.ts"
import { memoryIn } from "./support/memory.ts"
import { reader, ref, runStep } from "./support/runStep.ts"
import { writeTinyModel } from "./support/tinyModel.ts"

const settings = { backend: "cpu" }
let folder: string
let model: ReturnType<typeof filesReader>

beforeAll(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "sluice-steps-"))
  writeTinyModel(path.join(folder, "model"))
  model = filesReader(Opened.filesOf(path.join(folder, "model")))
})
afterAll(() => fs.rmSync(folder, { recursive: true }))

const modelRef = { ...ref(Chat), kind: ModelFiles } as never
const chat = (
  id: string,
  user: string,
  answer: string,
): { id: string; messages: ReadonlyArray<Message> } => ({
  id,
  messages: [
    { role: "system", content: "Say x or y." },
    { role: "user", content: user },
    { role: "assistant", content: answer },
  ],
})
const chats = Array.from({ length: 6 }, (_, at) =>
  chat(`row${at}`, `${"abcdef"[at]!}?`, at % 2 === 0 ? "x" : "y"),
)

/** The tiny model's tokens: bytes, and one for each mark. */
const idsOf = (text: string): ReadonlyArray<number> =>
  text
    .split(/(<\|im_start\|>|<\|im_end\|>)/)
    .flatMap((part) =>
      part === "<|im_start|>" ? [256] : part === "<|im_end|>" ? [257] : [...Buffer.from(part)],
    )

const promptText =
  "<|im_start|>system\nSay x or y.<|im_end|>\n<|im_start|>user\na?<|im_end|>\n<|im_start|>assistant\n"

const tokenize = (rows: ReadonlyArray<ReturnType<typeof chat>>, more: Partial<Tokenize.ChatOptions> = {}) =>
  runStep(Tokenize.chat({ chats: ref(Chat), model: modelRef, ...more }), {
    chats: reader(rows.map(({ id, messages }) => stored(id, messages))),
    model,
  })

describe("Tokenize.chat", () => {
  it("supervises the answer and the token that ends its turn, and accounts for every chat", async () => {
    const { outputs, summary } = await tokenize(chats)
    const [row] = outputs["tokens"] as ReadonlyArray<{
      id: string
      ids: Array<number>
      labels: Array<number>
    }>
    const text = `${promptText}x<|im_end|>\n`
    const ids = idsOf(text)
    expect(row!.ids).toEqual(ids)
    const learnt = row!.labels.flatMap((label, at) => (label === -100 ? [] : [[at - ids.length, label]]))
    expect(learnt).toEqual([
      [-3, "x".charCodeAt(0)],
      [-2, 257],
    ])
    expect(outputs["accounting"]).toEqual(
      chats.map(({ id }) => ({ id, status: "kept", reason: null, tokens: ids.length, supervisedTokens: 2 })),
    )
    expect(summary).toBe(`6 rows, ${6 * ids.length} tokens, 12 supervised`)
  })

  it("refuses, drops or cuts chats that are too long, as asked", async () => {
    const long = [chats[0]!, chat("long", "a".repeat(60), "y")]
    await expect(tokenize(long, { maxTokens: 80 })).rejects.toThrow(
      /^1 chat of 2 cannot be learnt from\.\n {2}Row long: {2}103 tokens, the limit is 80\n/,
    )
    const dropped = await tokenize(long, { maxTokens: 80, onTooLong: "drop" })
    expect(dropped.outputs["tokens"]).toHaveLength(1)
    expect(dropped.summary).toBe("1 row, 45 tokens, 2 supervised, 1 dropped")
    const cut = await tokenize(long, { maxTokens: 80, onTooLong: "cut" })
    expect(cut.outputs["tokens"][1].ids).toHaveLength(80)
    expect(cut.outputs["accounting"][1]).toEqual({
      id: "long",
      status: "cut",
      reason: "103 tokens, the limit is 80",
      tokens: 103,
      supervisedTokens: 2,
    })
  })
})

describe("what of a chat is learnt", () => {
  const learnt = (row: { ids: ReadonlyArray<number>; labels: ReadonlyArray<number> }): string =>
    Buffer.from(row.labels.filter((label) => label !== -100).map((id) => (id < 256 ? id : 46))).toString()
  const twoTurns = (more: Partial<Message> = {}) => {
    const [system, user, answer] = chat("two", "a?", "xx").messages
    return {
      id: "two",
      messages: [system!, user!, { ...answer!, ...more }, user!, { ...answer!, content: "y" }],
    }
  }

  it("follows the step's choice and each message's own", async () => {
    const of = async (more: Partial<Message>, supervise?: Tokenize.ChatOptions["supervise"]) => {
      const { outputs } = await tokenize([twoTurns(more)], supervise === undefined ? {} : { supervise })
      return learnt(outputs["tokens"][0])
    }
    expect(await of({})).toBe("xx.y.")
    expect(await of({}, "lastAssistant")).toBe("y.")
    expect(await of({ supervised: false })).toBe("y.")
    expect((await of({}, "all")).length).toBeGreaterThan(60)
  })

  it("has the weights that a message gives its parts, in a column of their own", async () => {
    const { outputs, summary } = await tokenize([
      twoTurns({ weights: [{ start: 1, end: 2, weight: 2.5 }] }),
      chats[0]!,
    ])
    const [first, second] = outputs["tokens"]
    const weights = first.weights.flatMap((weight: number, at: number) =>
      first.labels[at] === -100 ? [] : [weight],
    )
    expect(weights).toEqual([1, 2.5, 1, 1, 1])
    expect(second.weights).toBeNull()
    expect(summary).toContain("7 supervised, weights in 1 row")
  })

  it("is refused by row where it would be nothing, and where the template leaves something out", async () => {
    const nothing = { ...chats[0]!, messages: chats[0]!.messages.map((m) => ({ ...m, supervised: false })) }
    const calling = twoTurns({ toolCalls: [{ name: "look", arguments: {} }] })
    await expect(tokenize([nothing, calling], { onTooLong: "drop" })).rejects.toThrow(
      /^2 chats of 2 cannot be learnt from\.\n {2}Row row0: {2}No token of the chat is supervised[^]*Row two: {3}The model's chat template leaves out the tool calls of message 3/,
    )
  })
})

describe("Tokenize.text", () => {
  class Texts extends Table.make({ body: Table.utf8 }) {}
  const use = (more = {}) => Tokenize.text({ rows: ref(Texts), model: modelRef, column: "body", ...more })

  it("learns all of a text and the token that ends it", async () => {
    const rows = [{ body: "to be" }, { body: "or not" }]
    const { outputs, summary } = await runStep(use(), { rows: reader(rows), model })
    const ids = [...Buffer.from("to be"), 257]
    expect(outputs["tokens"][0]).toEqual({ id: RowId.of(rows[0]!), ids, labels: ids, weights: null })
    expect(summary).toBe("2 rows, 13 tokens, 11 supervised")
  })

  it("names a row without text", async () => {
    const run = runStep(use(), { rows: reader([{ text: "x" }]), model })
    await expect(run).rejects.toThrow(
      'A row has no text to learn from.\n  Column:  body, which the rows do not have\n  Row:     {"text":"x"}\n',
    )
  })
})

describe("a table large enough for several threads", () => {
  it("gives the rows that one thread gives, in their order", async () => {
    const many = Array.from({ length: 20_001 }, (_, n) => chat(`row${n}`, `${n}?`, n % 2 === 0 ? "x" : "y"))
    const [whole, parts] = [
      await tokenize(many),
      await Promise.all([0, 7000, 14_000].map((at) => tokenize(many.slice(at, at + 7000)))),
    ]
    const plain = (rows: ReadonlyArray<any>) =>
      rows.map((row) => [row.id, [...row.ids].join(), [...row.labels].join()])
    expect(plain(whole.outputs["tokens"])).toEqual(parts.flatMap((part) => plain(part.outputs["tokens"])))
    expect(whole.outputs["accounting"]).toEqual(parts.flatMap((part) => part.outputs["accounting"]))
  })
})

describe("Tokenize.chat and its model's template", () => {
  it("names the chats that the template refuses, with what it says", async () => {
    const strict = path.join(folder, "strict")
    writeTinyModel(strict)
    const config = JSON.parse(fs.readFileSync(path.join(strict, "tokenizer_config.json"), "utf8"))
    config.chat_template = `{% if messages[0]['role'] == 'system' %}{{ raise_exception('System role not supported') }}{% endif %}${config.chat_template}`
    fs.writeFileSync(path.join(strict, "tokenizer_config.json"), JSON.stringify(config))
    const model = filesReader(Opened.filesOf(strict))
    const run = runStep(Tokenize.chat({ chats: ref(Chat), model: modelRef }), { chats: reader(chats), model })
    await expect(run).rejects.toThrow(
      /^6 chats of 6 cannot be learnt from\.\n {2}Row row0: {2}The model's chat template refuses these messages\.\n {13}.*System role not supported/,
    )
  })
})

describe("Train.lora", () => {
  const options = {
    model: modelRef,
    tokens: ref(Tokens),
    rank: 4,
    batchRows: 2,
    epochs: 4,
    learningRate: 0.02,
  }
  const train = async (
    more: Parameters<typeof runStep>[2] = {},
    changed: Partial<Train.LoraOptions> = {},
  ) => {
    const { outputs } = await tokenize(chats)
    return runStep(
      Train.lora({ ...options, ...changed }),
      { model, tokens: reader(outputs["tokens"]) },
      { settings, ...more },
    )
  }

  it("writes an adapter in PEFT's form and one row of metrics for each optimizer step", async () => {
    const notes: Array<string> = []
    const measured: Array<string> = []
    const { outputs, summary } = await train({
      progress: ({ note }) => notes.push(note ?? ""),
      measure: (name) => measured.push(name),
    })
    const metrics = outputs["metrics"] as ReadonlyArray<Record<string, number>>
    expect(
      metrics.map(({ optimizerStep, epoch, rows, supervisedTokens }) => [
        optimizerStep,
        epoch,
        rows,
        supervisedTokens,
      ]),
    ).toEqual(Array.from({ length: 12 }, (_, at) => [at + 1, Math.floor(at / 3) + 1, 2, 4]))
    expect(metrics.at(-1)!["loss"]).toBeLessThan(metrics[0]!["loss"]! - 1)
    expect(metrics[0]!["learningRate"]).toBe(0.02)
    expect(Object.keys(outputs["adapter"])).toEqual(["adapter_config.json", "adapter_model.safetensors"])
    expect(JSON.parse(outputs["adapter"]["adapter_config.json"])).toMatchObject({
      peft_type: "LORA",
      r: 4,
      lora_alpha: 32,
    })
    expect(notes).toHaveLength(12)
    expect(notes[0]).toMatch(/^loss \d\.\d{4} {2}\d+ tok\/s$/)
    // Rates and predictions are measured where a training takes long enough.
    const always = measured.filter((name) => !/^(predicted|training (rate|warm-up)) /.test(name))
    expect(always).toEqual(["training seconds", "tokens per second", "peak memory"])
    expect(summary).toMatch(/^12 optimizer steps, loss \d\.\d{4} to \d\.\d{4}, [\d,]+ trained parameters$/)
  })

  it("goes on from a checkpoint to the very bytes of an uninterrupted training", async () => {
    const whole = await train()
    let saved: { meta: unknown; parts: Readonly<Record<string, Uint8Array>> } | undefined
    const stop = new AbortController()
    const checkpoint = {
      save: (meta: unknown, parts: Readonly<Record<string, Uint8Array>>) =>
        Effect.sync(() => {
          saved = { meta: JSON.parse(JSON.stringify(meta)), parts }
        }),
      latest: Effect.sync(() =>
        saved === undefined
          ? Option.none()
          : Option.some({
              meta: saved.meta,
              parts: Object.keys(saved.parts),
              part: (name: string) => Effect.succeed(saved!.parts[name]!),
            }),
      ),
      unused: [],
    }
    const interrupted = train({
      checkpoint,
      signal: stop.signal,
      progress: ({ done }) => {
        if (done === 7) stop.abort()
      },
    })
    await expect(interrupted).rejects.toThrow(/interrupt/)
    expect((saved!.meta as { optimizerSteps: number }).optimizerSteps).toBe(7)
    const first: Array<number> = []
    const said: Array<string> = []
    const resumed = await train({
      checkpoint,
      progress: ({ done }) => first.push(done),
      note: (text) => void said.push(text),
    })
    expect(said[0]).toBe("goes on from optimizer step 7")
    expect(first).toEqual([8, 9, 10, 11, 12])
    expect(resumed.outputs["metrics"]).toEqual(whole.outputs["metrics"])
    const weights = "adapter_model.safetensors"
    expect(
      Buffer.from(resumed.outputs["adapter"][weights]).equals(Buffer.from(whole.outputs["adapter"][weights])),
    ).toBe(true)
  })

  it("has its options checked where the pipeline is built", () => {
    const config = (changed: Partial<Train.LoraOptions>) => {
      const use = Train.lora({ ...options, ...changed })
      return () => Schema.decodeUnknownSync(Schema.Struct(use.facts.config) as never)(use.config)
    }
    expect(config({ learningRate: 0 })).toThrow(/greater than 0[\s\S]*learningRate/)
    expect(config({ epochs: 1.5 })).toThrow(/integer[\s\S]*epochs/)
    expect(config({ rank: -1 })).toThrow(/rank/)
    expect(config({ clip: null })).not.toThrow()
  })
})

describe("Evaluate", () => {
  const Answer = Schema.Literals(["x", "y"])

  /** The steps that `compare` adds, by name. */
  const wired = () => {
    const steps = new Map<string, Parameters<typeof runStep>[0]>()
    const add = Object.assign(
      (name: string, use: Parameters<typeof runStep>[0]) => {
        steps.set(name, use)
        return use.single
          ? ref(use.outputs["output"] as never)
          : Object.fromEntries(Object.entries(use.outputs).map(([key, kind]) => [key, ref(kind as never)]))
      },
      { scope: () => add },
    ) as never
    Evaluate.compare(add, {
      heldOut: ref(Chat) as never,
      rows: 4,
      model: modelRef,
      messages: () => [],
      arms: {
        base: {},
        fewShot: { shots: ref(Chat) as never },
        tuned: { adapter: { ...ref(Chat), kind: AdapterFiles } },
      },
      maxNewTokens: 4,
      schema: Answer,
    })
    return steps
  }

  it("adds one step for each arm, whose answers follow from their prompts alone", async () => {
    const steps = wired()
    expect([...steps.keys()]).toEqual(["rows", "chats", "base", "fewShotShots", "fewShot", "tuned", "report"])
    const base = await runStep(steps.get("base")!, { chats: reader(chats), model }, { settings })
    const answers = base.outputs["output"] as ReadonlyArray<Record<string, unknown>>
    expect(answers.map(({ id, promptTokens }) => [id, promptTokens])).toEqual(
      chats.map(({ id }) => [id, idsOf(promptText).length]),
    )
    expect(answers.every(({ newTokens }) => (newTokens as number) <= 4)).toBe(true)
    const some = await runStep(steps.get("base")!, { chats: reader(chats.slice(2, 4)), model }, { settings })
    expect(some.outputs["output"]).toEqual(answers.slice(2, 4))
    const kept = new Map<string, string>()
    const asked = async (rows: ReadonlyArray<unknown>) => {
      let count = -1
      const { outputs } = await runStep(
        steps.get("base")!,
        { chats: reader(rows as typeof chats), model },
        {
          settings,
          memory: memoryIn(kept),
          measure: (name, value) => {
            if (name === "prompts asked") count = value
          },
        },
      )
      return [count, outputs["output"]]
    }
    expect(await asked(chats.slice(1, 4))).toEqual([3, answers.slice(1, 4)])
    expect(await asked(chats)).toEqual([3, answers])
    expect(await asked([...chats, ...chats].toReversed())).toEqual([0, [...answers, ...answers].toReversed()])
    const shots = await runStep(
      steps.get("fewShot")!,
      { chats: reader(chats), model, shots: reader(chats.slice(0, 2)) },
      { settings },
    )
    const turns = "<|im_start|>user\na?<|im_end|>\n<|im_start|>assistant\nx<|im_end|>\n"
    expect(shots.outputs["output"][0].promptTokens).toBe(idsOf(promptText).length + 2 * idsOf(turns).length)
  })

  it("has a tuned arm answer as it was taught, and the report say so", async () => {
    const taughtChats = chats.map(({ id, messages }) => chat(id, messages[1]!.content, "x"))
    const tokens = await tokenize(taughtChats)
    const tuned = await runStep(
      Train.lora({
        model: modelRef,
        tokens: ref(Tokens),
        rank: 8,
        batchRows: 6,
        epochs: 20,
        learningRate: 0.02,
      }),
      { model, tokens: reader(tokens.outputs["tokens"]) },
      { settings },
    )
    const adapter = written(path.join(folder, "adapter"), tuned.outputs["adapter"])
    const steps = wired()
    const answersOf = async (name: string, more: Record<string, unknown> = {}) =>
      (await runStep(steps.get(name)!, { chats: reader(taughtChats), model, ...more }, { settings })).outputs[
        "output"
      ]
    const taught = await answersOf("tuned", { adapter })
    expect(
      taught.map(({ answer, stopped }: { answer: string; stopped: boolean }) => [answer, stopped]),
    ).toEqual(taughtChats.map(() => ["x", true]))
    const json = taughtChats.map(({ id, messages }) => ({
      id,
      messages: messages.map((message) =>
        message.role === "assistant" ? { ...message, content: `"${message.content}"` } : message,
      ),
    }))
    const quoted = taught.map((row: { answer: string }) => ({ ...row, answer: `"${row.answer}"` }))
    const { outputs, summary } = await runStep(steps.get("report")!, {
      chats: reader(json),
      model,
      "answers base": reader(await answersOf("base")),
      "answers fewShot": reader(await answersOf("fewShot", { shots: reader(chats.slice(0, 2)) })),
      "answers tuned": reader(quoted),
      "adapter tuned": adapter,
    })
    expect(summary).toMatch(/^6 rows, exact base \d, fewShot \d, tuned 6$/)
    expect(outputs["predictions"]).toHaveLength(18)
    const ofTuned = outputs["scores"].filter(({ arm }: { arm: string }) => arm === "tuned")
    expect(ofTuned.slice(0, 3)).toMatchObject([
      { metric: "exact", count: 6, rows: 6, rate: 1 },
      { metric: "validJson", count: 6 },
      { metric: "schemaValid", count: 6 },
    ])
    expect(outputs["differences"]).toHaveLength(3)
    expect(outputs["report"]["report.md"]).toContain(
      "tuned is better than base: tuned answers 6 of 6 rows exactly, base 0 ",
    )
    expect(outputs["report"]["report.html"]).toContain(adapter.fingerprint)
  })

  it("refuses expected answers that do not fit the schema, naming the rows", async () => {
    const steps = wired()
    const answers = chats.map(({ id }) => ({ id, answer: "", stopped: true, promptTokens: 1, newTokens: 1 }))
    const inputs = Object.fromEntries(
      ["base", "fewShot", "tuned"].map((arm) => [`answers ${arm}`, reader(answers)]),
    )
    await expect(
      runStep(steps.get("report")!, { chats: reader(chats), model, ...inputs, "adapter tuned": model }),
    ).rejects.toThrow(/^6 rows of 6 expect an answer that does not fit the schema\.\n {2}Row row0: {2}x\n/)
  })
})
