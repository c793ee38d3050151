/**
 * Contents of the language-model package: one namespace a module.
 */
export * as Adapter from "./Adapter.ts"
export * as ChatTemplate from "./ChatTemplate.ts"
export * as Gguf from "./formats/Gguf.ts"
export * as ModelFiles from "./ModelFiles.ts"
export * as Supervision from "./Supervision.ts"
export * as Tokenizer from "./Tokenizer.ts"
export * as WeightSource from "./formats/WeightSource.ts"
export { FormatError } from "./formats/FormatError.ts"
export * as GgufWeights from "./formats/GgufWeights.ts"
export * as HuggingFaceFolder from "./formats/HuggingFaceFolder.ts"
export * as Safetensors from "./formats/Safetensors.ts"
