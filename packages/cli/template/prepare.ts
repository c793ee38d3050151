/** The steps that both pipelines begin with. What one of them has computed is a hit in the other. */
import type { Pipeline } from "@sluice/core"
import { Collect, Format, Split } from "@sluice/steps"
import { chatOf, Line } from "./chat.ts"

/** From the files to chats to learn from, and rows that stay held out for the comparison. */
export const prepare = (step: Pipeline.AddStep, share: number) => {
  const { accounting, rows } = step(
    "collect",
    Collect.jsonLines({ files: "data/*.jsonl", row: Line, onBadRow: "drop" }),
  )
  const { train, heldOut } = step("split", Split.byHash({ rows, by: "line", heldOut: share }))
  const chats = step("format", Format.chat({ rows: train, messages: chatOf }))
  return { accounting, heldOut, train, chats }
}
