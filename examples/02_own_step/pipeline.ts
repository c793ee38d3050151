/** Messages from JSON Lines with their e-mail addresses taken out by a step of our own. */
import { Pipeline } from "@sluice/core"
import { Collect } from "@sluice/steps"
import { Message, Redact } from "./Redact.ts"

export default Pipeline.make("redact", {}, ({ step }) => {
  const { rows } = step("collect", Collect.jsonLines({ files: "data/*.jsonl", row: Message }))
  return step("redact", Redact({ messages: rows }))
})
