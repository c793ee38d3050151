import type { Artifact } from "@sluice/core"
import * as Effect from "effect/Effect"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { describe, expect, it, onTestFinished } from "vitest"
import { Chat, stored } from "../../src/Chat.ts"
import { SentenceModelFiles } from "../../src/kinds.ts"
import * as Model from "../../src/Model.ts"
import * as Retrieve from "../../src/Retrieve.ts"
import { memoryIn } from "../support/memory.ts"
import { file, reader, ref, runStep } from "../support/runStep.ts"

const fixtures = new URL("../../../llm/test/fixtures/sentence/", import.meta.url).pathname
const scratch = () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "sluice-sentence-"))
  onTestFinished(() => fs.rmSync(folder, { recursive: true, force: true }))
  return folder
}
const filesOf = (name: string) =>
  fs
    .readdirSync(path.join(fixtures, name), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(fixtures, path.join(entry.parentPath, entry.name)))

/** A fixture as the stored output of Model.sentence. */
const model = (name: string): Artifact.FilesReader => {
  const names = filesOf(name).map((one) => one.slice(name.length + 1))
  return {
    fingerprint: "0".repeat(64),
    names,
    size: () => 0,
    path: (one) => Effect.succeed(path.join(fixtures, name, one)),
    bytes: () => Effect.die("unread"),
  }
}

const reference = JSON.parse(fs.readFileSync(path.join(fixtures, "embeddings.json"), "utf8"))
const settings = { backend: "cpu" }

const furthest = (a: ReadonlyArray<number>, b: ReadonlyArray<number>) =>
  Math.max(...a.map((value, at) => Math.abs(value - b[at]!)))

describe("Model.sentence", () => {
  it("takes the files of a folder that make a sentence model, and says what it is", async () => {
    const files = filesOf("bert").map((name) =>
      file(`m/${name}`, fs.readFileSync(path.join(fixtures, name)), 4096),
    )
    const { outputs, summary } = await runStep(
      Model.sentence({ folder: "m/bert" }),
      { files: [...files, file("m/bert/vocabulary.json", "{}")] },
      { scratch: scratch() },
    )
    expect(Object.keys(outputs["output"]).toSorted()).toEqual(
      filesOf("bert")
        .map((name) => name.slice("bert/".length))
        .toSorted(),
    )
    expect(summary).toBe("bert, 32 numbers by mean, 24 tokens, 136 kB")
  })

  it("names a refused folder by its own name", async () => {
    const failing = runStep(
      Model.sentence({ folder: "m" }),
      { files: [file("m/config.json", '{"model_type": "gpt2"}'), file("m/1_Pooling/config.json", "{}")] },
      { scratch: scratch() },
    )
    await expect(failing).rejects.toThrow(
      /^The folder holds no sentence model that Sluice can use\.\n {2}File: +m\n {2}tokenizer\.json: +is missing\n.+is missing\n {2}model_type: +is "gpt2", not one of .+\nEncoders/,
    )
  })
})

describe("Retrieve.embed with a sentence model", () => {
  const chunk = (id: string, text: string) => ({
    id,
    document: "d",
    heading: "",
    section: 1,
    start: 0,
    end: text.length,
    text,
  })
  const texts: ReadonlyArray<string> = reference.texts
  const chunks = texts.map((text, at) => chunk(`c${at}`, text))
  const use = (more: object = {}) =>
    Retrieve.embed({
      chunks: ref(Retrieve.Chunks),
      embedder: { model: refOf(SentenceModelFiles), ...more },
    })
  const run = (name: string, given: typeof chunks, more: object = {}, kept = new Map<string, string>()) =>
    runStep(use(more), { chunks: reader(given), model: model(name) }, { settings, memory: memoryIn(kept) })

  it("gives the model's vectors, and says how much of long texts it did not read", async () => {
    const { outputs, summary } = await run("bert", chunks)
    for (const [at, { id, vector }] of outputs["output"].entries()) {
      expect(id).toBe(`c${at}`)
      expect(furthest(vector, reference.bert[at])).toBeLessThan(1e-6)
    }
    expect(summary).toBe("9 vectors of 32 numbers, 1 text too long: 65 tokens unread")
  })

  it("gives equal bits whatever was embedded with a text, remembered or not", async () => {
    const whole = (await run("bert", chunks)).outputs["output"]
    const reversed = (await run("bert", chunks.toReversed())).outputs["output"]
    expect(reversed.toReversed()).toEqual(whole)
    const kept = new Map<string, string>()
    const some = await run("bert", [chunks[4]!, chunks[1]!], {}, kept)
    expect(some.outputs["output"]).toEqual([whole[4], whole[1]])
    expect(kept.size).toBe(2)
    const later = await run("bert", chunks, {}, kept)
    expect(later.outputs["output"]).toEqual(whole)
    expect(later.summary).toBe("9 vectors of 32 numbers, 1 text too long: 65 tokens unread")
    expect(kept.size).toBe(9)
  })

  it("puts before chunks and questions what the model's files say, or what is asked for", async () => {
    const found = (await run("xlmRoberta", chunks)).outputs["output"]
    expect(furthest(found[1].vector, reference.xlmRoberta.document[1])).toBeLessThan(1e-6)
    const plain = (await run("xlmRoberta", chunks, { chunkPrefix: "" })).outputs["output"]
    expect(furthest(plain[1].vector, reference.xlmRoberta.plain[1])).toBeLessThan(1e-6)
    const questions = Retrieve.embedQuestions({
      chats: ref(Chat),
      embedder: { model: refOf(SentenceModelFiles) },
    })
    const chats = texts.map((text, at) =>
      stored(`q${at}`, [
        { role: "user", content: text },
        { role: "assistant", content: "…" },
      ]),
    )
    const asked = await runStep(questions, { chats: reader(chats), model: model("xlmRoberta") }, { settings })
    expect(furthest(asked.outputs["output"][1].vector, reference.xlmRoberta.query[1])).toBeLessThan(1e-6)
  })
})

/** A wired set of files. */
const refOf = <K extends Artifact.Files<any>>(kind: K) => ({
  "~sluice": "ref" as const,
  node: "model",
  output: "output",
  kind,
  "~from": "model",
})
