/** One thread of an EncodePool: makes the tokenizer again from its definition and answers batches in their order. */
import { parentPort, workerData } from "node:worker_threads"
import * as ChatTemplate from "./ChatTemplate.ts"
import * as EncodeBatch from "./encodeBatch.ts"
import type { Answer, Setup } from "./EncodePool.ts"
import { buffersOf, toColumns } from "./encodedColumns.ts"
import * as Tokenizer from "./Tokenizer.ts"

const { definition, options, template } = workerData as Setup
const encode = EncodeBatch.make(
  Tokenizer.make(definition),
  template === null ? null : ChatTemplate.make(template),
  options,
)

parentPort!.on("message", (examples: string) => {
  let answer: Answer
  try {
    answer = { columns: toColumns(encode(JSON.parse(examples) as ReadonlyArray<EncodeBatch.Example>)) }
  } catch (error) {
    answer = { failure: error }
  }
  parentPort!.postMessage(answer, "columns" in answer ? buffersOf(answer.columns) : [])
})
