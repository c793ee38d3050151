import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import * as Model from "../src/Model.ts"
import { file, runStep } from "./support/runStep.ts"
import { writeTinyModel } from "./support/tinyModel.ts"

let folder: string
beforeAll(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "sluice-model-"))
  writeTinyModel(path.join(folder, "model"))
})
afterAll(() => fs.rmSync(folder, { recursive: true }))

const given = (names: ReadonlyArray<string>) =>
  names.map((name) => file(`model/${name}`, fs.readFileSync(path.join(folder, "model", name)), 4096))
const scratch = (name: string) => {
  fs.mkdirSync(path.join(folder, name))
  return path.join(folder, name)
}

describe("Model", () => {
  it("takes of a folder the files that make the model, byte for byte", async () => {
    const names = ["config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"]
    const more = file("model/notes.json", "{}")
    const { outputs, summary } = await runStep(
      Model.folder({ folder: "model" }),
      { files: [...given(names), more] },
      { scratch: scratch("whole") },
    )
    const written = outputs["output"] as Readonly<Record<string, { readonly path: string }>>
    expect(Object.keys(written)).toEqual(names)
    for (const [name, { path: place }] of Object.entries(written)) {
      expect(fs.readFileSync(place).equals(fs.readFileSync(path.join(folder, "model", name)))).toBe(true)
    }
    expect(summary).toBe("llama, 113 kB")
  })

  it("names every file that a folder lacks", async () => {
    const run = runStep(
      Model.folder({ folder: "model" }),
      { files: given(["config.json", "tokenizer_config.json"]) },
      { scratch: scratch("part") },
    )
    await expect(run).rejects.toThrow(/Missing: +tokenizer\.json, model\.safetensors or/)
  })

  it("refuses a pattern that names several files where one is wanted, and a file that is no GGUF", async () => {
    const several = runStep(Model.gguf({ file: "*.gguf" }), {
      files: [file("a.gguf", "a"), file("b.gguf", "b")],
    })
    await expect(several).rejects.toThrow(
      "A model is one GGUF file.\n  Found:  a.gguf, b.gguf\nName one file.",
    )
    const other = runStep(
      Model.gguf({ file: "a.gguf" }),
      { files: [file("a.gguf", "this is no model at all")] },
      { scratch: scratch("other") },
    )
    await expect(other).rejects.toThrow(/GGUF/)
  })

  it("pins the digest of the model that it knows", () => {
    expect(Model.smolLM2({ size: "135M" }).config).toEqual({
      name: "SmolLM2-135M-Instruct",
      sha256: "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
    })
  })
})
