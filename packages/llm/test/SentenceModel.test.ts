import * as Effect from "effect/Effect"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { describe, expect, it, onTestFinished } from "vitest"
import * as Safetensors from "../src/formats/Safetensors.ts"
import * as ModelFiles from "../src/ModelFiles.ts"
import type { Backend } from "../src/ops/Ops.ts"
import * as SentenceModel from "../src/SentenceModel.ts"
import { backends, largestDifference, useBackend } from "./support/backend.ts"
import { fixtureJson } from "./support/smollm2.ts"

type Vectors = ReadonlyArray<ReadonlyArray<number>>
const reference = fixtureJson<{
  readonly texts: ReadonlyArray<string>
  readonly bert: Vectors
  readonly poolings: Readonly<Record<string, Vectors>>
  readonly xlmRoberta: { readonly query: Vectors; readonly document: Vectors; readonly plain: Vectors }
}>("sentence/embeddings.json")

const folderOf = (name: string) => new URL(`fixtures/sentence/${name}`, import.meta.url).pathname
const openFolder = (folder: string) => {
  const model = SentenceModel.openSync(SentenceModel.filesOf(folder), "the model")
  onTestFinished(model.close)
  return model
}

const embedAll = async (
  backend: Backend,
  model: SentenceModel.SentenceModel,
  texts: ReadonlyArray<string>,
): Promise<ReadonlyArray<Float32Array>> => {
  const embedder = SentenceModel.load(backend, model)
  const vectors: Array<Float32Array> = []
  for (const text of texts) vectors.push(await embedder.embed(model.encode(text).ids))
  embedder.free()
  return vectors
}

const furthest = (found: ReadonlyArray<Float32Array>, expected: Vectors): number =>
  Math.max(...expected.map((vector, at) => largestDifference(found[at]!, vector)))

/** A copy of the tiny BERT with some of its files changed, or gone where a change gives null. */
const changed = (changes: Readonly<Record<string, object | Uint8Array | null>>): string => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "sluice-sentence-"))
  onTestFinished(() => fs.rmSync(folder, { recursive: true, force: true }))
  fs.cpSync(folderOf("bert"), folder, { recursive: true })
  for (const [name, change] of Object.entries(changes)) {
    const file = path.join(folder, name)
    if (change === null) fs.rmSync(file)
    else if (change instanceof Uint8Array) fs.writeFileSync(file, change)
    else {
      const before = fs.existsSync(file) ? JSON.parse(fs.readFileSync(file, "utf8")) : {}
      fs.writeFileSync(file, JSON.stringify(Array.isArray(change) ? change : { ...before, ...change }))
    }
  }
  return folder
}

describe.each(backends)("a sentence model on %s", (_, options) => {
  const backend = useBackend(options)

  it("gives sentence-transformers' vectors of BERT and XLM-RoBERTa, and leaves no tensor behind", async () => {
    const before = backend().tensorCount()
    const bert = await embedAll(backend(), openFolder(folderOf("bert")), reference.texts)
    expect(furthest(bert, reference.bert)).toBeLessThan(1e-6)
    const roberta = await embedAll(backend(), openFolder(folderOf("xlmRoberta")), reference.texts)
    expect(furthest(roberta, reference.xlmRoberta.plain)).toBeLessThan(1e-6)
    expect(backend().tensorCount()).toBe(before)
  })

  it.each(Object.keys(reference.poolings))("pools as that library does: %s", async (mode) => {
    const pooling = { pooling_mode: mode, pooling_mode_mean_tokens: false }
    const folder = changed({ "1_Pooling/config.json": pooling, "modules.json": modules("Pooling") })
    const found = await embedAll(backend(), openFolder(folder), reference.texts)
    expect(furthest(found, reference.poolings[mode]!)).toBeLessThan(2e-6)
  })

  it("gives a text the same bits whatever is embedded before and after it", async () => {
    const model = openFolder(folderOf("bert"))
    const alone = await embedAll(backend(), model, reference.texts)
    const reversed = await embedAll(backend(), model, reference.texts.toReversed())
    const some = await embedAll(backend(), model, [reference.texts[3]!])
    expect(reversed.toReversed()).toEqual(alone)
    expect(some).toEqual([alone[3]])
  })
})

const modules = (...names: ReadonlyArray<string>) =>
  ["Transformer", ...names].map((name) => ({ type: `sentence_transformers.models.${name}` }))

describe("a sentence model's folder", () => {
  it("says how long texts may be and what belongs before them", async () => {
    const bert = openFolder(folderOf("bert"))
    expect(bert).toMatchObject({ pooling: "mean", normalised: true, maxTokens: 24 })
    expect(bert.prefix).toEqual({ query: "", document: "" })
    const roberta = openFolder(folderOf("xlmRoberta"))
    expect(roberta).toMatchObject({ pooling: "cls", normalised: true, maxTokens: 32 })
    expect(roberta.prefix).toEqual({ query: "good question: ", document: "bad text: " })
  })

  it("cuts long texts before their last special token and counts what it cut", () => {
    const { encode } = openFolder(folderOf("bert"))
    const long = encode(reference.texts[4]!)
    expect([long.ids.length, long.cut, long.ids[0], long.ids.at(-1)]).toEqual([24, 65, 1, 2])
    expect(encode("")).toEqual({ ids: [1, 2], cut: 0 })
  })

  it("is read without sentence-transformers' own files: the mean, not scaled", () => {
    const names = ["modules.json", "sentence_bert_config.json", "1_Pooling/config.json"]
    const model = openFolder(changed(Object.fromEntries(names.map((name) => [name, null]))))
    expect(model).toMatchObject({ pooling: "mean", normalised: false, maxTokens: 64 })
  })

  it("takes the names that old files have for norms", async () => {
    const file = Safetensors.openSync(path.join(folderOf("bert"), "model.safetensors"))
    const renamed = new Map(
      [...file.tensors].map(([name, { shape }]) => [
        name.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta"),
        { shape, data: file.values(name) },
      ]),
    )
    file.close()
    const model = openFolder(changed({ "model.safetensors": Safetensors.encode(renamed) }))
    expect(model.weights.tensor("embeddings.LayerNorm.weight").shape).toEqual([32])
  })

  it("is refused with everything that does not fit", () => {
    const open = (changes: Parameters<typeof changed>[0]) => () => openFolder(changed(changes))
    const hint =
      "Encoders of the BERT family work (BERT, MiniLM, E5, BGE, GTE, RoBERTa, XLM-RoBERTa), saved by sentence-transformers as safetensors."
    expect(
      open({ "tokenizer.json": null, "model.safetensors": null, "modules.json": modules("Dense") }),
    ).toThrow(
      `The folder holds no sentence model that Sluice can use.
  File:               the model
  tokenizer.json:     is missing
  model.safetensors or model.safetensors.index.json:  is missing
  modules.json:       has Transformer, Dense, not Transformer, Pooling and perhaps Normalize
${hint}`.replace(/^ {2}(\S.*?): +/gm, (_, label: string) => `  ${label}:${" ".repeat(51 - label.length)}`),
    )
    expect(
      open({
        "config.json": { hidden_act: "silu", num_attention_heads: 5, intermediate_size: "56" },
        "1_Pooling/config.json": { pooling_mode_cls_token: true },
      }),
    ).toThrow(
      `The folder holds no sentence model that Sluice can use.
  File:                   the model
  1_Pooling/config.json:  pools by cls and mean, not by one of mean, cls, max, mean_sqrt_len_tokens
  hidden_act:             is "silu", not "gelu"
  num_attention_heads:    is 5, which does not divide 32 channels
  intermediate_size:      is "56", not a positive number
${hint}`,
    )
    expect(open({ "config.json": { model_type: "distilbert", hidden_size: null } })).toThrow(
      `  File:        the model
  model_type:  is "distilbert", not one of bert, roberta, xlm-roberta, camembert
${hint}`,
    )
    expect(
      open({ "tokenizer.json": { added_tokens: [{ id: 4000, content: "<x>", special: true }] } }),
    ).toThrow(`tokenizer.json:  has ids up to 4000, vocab_size is 1200`)
    expect(open({ "config.json": { num_hidden_layers: 3, max_position_embeddings: 66 } })).toThrow(
      /\n {2}embeddings\.position_embeddings\.weight: +is \[64, 32\], not \[66, 32\]\n(.+is missing\n){11} {2}and: +5 more\n/,
    )
  })
})

describe("all-MiniLM-L6-v2", () => {
  const backend = useBackend({ backend: "tensorflow", threads: 2 })

  it("gives sentence-transformers' vectors of five texts", async () => {
    const { embeddings, texts } = fixtureJson<{
      readonly texts: ReadonlyArray<string>
      readonly embeddings: Vectors
    }>("sentence/minilm.json")
    await Effect.runPromise(ModelFiles.ensure(ModelFiles.miniLM))
    const model = SentenceModel.openSync(ModelFiles.placesOf(ModelFiles.miniLM), "all-MiniLM-L6-v2")
    onTestFinished(model.close)
    expect(model).toMatchObject({ pooling: "mean", normalised: true, maxTokens: 256 })
    expect(furthest(await embedAll(backend(), model, texts), embeddings)).toBeLessThan(1e-6)
  })
})
