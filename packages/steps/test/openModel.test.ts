import type { Artifact } from "@sluice/core"
import type { Adapter } from "@sluice/llm"
import { describe, expect, it } from "vitest"
import * as OpenModel from "../src/model/open.ts"

const trainedOn = (baseModel: string): Adapter.AdapterWeights => ({
  config: {
    baseModel,
    rank: 1,
    alpha: 1,
    rsLora: false,
    targetModules: [],
    rankPattern: {},
    alphaPattern: {},
  },
  modules: new Map(),
})
const model = (...names: ReadonlyArray<string>) => ({ names }) as unknown as Artifact.FilesReader

describe("an adapter", () => {
  it("is told of where it was trained on a model of another name", () => {
    expect(OpenModel.otherBase(trainedOn("SmolLM2-135M"), model("SmolLM2-135M-Instruct.Q4_1.gguf"))).toBe(
      "the adapter was trained on SmolLM2-135M and is used with SmolLM2-135M-Instruct: if those are different models, it makes answers worse",
    )
  })

  for (const [base, file] of [
    ["SmolLM2-135M-Instruct", "SmolLM2-135M-Instruct.Q4_1.gguf"],
    ["HuggingFaceTB/SmolLM2-135M-Instruct", "smollm2-135m-instruct-Q8_0.gguf"],
    ["Llama-3.2-1B-Instruct-F16", "Llama-3.2-1B-Instruct-IQ4_XS.gguf"],
    ["Llama-3.2-1B.BF16", "Llama-3.2-1B.Q4_K_M.gguf"],
  ] as const)
    it(`of ${base} may be used with ${file}`, () => {
      expect(OpenModel.otherBase(trainedOn(base), model(file))).toBeUndefined()
    })

  it("of a model without a name, or used with one, is not told of", () => {
    expect(OpenModel.otherBase(trainedOn(""), model("a.gguf"))).toBeUndefined()
    expect(OpenModel.otherBase(trainedOn("a"), model("config.json", "model.safetensors"))).toBeUndefined()
  })
})
