import { describe, expect, it } from "vitest"
import * as Supervision from "../src/Supervision.ts"
import { chatml, named, refusal, tokenizer, trlTemplate } from "./support/trl.ts"

const ask = { role: "user", content: "a" }
const answer = { role: "assistant", content: "b" }
const call = { type: "function", function: { name: "weather", arguments: { place: "Oslo" } } }
const tools = [{ type: "function", function: { name: "weather", description: "d", parameters: {} } }]
const withCall: ReadonlyArray<Supervision.Turn> = [
  ask,
  { role: "assistant", content: "", tool_calls: [call] },
  { role: "tool", content: "3 °C" },
  answer,
]
const left = (
  template: Parameters<typeof Supervision.encode>[1],
  turns: ReadonlyArray<Supervision.Turn>,
  options: Supervision.Options = {},
) => refusal(() => Supervision.encode(tokenizer, template, turns, options))

describe("what a chat template leaves out", () => {
  const silent = named(
    "{% for m in messages %}{% if m.role != 'system' %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endif %}{% endfor %}" +
      "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}",
  )

  it("is named: a system message, wherever its words stand besides", () => {
    const said = "The model's chat template leaves out the content of message 1 (role system)."
    expect(left(silent, [{ role: "system", content: "a" }, ask, answer])).toBe(said)
    // Remembered for the shape of the chat, and not for others.
    expect(left(silent, [{ role: "system", content: "other" }, ask, answer])).toBe(said)
    expect(left(silent, [ask, answer])).toBe("nothing was refused")
  })

  it("is named: tool calls, tools and thoughts", () => {
    expect(left(chatml(), withCall)).toBe(
      "The model's chat template leaves out the tool calls of message 2 (role assistant).",
    )
    expect(left(chatml(), [ask, answer], { tools })).toBe("The model's chat template leaves out the tools.")
    expect(left(chatml(), [ask, { ...answer, reasoning_content: "hm" }])).toBe(
      "The model's chat template leaves out the thoughts of message 2 (role assistant).",
    )
    expect(left(trlTemplate("llama3"), withCall)).toMatch(/leaves out the tool calls of message 2/)
    expect(left(trlTemplate("deepseekv3"), withCall, { tools })).toMatch(/leaves out the tools/)
  })

  it("is nothing where all of it is written, and old thoughts may go", () => {
    expect(left(trlTemplate("qwen2_5"), withCall, { tools })).toBe("nothing was refused")
    const thinking = [
      ask,
      { ...answer, reasoning_content: "old" },
      ask,
      { ...answer, reasoning_content: "new" },
    ]
    expect(left(trlTemplate("qwen3"), thinking)).toBe("nothing was refused")
  })

  it("is let go where that is asked for", () => {
    expect(left(silent, [{ role: "system", content: "a" }, ask, answer], { leftOut: "allow" })).toBe(
      "nothing was refused",
    )
  })
})
