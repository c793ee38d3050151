import { describe, expect, it } from "vitest"
import * as Supervision from "../src/Supervision.ts"
import { chatml, learnt, named, refusal, tokenizer } from "./support/trl.ts"

const plain = chatml()
const marked = chatml("{% generation %}{{ m.content }}<|im_end|>{% endgeneration %}")
const chat: ReadonlyArray<Supervision.Turn> = [
  { role: "system", content: "s" },
  { role: "user", content: "a" },
  { role: "assistant", content: "b c" },
  { role: "user", content: "d" },
  { role: "assistant", content: "e" },
]
const without = (...turns: ReadonlyArray<number>): ReadonlyArray<Supervision.Turn> =>
  chat.map((turn, i) => (turns.includes(i) ? { ...turn, supervised: false } : turn))
const encode = (
  turns: ReadonlyArray<Supervision.Turn>,
  options: Supervision.Options = {},
  template = plain,
) => Supervision.encode(tokenizer, template, turns, options)

describe.each([
  ["found", plain],
  ["marked", marked],
])("turns, %s", (_, template) => {
  it("are learnt unless a message says otherwise, with the same ids", () => {
    expect(learnt(encode(chat, {}, template))).toEqual(["b c<|im_end|>", "e<|im_end|>"])
    expect(learnt(encode(without(2), {}, template))).toEqual(["e<|im_end|>"])
    expect(learnt(encode(without(4), {}, template))).toEqual(["b c<|im_end|>"])
    expect(encode(without(2), {}, template).ids).toEqual(encode(chat, {}, template).ids)
  })

  it("are left out of the whole text where a message says so", () => {
    const whole = learnt(encode(chat, { supervise: "all" }, template)).join("")
    expect(whole).toBe(template.render(chat))
    expect(learnt(encode(without(2), { supervise: "all" }, template))).toEqual(whole.split("b c<|im_end|>"))
  })

  it("that are all left out are refused, also when the last one is the only one asked for", () => {
    const nothing = "No token of the chat is supervised, so that nothing of it would be learnt."
    expect(refusal(() => encode(without(2, 4), {}, template))).toBe(nothing)
    expect(refusal(() => encode(without(4), { supervise: "lastAssistant" }, template))).toBe(nothing)
  })
})

describe("a message that is none of the assistant's", () => {
  it("cannot be chosen", () => {
    const odd = chat.map((turn, i) => (i === 1 ? { ...turn, supervised: true } : turn))
    expect(refusal(() => encode(odd))).toBe(
      "Message 2 says whether it is supervised, and is none of the assistant's.",
    )
    expect(refusal(() => encode(without(1), { supervise: "all" }))).toBe(
      "Message 2 says whether it is supervised, and is none of the assistant's.",
    )
    expect(encode(without(1))).toEqual(encode(chat))
  })
})

describe("a mark", () => {
  it("that stops before the token that ends the turn takes it in", () => {
    const short = chatml("{% generation %}{{ m.content }}{% endgeneration %}<|im_end|>")
    expect(learnt(encode(chat, {}, short))).toEqual(["b c<|im_end|>", "e<|im_end|>"])
  })

  it("belongs to its turn where a turn has several", () => {
    const two = chatml(
      "{% generation %}[{% endgeneration %}{{ m.content }}{% generation %}<|im_end|>{% endgeneration %}",
    )
    expect(learnt(encode(chat, { supervise: "lastAssistant" }, two))).toEqual(["[", "<|im_end|>"])
    expect(learnt(encode(without(4), {}, two))).toEqual(["[", "<|im_end|>"])
  })

  it("whose turn cannot be told is refused, and not when no turn is chosen", () => {
    const needsAll = named(
      "{% if messages|length < 5 %}{{ raise_exception('short') }}{% endif %}" + marked.source,
    )
    expect(learnt(encode(chat, {}, needsAll))).toEqual(["b c<|im_end|>", "e<|im_end|>"])
    expect(refusal(() => encode(without(2), {}, needsAll))).toBe(
      "Which turn each mark of this chat template belongs to cannot be told.",
    )
  })
})

describe("the first token", () => {
  it("that stands twice is refused, in chats and in texts", () => {
    const twice = "The text starts with <s> twice, which no model has seen."
    const bos = named("{{ bos_token }}" + plain.source.replace("<|im_start|>{{ m.role }}\n", ""))
    expect(encode(chat, {}, bos).ids.filter((id) => id === tokenizer.bosId)).toHaveLength(1)
    const pasted = [{ role: "system", content: "<s>s" }, ...chat.slice(1)]
    expect(refusal(() => encode(pasted, {}, bos))).toBe(twice)
    expect(refusal(() => Supervision.encodeText(tokenizer, "<s><s>a"))).toBe(twice)
  })
})

describe("a plain text", () => {
  it("is supervised whole, with one token that ends it", () => {
    const ids = [...tokenizer.encode("to be"), tokenizer.eosId!]
    expect(Supervision.encodeText(tokenizer, "to be")).toEqual({ ids, labels: ids })
    expect(Supervision.encodeText(tokenizer, "to be</s>")).toEqual({ ids, labels: ids })
  })
})
